"""The schema that every statement of reasons must hold to, `dsa_statement.schema.json` beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from jsonschema import Draft202012Validator, FormatChecker

SCHEMA: dict[str, Any] = msgspec.json.decode(
    Path(__file__).with_name("dsa_statement.schema.json").read_bytes(), type=dict[str, Any]
)
CATEGORIES: tuple[str, ...] = tuple(SCHEMA["properties"]["category"]["enum"])
KEYWORDS: tuple[str, ...] = tuple(SCHEMA["properties"]["category_specification"]["items"]["enum"])
EEA: tuple[str, ...] = tuple(SCHEMA["properties"]["territorial_scope"]["items"]["enum"])
_validator = Draft202012Validator(SCHEMA, format_checker=FormatChecker())


def why_not(statement: dict[str, Any]) -> str | None:
    """What is wrong with a statement, in one line; None where nothing is."""
    error = next(iter(sorted(_validator.iter_errors(statement), key=lambda one: list(map(str, one.path)))), None)
    if error is not None:
        return f"{'.'.join(map(str, error.path)) or 'the statement'}: {error.message[:300]}"
    ends = statement.get("end_date_visibility_restriction")
    if ends is not None and ends < statement["application_date"]:
        return f"end_date_visibility_restriction: {ends} is before application_date, {statement['application_date']}"
    return None
