"""Who looked and stayed silent: what coins say, and that no property of the engine gives way to them."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tawatur.decision.case import Case, Coins, Silent, Viewers
from tawatur.decision.model import PRIORS
from tawatur.decision.policy import DEFAULT_POLICY
from tawatur.decision.verdict import decide, explain, recompute, stored
from tawatur.decision.viewers import LEAST, NO_COINS, rates, silence, site_rates, views_told, worth
from tawatur.decision.words import LANGUAGES, in_words
from tests.decision.crowds import GOOD, LATER, any_case, case, crowd, report
from tests.decision.test_properties import CLOSE, SEVERITY, essence, judged, voices_of

P = DEFAULT_POLICY
SITE = Coins(hits=50, violating=900, false_alarms=20, fine=1500)
DILIGENT = Coins(hits=9, violating=10, false_alarms=0, fine=40)
IDLE = Coins(hits=0, violating=30, false_alarms=0, fine=60)
CRIER = Coins(hits=5, violating=10, false_alarms=30, fine=40)


@st.composite
def coins(draw: st.DrawFn, most: int = 60) -> Coins:
    violating, fine = draw(st.integers(0, most)), draw(st.integers(0, most))
    return Coins(draw(st.integers(0, violating)), violating, draw(st.integers(0, fine)), fine)


@st.composite
def seen_case(draw: st.DrawFn, most: int = 9) -> Case:
    """Any case on a site that says who looked."""
    one = draw(any_case(most))
    silent = draw(st.lists(st.builds(Silent, coins(), st.integers(1, 40)), max_size=4))
    known = {each.reporter: draw(coins()) for each in one.reports if draw(st.booleans())}
    views = draw(st.integers(len(one.reports), 3000)) + sum(each.people for each in silent)
    return msgspec.structs.replace(one, views=views, viewers=Viewers(draw(coins(5000)), known, tuple(silent)))


def seen(one: Case, *silent: Silent, **reporters: Coins) -> Case:
    return msgspec.structs.replace(one, viewers=Viewers(SITE, reporters, silent))


@given(coins(), coins(5000))
def test_who_reports_anything_reports_a_violation_at_least_as_soon_as_anything_else(mine: Coins, site: Coins) -> None:
    for hit, false in (site_rates(site), rates(mine, site, P)):
        assert 0 < false <= hit < 1
    assert worth(mine, site, P) >= LEAST
    assert 0 <= silence(mine, site, P) <= P.silence_most


def test_nobody_known_counts_as_a_report_and_a_view() -> None:
    assert worth(NO_COINS, SITE, P) == silence(NO_COINS, SITE, P) == 1.0


def test_the_diligent_ones_silence_says_much_and_the_idle_ones_little() -> None:
    assert silence(DILIGENT, SITE, P) > 5
    assert silence(IDLE, SITE, P) < 0.6
    assert worth(DILIGENT, SITE, P) > 1.5
    assert worth(CRIER, SITE, P) < 0.5


def test_diligent_silence_lowers_the_probability_and_idle_silence_raises_it() -> None:
    plain = case(crowd(3, "violence", 400), 60)
    chances = [
        judged(seen(plain, Silent(DILIGENT, 10))).probability,
        judged(seen(plain)).probability,
        judged(seen(plain, Silent(IDLE, 50))).probability,
    ]
    assert chances == sorted(chances)
    assert chances[0] < chances[1] - 0.05


@settings(max_examples=60)
@given(any_case(most=30))
def test_without_viewers_every_verdict_is_what_it_was(one: Case) -> None:
    kept = stored(judged(one))
    del kept["case"]["viewers"]  # as it was stored before there were any
    assert recompute(json.loads(json.dumps(kept))) == judged(one)


@settings(max_examples=150)
@given(seen_case(), st.one_of(st.none(), coins()), st.booleans(), st.booleans())
def test_a_report_by_an_established_unlinked_person_never_lowers_anything(
    one: Case, mine: Coins | None, recorded: bool, looked: bool
) -> None:
    """Also of somebody whose silence counted until then."""
    viewers = one.viewers
    assert viewers is not None
    if mine is not None and looked:
        before = msgspec.structs.replace(viewers, silent=(*viewers.silent, Silent(mine, 1)))
        one = msgspec.structs.replace(one, viewers=before)
    known = viewers.reporters if mine is None else {**viewers.reporters, "zz": mine}
    more = msgspec.structs.replace(
        one,
        reports=(*one.reports, report("zz", "violence", 40, 400)),
        records={**one.records, "zz": GOOD} if recorded else one.records,
        viewers=msgspec.structs.replace(viewers, reporters=known),
    )
    first, then = judged(one), judged(more)
    assert then.probability >= first.probability - CLOSE
    assert voices_of(more) >= voices_of(one) - CLOSE
    assert SEVERITY[then.action] >= SEVERITY[first.action]


@settings(max_examples=60)
@given(seen_case())
def test_a_report_never_makes_more_than_one_voice_however_good_the_reporter(one: Case) -> None:
    assert voices_of(one) <= len(one.reports) + CLOSE


@settings(max_examples=100)
@given(seen_case())
def test_what_coins_say_for_a_report_withholds_nothing(one: Case) -> None:
    """Whoever earns a record earns no say beyond their own voice."""
    viewers = one.viewers
    assert viewers is not None
    unknown = msgspec.structs.replace(one, viewers=msgspec.structs.replace(viewers, reporters={}))
    withheld = {"block": 2, "blur": 1}
    assert withheld.get(judged(one).action, 0) <= withheld.get(judged(unknown).action, 0)


def test_good_coins_raise_the_probability_and_a_person_sees_the_case_first() -> None:
    plain = case(crowd(2, "violence", 400), 60)
    known = dict.fromkeys(("r00000", "r00001"), DILIGENT)
    assert judged(seen(plain, **known)).probability > judged(seen(plain)).probability + 0.1
    assert judged(seen(plain, **known)).action == judged(seen(plain)).action


@settings(max_examples=60)
@given(seen_case(), st.integers(1, 100_000))
def test_whoever_floods_a_picture_with_views_hides_it_no_better_than_by_nameless_ones(one: Case, bots: int) -> None:
    """Bots without a record are views and nothing else; and all silence ends at the cap."""
    flooded = msgspec.structs.replace(one, views=(one.views or 0) + bots)
    capped = msgspec.structs.replace(one, views=10_000_000)
    assert judged(flooded).probability >= judged(capped).probability - CLOSE


def test_twenty_diligent_accomplices_shield_no_more_than_the_cap() -> None:
    harmful = case(crowd(8, "violence", 400), 60)
    shielded = judged(seen(harmful, Silent(DILIGENT, 20)))
    capped = judged(seen(msgspec.structs.replace(harmful, views=int(P.views_cap))))
    assert shielded.probability >= capped.probability - 0.02


@settings(max_examples=40)
@given(seen_case(most=30), st.randoms(use_true_random=False))
def test_order_says_nothing_and_a_stored_verdict_can_be_computed_again(one: Case, chance: object) -> None:
    verdict = judged(one)
    again = recompute(json.loads(json.dumps(stored(verdict))))
    assert again == verdict
    assert json.loads(json.dumps(explain(again))) == json.loads(json.dumps(explain(verdict)))
    shuffled = list(one.reports)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert essence(judged(msgspec.structs.replace(one, reports=tuple(shuffled)))) == essence(verdict)


@settings(max_examples=40)
@given(seen_case())
def test_nothing_automatic_overrides_a_person(one: Case) -> None:
    assert judged(msgspec.structs.replace(one, human="upheld")).action == "block"
    assert judged(msgspec.structs.replace(one, human="rejected")).action in ("allow", "review")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_explanation_says_who_stayed_silent_and_what_it_counts(lang: str) -> None:
    one = seen(case(crowd(3, "violence", 400), 60), Silent(DILIGENT, 2), Silent(IDLE, 1), r00000=DILIGENT)
    told = explain(decide(one, P, PRIORS, LATER))
    assert told["viewers"]["silent"] == 3
    assert told["viewers"]["reporters"] == 1
    assert told["viewers"]["silence_counts"] == pytest.approx(2 * silence(DILIGENT, SITE, P) + silence(IDLE, SITE, P))
    assert told["views_counted"] == pytest.approx(views_told(one, one.viewers or Viewers(), P) or 0.0)
    said = in_words(told, lang)
    assert {"ar": "سبقت مراجعتها", "en": "3 people known from reviewed images", "fr": "3 personnes connues"}[
        lang
    ] in said
