"""What people decide, what it teaches about reporters, and that the machine never overrules it."""

from collections.abc import Callable
from datetime import timedelta
from math import sqrt

import pytest

from tawatur.moderation.refusals import Outranked, OwnImage, UnknownImage, UnknownOutcome, UnknownReason
from tests.moderation.world import ADMIN, MODERATOR, World


def blocked_image(world: World, people: int = 9) -> str:
    image = world.image()
    assert world.crowd(image, people) == "blocked"
    return image


def test_a_rejected_block_is_shown_again_at_once(world: World) -> None:
    image = blocked_image(world)
    assert world.review(image, "rejected").status == "visible"
    family = world.family(image)
    assert (family.status, family.provisional, family.review_by, family.reason) == ("visible", False, None, None)
    assert (family.outcome, family.queued_at) == ("rejected", None)
    reviewed, restored = world.log[-2:]
    assert (reviewed["type"], reviewed["outcome"], reviewed["reviewer"]) == ("image.reviewed", "rejected", "mod")
    assert (restored["type"], restored["cause"], restored["images"]) == ("image.restored", "review", [image])


def test_a_rejection_gives_a_day_of_immunity_and_doubles_it_each_time(world: World) -> None:
    image = world.image()
    for hours in (24, 48, 96):
        world.review(image, "rejected")
        assert world.family(image).immune_until == world.now + timedelta(hours=hours)


def test_immunity_never_outgrows_the_calendar(world: World) -> None:
    image = world.image()
    for _ in range(40):
        world.review(image, "rejected")
    assert world.family(image).immune_until.year < 9000  # type: ignore[union-attr]


def test_within_the_immunity_new_reports_only_ask_a_person(world: World) -> None:
    image = blocked_image(world)
    world.review(image, "rejected")
    assert world.crowd(image, 20, prefix="new") == "visible"
    assert world.family(image).queued_at is not None
    assert world.verdict(image).action == "review"
    world.wait(hours=25)
    assert world.report(image, "late").status == "blocked"


def test_a_rejected_block_puts_who_took_part_on_probation(world: World) -> None:
    image = blocked_image(world)
    withdrawn = world.live(image)[-1]
    world.withdraw(withdrawn.id)
    assert world.status(image) == "blocked"
    world.review(image, "rejected")
    for n in range(8):
        assert world.reporter(f"r{n}").probation_until == world.now + timedelta(days=30)
    assert world.reporter("r8").probation_until is None


def test_rejected_reports_on_a_visible_image_cost_a_record_but_no_probation(world: World) -> None:
    image = world.image()
    world.report(image, "anna")
    world.review(image, "rejected")
    anna = world.reporter("anna")
    assert (anna.reviewed_reports, anna.confirmed_reports, anna.probation_until) == (1, 0, None)
    assert world.record("anna")["violence"].rejected == 1


def test_a_confirmed_report_earns_less_in_a_larger_crowd(world: World) -> None:
    image = blocked_image(world, 9)
    world.review(image, "upheld")
    assert world.record("r0")["violence"].confirmed == pytest.approx(1 / sqrt(9))
    assert world.site_records()["violence"].confirmed == pytest.approx(sqrt(9))
    assert world.site_row().recorded == 9


def test_a_withdrawn_report_is_not_judged(world: World) -> None:
    image = world.image()
    world.report(image, "anna")
    world.withdraw(world.report(image, "bilal").id)
    world.review(image, "upheld")
    assert world.record("anna")["violence"].confirmed == 1.0
    assert world.record("bilal") == {}
    assert world.reporter("bilal").reviewed_reports == 0


def test_a_report_for_another_rule_than_the_one_that_was_broken_is_neutral(world: World) -> None:
    image = world.image()
    world.report(image, "right", "hate")
    world.report(image, "wrong", "spam")
    world.review(image, "upheld", reason="hate")
    assert world.record("right")["hate"].confirmed == pytest.approx(1 / sqrt(2))
    assert world.record("wrong") == {}
    wrong = world.reporter("wrong")
    assert (wrong.confirmed_reports, wrong.reviewed_reports, wrong.probation_until) == (0, 0, None)
    assert world.family(image).reason == "hate"
    assert set(world.site_records()) == {"hate"}


