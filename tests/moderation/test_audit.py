"""Chance picks cases for a look: by a secret, whatever a look is worth, and the same ones again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tawatur.moderation.audit import Audited, audit_key, audited, is_picked, pick_samples, pick_samples_of
from tawatur.moderation.inbox import Asked, Inbox, inbox
from tawatur.moderation.numbers import Share
from tawatur.store.database import Database
from tests.moderation.conftest import KINDS
from tests.moderation.world import START, World

SECRET = b"of the server" * 3
ALL = "audit_share = 1"


@pytest.fixture(params=KINDS[1:])
def new_world(request: pytest.FixtureRequest) -> Callable[[str, str], World]:
    database = request.getfixturevalue(f"{request.param}_database".replace("postgresql", "postgres"))
    return lambda site, policy: World(database, site, policy)


def pick(world: World) -> int:
    world.wait(minutes=1)
    return pick_samples_of(database(world), SECRET, world.site, world.now)


def database(world: World) -> Database:
    assert world.database is not None
    return world.database


def sample(world: World) -> Inbox:
    return inbox(database(world), world.site, Asked(sample=True), world.now)


def found(world: World) -> Audited:
    return audited(database(world), world.site, START, world.now)


def test_the_secret_alone_says_what_is_picked() -> None:
    cases = [f"case {n}" for n in range(20_000)]
    mine, theirs = audit_key(SECRET, "site"), audit_key(b"another server" * 3, "site")
    picked = {case for case in cases if is_picked(mine, case, 0.05)}
    assert 850 < len(picked) < 1150
    assert picked == {case for case in reversed(cases) if is_picked(mine, case, 0.05)}
    other = {case for case in cases if is_picked(theirs, case, 0.05)}
    assert len(picked & other) < 100  # as many as chance has it
    assert picked < {case for case in cases if is_picked(mine, case, 0.2)}
    assert not any(is_picked(mine, case, 0.0) for case in cases)
    assert all(is_picked(mine, case, 1.0) for case in cases)
    assert audit_key(SECRET, "site") != audit_key(SECRET, "other")


def test_what_reports_blocked_is_picked_once_and_gone_after_a_look(new_world: Callable[[str, str], World]) -> None:
    world = new_world("88880001", ALL)
    right, wrong, unsure, open_ = (world.image(name) for name in ("a", "b", "c", "d"))
    for image in (right, wrong, unsure, open_):
        assert world.crowd(image, 12, prefix=image) == "blocked"
    assert pick(world) == 4
    assert pick(world) == 0
    seen = sample(world)
    assert (len(seen.cases), seen.samples) == (4, 4)
    assert all(one.sample for one in seen.cases)
    assert all(one.sample for one in inbox(database(world), world.site, Asked(), world.now).cases)
    world.review(right, "upheld")
    world.review(wrong, "rejected")
    world.review(unsure, "undecided")
    assert [one.face.id for one in sample(world).cases] == [open_]
    assert found(world) == Audited(Share(1, 2), Share(0, 0), 1, 0)
    world.review(wrong, "upheld")  # what was found first is what the engine is measured by
    assert found(world).right == Share(1, 2)


def test_what_was_left_alone_for_a_day_is_picked_too(new_world: Callable[[str, str], World]) -> None:
    world = new_world("88880002", ALL + "\nreview_from = 1")  # so nothing is put before people
    left, taken_back, decided = (world.image(name) for name in ("a", "b", "c"))
    world.views(left, 5000)
    world.report(left, "somebody")
    world.withdraw(world.report(taken_back, "somebody").id)
    world.report(decided, "somebody")
    world.review(decided, "rejected")
    assert pick(world) == 0
    world.wait(days=1)
    assert pick(world) == 1
    (case,) = sample(world).cases
    assert (case.face.id, case.family.queued_at) == (left, None)
    world.review(left, "upheld", reason="violence")
    assert found(world) == Audited(Share(0, 0), Share(1, 1), 0, 0)


def test_no_share_picks_nothing_and_shadow_blocked_nothing(new_world: Callable[[str, str], World]) -> None:
    none = new_world("88880003", "audit_share = 0")
    assert none.crowd(none.image(), 12) == "blocked"
    assert pick(none) == 0
    shadow = new_world("88880004", ALL + "\nshadow = true")
    shadow.crowd(shadow.image(), 12)
    assert pick(shadow) == 0
    assert sample(shadow).samples == 0


def test_every_site_is_asked(new_world: Callable[[str, str], World]) -> None:
    worlds = [new_world(f"8888001{n}", ALL) for n in range(2)]
    for world in worlds:
        world.crowd(world.image(), 12)
        world.wait(minutes=1)
    assert pick_samples(database(worlds[0]), SECRET, worlds[0].now) >= 2
    assert [sample(world).samples for world in worlds] == [1, 1]
