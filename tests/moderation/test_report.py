"""Who may report what, and what a report, a repeat and a withdrawal change."""

from collections.abc import Callable

import msgspec
import pytest

from tawatur.moderation.refusals import AlreadyJudged, UnknownImage, UnknownReason, UnknownReport
from tests.moderation.world import World


def test_several_unconnected_people_block_an_image(world: World) -> None:
    image = world.image()
    world.views(image, 40)
    assert world.status(image) == "visible"
    assert world.crowd(image) == "blocked"
    assert world.family(image).provisional
    assert world.family(image).review_by is not None
    (blocked,) = world.told("image.blocked")
    assert (blocked["image"], blocked["images"], blocked["cause"]) == (image, [image], "reports")
    assert (blocked["provisional"], blocked["reason"]) == (True, "violence")
    assert blocked["verdict"]["voices"] > 3


def test_a_crowd_that_acts_as_one_counts_as_one(world: World) -> None:
    image = world.image()
    assert world.crowd(image, 40, device="one") == "visible"
    assert world.voices(image) < 2


def test_a_repeat_changes_nothing(world: World) -> None:
    image = world.image()
    first = world.report(image, "anna")
    events, reports = len(world.log), world.live(image)
    again = world.report(image, "anna", "spam", device="another")
    assert (again.id, again.new) == (first.id, False)
    assert world.live(image) == reports
    assert len(world.log) == events


def test_report_withdraw_report_changes_nothing(world: World) -> None:
    image = world.image()
    for name in ("anna", "bilal", "carla"):
        world.report(image, name, network="home")
    before = world.voices(image), [(report.id, report.reporter, report.first_at) for report in world.live(image)]
    for _ in range(3):
        taken_back = world.withdraw(world.live(image)[1].id)
        assert [report.reporter for report in world.live(image)] == ["anna", "carla"]
        again = world.report(image, "bilal", network="home")
        assert again.id == taken_back.id
    assert (world.voices(image), [(r.id, r.reporter, r.first_at) for r in world.live(image)]) == before
    assert world.reporter("bilal").reported == 1


def test_one_person_over_several_images_with_the_same_bytes_counts_once(world: World) -> None:
    images = [world.image("same") for _ in range(4)]
    reports = [world.report(image, "anna") for image in images]
    assert len({report.id for report in reports}) == 1
    assert [report.new for report in reports] == [True, False, False, False]
    assert len(world.live(images[3])) == 1


def test_reports_of_copies_are_pooled_and_all_copies_are_blocked(world: World) -> None:
    images = [world.image("same") for _ in range(3)]
    for n in range(12):
        world.report(images[n % 3], f"r{n}")
    assert {world.status(image) for image in images} == {"blocked"}
    assert [event["images"] for event in world.told("image.blocked")] == [images]


def test_withdrawing_twice_is_the_same_as_once(world: World) -> None:
    image = world.image()
    report = world.report(image, "anna")
    world.withdraw(report.id)
    events = len(world.log)
    again = world.withdraw(report.id)
    assert (again.id, again.new) == (report.id, False)
    assert len(world.log) == events


def test_a_withdrawal_lifts_a_provisional_block(world: World) -> None:
    image = world.image()
    world.crowd(image)
    for report in world.live(image):
        world.withdraw(report.id)
    family = world.family(image)
    assert (family.status, family.provisional, family.review_by) == ("visible", False, None)
    assert world.told("image.restored")[-1]["cause"] == "withdrawal"
    assert world.crowd(image) == "blocked"


def test_views_never_lift_a_block(world: World) -> None:
    image = world.image()
    world.views(image, 20)
    world.crowd(image, 7)
    assert world.status(image) == "blocked"
    for _ in range(3):
        assert world.views(image, 900_000) == "blocked"
    assert world.told("image.restored") == []


def test_a_withdrawal_does_not_lift_what_a_person_upheld(world: World) -> None:
    image = world.image()
    world.crowd(image)
    world.review(image, "upheld")
    late = world.report(image, "late")
    assert world.withdraw(late.id).status == "blocked"


def test_a_judged_report_cannot_be_withdrawn(world: World) -> None:
    image = world.image()
    report = world.report(image, "anna")
    world.review(image, "rejected")
    with pytest.raises(AlreadyJudged):
        world.withdraw(report.id)


def test_a_judged_report_never_comes_back_to_life(world: World) -> None:
    image = world.image()
    world.crowd(image, 8)
    world.review(image, "rejected")
    assert world.live(image) == []
    world.wait(days=30)
    first = world.report(image, "new 1")
    assert [report.id for report in world.live(image)] == [first.id]
    assert first.status == "visible"
    assert world.voices(image) == 1.0


