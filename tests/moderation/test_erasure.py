"""A person is forgotten: nothing says who they were, and what happened stands."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from tawatur.log import erase
from tawatur.log.verify import DoesNotHold
from tawatur.moderation.erasure import NobodyToErase, pseudonym, stored
from tawatur.moderation.pseudonyms import Pseudonyms
from tawatur.moderation.report import NewReport, receive_report
from tawatur.store.book import replace
from tawatur.store.database import Database
from tests.moderation.forgetting import ForgettingWorld, digest


@pytest.fixture
def new_forgetting(database: Database, tmp_path: Path) -> Callable[..., ForgettingWorld]:
    return lambda policy=None: ForgettingWorld(database, tmp_path, policy)


@pytest.fixture
def world(new_forgetting: Callable[..., ForgettingWorld]) -> ForgettingWorld:
    return new_forgetting()


def report(world: ForgettingWorld, image: str, name: str, device: str | None = None, **more: str) -> str:
    signals = {kind: digest(said) for kind, said in more.items()}
    if device is not None:
        signals["device"] = digest(device)
    return world.report(image, digest(name), **signals).id


def test_nothing_says_any_more_who_reported(world: ForgettingWorld) -> None:
    image = world.image()
    report(world, image, "fatima", device="phone", network="home")
    report(world, image, "karim", device="tablet")
    world.review(image, "rejected")
    done = world.erase("fatima")
    assert (done.reports, done.events, done.kept) == (1, 1, [])
    assert world.names("fatima", "phone", "home") == []
    assert world.names("karim", "tablet") == ["karim", "tablet"]


def test_counts_states_and_the_queue_stand(world: ForgettingWorld) -> None:
    image = world.image()
    for n in range(12):
        report(world, image, f"r{n}")
    before = world.family(image), world.voices(image), len(world.live(image))
    assert before[0].status == "blocked"
    world.erase("r3")
    after = world.family(image), world.voices(image), len(world.live(image))
    assert after == (replace(before[0], version=before[0].version + 1), *before[1:])


def test_the_seals_hold_and_the_erasure_is_counted_and_named(world: ForgettingWorld) -> None:
    image = world.image()
    report(world, image, "fatima", device="phone")
    report(world, image, "karim")
    world.erase("fatima")
    assert world.verified().erased == {"who": 1, "means": 1}
    told = [line for line in world.exported() if line["type"] == "events.erased"]
    received = [line for line in world.exported() if line["type"] == "report.received"]
    place = received[0]["position"]
    assert [(one["part"], one["cause"], one["positions"]) for one in told] == [
        ("who", "request", [[place, place]]),
        ("means", "request", [[place, place]]),
    ]
    assert received[0]["reporter"] == f"erased-{received[0]['report']}"
    assert received[0]["reason"] == "violence"


def test_the_log_is_replayed_as_before(world: ForgettingWorld) -> None:
    first, second = world.image("1"), world.image("2")
    for n in range(12):
        report(world, first, f"r{n}")
    withdrawn = report(world, second, "r3")
    world.withdraw(withdrawn)
    before = world.replayed()
    world.erase("r3")
    after = world.replayed()
    assert [(one["type"], one["image"]) for one in after] == [(one["type"], one["image"]) for one in before]
    assert "image.blocked" in [one["type"] for one in after]


def test_two_reports_of_one_erased_person_are_of_two_nobodies(world: ForgettingWorld) -> None:
    ids = [report(world, world.image(str(n)), "fatima") for n in range(2)]
    world.erase("fatima")
    names = {line["reporter"] for line in world.exported() if line["type"] == "report.received"}
    assert names == {f"erased-{one}" for one in ids}


def test_who_deletes_an_account_after_each_report_is_still_one(world: ForgettingWorld) -> None:
    image = world.image()
    for n in range(12):
        report(world, image, f"ring{n}", device="one-phone")
        kept = world.erase(f"ring{n}").kept
        assert "reports of open cases, under a random name" in kept[0]
    assert world.voices(image) < 2
    assert world.status(image) == "visible"
    assert world.names(*(f"ring{n}" for n in range(12))) == []
    world.review(image, "rejected")
    world.days_pass(1)
    assert world.status(image) == "visible"
    assert [one for one in world.all_reports(image) if one.device or one.reporter != f"erased-{one.id}"] == []


def test_under_a_random_name_everything_weighs_and_links_as_it_did(world: ForgettingWorld) -> None:
    for n in range(3):
        wrong = world.image(f"wrong {n}")
        for name in ("fatima", "karim", "omar"):
            report(world, wrong, name)
        world.review(wrong, "rejected")
    image = world.image("open")
    for name in ("fatima", "karim", "omar", "leila"):
        report(world, image, name)
    before = world.voices(image)
    for name in ("fatima", "karim", "omar"):
        world.erase(name)
    assert world.voices(image) == pytest.approx(before)
    assert world.names("fatima", "karim", "omar") == []
    renamed = {one.reporter for one in world.live(image)} - {digest("leila")}
    world.days_pass(91)
    assert {one.reporter for one in world.live(image)} & renamed == set()
    assert {one.reporter for one in world.live(image)} - {digest("leila")} == {
        f"erased-{one.id}" for one in world.live(image) if one.reporter != digest("leila")
    }


def test_what_a_muted_person_said_does_not_count_because_they_are_erased(world: ForgettingWorld) -> None:
    image = world.image()
    for n in range(12):
        report(world, image, f"r{n}")
        world.mute(digest(f"r{n}"))
    assert world.voices(image) == 0
    for n in range(12):
        world.erase(f"r{n}")
    assert world.voices(image) == 0


def test_reports_of_nobody_are_judged_like_others(world: ForgettingWorld) -> None:
    image = world.image()
    for n in range(12):
        report(world, image, f"r{n}")
    world.erase("r1")
    assert world.review(image, "upheld").status == "blocked"
    assert {one.outcome for one in world.all_reports(image)} == {"confirmed"}
    assert world.site_row().recorded == 12
    world.days_pass(1)
    assert world.site_row().recorded == 11


def test_a_record_goes_with_its_person(world: ForgettingWorld) -> None:
    image = world.image()
    for n in range(12):
        report(world, image, f"r{n}")
    world.review(image, "upheld")
    assert world.site_row().recorded == 12
    sums = world.site_records()
    world.erase("r1")
    assert world.site_row().recorded == 11
    assert world.site_records() == sums
    assert world.names("r1") == []


def test_who_is_muted_stays_so_and_it_is_told(world: ForgettingWorld) -> None:
    image = world.image()
    report(world, image, "fatima")
    world.mute(digest("fatima"))
    assert world.erase("fatima").kept[1] == "the pseudonym, since it is muted or suspended"
    found = world.reporter(digest("fatima"))
    assert (found.muted, found.reported, found.account_created_at) == (True, 0, None)


def test_a_comment_goes_and_the_withdrawal_with_it(world: ForgettingWorld) -> None:
    image = world.image()
    new = NewReport(world.site, image, digest("fatima"), "violence", "he lives next door")
    made = world.run(lambda book: receive_report(book, new, world.tick()))
    world.withdraw(made.id)
    assert world.names("next door", "fatima") == ["next door", "fatima"]
    world.erase("fatima")
    assert world.names("next door", "fatima") == []


def test_an_uploader_is_forgotten_and_the_images_stay(world: ForgettingWorld) -> None:
    image = world.image("1", uploader=digest("omar"))
    report(world, image, "fatima")
    done = world.erase("omar", "uploader")
    assert (done.images, done.events) == (1, 1)
    assert world.names("omar") == []
    assert world.status(image) == "visible"
    assert world.verified().erased == {"who": 1}
    assert len(world.replayed()) >= 0


def test_who_was_shown_what_is_forgotten_too(new_forgetting: Callable[..., ForgettingWorld]) -> None:
    world = new_forgetting("viewers_days = 30")
    image = world.image()
    world.views(image, None, [digest("fatima"), digest("karim")])
    world.erase("fatima")
    assert world.names("fatima") == []
    assert [one.person for one in world.viewings(image)] == [digest("karim")]
    (viewed,) = [line for line in world.exported() if line["type"] == "image.viewed"]
    assert viewed["count"] == 2


def test_erasing_again_finds_nothing_and_changes_nothing(world: ForgettingWorld) -> None:
    report(world, world.image(), "fatima")
    world.erase("fatima")
    before = world.exported()
    done = world.erase("fatima")
    assert (done.reports, done.events) == (0, 0)
    assert world.exported() == before
    assert world.verified().erased == {"who": 1, "means": 1}


def test_who_comes_back_begins_anew(world: ForgettingWorld) -> None:
    image = world.image()
    report(world, image, "fatima")
    world.erase("fatima")
    report(world, image, "fatima")
    assert len(world.live(image)) == 2
    assert world.reporter(digest("fatima")).reported == 1
    world.erase("fatima")
    assert world.names("fatima") == []
    assert world.verified().erased == {"who": 2, "means": 2}


def test_what_was_cut_short_is_ended_by_the_next_run(world: ForgettingWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    report(world, world.image(), "fatima", device="phone")
    world.eraser.carry_out()
    carry_out = erase.carry_out
    calls = iter([carry_out])

    def dies(*arguments: object) -> int:
        act = next(calls, None)
        if act is None:
            raise KeyboardInterrupt
        return int(act(*arguments))  # type: ignore[arg-type]

    monkeypatch.setattr(erase, "carry_out", dies)
    with pytest.raises(KeyboardInterrupt):
        world.erase("fatima")
    monkeypatch.undo()
    assert world.names("fatima") == ["fatima"]  # the state says no more, the log is not erased yet
    assert world.verified().erased == {}
    assert world.eraser.carry_out() == 2
    assert world.names("fatima") == []
    assert world.verified().erased == {"who": 1, "means": 1}


def test_only_reporters_and_uploaders_are_erased(world: ForgettingWorld) -> None:
    with pytest.raises(NobodyToErase, match="Use one of: reporter, uploader"):
        world.erase("fatima", "moderator")


# -- hiding behind an erasure --------------------------------------------------------------------------------------


def complaint(world: ForgettingWorld) -> str:
    with pytest.raises(DoesNotHold) as caught:
        world.verified()
    return str(caught.value)


def test_an_erased_event_cannot_be_given_another_name(world: ForgettingWorld) -> None:
    report(world, world.image(), "fatima")
    world.erase("fatima")
    place = next(line["position"] for line in world.exported() if line["type"] == "report.received")
    with world.database.write() as connection:
        connection.exec_driver_sql(
            f"UPDATE events SET body = replace(body, 'erased-', 'framed-') WHERE position = {place}"
        )
    assert f"position {place} names somebody" in complaint(world)


def test_what_stays_of_an_erased_event_is_still_proven(world: ForgettingWorld) -> None:
    report(world, world.image(), "fatima")
    world.erase("fatima")
    place = next(line["position"] for line in world.exported() if line["type"] == "report.received")
    with world.database.write() as connection:
        connection.exec_driver_sql(
            f"UPDATE events SET body = replace(body, 'violence', 'spam') WHERE position = {place}"
        )
    assert f"position {place} is not what was sealed" in complaint(world)


def test_nothing_is_erased_in_silence(world: ForgettingWorld) -> None:
    """As somebody would who holds the database: the digest in place of the salt, and no erasure in the log."""
    from tawatur.log.erase import _erase_under
    from tawatur.store import seals

    report(world, world.image(), "fatima")
    world.eraser.carry_out()
    place = next(line["position"] for line in world.exported() if line["type"] == "report.received")
    with world.database.write() as connection:
        row = seals.over(connection, place)
        assert row is not None
        assert _erase_under(connection, row, [place], "who", world.site, b"k" * 32) == 1
    assert f"position {place} is erased in part (who), and no sealed event says so" in complaint(world)


def test_a_salt_cannot_come_back(world: ForgettingWorld) -> None:
    report(world, world.image(), "fatima")
    world.erase("fatima")
    with world.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM erased_parts WHERE part = 'who'")
    assert "is not what was sealed" in complaint(world)


# -- showing what is stored ----------------------------------------------------------------------------------------


def test_all_that_is_stored_about_a_person_is_shown(world: ForgettingWorld) -> None:
    image = world.image("1", uploader=digest("fatima"))
    other = world.image("2")
    report(world, other, "fatima", device="phone", network="home")
    world.review(other, "upheld")
    world.eraser.carry_out()
    found = stored(world.database, world.site, digest("fatima"))
    assert found["uploaded"] == [image]
    assert [one["device"] for one in found["reports"]] == [digest("phone")]
    assert found["networks"] == [digest("home")]
    assert found["reporter"]["confirmed_reports"] == 1
    assert [one["type"] for one in found["events"]] == ["image.registered", "report.received"]
    msgspec.json.encode(found)
    world.erase("fatima")
    world.erase("fatima", "uploader")
    found = stored(world.database, world.site, digest("fatima"))
    assert {name: said for name, said in found.items() if said} == {"site": world.site, "person": digest("fatima")}


def test_a_person_is_found_by_the_sites_own_id_and_by_the_pseudonym(world: ForgettingWorld) -> None:
    secret = b"s" * 32
    own = Pseudonyms(secret, world.site).person("user-7")
    world.report(world.image(), own)
    assert pseudonym(world.database, secret, world.site, "user-7") == own
    assert pseudonym(world.database, secret, world.site, own) == own
    hexadecimal = digest("an id of the site that looks like a pseudonym")
    theirs = Pseudonyms(secret, world.site).person(hexadecimal)
    world.report(world.image("2"), theirs)
    assert pseudonym(world.database, secret, world.site, hexadecimal) == theirs


def test_the_log_holds_at_every_moment_while_people_are_erased(world: ForgettingWorld) -> None:
    images = [world.image(str(n)) for n in range(4)]
    for n in range(24):
        report(world, images[n % 4], f"r{n}", device=f"d{n}")
    for image in images:
        world.review(image, "upheld")
    world.eraser.carry_out()
    with ThreadPoolExecutor(1) as pool:
        erasing = pool.submit(lambda: [world.erase(f"r{n}") for n in range(24)])
        rounds = 0
        while not erasing.done():
            world.verified()
            rounds += 1
        erasing.result()
    assert rounds > 0
    assert world.verified().erased == {"who": 24, "means": 24}


def test_what_an_erased_uploader_wrote_and_was_answered_is_gone(world: ForgettingWorld) -> None:
    image = world.image(uploader=digest("amal"))
    world.review(image, "upheld", reason="spam")
    made = world.appeal(image, "I am the one in the red coat.")
    world.answer(made.id, "stands", answer="The red coat is not the point.")
    world.erase("amal", "uploader")
    assert world.names("amal", "I am the one in the red coat.", "The red coat is not the point.") == []
    kept = world.appeal_now(made.id)
    assert (kept.status, kept.text, kept.answer, kept.person) == ("stands", None, None, None)
    assert world.verified().erased["means"] > 0


def test_a_suspended_reporter_who_is_erased_stays_suspended_without_words(world: ForgettingWorld) -> None:
    for n in range(10):
        image = world.image(f"fine {n}")
        report(world, image, "fatima")
        world.review(image, "rejected")
    made = world.object(digest("fatima"), "I live across the street.")
    world.erase("fatima")
    assert world.names("I live across the street.") == []
    assert world.appeal_now(made.id).waits
    world.days_pass(800)
    assert world.names("fatima") == []
