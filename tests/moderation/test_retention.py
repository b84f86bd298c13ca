"""What the policy has kept long enough goes, day by day; counts and decisions stay, and links within a case hold."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tawatur.moderation import retention
from tawatur.moderation.register import NewImage, register_image
from tawatur.moderation.report import NewReport, receive_report
from tawatur.store import notes, people
from tawatur.store.database import Database
from tawatur.store.notes import Note
from tawatur.store.people import Link, Session
from tests.moderation.forgetting import ForgettingWorld, digest
from tests.moderation.world import World

POLICY = """
signals_days = 30
comments_days = 60
pages_days = 90
reporters_days = 200
log_days = 300
viewers_days = 10
"""


@pytest.fixture
def world(database: Database, tmp_path: Path) -> ForgettingWorld:
    return ForgettingWorld(database, tmp_path, POLICY)


def report(world: ForgettingWorld, image: str, name: str, **means: str) -> str:
    return world.report(image, digest(name), **{kind: digest(said) for kind, said in means.items()}).id


def ring(world: ForgettingWorld, image: str, people: int = 8) -> None:
    for n in range(people):
        report(world, image, f"ring{n}", device="one-phone", network="one-network", referrer="one-link")


def test_a_quiet_case_keeps_its_links_and_nobody_can_follow_them_elsewhere(world: ForgettingWorld) -> None:
    first, second = world.image("1"), world.image("2")
    ring(world, first)
    ring(world, second)
    before = world.voices(first), world.voices(second)
    world.days_pass(31)
    assert (world.voices(first), world.voices(second)) == before
    assert world.names("one-phone", "one-network", "one-link") == []
    devices = [{one.device for one in world.live(image)} for image in (first, second)]
    assert [len(found) for found in devices] == [1, 1]
    assert devices[0] != devices[1]


def test_a_case_that_is_still_reported_keeps_them_all(world: ForgettingWorld) -> None:
    image = world.image()
    ring(world, image)
    world.days_pass(25)
    report(world, image, "another")
    world.days_pass(25)
    assert {one.device for one in world.live(image)} == {digest("one-phone"), None}
    world.days_pass(6)
    assert world.names("one-phone") == []


def test_a_crowd_that_comes_back_to_a_quiet_case_is_one_voice_more_at_most(world: ForgettingWorld) -> None:
    image = world.image()
    ring(world, image)
    before = world.voices(image)
    world.days_pass(31)
    for n in range(8):
        report(world, image, f"late{n}", device="one-phone", network="one-network", referrer="one-link")
    assert world.voices(image) < before + 1.1


def test_judged_reports_keep_no_means_at_all(world: ForgettingWorld) -> None:
    image = world.image()
    ring(world, image)
    world.review(image, "rejected")
    world.days_pass(31)
    assert {(one.device, one.network, one.referrer) for one in world.all_reports(image)} == {(None, None, None)}


def test_the_age_of_an_account_is_kept_roughly(world: ForgettingWorld) -> None:
    image = world.image()
    made = world.now - timedelta(days=123, seconds=4567)
    world.report(image, digest("fatima"), account_created_at=made)
    world.days_pass(31)
    (kept,) = world.live(image)
    assert kept.account_created_at == kept.first_at - timedelta(days=90)
    assert world.reporter(digest("fatima")).account_created_at is None
    (told,) = [line for line in world.exported() if line["type"] == "report.received"]
    assert told["signals"]["account_created_at"] == (kept.first_at - timedelta(days=90)).isoformat().replace(
        "+00:00", ".000000Z"
    )


def test_in_the_log_links_within_a_picture_hold_too(world: ForgettingWorld) -> None:
    images = world.image("1"), world.image("2")
    for image in images:
        ring(world, image)
    world.days_pass(31)
    received = [line for line in world.exported() if line["type"] == "report.received"]
    devices = {(line["image"], line["signals"]["device"]) for line in received}
    assert len(devices) == 2
    assert len({device for _, device in devices}) == 2
    assert world.verified().erased == {"means": 16}
    assert [line for line in world.replayed() if line["type"] == "image.blocked"] == []


def test_networks_count_those_who_are_still_known_there(world: ForgettingWorld) -> None:
    old, young = world.image("1"), world.image("2")
    report(world, old, "fatima", network="office")
    report(world, old, "karim", network="office")
    world.days_pass(20)
    report(world, young, "omar", network="office")
    assert world.run(lambda book: book.people(world.site, digest("office"))) == 3
    world.days_pass(15)
    assert world.run(lambda book: book.people(world.site, digest("office"))) == 1
    (network,) = {one.network for one in world.live(old)}
    assert world.run(lambda book: book.people(world.site, network)) == 3


def test_what_people_wrote_goes_after_its_days(world: ForgettingWorld) -> None:
    image = world.image()
    for name, at in (("fatima", 0), ("karim", 40)):
        world.wait(days=at)
        new = NewReport(world.site, image, digest(name), "violence", f"said by {name}")
        world.run(lambda book, new=new: receive_report(book, new, world.tick()))
    world.days_pass(30)
    assert world.names("said by fatima", "said by karim") == ["said by karim"]
    world.review(image, "rejected", note="seen by leila")
    note = Note("n1", world.site, world.family(image).id, world.now, "p1", "noted by leila")
    with world.database.write() as connection:
        notes.insert(connection, note)
    world.days_pass(31)
    assert world.names("said by karim", "seen by leila", "noted by leila") == ["seen by leila", "noted by leila"]
    world.days_pass(31)
    assert world.names("seen by leila", "noted by leila") == []
    assert len(world.all_reports(image)) == 2


def test_addresses_of_pages_go_after_their_days(world: ForgettingWorld) -> None:
    new = NewImage(
        world.site, "x" * 64, "image/png", 100, 320, 240, page_url="https://news.example/a b", caption="a caption here"
    )
    made = world.run(lambda book: register_image(book, new, world.tick()))
    world.days_pass(89)
    assert world.names("a b", "a caption here") == ["a b", "a caption here"]
    world.days_pass(2)
    assert world.names("a b", "a caption here") == []
    assert world.status(made.image.id) == "visible"
    assert world.verified().erased["means"] == 1


def test_who_has_not_reported_for_long_is_forgotten(world: ForgettingWorld) -> None:
    image, other = world.image("1"), world.image("2")
    for name in ("idle", "muted", "busy"):
        report(world, image, name)
    world.mute(digest("muted"))
    world.days_pass(150)
    report(world, other, "busy")
    world.days_pass(60)
    kept = [str(one[0]) for one in _rows(world, "SELECT id FROM reporters")]
    assert sorted(kept) == sorted([digest("muted"), digest("busy")])
    assert world.live(image)[0].reporter.startswith("erased-")
    world.days_pass(100)
    assert world.names("idle") == []  # the log has let go, too


def _rows(world: ForgettingWorld, statement: str) -> list[tuple[object, ...]]:
    with world.database.read() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def test_the_log_says_who_looked_for_the_policys_days_and_then_only_how_many(world: ForgettingWorld) -> None:
    world.views(world.image(), None, [digest("fatima"), digest("karim")])
    world.days_pass(9)
    assert world.names("fatima") == ["fatima"]
    world.days_pass(2)
    viewed = next(line for line in world.exported() if line["type"] == "image.viewed")
    assert (viewed["count"], "viewers" in viewed) == (2, False)


def test_the_log_says_who_for_its_days_and_is_replayed_after_them(world: ForgettingWorld) -> None:
    image = world.image(uploader=digest("omar"))
    for n in range(12):
        report(world, image, f"r{n}")
    assert world.status(image) == "blocked"
    world.review(image, "upheld", digest("leila"))
    before = [line["type"] for line in world.replayed()]
    world.days_pass(301)
    told = [line for line in world.exported() if line["type"] != "events.erased"]
    assert [line for line in told for name in ("omar", "r3", "leila") if digest(name) in str(line)] == []
    assert [line["type"] for line in world.replayed()] == before
    assert world.verified().erased == {"who": 14, "means": 12}
    assert world.status(image) == "blocked"


def test_days_without_anything_old_change_nothing(world: ForgettingWorld) -> None:
    image = world.image()
    ring(world, image)
    world.days_pass(31)
    before = world.exported(), world.everything()
    world.days_pass(1)
    assert (world.exported(), world.everything()) == before


def test_it_is_done_in_small_batches(world: ForgettingWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr("tawatur.log.erase.AT_ONCE", 3)
    for n in range(7):
        ring(world, world.image(str(n)), 2)
    world.days_pass(301)
    assert world.names("one-phone", "ring0", "ring1") == []
    assert world.verified().erased == {"who": 14, "means": 14}


def test_another_sites_people_are_kept_by_their_own_policy(world: ForgettingWorld, database: Database) -> None:
    theirs = _another(database, world)
    image = theirs.image()
    report(theirs, image, "fatima", device="phone")
    report(world, world.image(), "karim", device="tablet")
    world.days_pass(60)
    assert world.names("phone", "tablet") == ["phone"]


def _another(database: Database, world: ForgettingWorld) -> ForgettingWorld:
    made = ForgettingWorld.__new__(ForgettingWorld)
    World.__init__(made, database, "2")
    made.keyring, made.eraser = world.keyring, world.eraser
    return made


def test_links_and_sessions_that_have_ended_go(world: ForgettingWorld) -> None:
    with world.database.write() as connection:
        for number, days in enumerate((-1, 5)):
            people.replace_link(connection, Link(f"link {number}", f"p{number}", world.now + timedelta(days=days)))
        people.insert_session(connection, Session("a session", "p1", world.now, world.now))
    world.days_pass(1)
    assert world.names("link 0", "link 1", "a session") == ["link 1"]


def test_the_words_of_an_appeal_go_some_time_after_its_answer_and_not_while_it_waits(world: ForgettingWorld) -> None:
    images = [world.image(str(n), uploader=digest("amal")) for n in range(2)]
    for image in images:
        world.review(image, "upheld", reason="spam")
    answered, waits = (world.appeal(image, f"My words on {image}.").id for image in images)
    world.answer(answered, "stands", answer="Our words to you.")
    world.days_pass(59)
    assert world.names("Our words to you.") == ["Our words to you."]
    world.days_pass(2)
    assert world.names("Our words to you.", f"My words on {images[0]}.") == []
    assert world.names(f"My words on {images[1]}.") != []
    assert (world.appeal_now(answered).status, world.appeal_now(waits).waits) == ("stands", True)
    world.verified()
