"""A policy as a form: what is shown is what is read back, and each wrong number is named where it stands."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tawatur.decision.policy import DEFAULT_POLICY, Policy, parse_policy
from tawatur.web.console.policy_form import document_of, fields_of, read_form


def shown(policy: Policy) -> dict[str, object]:
    """What a browser sends of an untouched form: switches only where they are on."""
    return {
        name: field.shown
        for name, field in fields_of(policy).items()
        if not (field.is_switch and field.shown == "false")
    }


def test_an_untouched_form_is_the_same_policy() -> None:
    assert read_form(shown(DEFAULT_POLICY)).policy == DEFAULT_POLICY


@given(
    floor=st.floats(1, 1000),
    reviewed=st.floats(3, 1000),
    stakes=st.integers(1, 1000),
    harm=st.floats(0.001, 1000),
    guard=st.booleans(),
)
def test_what_is_filled_in_is_the_policy_that_is_kept(
    floor: float, reviewed: float, stakes: int, harm: float, guard: bool
) -> None:
    form = {
        **shown(DEFAULT_POLICY),
        "floor_block": repr(floor),
        "site_prior_reviewed": repr(reviewed),
        "stakes": str(stakes),
        "reasons.spam.harm": repr(harm),
        "reasons.spam.guard": "true" if guard else "",
    }
    policy = read_form(form).policy
    assert policy is not None
    assert (policy.floor_block, policy.site_prior_reviewed, policy.stakes) == (floor, reviewed, stakes)
    assert (policy.rule("spam").harm, policy.rule("spam").guard) == (harm, guard)
    assert parse_policy(document_of(policy)) == policy
    assert read_form(shown(policy)).policy == policy


@pytest.mark.parametrize("written", ["٤٫٥", "4,5", " 4.5 ", "۴٫۵"])
def test_numbers_are_read_as_people_write_them(written: str) -> None:
    policy = read_form({**shown(DEFAULT_POLICY), "floor_block": written}).policy
    assert policy is not None
    assert policy.floor_block == 4.5


def test_each_wrong_number_is_named_and_the_others_are_kept() -> None:
    wrong = {
        "stakes": "two",
        "guard_alpha": "nan",
        "breaker_blocks": "1.5",
        "breaker_times": "9" * 400,
        "views_cap": "",
        "review_from": "0.1\x7f",
        "reasons.hate.harm": "-1",
    }
    filled = read_form({**shown(DEFAULT_POLICY), **wrong, "floor_blur": "3"})
    assert filled.policy is None
    assert {name for name, field in filled.fields.items() if field.wrong} == set(wrong)
    assert filled.fields["stakes"].shown == "two"
    assert filled.fields["floor_blur"].shown == "3"


def test_two_numbers_that_do_not_go_together_are_told_at_the_first() -> None:
    form = {**shown(DEFAULT_POLICY), "site_prior_confirmed": "5"}
    assert read_form(form).fields["site_prior_confirmed"].wrong
    assert read_form({**form, "site_prior_reviewed": "10"}).policy is not None
