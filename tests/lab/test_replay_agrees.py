"""What a served site decided, its exported log decides again: the same states at the same times."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tawatur.decision.policy import parse_policy
from tawatur.lab.replay import Replay
from tawatur.log.export import lines
from tawatur.store.database import Database
from tawatur.store.writer import Refused
from tests.ground.tables import with_tables
from tests.moderation.world import World

PEOPLE = [f"p{n}" for n in range(6)]
IMAGES = range(4)  # 0 and 1 are copies of each other
# Blocks with two voices, small stakes and a pool of records: every gate has something to say with six people.
POLICY = """
version = "test"
floor_block = 1.5
floor_blur = 1.0
established = 1.0
record_pool = 3
immunity_hours = 2
probation_days = 1
breaker_blocks = 4
lapse = true
review_within_hours = 1
viewers_days = 1.1
abuse_rejected = 1
suspension_days = 0.2
[reasons.terrorism]
harm = 1000.0
[reasons.violence]
harm = 500.0
guard = false
"""
# What the site may change its policy to: each decides some of these plans otherwise.
OTHERS = (
    POLICY,
    POLICY.replace('"test"', '"stricter"').replace("floor_block = 1.5", "floor_block = 3.0"),
    POLICY.replace("lapse = true", "lapse = false").replace("= 500.0", "= 5.0\nblur = false"),
    POLICY + "\n",
    "shadow = true\n" + POLICY,
    POLICY.replace("viewers_days = 1.1", "viewers_days = 0.1"),
    "immunity_hours = 0\nestablished = 0\nbreaker_blocks = 1",
    "",
)
signals = {
    "network": st.sampled_from(["n1", "n2"]),
    "device": st.sampled_from(["d1", "d2"]),
    "referrer": st.just("c1"),
    "anonymous": st.just(True),
}
images = st.sampled_from(IMAGES)
reports = st.tuples(
    st.just("report"),
    images,
    st.sampled_from(PEOPLE),
    st.sampled_from(["terrorism", "violence", "spam"]),
    st.fixed_dictionaries({}, optional=signals),
)
others = st.one_of(
    st.tuples(st.just("withdraw"), images, st.sampled_from(PEOPLE)),
    st.tuples(st.just("review"), images, st.sampled_from(["upheld", "rejected", "undecided"])),
    st.tuples(st.just("blur"), images),
    st.tuples(st.just("undo"), images, st.sampled_from(["upheld", "rejected", "undecided"]), st.booleans()),
    st.tuples(st.just("views"), images, st.sampled_from([1, 20, 400])),
    st.tuples(st.just("looked"), images, st.lists(st.sampled_from([*PEOPLE, "lurker"]), min_size=1)),
    st.tuples(st.just("lapse"), images),
    st.tuples(st.just("altered"), images, images),
    st.tuples(st.just("register"), st.sampled_from(["a", "b", "new"])),
    st.tuples(st.just("policy"), st.sampled_from(OTHERS)),
    st.tuples(st.just("shields"), st.sampled_from([None, 0, 2]), st.sampled_from([None, "u-a"]), st.booleans()),
    st.tuples(st.sampled_from(["mute", "unmute", "void", "clear"]), st.sampled_from(PEOPLE)),
    st.tuples(st.just("wait"), st.sampled_from([0.3, 1, 3, 30, 24 * 91])),
)
plans = st.lists(st.one_of(reports, reports, reports, others), min_size=5, max_size=40)
_sites = count(1)
DECIDED = ("image.blurred", "image.blocked", "image.restored", "image.shadowed", "image.queued")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Any:
    database = Database(with_tables(f"sqlite:///{tmp_path_factory.mktemp('replay') / 'tawatur.db'}"))
    yield database
    database.close()


def said(log: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What was decided. A lapse is told by whoever comes by first, a sweep or an event, so its time is left out."""
    return [
        (
            line["type"],
            line["image"],
            None if line.get("cause") == "lapse" else line["at"],
            line.get("reason"),
            tuple(line.get("images", ())),
            line.get("provisional"),
            line.get("status"),
            line.get("cause"),
        )
        for line in log
        if line["type"] in DECIDED
    ]


def of_image(decided: list[tuple[Any, ...]]) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for one in decided:
        found.setdefault(one[1], []).append(one)
    return found


