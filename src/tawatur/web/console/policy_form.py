"""A policy as a form: a field for each number, and what somebody filled in as a policy again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from tawatur.decision.numbers import RULE_NUMBERS, SECTIONS, Number
from tawatur.decision.policy import DEFAULT_POLICY, REASONS, Policy, PolicyError, parse_policy, policy_toml

MOST_WRITTEN = 40  # characters of a number
_AS_WRITTEN = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫,", "01234567890123456789..")
"""Digits and decimal marks of those who fill it in."""


class Field(NamedTuple):
    """One number or switch. `name` is its key in the document (`reasons.spam.harm`), `shown` what stands in the form,
    `default` the default policy's; `wrong` says what is not allowed, "" where it is."""

    name: str
    number: Number
    is_switch: bool
    is_whole: bool
    shown: str
    default: str
    wrong: str

    @property
    def changed(self) -> bool:
        """Whether it differs from the default policy's."""
        return self.shown != self.default


class Filled(NamedTuple):
    """What somebody filled in: every field by its name, and the policy, None where a field is wrong."""

    fields: dict[str, Field]
    policy: Policy | None


def fields_of(policy: Policy) -> dict[str, Field]:
    """The form of a policy, as it is."""
    return {name: _field(name, number, _shown(_value(policy, name))) for name, number in _names()}


def read_form(form: Mapping[str, object]) -> Filled:
    """What a form says. A field that is missing is a switch that is off; `version` falls back to the default's, so that
    verdicts call the policy by its number."""
    fields: dict[str, Field] = {}
    for name, number in _names():
        given = str(form.get(name) or "").strip()[:MOST_WRITTEN].translate(_AS_WRITTEN)
        field = _field(name, number, given)
        fields[name] = field._replace(shown="true" if given == "true" else "false") if field.is_switch else field
    right = dict(fields)
    while True:
        try:
            policy = parse_policy(_document(right))
        except PolicyError as error:
            name = error.message.partition(" ")[0]
            fields[name] = right.pop(name)._replace(wrong=error.message)
        else:
            return Filled(fields, policy if len(right) == len(fields) else None)


def document_of(policy: Policy) -> str:
    """The TOML document that is kept of a policy that was filled in."""
    return policy_toml(msgspec.structs.replace(policy, version=DEFAULT_POLICY.version))


def _names() -> list[tuple[str, Number]]:
    """Every field of a form, in the document's order."""
    numbers = [(number.field, number) for section in SECTIONS for number in section.numbers]
    return numbers + [(f"reasons.{reason}.{number.field}", number) for reason in REASONS for number in RULE_NUMBERS]


def _value(policy: Policy, name: str) -> object:
    _, _, rest = name.partition("reasons.")
    if not rest:
        return getattr(policy, name)
    reason, _, field = rest.partition(".")
    return getattr(policy.rule(reason), field)


def _field(name: str, number: Number, shown: str) -> Field:
    default = _value(DEFAULT_POLICY, name)
    is_switch = isinstance(default, bool)
    return Field(name, number, is_switch, isinstance(default, int) and not is_switch, shown, _shown(default), "")


def _shown(value: object) -> str:
    """A value as it stands in a form: 3, not 3.0."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _document(fields: Mapping[str, Field]) -> str:
    """The fields as TOML. What is no number is put as text, so that the error names it."""
    lines: list[str] = []
    for name, field in fields.items():
        reason, _, key = name.removeprefix("reasons.").partition(".")
        if key and f"[reasons.{reason}]" not in lines:
            lines.append(f"[reasons.{reason}]")
        lines.append(f"{key or name} = {_toml(field)}")
    return "\n".join(lines)


def _toml(field: Field) -> str:
    if field.is_switch:
        return field.shown
    try:
        number = float(field.shown)
    except ValueError:
        return msgspec.json.encode(field.shown if field.shown.isprintable() else "?").decode()
    return str(int(number)) if field.is_whole and number.is_integer() else repr(number)
