"""Whatever happens in whatever order: the counters are what the reports say, and memory and database agree.

Replay runs the use cases on the in-memory book, production on the one over a database; a difference between them would
make a preview lie. So the same commands go to both, with the same ids and times, one by one or in groups as the writer
makes them, and every event and every row must be equal.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tawatur.store.database import Database
from tawatur.store.writer import Refused
from tests.moderation.world import World

PEOPLE = [f"p{n}" for n in range(6)]
IMAGES = range(4)  # 0 and 1 are copies of each other
REASONS = ["terrorism", "violence", "spam"]
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
[reasons.terrorism]
harm = 1000.0
[reasons.violence]
harm = 500.0
guard = false
"""

_sites = count(10_000)

reports = st.tuples(
    st.just("report"),
    st.sampled_from(IMAGES),
    st.sampled_from(PEOPLE),
    st.sampled_from(REASONS),
    st.fixed_dictionaries(
        {},
        optional={
            "network": st.sampled_from(["n1", "n2"]),
            "device": st.sampled_from(["d1", "d2"]),
            "referrer": st.just("c1"),
        },
    ),
)
crowds = st.tuples(st.just("crowd"), st.sampled_from(IMAGES), st.sampled_from([2, 4, 6]), st.sampled_from(REASONS))
withdrawals = st.tuples(st.just("withdraw"), st.sampled_from(IMAGES), st.sampled_from(PEOPLE))
reviews = st.tuples(
    st.just("review"),
    st.sampled_from(IMAGES),
    st.sampled_from(["upheld", "upheld", "rejected", "rejected", "undecided"]),
    st.sampled_from([None, None, "violence"]),
)
others = st.one_of(
    st.tuples(st.just("views"), st.sampled_from(IMAGES), st.sampled_from([1, 20, 400])),
    st.tuples(st.just("looked"), st.sampled_from(IMAGES), st.lists(st.sampled_from(PEOPLE), min_size=1)),
    st.tuples(st.just("looked"), st.sampled_from(IMAGES), st.just([*PEOPLE, "lurker"])),
    st.tuples(st.just("lapse"), st.sampled_from(IMAGES)),
    st.tuples(st.just("register"), st.sampled_from(["a", "b", "c", "new"])),
    st.tuples(st.just("wait"), st.sampled_from([1, 3, 30, 24 * 91])),
    st.tuples(st.sampled_from(["mute", "unmute", "void", "clear"]), st.sampled_from(PEOPLE)),
)
steps = st.lists(st.one_of(reports, crowds, crowds, withdrawals, reviews, reviews, others), min_size=10, max_size=40)
groups = st.lists(st.integers(1, 6), min_size=1, max_size=8)


def prepare(world: World) -> list[str]:
    return [world.image(content, uploader=f"u-{content}") for content in ("a", "a", "b", "c")]


def do(world: World, images: list[str], step: tuple[Any, ...]) -> str:
    """What came of a step, as text; what is refused says so."""
    kind, *rest = step
    try:
        if kind == "report":
            image, person, reason, signals = rest
            return repr(world.report(images[image], person, reason, **signals))
        if kind == "crowd":
            image, people, reason = rest
            return repr([world.report(images[image], person, reason) for person in PEOPLE[:people]])
        if kind == "withdraw":
            image, person = rest
            mine = [report for report in world.all_reports(images[image]) if report.reporter == person]
            return repr(world.withdraw(mine[-1].id)) if mine else "nothing to withdraw"
        if kind == "review":
            image, outcome, reason = rest
            return repr(world.review(images[image], outcome, reason=reason))
        if kind == "views":
            return world.views(images[rest[0]], rest[1])
        if kind == "looked":
            return world.views(images[rest[0]], None, rest[1])
        if kind == "lapse":
            return repr(world.lapse(images[rest[0]]))
        if kind == "register":
            return repr(world.register(rest[0]))
        if kind == "wait":
            world.wait(hours=rest[0])
            return "waited"
        return repr(getattr(world, kind)(rest[0]))
    except Refused as refusal:
        return f"{type(refusal).__name__}: {refusal}"