def serve(world: World, plan: list[tuple[Any, ...]]) -> None:
    """Makes the site do all this, as its server would; what is refused leaves no trace."""
    known = [world.image(content, uploader=f"u-{content}") for content in ("a", "a", "b", "c")]
    for kind, *rest in plan:
        with suppress(Refused):
            if kind == "report":
                world.report(known[rest[0]], rest[1], rest[2], **rest[3])
            elif kind == "withdraw":
                mine = [report for report in world.all_reports(known[rest[0]]) if report.reporter == rest[1]]
                if mine:
                    world.withdraw(mine[-1].id)
            elif kind == "review":
                world.review(known[rest[0]], rest[1])
            elif kind == "blur":
                world.review(known[rest[0]], "upheld", measure="blur")
            elif kind == "undo":
                world.review(known[rest[0]], rest[1])
                if rest[2]:
                    world.report(known[rest[0]], PEOPLE[0])
                world.undo(known[rest[0]])
            elif kind == "views":
                world.views(known[rest[0]], rest[1])
            elif kind == "looked":
                world.views(known[rest[0]], None, rest[1])
            elif kind == "lapse":
                world.lapse(known[rest[0]])
            elif kind == "register":
                world.register(rest[0])
            elif kind == "altered":
                world.take_for_altered(known[rest[0]], known[rest[1]])
            elif kind == "shields":
                over = {"image": None if rest[0] is None else known[rest[0]], "uploader": rest[1]}
                world.raise_shields(**over, times=2, hours=1) if rest[2] else world.lower_shields(**over)
            elif kind == "mute":
                world.mute(rest[0])
            elif kind == "unmute":
                world.unmute(rest[0])
            elif kind == "clear":
                world.clear(rest[0])
            elif kind == "void":
                world.void(rest[0])
            elif kind == "policy":
                world.set_policy(rest[0])
            else:
                world.wait(hours=rest[0])


@given(plan=plans)
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_an_exported_log_decides_the_same_again(database: Database, plan: list[tuple[Any, ...]]) -> None:
    world = World(database, str(next(_sites)))
    world.set_policy(POLICY)
    serve(world, plan)
    log = list(lines(database, world.site))
    replay = Replay()
    again = [line for event in log for line in replay.apply(event)]
    assert [one for one in said(again) if one[-1] != "lapse"] == [one for one in said(log) if one[-1] != "lapse"]
    # What lapsed at the very end has been told by the sweep alone, or not at all yet.
    for image, decided in of_image(said(log)).items():
        mine = of_image(said(again)).get(image, [])
        assert abs(len(mine) - len(decided)) <= 1
        assert mine[: len(decided)] == decided[: len(mine)]


def test_a_policy_that_is_given_holds_whatever_the_site_changed(database: Database) -> None:
    world = World(database, str(next(_sites)))
    reports = [("report", 0, person, "violence", {}) for person in PEOPLE]
    serve(world, [("policy", POLICY), *reports])
    log = list(lines(database, world.site))

    def blocks(replay: Replay) -> list[str]:
        return [told["at"] for line in log for told in replay.apply(line) if told["type"] == "image.blocked"]

    assert blocks(Replay()) == [line["at"] for line in log if line["type"] == "image.blocked"] != []
    assert blocks(Replay(parse_policy("floor_block = 100\nfloor_blur = 100"))) == []


def test_a_replay_hears_whom_the_site_heard(database: Database) -> None:
    world = World(database, str(next(_sites)))
    reports = [("report", 0, person, "violence", {}) for person in PEOPLE]
    silenced = [("void", PEOPLE[4]), *(("mute", person) for person in PEOPLE[:4])]
    heard = [("unmute", person) for person in PEOPLE[:4]]
    serve(world, [("policy", POLICY), *reports, *silenced, *heard])
    log = list(lines(database, world.site))
    changes = ("image.blurred", "image.blocked", "image.restored")
    assert {line["cause"] for line in log if line["type"] in changes} == {"reports", "mute", "unmute"}
    replay = Replay()
    assert said([line for event in log for line in replay.apply(event)]) == said(log)


def test_a_replay_warns_and_suspends_as_the_site_did(database: Database) -> None:
    world = World(database, str(next(_sites)))
    wrong = [step for n in (0, 2, 3) for step in (("report", n, "p0", "violence", {}), ("review", n, "rejected"))]
    serve(world, [("policy", POLICY), *wrong, ("report", 0, "p0", "spam", {}), ("clear", "p0")])
    log = list(lines(database, world.site))
    steps = ["reporter.warned", "reporter.suspended", "reporter.cleared"]
    assert [line["type"] for line in log if line["type"] in steps] == steps
    replay = Replay()
    again = [line for event in log for line in replay.apply(event)]
    told = [line for line in log if line["type"] in steps[:2]]
    assert [line for line in again if line["type"] in steps[:2]] == [
        {key: value for key, value in line.items() if key not in ("id", "position")}
        | {"id": next(one["id"] for one in again if one["type"] == line["type"])}
        for line in told
    ]


def test_such_plans_block_something(database: Database) -> None:
    world = World(database, str(next(_sites)), POLICY)
    serve(world, [("report", 0, person, "violence", {}) for person in PEOPLE])
    assert "image.blocked" in {line["type"] for line in lines(database, world.site)}


def test_an_altered_copy_is_blurred_and_shown_again_by_a_replay_too(database: Database) -> None:
    world = World(database, str(next(_sites)), POLICY)
    serve(world, [("review", 0, "upheld"), ("altered", 2, 0), ("review", 0, "rejected")])
    log = list(lines(database, world.site))
    mine = [(line["type"], line.get("cause")) for line in log if line.get("image") == world.log[-1]["image"]]
    assert mine[-3:] == [("image.altered", None), ("image.blurred", "altered"), ("image.restored", "altered")]
    replay = Replay(parse_policy(POLICY))
    assert said([line for event in log for line in replay.apply(event)]) == said(log)
