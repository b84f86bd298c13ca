"""A policy as a TOML document: read with errors that name the line, written with the reason of each number."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import msgspec

from tawatur.decision.numbers import RULE_NUMBERS, SECTIONS, Number
from tawatur.decision.rules import DEFAULT_POLICY, DEFAULT_RULES, REASONS, Policy, Rule

__all__ = [
    "DEFAULT_POLICY",
    "DEFAULT_RULES",
    "REASONS",
    "Policy",
    "PolicyError",
    "Rule",
    "differences",
    "parse_policy",
    "policy_kept",
    "policy_toml",
]

_NUMBERS = {number.field: number for section in SECTIONS for number in section.numbers}
_RULE_NUMBERS = {number.field: number for number in RULE_NUMBERS}


class PolicyError(ValueError):
    """The policy cannot be used: `message` says which value is wrong and what is allowed, `line` where it stands."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(f"line {line}: {message}")
        self.message = message
        self.line = line


def parse_policy(text: str) -> Policy:
    """Read a policy from a TOML document. What it leaves out keeps its default.

    Raises `PolicyError` at the first key or value that is not allowed.
    """
    return _read(text, _loaded(text))


def policy_kept(text: str) -> Policy:
    """Read a policy that was in force once, also under an earlier release: numbers that this one no longer knows say
    nothing any more. Raises `PolicyError` for all else that is not allowed."""
    document = _loaded(text)
    kept = {key: value for key, value in document.items() if key in _NUMBERS or key in ("version", "reasons")}
    if isinstance(reasons := kept.get("reasons"), dict):
        kept["reasons"] = {
            reason: {key: value for key, value in table.items() if key in _RULE_NUMBERS}
            for reason, table in reasons.items()
            if reason in REASONS and isinstance(table, dict)
        }
    return _read(text, kept)


def _loaded(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"this is not TOML: {error}", _line_of_error(text, str(error))) from None


def _read(text: str, document: dict[str, Any]) -> Policy:
    reasons = document.pop("reasons", {})
    if not isinstance(reasons, dict):
        raise PolicyError("reasons must be tables, as in [reasons.spam]", _line(text, ("reasons",)))
    values: dict[str, Any] = {}
    for key, value in document.items():
        line = _line(text, (key,))
        if key == "version":
            values[key] = _version(value, line)
        else:
            values[key] = _value(key, value, _number(key, _NUMBERS, line), getattr(DEFAULT_POLICY, key), line)
    values["reasons"] = {**DEFAULT_RULES, **_rules(text, reasons)}
    policy = Policy(**values)
    if policy.site_prior_confirmed >= policy.site_prior_reviewed:
        given = "site_prior_confirmed" if "site_prior_confirmed" in values else "site_prior_reviewed"
        line = _line(text, (given,))
        allowed = f"less than site_prior_reviewed, which is {policy.site_prior_reviewed:g}"
        raise PolicyError(f"site_prior_confirmed is {policy.site_prior_confirmed:g}; it must be {allowed}", line)
    return policy


def policy_toml(policy: Policy) -> str:
    """The policy as a TOML document, each number with its reason above it; `parse_policy` reads the same policy
    back."""
    lines = ["# A policy for Tawatur. Costs and harms have no unit; only their ratios matter.", ""]
    lines += [f"version = {_toml(policy.version)}", ""]
    for section in SECTIONS:
        lines += [f"# {section.title}", ""]
        for number in section.numbers:
            lines += [*_reason_given(number, getattr(policy, number.field)), ""]
    lines += ["# Reasons. Each is judged by those who name it or something at least as grave."]
    lines += [f"# {number.field}: {number.why}" for number in RULE_NUMBERS] + [""]
    for reason, rule in policy.reasons.items():
        lines.append(f"[reasons.{reason}]")
        lines += [f"{number.field} = {_toml(getattr(rule, number.field))}" for number in RULE_NUMBERS] + [""]
    return "\n".join(lines)


