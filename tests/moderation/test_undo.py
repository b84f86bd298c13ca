"""A decision that is taken back at once was never made."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tawatur.moderation.learn import reviewed
from tawatur.moderation.refusals import OwnReport, TooLateToUndo, UnknownImage
from tawatur.store.book import replace
from tawatur.store.writer import Refused
from tests.moderation.world import World

PEOPLE = [f"p{n}" for n in range(5)]
POLICY = """
version = "test"
floor_block = 1.5
floor_blur = 1.0
established = 1.0
viewers_days = 3.0
[reasons.terrorism]
harm = 1000.0
[reasons.violence]
harm = 500.0
guard = false
"""
images = st.integers(0, 2)
acts = st.one_of(
    st.tuples(st.just("report"), images, st.sampled_from(PEOPLE), st.sampled_from(["terrorism", "violence"])),
    st.tuples(st.just("report"), images, st.sampled_from(PEOPLE), st.just("violence")),
    st.tuples(st.just("withdraw"), images, st.sampled_from(PEOPLE)),
    st.tuples(st.just("review"), images, st.sampled_from(["upheld", "rejected", "undecided"])),
    st.tuples(st.just("looked"), images, st.lists(st.sampled_from([*PEOPLE, "lurker"]), min_size=1)),
    st.tuples(st.just("altered"), images, images),
    st.tuples(st.just("wait"), st.sampled_from([1, 30])),
)
plans = st.lists(acts, max_size=14)
decisions = st.tuples(
    images, st.sampled_from(["upheld", "rejected", "undecided"]), st.sampled_from([None, "violence", "hate"])
)


def live(world: World, known: list[str], plan: list[tuple[Any, ...]]) -> None:
    for kind, *rest in plan:
        with suppress(Refused):
            if kind == "report":
                world.report(known[rest[0]], rest[1], rest[2])
            elif kind == "withdraw":
                for mine in [one.id for one in world.live(known[rest[0]]) if one.reporter == rest[1]]:
                    world.withdraw(mine)
            elif kind == "review":
                world.review(known[rest[0]], rest[1])
            elif kind == "looked":
                world.views(known[rest[0]], None, rest[1])
            elif kind == "altered":
                world.take_for_altered(known[rest[0]], known[rest[1]])
            else:
                world.wait(hours=rest[0])


def state(world: World, known: list[str]) -> list[Any]:
    """All that bears on anything, without ids and versions."""
    found: list[Any] = []
    for image in known:
        family = world.family(image)
        found.append(replace(family, id="", site="", version=0, round=0))
        for report in world.all_reports(image):
            present = report.round == family.round
            found.append(replace(report, id="", site="", family="", image="", round=int(present)))
        found += [replace(viewing, site="", family="") for viewing in world.viewings(image)]
        for name in PEOPLE:
            kept = world.run(lambda book, name=name: book.reporter(world.site, name))
            found.append(None if kept is None else replace(kept, site=""))
            found.append(worth(world.record(name), "confirmed", "rejected") if kept is not None else None)
    found.append(worth(world.site_records(), "confirmed", "reviewed"))
    found.append(world.site_row().recorded)
    found.append(replace(world.run(lambda book: book.site_coins(world.site)), site=""))
    return found


def worth(records: dict[str, Any], *names: str) -> Any:
    """Sums by reason, where there is any; they are added up and taken off again, so the last digits differ."""
    sums = {f"{reason}/{name}": getattr(one, name) for reason, one in records.items() for name in names}
    return {key: round(value, 9) for key, value in sums.items() if abs(value) > 1e-9}


@given(before=plans, decision=decisions, after=plans)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_decide_and_undo_is_never_decided(
    new_world: Callable[..., World], before: list[Any], decision: tuple[int, str, str | None], after: list[Any]
) -> None:
    decided, never = new_world(POLICY), new_world(POLICY)
    at, outcome, reason = decision
    known = []
    for world in (decided, never):
        known = [world.image(content, uploader="ulla") for content in ("a", "a", "b")]
        live(world, known, before)
        if world is decided:
            mine = known
            world.review(known[at], outcome, reviewer="layla", reason=reason)
            world.undo(known[at], "layla")
        else:
            world.lapse(known[at])  # what time did is no part of the decision
            world.tick()
    assert state(decided, mine) == state(never, known)
    live(decided, mine, after)
    live(never, known, after)
    assert state(decided, mine) == state(never, known)


def test_an_undone_block_is_shown_and_told(world: World) -> None:
    image = world.image()
    world.review(image, "upheld")
    undone = world.undo(image)
    assert (undone.outcome, undone.status) == ("upheld", "visible")
    assert [line["type"] for line in world.log[-2:]] == ["review.undone", "image.restored"]
    assert world.log[-1]["cause"] == "undo"
    with pytest.raises(TooLateToUndo):
        world.undo(image)


def test_a_report_that_came_meanwhile_stays_and_counts(world: World) -> None:
    image = world.image()
    world.crowd(image, 2)
    world.review(image, "rejected")
    world.report(image, "r0")
    world.report(image, "late")
    world.undo(image)
    assert [report.reporter for report in world.live(image)] == ["r0", "r1", "late"]
    assert {report.outcome for report in world.live(image)} == {None}
    assert world.reporter("r0").reported == 1
    assert (world.reporter("r0").reviewed_reports, world.voices(image)) == (0, pytest.approx(3.0))
    world.review(image, "rejected")
    assert [world.reporter(name).reviewed_reports for name in ("r0", "r1", "late")] == [1, 1, 1]


def test_a_crop_that_a_rejection_released_is_blurred_again(world: World) -> None:
    image, crop = world.image("whole"), world.image("crop")
    world.review(image, "upheld")
    world.take_for_altered(crop, image)
    assert world.status(crop) == "blurred"
    before = world.family(crop)
    world.review(image, "rejected")
    assert world.status(crop) == "visible"
    world.undo(image)
    assert (world.status(image), world.status(crop)) == ("blocked", "blurred")
    assert replace(world.family(crop), version=before.version) == before


def test_only_who_decided_may_take_it_back_and_only_for_a_moment(world: World) -> None:
    image = world.image()
    review = world.review(image, "upheld").id
    with pytest.raises(TooLateToUndo):
        world.undo(image, "somebody else")
    with pytest.raises(TooLateToUndo):
        world.undo(image, review="another")
    with pytest.raises(UnknownImage):
        world.undo("no such")
    world.wait(seconds=60)
    with pytest.raises(TooLateToUndo):
        world.undo(image, review=review)
    assert world.status(image) == "blocked"


def test_a_later_decision_is_the_one_that_is_taken_back(world: World) -> None:
    image = world.image()
    world.review(image, "upheld", reviewer="layla")
    world.review(image, "rejected", reviewer="omar")
    with pytest.raises(TooLateToUndo):
        world.undo(image, "layla")
    assert world.undo(image, "omar").status == "blocked"
    assert world.family(image).outcome == "upheld"


def test_what_was_undone_teaches_nothing(world: World) -> None:
    image = world.image()
    world.views(image, 100)
    world.crowd(image, 3)
    for outcome in ("upheld", "rejected"):
        world.review(image, outcome)
        world.undo(image)
    told = [("family", line) for line in world.log if line["type"] in ("image.reviewed", "review.undone")]
    assert reviewed(told) == {}
    assert set(reviewed(told[:-1])) == {"family"}


def test_who_reported_still_cannot_decide_after_an_undo(world: World) -> None:
    image = world.image()
    world.report(image, "anna")
    world.review(image, "upheld")
    world.undo(image)
    with pytest.raises(OwnReport):
        world.review(image, "rejected", reviewer="anna")