def test_who_was_judged_may_report_again_and_counts_once_anew(world: World) -> None:
    image = world.image()
    old = world.report(image, "anna")
    world.review(image, "rejected")
    new = world.report(image, "anna")
    assert new.new
    assert new.id != old.id
    assert [report.id for report in world.live(image)] == [new.id]


def test_a_muted_reporter_changes_nothing(world: World) -> None:
    other, image = world.image("other"), world.image()
    for n in range(40):
        world.report(other, f"r{n}", "spam")
        world.mute(f"r{n}")
    before, told = world.family(image), len(world.log)
    assert world.crowd(image, 40) == "visible"
    assert world.voices(image) == 0
    assert msgspec.structs.replace(world.family(image), version=0) == before
    assert world.types()[told:] == ["report.received"] * 40


def test_muting_takes_the_voice(world: World) -> None:
    image = world.image()
    world.report(image, "anna")
    world.mute("anna")
    world.report(image, "bilal")
    assert world.voices(image) == 1.0


def test_another_sites_image_does_not_exist(new_world: Callable[..., World]) -> None:
    here, there = new_world(), new_world()
    image = here.image()
    report = here.report(image, "anna")
    if here.database is None:
        here.run(lambda book: book.add_site(there.site_row()))
        there._memory = here._memory
    for attempt in (
        lambda: there.report(image, "anna"),
        lambda: there.views(image, 3),
        lambda: there.review(image, "upheld"),
    ):
        with pytest.raises(UnknownImage):
            attempt()
    with pytest.raises(UnknownReport):
        there.withdraw(report.id)
    assert there.log == []
    assert [found.id for found in here.live(image)] == [report.id]


def test_another_sites_question_hides_no_report_from_its_own(new_world: Callable[..., World]) -> None:
    """In one group: who asks first for a foreign report must not make it unknown to its owner."""
    here, there = new_world(), new_world()
    report = here.report(here.image(), "anna")

    def both(book: object) -> object:
        assert book.report(there.site, report.id) is None  # type: ignore[attr-defined]
        return book.report(here.site, report.id)  # type: ignore[attr-defined]

    assert here.run(both) is not None


def test_the_same_bytes_on_two_sites_are_two_families(new_world: Callable[..., World]) -> None:
    here, there = new_world(), new_world()
    mine, theirs = here.image("same"), there.image("same")
    here.crowd(mine)
    assert (here.status(mine), there.status(theirs)) == ("blocked", "visible")


def test_an_unknown_reason_is_refused(world: World) -> None:
    image = world.image()
    events = len(world.log)
    with pytest.raises(UnknownReason, match=r"'ugly' is not a reason .* Use one of: terrorism, violence"):
        world.report(image, "anna", "ugly")
    assert len(world.log) == events
    assert world.live(image) == []


def test_a_report_puts_a_case_in_the_queue_once(world: World) -> None:
    image = world.image()
    world.views(image, 40)
    world.crowd(image, 2, "spam")
    assert len(world.told("image.queued")) == 1
    assert world.family(image).queued_at is not None
    assert world.family(image).look_value > 0


def test_a_person_seen_twice_on_a_network_is_one_person_there(world: World) -> None:
    for n in range(3):
        world.report(world.image(str(n)), "anna", network="home")
    world.report(world.image("0"), "bilal", network="home")
    assert world.run(lambda book: book.people(world.site, "home")) == 2


def test_a_record_supports_only_so_many_unreviewed_blocks(world: World) -> None:
    """The stakes gate: on a young site the same people block ten pictures; the eleventh waits for a person."""
    images = [world.image(str(n)) for n in range(12)]
    for image in images:
        for n in range(10):
            world.report(image, f"r{n}", "terrorism")
    status = [world.status(image) for image in images]
    blocked = status.count("blocked")
    assert 1 <= blocked <= 10, status
    assert set(status[10:]) == {"visible"}


def test_the_breaker_stops_automatic_blocks(new_world: Callable[..., World]) -> None:
    world = new_world("breaker_blocks = 3")
    images = [world.image(str(n)) for n in range(5)]
    status = [world.crowd(image, prefix=f"{n}-") for n, image in enumerate(images)]
    assert status == ["blocked"] * 3 + ["visible"] * 2
    assert all(world.family(image).queued_at for image in images)
    world.wait(hours=2)
    assert world.crowd(world.image("later"), prefix="later") == "blocked"
