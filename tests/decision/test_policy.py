"""A policy is a TOML document; a wrong one says which line, which value and what is allowed."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tawatur.decision.numbers import RULE_NUMBERS, SECTIONS
from tawatur.decision.policy import (
    DEFAULT_POLICY,
    REASONS,
    Policy,
    PolicyError,
    Rule,
    parse_policy,
    policy_kept,
    policy_toml,
)


def test_an_empty_document_is_the_default_policy() -> None:
    assert parse_policy("") == DEFAULT_POLICY == Policy()


def test_what_is_written_is_read_back() -> None:
    policy = msgspec.structs.replace(
        Policy(),
        version='a "quoted" عربي\nversion',
        floor_block=4.5,
        lapse=True,
        reasons={**Policy().reasons, "hate": Rule(harm=3.0, cost_block=20.0, blur=False, guard=False)},
    )
    assert parse_policy(policy_toml(policy)) == policy
    assert parse_policy(policy_toml(Policy())) == Policy()


def test_every_number_has_its_reason_and_range_and_its_default_lies_within() -> None:
    numbers = [number for section in SECTIONS for number in section.numbers]
    assert [number.field for number in numbers] == [
        field for field in Policy.__struct_fields__ if field not in ("version", "reasons")
    ]
    assert [number.field for number in RULE_NUMBERS] == ["harm", "cost_block", "cost_blur", "blur", "guard"]
    text = policy_toml(Policy())
    for number in (*numbers, *RULE_NUMBERS):
        assert len(number.why) > 15
        assert number.why in text
    for number in numbers:
        assert number.low <= getattr(Policy(), number.field) <= number.high
    assert tuple(Policy().reasons) == REASONS


def test_a_rule_changes_only_what_it_names() -> None:
    policy = parse_policy("[reasons.terrorism]\nguard = true\n")
    assert policy.rule("terrorism") == msgspec.structs.replace(Policy().rule("terrorism"), guard=True)
    assert policy.rule("spam") == Policy().rule("spam")


GOLDEN = [
    ("floor_blok = 3", 1, "floor_blok is not known here; did you mean floor_block?"),
    ("\nfloor_block = 'three'", 2, "floor_block is 'three'; it must be a number, 1 to 1,000"),
    ("floor_block = true", 1, "floor_block is True; it must be a number, 1 to 1,000"),
    ("floor_block = 0.5", 1, "floor_block is 0.5; it must be a number, 1 to 1,000"),
    ("guard_alpha = nan", 1, "guard_alpha is nan; it must be a number, 1e-06 to 0.5"),
    ("stakes = 2.5", 1, "stakes is 2.5; it must be a whole number, 1 to 1,000"),
    ("lapse = 1", 1, "lapse is 1; it must be true or false"),
    ("version = 3", 1, "version is 3; it must be text of 1 to 100 characters"),
    ("# a comment\n[reasons.spma]", 2, "spma is not a reason; did you mean spam?"),
    ("[reasons.spam]\nharm = 2\n\n[reasons.hate]\nharm = 0", 5,
     "reasons.hate.harm is 0; it must be a number, 0.001 to 1,000"),
    ("[reasons.spam]\nblurr = true", 2, "blurr is not known here; did you mean blur?"),
    ("reasons.spam.guard = 'on'", 1, "reasons.spam.guard is 'on'; it must be true or false"),
    ("stakes = 2\n[reasons]\nspam = { harm = -1 }", 3, "reasons.spam.harm is -1; it must be a number, 0.001 to 1,000"),
    ("[[reasons.spam]]", 1, "spam must be a table, as in [reasons.spam]"),
    ("reasons = 3", 1, "reasons must be tables, as in [reasons.spam]"),
    ("\nsite_prior_confirmed = 3", 2,
     "site_prior_confirmed is 3; it must be less than site_prior_reviewed, which is 2"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "message"), GOLDEN)
def test_a_wrong_policy_says_where_what_and_what_instead(text: str, line: int, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text)
    assert (caught.value.line, caught.value.message) == (line, message)
    assert str(caught.value) == f"line {line}: {message}"


def test_what_is_not_toml_says_where_it_stops_being() -> None:
    with pytest.raises(PolicyError, match=r"^line 3: this is not TOML: "):
        parse_policy("stakes = 2\n[reasons.spam]\nharm = = 3\nblur = true\n")


@pytest.mark.parametrize(
    "text", ["=", "x = [" * 3000, "x = " + "9" * 5000, "\x00", "x = '''", "floor_block = 1" + "0" * 400]
)
def test_hostile_documents_are_refused_like_any_other(text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text)
    assert caught.value.line == 1


def test_a_policy_of_an_earlier_release_still_says_what_is_known_of_it() -> None:
    text = "stakes = 3\nold_number = 4\n[reasons.spam]\nharm = 3\nold = 1\n[reasons.gone]\nharm = 2\n"
    assert policy_kept(text) == parse_policy("stakes = 3\n[reasons.spam]\nharm = 3")
    with pytest.raises(PolicyError, match="stakes is 'x'"):
        policy_kept("stakes = 'x'")


@settings(max_examples=100)
@given(st.text(alphabet="[]{}='\".\n abreasonsp19", max_size=60))
def test_no_text_gives_anything_but_a_policy_or_a_policy_error(text: str) -> None:
    line = 1
    try:
        parse_policy(text)
    except PolicyError as error:
        line = error.line
    assert 1 <= line <= max(1, len(text.splitlines()))
