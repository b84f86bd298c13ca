"""Who took part in a case does not decide it, by whatever way; and what nobody may see is no use of a picture alone."""

from __future__ import annotations

import pytest

from tawatur.moderation.copies import NewCut, cut_image
from tawatur.moderation.opening import never_shown
from tawatur.moderation.refusals import NotForOneUse, OwnImage, OwnReport
from tawatur.moderation.standing import Ask, mute_reporter, void_reports
from tests.moderation.world import World


def hidden(world: World, image: str) -> bool:
    return bool(world.run(lambda book: never_shown(book, book.family(book.image(world.site, image).family))))


@pytest.mark.parametrize("how", ["live", "withdrawn", "judged", "of a copy"])
def test_whoever_ever_reported_the_picture_or_a_copy_of_it_cannot_decide_it(world: World, how: str) -> None:
    image, copy = world.image("one"), world.image("one")
    report = world.report(copy if how == "of a copy" else image, "layla")
    if how == "withdrawn":
        world.withdraw(report.id)
    if how == "judged":
        world.review(image, "rejected")
    for outcome in ("upheld", "rejected", "undecided"):
        with pytest.raises(OwnReport):
            world.review(image, outcome, known_as="layla")
    with pytest.raises(OwnReport):
        world.run(lambda book: cut_image(book, NewCut(world.site, image, "mod", known_as="layla"), world.now))
    world.review(image, "upheld")


def test_whoever_posted_a_copy_neither_decides_it_nor_cuts_it_nor_silences_who_reports_it(world: World) -> None:
    image, _ = world.image("one"), world.image("one", "layla")
    world.report(image, "anna")
    with pytest.raises(OwnImage):
        world.review(image, "rejected", known_as="layla")
    with pytest.raises(OwnImage):
        world.run(lambda book: cut_image(book, NewCut(world.site, image, "mod", known_as="layla"), world.now))
    hers = Ask(world.site, "anna", "mod", own=frozenset({"mod", "layla"}))
    for silence in (mute_reporter, void_reports):
        with pytest.raises(OwnImage):
            world.run(lambda book, silence=silence: silence(book, hers, world.now))
    assert len(world.live(image)) == 1
    world.mute("anna")


def test_one_report_for_child_safety_hides_a_picture_from_people_and_not_from_readers(world: World) -> None:
    image = world.image()
    report = world.report(image, "anna", reason="child_safety")
    assert (hidden(world, image), world.status(image)) == (True, "visible")
    world.withdraw(report.id)
    assert hidden(world, image)


def test_a_person_who_rejects_the_case_ends_the_hiding_and_nothing_else_does(world: World) -> None:
    image = world.image()
    world.report(image, "anna", reason="child_safety")
    for outcome, reason, stays in (("undecided", None, True), ("upheld", "violence", True), ("rejected", None, False)):
        world.review(image, outcome, reason=reason)
        assert hidden(world, image) is stays
    world.report(image, "ben", reason="child_safety")
    assert hidden(world, image)


def test_a_hidden_picture_is_not_cut_out_where_it_would_be_shown_again(world: World) -> None:
    image, copy = world.image("one"), world.image("one")
    world.report(image, "anna", reason="child_safety")
    with pytest.raises(NotForOneUse):
        world.run(lambda book: cut_image(book, NewCut(world.site, copy, "mod"), world.now))
    with pytest.raises(NotForOneUse):
        world.review(copy, "rejected", scope="this_use")
    assert hidden(world, copy)