def state(world: World, images: list[str]) -> dict[str, Any]:
    """All that stands in the books; a sum of 0 is no sum."""
    people = [person for person in PEOPLE if world.run(lambda book, who=person: book.reporter(world.site, who))]
    return {
        "families": [alike(msgspec.structs.asdict(world.family(image))) for image in images],
        "reports": [world.all_reports(image) for image in images],
        "reporters": [world.reporter(person) for person in people],
        "records": {
            (person, reason): sums
            for person in people
            for reason, record in world.record(person).items()
            if any(sums := (rounded(record.confirmed), rounded(record.rejected)))
        },
        "site": world.site_row(),
        "sums": {
            reason: sums
            for reason, record in world.site_records().items()
            if any(sums := (rounded(record.confirmed), rounded(record.reviewed)))
        },
        "viewings": [world.viewings(image) for image in images],
        "coins": world.run(lambda book: book.site_coins(world.site)),
        "networks": [world.run(lambda book, net=net: book.people(world.site, net)) for net in ("n1", "n2")],
        "verdicts": [verdict(world, image) for image in images],
    }


def rounded(value: float) -> float:
    """Sums of the same numbers in another order may differ in their last digit."""
    return round(value, 9) + 0.0


def alike(value: Any) -> Any:
    """The same with every number rounded, however deep it lies: a verdict's are made of such sums."""
    if isinstance(value, dict):
        return {key: alike(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [alike(one) for one in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


def verdict(world: World, image: str) -> tuple[Any, ...]:
    found = world.verdict(image)
    gates = [(gate.name, gate.holds) for gate in found.gates]
    case = found.case
    records = {
        who: (record.reported, record.supports, record.blurs, record.muted) for who, record in case.records.items()
    }
    numbers = rounded(found.voices), rounded(found.probability)
    return (
        found.action,
        found.reason,
        numbers,
        gates,
        records,
        case.pairs,
        dict(case.network_people),
        case.views,
        case.viewers,
    )


def check_sums(world: World, images: list[str]) -> None:
    """Recomputes every counter from the report rows."""
    rows = {report.id: report for image in images for report in world.all_reports(image)}.values()
    confirmed: Counter[str] = Counter()
    judged: Counter[str] = Counter()
    made: Counter[str] = Counter()
    earned: dict[tuple[str, str], float] = defaultdict(float)
    rejected: Counter[tuple[str, str]] = Counter()
    probation: dict[str, Any] = {}
    for row in rows:
        made[row.reporter] += 1
        confirmed[row.reporter] += row.outcome == "confirmed"
        judged[row.reporter] += row.outcome in ("confirmed", "rejected")
        earned[row.reporter, row.reason] += row.earned
        rejected[row.reporter, row.reason] += row.outcome == "rejected"
        assert (row.earned > 0) == (row.outcome == "confirmed")
        if row.probation_until is not None:
            assert row.outcome == "rejected"
            probation[row.reporter] = max(row.probation_until, probation.get(row.reporter, row.probation_until))
    for person in PEOPLE:
        found = world.run(lambda book, who=person: book.reporter(world.site, who))
        if found is None:
            assert made[person] == 0
            continue
        assert (found.reported, found.confirmed_reports, found.reviewed_reports, found.probation_until) == (
            made[person],
            confirmed[person],
            judged[person],
            probation.get(person),
        )
        records = world.record(person)
        for reason in REASONS:
            record = records.get(reason)
            assert (record.confirmed if record else 0.0) == pytest.approx(earned[person, reason], abs=1e-9)
            assert (record.rejected if record else 0.0) == rejected[person, reason]
    sums = world.site_records()
    for reason in REASONS:
        total = sums.get(reason)
        good = sum(value for (_, of), value in earned.items() if of == reason)
        bad = sum(value for (_, of), value in rejected.items() if of == reason)
        assert (total.confirmed if total else 0.0) == pytest.approx(good, abs=1e-9)
        assert (total.reviewed if total else 0.0) == pytest.approx(good + bad, abs=1e-9)
    assert world.site_row().recorded == sum(confirmed[person] > 0 for person in PEOPLE)


def check_coins(world: World, images: list[str]) -> None:
    """The site's sums are what its judged viewings say, as long as none was forgotten."""
    rows = {(one.family, one.person): one for image in images for one in world.viewings(image)}.values()
    judged = [one for one in rows if one.upheld is not None]
    coins = world.run(lambda book: book.site_coins(world.site))
    assert coins.violating == sum(bool(one.upheld) for one in judged)
    assert coins.hits == sum(bool(one.upheld) and one.reported for one in judged)
    assert coins.fine == sum(not one.upheld for one in judged)
    assert coins.false_alarms == sum(not one.upheld and one.reported for one in judged)


def check_states(world: World, images: list[str]) -> None:
    """What no sequence of commands may bring about."""
    for image in images:
        family = world.family(image)
        assert family.provisional == (family.authority == 1 and family.status != "visible")
        assert (family.review_by is not None) <= family.provisional
        live = world.live(image)
        assert len({report.reporter for report in live}) == len(live)
        assert all(report.outcome is None and report.round == family.round for report in live)
        last = [line for line in world.log if line["type"] in TOLD and image in line["images"]]
        told = TOLD[last[-1]["type"]] if last else "visible"
        assert told == family.status, "the log's last word on an image is its state"


TOLD = {"image.blurred": "blurred", "image.blocked": "blocked", "image.restored": "visible"}


def in_groups(plan: list[tuple[Any, ...]], sizes: list[int]) -> Iterator[list[tuple[Any, ...]]]:
    place, turn = 0, 0
    while place < len(plan):
        size = sizes[turn % len(sizes)]
        yield plan[place : place + size]
        place, turn = place + size, turn + 1


@given(plan=steps)
@settings(max_examples=150)
def test_counters_are_always_what_the_reports_say(plan: list[tuple[Any, ...]]) -> None:
    world = World(policy=POLICY)
    images = prepare(world)
    for step in plan:
        do(world, images, step)
        check_sums(world, images)
        check_states(world, images)
        if not any(step[0] == "wait" for step in plan):
            check_coins(world, images)


def compare(database: Database, plan: list[tuple[Any, ...]], sizes: list[int]) -> None:
    site = str(next(_sites))
    memory, stored = World(None, site, POLICY), World(database, site, POLICY)
    images = prepare(memory)
    assert prepare(stored) == images
    for group in in_groups(plan, sizes):
        with ExitStack() as together:
            together.enter_context(stored.group())
            for step in group:
                assert do(stored, images, step) == do(memory, images, step)
        assert alike(stored.log) == alike(memory.log)
        with stored.group():  # one transaction to look at it all
            assert state(stored, images) == state(memory, images)
    with stored.group():
        check_sums(stored, images)


@given(plan=steps, sizes=groups)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_memory_and_sqlite_agree(sqlite_database: Database, plan: list[tuple[Any, ...]], sizes: list[int]) -> None:
    compare(sqlite_database, plan, sizes)


@pytest.mark.postgresql
@given(plan=steps, sizes=groups)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_memory_and_postgresql_agree(
    postgres_database: Database, plan: list[tuple[Any, ...]], sizes: list[int]
) -> None:
    compare(postgres_database, plan, sizes)


def test_the_plan_reaches_every_state() -> None:
    """The policy above lets six people blur and block, or the properties would hold of nothing."""
    world = World(policy=POLICY)
    images = prepare(world)
    for person in PEOPLE:
        world.report(images[0], person)
    assert set(world.types()) >= {"image.blurred", "image.blocked"}
