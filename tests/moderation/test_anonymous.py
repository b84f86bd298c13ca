"""Readers whom the site does not know: what their proof of work must be, and what their reports can and cannot do."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tawatur.decision.verdict import explain
from tawatur.moderation import anonymous, tokens
from tawatur.moderation.anonymous import (
    A_NETWORK,
    EASIEST,
    HARDEST,
    anonymous_claims,
    attempts,
    challenge,
    check_proof,
    proofs_pace,
    use_proof,
)
from tawatur.moderation.pseudonyms import Pseudonyms
from tawatur.moderation.refusals import TokenRefused, TooOften, UsedProof, WrongProof
from tawatur.store import proofs
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook
from tawatur.store.ids import new_id
from tawatur.store.proofs import Pace
from tests.moderation.world import World

SECRET = b"s" * 32
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOBODY = Pace(0, 0, None)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work itself is the library's; here it only has to be some."""
    monkeypatch.setattr(anonymous, "COST", 1)


def solved(asked: dict[str, Any]) -> str:
    found = altcha.Challenge.from_dict(asked)
    solution = altcha.solve_challenge(found)
    assert solution is not None
    return altcha.Payload(found, solution).to_base64()


def ask(site: str = "site", network: str = "net", pace: Pace = NOBODY, now: datetime | None = None) -> dict[str, Any]:
    return challenge(SECRET, site, network, pace, now or datetime.now(UTC))


# -- the work ------------------------------------------------------------------------------------------------------


def test_the_work_grows_with_the_sites_pace_and_the_networks_and_stays_within_a_phones_patience() -> None:
    assert attempts(NOBODY) == EASIEST
    assert attempts(Pace(49, 3, NOW)) == EASIEST
    assert attempts(Pace(50, 0, None)) == attempts(Pace(0, 4, NOW)) == 2 * EASIEST
    assert attempts(Pace(100, 4, NOW)) == 8 * EASIEST
    assert attempts(Pace(10**9, 10**9, NOW)) == HARDEST


@given(site=st.integers(0, 10**6), network=st.integers(0, 10**4), more=st.integers(0, 10**4))
def test_more_traffic_never_makes_it_easier(site: int, network: int, more: int) -> None:
    assert attempts(Pace(site, network, None)) <= attempts(Pace(site + more, network, None)) <= HARDEST
    assert attempts(Pace(site, network, None)) <= attempts(Pace(site, network + more, None)) <= HARDEST


def test_a_solved_challenge_is_taken_and_stands_for_itself() -> None:
    first, second = ask(), ask()
    digests = {check_proof(SECRET, "site", "net", solved(one)) for one in (first, second, second)}
    assert len(digests) == 2


@pytest.mark.parametrize(("site", "network"), [("other", "net"), ("site", "elsewhere")])
def test_it_is_good_for_its_site_and_network_alone(site: str, network: str) -> None:
    payload = solved(ask())
    with pytest.raises(WrongProof):
        check_proof(SECRET, site, network, payload)
    with pytest.raises(WrongProof):
        check_proof(b"t" * 32, "site", "net", payload)


def test_it_ends() -> None:
    payload = solved(ask(now=datetime.now(UTC) - anonymous.CHALLENGE_KEPT - timedelta(seconds=2)))
    with pytest.raises(WrongProof, match="time is over"):
        check_proof(SECRET, "site", "net", payload)


def test_its_terms_cannot_be_changed_and_no_other_answer_will_do() -> None:
    payload = json.loads(base64.b64decode(solved(ask())))
    for place, key, value in [
        ("parameters", "cost", 2),
        ("parameters", "keyPrefix", ""),
        ("parameters", "keySignature", "00"),
        ("parameters", "expiresAt", 9_999_999_999),
        ("solution", "derivedKey", "00" * 32),
    ]:
        changed = json.loads(json.dumps(payload))
        inner = changed["solution"] if place == "solution" else changed["challenge"][place]
        inner[key] = value
        with pytest.raises(WrongProof):
            check_proof(SECRET, "site", "net", base64.b64encode(json.dumps(changed).encode()).decode())


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(odd=_json, into=st.sampled_from(["all", "challenge", "parameters", "signature", "solution", "salt", "cost"]))
def test_whatever_is_sent_is_refused_in_words(odd: Any, into: str) -> None:
    payload: Any = {
        "challenge": {"parameters": {"algorithm": "SHA-256", "nonce": "00", "salt": "00", "cost": 1}, "signature": "x"},
        "solution": {"counter": 1, "derivedKey": "00"},
    }
    match into:
        case "all":
            payload = odd
        case "challenge" | "solution":
            payload[into] = odd
        case "salt" | "cost":
            payload["challenge"]["parameters"][into] = odd
        case _:
            payload["challenge"][into] = odd
    with pytest.raises(WrongProof):
        check_proof(SECRET, "site", "net", base64.b64encode(json.dumps(payload).encode()).decode())


@given(odd=st.text(max_size=100))
def test_so_is_what_is_no_payload(odd: str) -> None:
    with pytest.raises(WrongProof):
        check_proof(SECRET, "site", "net", odd)


# -- once, in all processes ------------------------------------------------------------------------------------------


def use(database: Database, digest: str, network: str = "net", site: str = "site", now: datetime = NOW) -> None:
    with database.write() as connection:
        use_proof(DatabaseBook(connection, new_id), site, network, digest, now)


