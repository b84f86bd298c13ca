"""Banks block what they know and overrule what they allow, from the next picture on."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tawatur.moderation.banks import add_to_bank, find_bank, put_bank, remove_from_bank
from tawatur.moderation.hash_lists import read_list, write_list
from tawatur.moderation.refusals import BadBank, UnknownBank
from tawatur.store.banks import Bank, BankHash
from tawatur.store.database import Database
from tawatur.store.ids import new_id
from tests.moderation.test_copies import bits, off, register
from tests.moderation.world import START, World

_sites = count(900)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def world(request: pytest.FixtureRequest) -> World:
    kind = {"sqlite": "sqlite_database", "postgresql": "postgres_database"}[request.param]
    return World(request.getfixturevalue(kind), str(next(_sites)))


def database_of(world: World) -> Database:
    assert world.database is not None
    return world.database


def bank(world: World, *hashes: int, shared: bool = False, **more: Any) -> Bank:
    given = {"name": "list", "kind": "block", "source": None, "reason": "terrorism", "distance": 16, **more}
    site = "" if shared else world.site
    made = put_bank(
        database_of(world), Bank(new_id(), site, enabled_until=given.pop("until", None), created_at=START, **given)
    )
    add_to_bank(database_of(world), made, [(f"{one:064x}", None) for one in hashes], START)
    return made


def test_a_picture_that_a_block_bank_knows_is_blocked_from_the_start(world: World) -> None:
    bank(world, bits(1))
    made = register(world, off(bits(1), 16))
    assert made.status == "blocked"
    (told,) = world.told("image.blocked")
    assert (told["cause"], told["reason"], told["provisional"]) == ("bank", "terrorism", True)
    assert world.family(made.image.id).queued_at is not None


def test_under_a_policy_in_shadow_a_picture_that_a_block_bank_knows_only_waits_for_a_person(world: World) -> None:
    bank(world, bits(1))
    world.set_policy("shadow = true")
    made = register(world, bits(1))
    assert made.status == "visible"
    (told,) = world.told("image.shadowed")
    assert (told["status"], told["cause"], told["reason"]) == ("blocked", "bank", "terrorism")
    assert world.family(made.image.id).queued_at is not None
    assert "image.blocked" not in world.types()


def test_a_picture_farther_than_the_banks_distance_is_shown(world: World) -> None:
    bank(world, bits(1), distance=8)
    assert register(world, off(bits(1), 9)).status == "visible"


def test_a_bank_is_compared_in_every_orientation(world: World) -> None:
    bank(world, bits(1))
    assert register(world, bits(2), (bits(3), bits(1))).status == "blocked"


def test_what_is_added_to_a_bank_is_known_to_the_very_next_picture(world: World) -> None:
    made = bank(world)
    assert register(world, bits(1)).status == "visible"
    add_to_bank(database_of(world), made, [(f"{bits(2):064x}", "late")], START)
    assert register(world, bits(2)).status == "blocked"
    remove_from_bank(database_of(world), made, [f"{bits(3):064x}", f"{bits(2):064x}"])
    assert register(world, off(bits(2), 40)).status == "visible"


def test_a_bank_that_has_ended_matches_nothing(world: World) -> None:
    bank(world, bits(1), until=START - timedelta(days=1))
    assert register(world, bits(1)).status == "visible"


def test_an_allow_bank_overrules_a_block_bank(world: World) -> None:
    bank(world, bits(1))
    bank(world, off(bits(1), 10), name="agency", kind="allow", reason=None)
    assert register(world, bits(1)).status == "visible"


def test_an_allow_bank_overrules_blocked_copies(world: World) -> None:
    first = register(world, bits(1)).image.id
    world.crowd(first, reason="terrorism")
    bank(world, bits(1), kind="allow", reason=None)
    assert register(world, bits(1)).status == "visible"
    assert world.status(first) == "blocked"


def test_another_sites_bank_is_not_compared_but_a_shared_one_is(world: World) -> None:
    other = World(database_of(world), str(next(_sites)))
    bank(other, bits(51))
    assert register(world, bits(51)).status == "visible"
    bank(world, bits(52), shared=True, name=f"shared {world.site}")
    assert register(world, bits(52)).status == "blocked"
    assert register(other, bits(52)).status == "blocked"


def test_a_withdrawn_report_does_not_lift_what_a_bank_blocked(world: World) -> None:
    bank(world, bits(1))
    image = register(world, bits(1)).image.id
    report = world.report(image, "r1")
    assert world.withdraw(report.id).status == "blocked"


def test_a_person_outranks_a_bank_for_good(world: World) -> None:
    bank(world, bits(1))
    image = register(world, bits(1)).image.id
    assert world.review(image, "rejected").status == "visible"
    world.wait(days=400)
    assert register(world, bits(1)).status == "visible"


@pytest.mark.parametrize(
    "wrong", [{"kind": "deny"}, {"distance": 32}, {"distance": -1}, {"reason": "ugly"}, {"name": " "}]
)
def test_a_bank_that_cannot_be_is_refused(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadBank):
        bank(world, **wrong)


def test_a_bank_that_is_not_there_is_told(world: World) -> None:
    with pytest.raises(UnknownBank, match="nothing"):
        find_bank(database_of(world), world.site, "nothing")


hashes = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
notes = st.none() | st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)


@given(st.lists(st.tuples(hashes, notes), max_size=8), st.sampled_from(["csv", "jsonl"]))
def test_what_is_written_is_read_back(entries: list[tuple[str, str | None]], form: str) -> None:
    rows = [BankHash("b", pdq, note, START) for pdq, note in entries]
    assert list(read_list("".join(write_list(rows, form)))) == entries


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("", []),
        ("ab" * 32, [("ab" * 32, None)]),
        ("AB" * 32 + ", a note\n\n", [("ab" * 32, "a note")]),
        ("quality,hash\n100," + "0" * 64 + "\n", [("0" * 64, None)]),
        ('{"pdq": "' + "f" * 64 + '", "more": 1}\n\n', [("f" * 64, None)]),
    ],
)
def test_lists_as_people_have_them_are_read(text: str, entries: list[tuple[str, str | None]]) -> None:
    assert list(read_list(text)) == entries


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("pdq\n" + "0" * 64 + "\nzz\n", "Line 3"),
        ("0" * 63, "64 hexadecimal"),
        ('{"pdq": 5', "Line 1"),
        ('{"pdq":' * 5000, "Line 1"),
        ('{"hash": "x"}', "key `pdq`"),
        ('{"pdq": "x"}\n[]', "Line 1"),
        ("note,pdq\nonly\n", "fewer columns"),
    ],
)
def test_a_wrong_line_is_told_by_its_number(text: str, told: str) -> None:
    with pytest.raises(BadBank, match=told):
        list(read_list(text))