def test_upheld_without_a_reason_takes_the_one_most_named(world: World) -> None:
    image = world.image()
    world.report(image, "a", "hate")
    world.report(image, "b", "spam")
    world.report(image, "c", "spam")
    world.review(image, "upheld")
    assert world.family(image).reason == "spam"


def test_upheld_blocks_for_good_and_stands_against_any_reports(world: World) -> None:
    image = world.image()
    assert world.review(image, "upheld", reason="hate").status == "blocked"
    family = world.family(image)
    assert (family.provisional, family.authority, family.review_by) == (False, MODERATOR, None)
    assert world.told("image.blocked")[-1]["provisional"] is False
    states = len(world.told("image.blocked"))
    world.crowd(image, 20, prefix="a")
    for report in world.live(image):
        world.withdraw(report.id)
    world.views(image, 100_000)
    world.wait(days=400)
    world.crowd(image, 20, prefix="b")
    assert world.status(image) == "blocked"
    assert len(world.told("image.blocked")) == states
    assert world.told("image.restored") == []
    assert world.told("image.queued") == []


def test_undecided_leaves_the_reports_live_and_the_state_as_it_is(world: World) -> None:
    image = blocked_image(world)
    live = world.live(image)
    assert world.review(image, "undecided").status == "blocked"
    family = world.family(image)
    assert (family.provisional, family.queued_at, family.outcome) == (True, None, None)
    assert world.live(image) == live
    assert world.record("r0") == {}
    assert world.types()[-1] == "image.reviewed"


def test_a_new_report_puts_an_undecided_case_back_in_the_queue(world: World) -> None:
    image = world.image()
    world.report(image, "anna")
    assert world.family(image).queued_at is not None
    world.review(image, "undecided")
    assert world.family(image).queued_at is None
    world.report(image, "bilal")
    assert world.family(image).queued_at is not None
    assert len(world.told("image.queued")) == 2


def test_a_new_report_puts_an_undecided_block_back_in_the_queue(world: World) -> None:
    image = blocked_image(world)
    world.review(image, "undecided")
    world.report(image, "late")
    assert world.family(image).queued_at is not None
    assert world.types()[-1] == "image.queued"


def test_views_alone_do_not_ask_again_what_a_person_left_undecided(world: World) -> None:
    image = world.image()
    world.views(image, 40)
    world.report(image, "anna")
    world.review(image, "undecided")
    world.views(image, 5)
    assert world.family(image).queued_at is None


def test_upholding_after_a_rejection_corrects_records_probation_and_sums(world: World) -> None:
    image = blocked_image(world, 9)
    world.review(image, "rejected")
    assert world.site_records()["violence"].confirmed == 0
    world.review(image, "upheld", reviewer="another")
    assert world.status(image) == "blocked"
    for n in range(9):
        person = world.reporter(f"r{n}")
        assert (person.confirmed_reports, person.reviewed_reports, person.probation_until) == (1, 1, None)
        assert world.record(f"r{n}")["violence"].rejected == 0
        assert world.record(f"r{n}")["violence"].confirmed == pytest.approx(1 / 3)
    sums = world.site_records()["violence"]
    assert (sums.confirmed, sums.reviewed) == (pytest.approx(3), pytest.approx(3))
    assert world.site_row().recorded == 9


def test_rejecting_what_was_upheld_costs_records_but_no_probation(world: World) -> None:
    """They were told that they were right; that a person erred is not their doing."""
    image = blocked_image(world, 9)
    world.review(image, "upheld")
    world.review(image, "rejected")
    assert world.status(image) == "visible"
    person = world.reporter("r0")
    assert (person.confirmed_reports, person.reviewed_reports, person.probation_until) == (0, 1, None)
    assert world.record("r0")["violence"].rejected == 1
    assert world.record("r0")["violence"].confirmed == pytest.approx(0)
    assert world.site_row().recorded == 0