def differences(before: Policy, after: Policy) -> list[tuple[str, str, str]]:
    """What differs: the field's name (`reasons.spam.harm` for a rule's) and both values as TOML, in the document's
    order."""
    found = []
    for field in ("version", *_NUMBERS):
        was, now = getattr(before, field), getattr(after, field)
        if was != now:
            found.append((field, _toml(was), _toml(now)))
    for reason in REASONS:
        for field in _RULE_NUMBERS:
            was, now = getattr(before.rule(reason), field), getattr(after.rule(reason), field)
            if was != now:
                found.append((f"reasons.{reason}.{field}", _toml(was), _toml(now)))
    return found


def _reason_given(number: Number, value: Any) -> list[str]:
    allowed = "" if isinstance(value, bool) else f" ({_range(number)})"
    return [f"# {number.why}{allowed}", f"{number.field} = {_toml(value)}"]


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return msgspec.json.encode(value).decode()  # a JSON string is a TOML basic string
    return repr(value)


def _rules(text: str, reasons: Mapping[str, Any]) -> dict[str, Rule]:
    rules = {}
    for reason, table in reasons.items():
        line = _line(text, ("reasons", reason))
        if reason not in REASONS:
            raise PolicyError(f"{reason} is not a reason; {_instead(reason, REASONS)}", line)
        if not isinstance(table, dict):
            raise PolicyError(f"{reason} must be a table, as in [reasons.{reason}]", line)
        values: dict[str, Any] = {}
        for key, value in table.items():
            line = _line(text, ("reasons", reason, key))
            number = _number(key, _RULE_NUMBERS, line)
            values[key] = _value(f"reasons.{reason}.{key}", value, number, getattr(DEFAULT_RULES[reason], key), line)
        rules[reason] = msgspec.structs.replace(DEFAULT_RULES[reason], **values)
    return rules


def _version(value: Any, line: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 100:
        raise PolicyError(f"version is {value!r}; it must be text of 1 to 100 characters", line)
    return value


def _number(key: str, known: Mapping[str, Number], line: int) -> Number:
    if key not in known:
        raise PolicyError(f"{key} is not known here; {_instead(key, [*known])}", line)
    return known[key]


def _value(name: str, value: Any, number: Number, default: Any, line: int) -> Any:
    """The value in the type of its default; raises `PolicyError` where type or range is wrong."""
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise PolicyError(f"{name} is {value!r}; it must be true or false", line)
        return value
    if isinstance(default, int) and not isinstance(value, int):
        raise PolicyError(f"{name} is {value!r}; it must be a whole number, {_range(number)}", line)
    if not _allowed(value, number):
        raise PolicyError(f"{name} is {value!r}; it must be a number, {_range(number)}", line)
    return value if isinstance(default, int) else float(value)


def _allowed(value: Any, number: Number) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return number.low <= value <= number.high  # never true of nan


def _range(number: Number) -> str:
    return f"{number.low:,.10g} to {number.high:,.10g}"


def _instead(word: str, known: Sequence[str]) -> str:
    near = get_close_matches(word, known, 1)
    return f"did you mean {near[0]}?" if near else f"allowed are {', '.join(known)}"


def _line_of_error(text: str, message: str) -> int:
    """tomllib ends its messages with "(at line 3, column 5)" or "(at end of document)"."""
    _, found, place = message.partition("(at line ")
    return int(place.split(",")[0]) if found else max(1, len(text.splitlines()))


def _line(text: str, path: tuple[str, ...]) -> int:
    """The line where a key stands; where it is part of an inline table, the line that comes nearest to it."""
    table: tuple[str, ...] = ()
    first, depth = 1, 0
    for place, written in enumerate(text.splitlines(), start=1):
        line = written.strip()
        if line.startswith("["):
            key = table = _dotted(line.strip("[]").partition("]")[0])
        elif "=" in line and not line.startswith("#"):
            key = (*table, *_dotted(line.partition("=")[0]))
        else:
            continue
        if len(key) > depth and path[: len(key)] == key:
            first, depth = place, len(key)
    return first


def _dotted(key: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in key.split("."))