def test_each_proof_is_good_once_in_all_processes(database: Database, ready_url: str) -> None:
    other = Database(ready_url)
    use(database, "one")
    for process in (database, other):
        with pytest.raises(UsedProof):
            use(process, "one")
    use(other, "one", site="another")
    other.close()


def test_a_network_has_so_many_an_hour_and_all_processes_count_them(database: Database) -> None:
    for n in range(A_NETWORK):
        use(database, f"p{n}", now=NOW + timedelta(seconds=n))
    with pytest.raises(TooOften) as refused:
        use(database, "one more", now=NOW + timedelta(minutes=30))
    assert 1790 <= refused.value.seconds <= 1810
    use(database, "one more", network="elsewhere", now=NOW + timedelta(minutes=30))
    use(database, "another", now=NOW + timedelta(hours=1, seconds=1))
    pace = proofs_pace(database, "site", "net", NOW + timedelta(minutes=5))
    assert (pace.site, pace.network, pace.first) == (A_NETWORK + 2, A_NETWORK + 1, NOW)


def test_they_are_forgotten(database: Database) -> None:
    use(database, "one")
    with database.write() as connection:
        assert proofs.forget(connection, NOW + timedelta(seconds=1)) == 1
    use(database, "one")


# -- who they are ------------------------------------------------------------------------------------------------------

NAMES = Pseudonyms(SECRET, "site")


def test_each_token_is_another_reader_of_the_same_network() -> None:
    one, other = (anonymous_claims(SECRET, NAMES, "site", "net", NOW) for _ in range(2))
    assert one.reporter != other.reporter
    assert one.network == other.network == "net"
    assert one.anonymous
    assert one.account_made == NOW


def test_an_earlier_token_goes_on_as_the_same_reader_also_after_its_end() -> None:
    first = anonymous_claims(SECRET, NAMES, "site", "net", NOW)
    later = NOW + timedelta(days=20)
    again = anonymous_claims(SECRET, NAMES, "site", "elsewhere", later, tokens.sign(SECRET, first))
    assert again.reporter == first.reporter
    assert (again.network, again.account_made) == ("elsewhere", NOW)
    assert again.expires > tokens.seconds(later)


@pytest.mark.parametrize("kind", ["member", "other site", "old", "forged"])
def test_other_tokens_cannot_be_gone_on_with(kind: str) -> None:
    first = anonymous_claims(SECRET, NAMES, "site", "net", NOW)
    earlier = {
        "member": tokens.sign(SECRET, tokens.Claims("site", "f" * 32, first.expires)),
        "other site": tokens.sign(SECRET, anonymous_claims(SECRET, NAMES, "other", "net", NOW)),
        "old": tokens.sign(SECRET, anonymous_claims(SECRET, NAMES, "site", "net", NOW - timedelta(days=31))),
        "forged": tokens.sign(b"t" * 32, first),
    }[kind]
    with pytest.raises(TokenRefused):
        anonymous_claims(SECRET, NAMES, "site", "net", NOW, earlier)


# -- what they can do --------------------------------------------------------------------------------------------------


def anonymously(world: World, image: str, people: int, reason: str = "terrorism", prefix: str = "x") -> str:
    """So many readers, each with a token made just now and an address of their own."""
    for n in range(people):
        made = world.now + timedelta(seconds=1)
        status = world.report(
            image, f"{prefix}{n}", reason, anonymous=True, network=f"{prefix}{n}", account_created_at=made
        ).status
    return status


def test_a_thousand_addresses_of_one_person_block_nothing() -> None:
    world = World()
    image = world.image()
    world.views(image, 2000)
    assert anonymously(world, image, 1000) == "visible"
    verdict = world.verdict(image)
    assert verdict.voices < 2
    assert verdict.action in ("allow", "review")
    assert world.family(image).queued_at is not None  # but a person is asked


def test_not_by_waiting_either() -> None:
    world = World()
    image = world.image()
    for n in range(200):
        made = world.now - timedelta(days=300)  # the tokens were gone on with for the better part of a year
        status = world.report(image, f"x{n}", "terrorism", anonymous=True, network=f"x{n}", account_created_at=made)
    assert status.status == "visible"


def test_nor_beside_two_bought_accounts() -> None:
    world = World()
    image = world.image()
    world.views(image, 2000)
    world.crowd(image, 2, "terrorism")
    assert anonymously(world, image, 300) != "blocked"


def test_a_few_of_them_add_to_what_members_say() -> None:
    alone, helped = World(), World()
    for world in (alone, helped):
        image = world.image()
        world.views(image, 40)
        world.crowd(image, 3)
        if world is helped:
            anonymously(world, image, 3, "violence")
    assert helped.voices(image) > alone.voices(image)
    assert helped.verdict(image).probability >= alone.verdict(image).probability


def test_one_whose_reports_were_confirmed_counts_like_everybody() -> None:
    world = World()
    regular = {"anonymous": True, "network": "home"}
    for n in range(2):
        image = world.image(f"confirmed {n}")
        world.report(image, "regular", **regular)
        world.review(image, "upheld")
    image = world.image("another")
    world.report(image, "regular", **regular)
    assert world.voices(image) == 1.0
    assert explain(world.verdict(image))["established"] == 1.0


def test_a_policy_without_them_does_not_hear_them() -> None:
    world = World(policy="anonymous = false")
    image = world.image()
    anonymously(world, image, 20)
    assert world.voices(image) == 0.0


def test_a_policy_may_let_them_block_alone() -> None:
    world = World(policy="anonymous_counts = 0.5\nanonymous_weight = 1.0")
    image = world.image()
    assert anonymously(world, image, 12) == "blocked"