def test_a_second_probation_survives_the_end_of_the_first(world: World) -> None:
    first, second = world.image("1"), world.image("2")
    world.crowd(first, 9)
    world.crowd(second, 9)
    world.review(first, "rejected")
    until_first = world.reporter("r0").probation_until
    world.wait(days=3)
    world.review(second, "rejected")
    until_second = world.reporter("r0").probation_until
    assert until_first != until_second
    world.review(second, "upheld")
    assert world.reporter("r0").probation_until == until_first
    world.review(first, "upheld")
    assert world.reporter("r0").probation_until is None


def test_the_same_rejection_twice_changes_no_record(world: World) -> None:
    image = blocked_image(world)
    world.review(image, "rejected")
    before = world.record("r0"), world.site_records(), world.reporter("r0")
    world.review(image, "rejected", reviewer="another")
    assert (world.record("r0"), world.site_records(), world.reporter("r0")) == before
    assert len(world.told("image.restored")) == 1


def test_an_uploader_cannot_review_their_own_image(world: World) -> None:
    image = world.image(uploader="ulla")
    with pytest.raises(OwnImage):
        world.review(image, "rejected", reviewer="ulla")
    assert world.told("image.reviewed") == []


def test_the_uploader_of_a_copy_cannot_review_either(world: World) -> None:
    image = world.image("same", uploader="ulla")
    copy = world.image("same", uploader="omar")
    with pytest.raises(OwnImage):
        world.review(image, "rejected", reviewer="omar")
    with pytest.raises(OwnImage):
        world.review(copy, "rejected", reviewer="ulla")


def test_nobody_overrules_somebody_with_more_authority(world: World) -> None:
    image = world.image()
    world.review(image, "upheld", authority=ADMIN)
    with pytest.raises(Outranked):
        world.review(image, "rejected", authority=MODERATOR)
    assert world.status(image) == "blocked"
    assert world.review(image, "rejected", authority=ADMIN).status == "visible"


@pytest.mark.parametrize("outcome", ["upheld", "rejected"])
def test_a_review_moves_all_copies(world: World, outcome: str) -> None:
    images = [world.image("same") for _ in range(3)]
    world.crowd(images[0])
    world.review(images[2], outcome)
    assert {world.status(image) for image in images} == {"blocked" if outcome == "upheld" else "visible"}
    assert world.log[-1]["images"] == images


def test_a_copy_of_what_is_withheld_is_withheld_from_its_first_moment(world: World) -> None:
    image = blocked_image(world)
    copy = world.register()
    assert (copy.status, copy.copies) == ("blocked", [image])
    assert world.log[-1]["type"] == "image.blocked"
    assert (world.log[-1]["cause"], world.log[-1]["image"]) == ("copy", copy.image.id)


def test_what_is_not_known_is_refused_and_changes_nothing(world: World) -> None:
    image = world.image()
    with pytest.raises(UnknownOutcome, match=r"'maybe' is not an outcome. Use one of: upheld, rejected, undecided"):
        world.review(image, "maybe")
    with pytest.raises(UnknownReason, match="'ugly'"):
        world.review(image, "upheld", reason="ugly")
    with pytest.raises(UnknownImage):
        world.review("no such", "upheld")
    assert world.types() == ["image.registered"]


def test_the_policy_sets_immunity_and_probation(new_world: Callable[..., World]) -> None:
    world = new_world("immunity_hours = 5\nprobation_days = 2")
    image = blocked_image(world)
    world.review(image, "rejected")
    assert world.family(image).immune_until == world.now + timedelta(hours=5)
    assert world.reporter("r0").probation_until == world.now + timedelta(days=2)
