"""A person blocks, blurs or shows an image by hand, at any time."""

from __future__ import annotations

from typing import Any

import pytest

from tawatur.moderation.act import ACTIONS, acting
from tawatur.moderation.copies import NewCut, cut_image
from tawatur.moderation.refusals import (
    Outranked,
    OwnImage,
    OwnReport,
    UnknownAction,
    UnknownMeasure,
    UnknownReason,
    UnknownScope,
)
from tawatur.moderation.review import NewReview, Reviewed, review_image
from tests.moderation.world import ADMIN, MODERATOR, World


def act(world: World, image: str, action: str, reviewer: str = "mod", **more: Any) -> Reviewed:
    new = acting(NewReview(world.site, image, reviewer, "", **more), action)
    now = world.tick()
    return world.run(lambda book: review_image(book, new, now))


def test_what_nobody_reported_is_blocked_with_its_copies(world: World) -> None:
    image, copy = world.image("one"), world.image("one")
    assert act(world, copy, "block", reason="hate").status == "blocked"
    family = world.family(image)
    assert (family.status, family.provisional, family.reason, family.outcome) == ("blocked", False, "hate", "upheld")
    assert world.told("image.reviewed")[-1]["measure"] == "block"
    assert world.told("image.blocked")[-1]["images"] == [image, copy]


def test_restoring_releases_copies_and_corrects_every_record(world: World) -> None:
    image, copy = world.image("one"), world.image("one")
    assert world.crowd(image) == "blocked"
    act(world, image, "block")
    assert world.reporter("r0").confirmed_reports == 1
    assert act(world, image, "restore").status == "visible"
    assert world.status(copy) == "visible"
    assert world.reporter("r0").confirmed_reports == 0
    assert world.record("r0")["violence"].rejected == 1
    assert world.told("image.restored")[-1]["images"] == [image, copy]


def test_a_blur_by_hand_stands_against_any_reports(world: World) -> None:
    image = world.image()
    assert act(world, image, "blur", reason="violence").status == "blurred"
    family = world.family(image)
    assert (family.provisional, family.authority, family.review_by) == (False, MODERATOR, None)
    assert world.crowd(image, 30) == "blurred"
    for report in world.live(image):
        world.withdraw(report.id)
    assert world.status(image) == "blurred"
    assert act(world, image, "block").status == "blocked"
    assert act(world, image, "restore").status == "visible"


def test_who_reported_what_is_blurred_by_hand_was_right(world: World) -> None:
    image = world.image()
    world.report(image, "anna")
    act(world, image, "blur", reason="violence")
    assert world.reporter("anna").confirmed_reports == 1


def test_a_machines_block_becomes_a_persons_blur(world: World) -> None:
    image = world.image()
    assert world.crowd(image) == "blocked"
    assert act(world, image, "blur").status == "blurred"
    assert world.told("image.blurred")[-1]["provisional"] is False


def test_this_use_alone_is_blocked_and_its_copies_stay(world: World) -> None:
    evidence, propaganda = world.image("one"), world.image("one")
    assert act(world, propaganda, "block", reason="terrorism", scope="this_use").status == "blocked"
    assert (world.status(evidence), world.status(propaganda)) == ("visible", "blocked")
    assert world.family(evidence).id != world.family(propaganda).id


def test_this_use_alone_is_shown_and_its_copies_stay_blocked(world: World) -> None:
    evidence, propaganda = world.image("one"), world.image("one")
    act(world, propaganda, "block")
    assert act(world, evidence, "restore", scope="this_use").status == "visible"
    assert world.status(propaganda) == "blocked"


def test_an_image_without_copies_is_all_its_uses(world: World) -> None:
    image = world.image()
    assert act(world, image, "block", scope="this_use").status == "blocked"
    assert world.told("image.cut") == []


@pytest.mark.parametrize("scope", ["everywhere", "this_use"])
@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_nobody_acts_on_their_own_image_or_report(world: World, action: str, scope: str) -> None:
    image = world.image("one", uploader="ulla")
    world.image("one")
    world.report(image, "rami")
    before = len(world.log)
    for refusal, who in ((OwnImage, {"reviewer": "ulla"}), (OwnReport, {"known_as": "rami"})):
        with pytest.raises(refusal):
            act(world, image, action, scope=scope, **who)
    assert len(world.log) == before


@pytest.mark.parametrize("scope", ["everywhere", "this_use"])
def test_a_moderator_never_acts_on_what_an_admin_decided(world: World, scope: str) -> None:
    image = world.image("one")
    world.image("one")
    act(world, image, "block", authority=ADMIN)
    with pytest.raises(Outranked):
        act(world, image, "restore", scope=scope)
    with pytest.raises(Outranked):
        world.run(lambda book: cut_image(book, NewCut(world.site, image, "mod"), world.now))
    assert world.status(image) == "blocked"
    assert act(world, image, "restore", authority=ADMIN).status == "visible"


def test_a_reporter_cannot_cut_what_they_reported(world: World) -> None:
    image = world.image("one")
    world.image("one")
    world.report(image, "rami")
    with pytest.raises(OwnReport):
        world.run(lambda book: cut_image(book, NewCut(world.site, image, "mod", known_as="rami"), world.now))


def test_what_is_not_known_is_refused_before_anything_is_cut(world: World) -> None:
    image = world.image("one")
    world.image("one")
    for refusal, asked in (
        (UnknownReason, {"reason": "ugly"}),
        (UnknownScope, {"scope": "nowhere"}),
    ):
        with pytest.raises(refusal):
            act(world, image, "block", **{"scope": "this_use", **asked})
    with pytest.raises(UnknownAction, match="'burn' is not an action"):
        act(world, image, "burn")
    with pytest.raises(UnknownMeasure):
        world.review(image, "upheld", measure="burn")
    assert world.told("image.cut") == []


def test_taking_a_blur_by_hand_back_leaves_nothing_of_it(world: World) -> None:
    image = world.image()
    act(world, image, "blur")
    assert world.undo(image).status == "visible"
    assert world.family(image).outcome is None
