"""On what ground a site withholds images, reason by reason: what the operator says of it in statements of reasons.

By default everything is against the site's own terms and nothing is called illegal: readers report that a rule of the
site is broken, and no software knows which law an operator relies on. The categories and keywords are those of the
European Commission's Transparency Database, in force since July 2025.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from tawatur.decision.policy import REASONS
from tawatur.delivery.dsa_schema import CATEGORIES, EEA, KEYWORDS
from tawatur.failures import Failure

EU = tuple(country for country in EEA if country not in ("IS", "LI", "NO"))
SOURCES = ("SOURCE_TYPE_OTHER_NOTIFICATION", "SOURCE_ARTICLE_16")
TERMS, ILLEGAL = "terms", "illegal"
_Kind = TypeVar("_Kind")


class BadGrounds(Failure):
    """The document of grounds cannot be used."""


class Ground(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a breach of one reason's rule is. `ground`: "terms" or "illegal". `reference` names the section of the terms
    or, where it is illegal, the law, which must be named then. `also_illegal` says of a breach of the terms whether it
    is against the law as well; left out, nothing is said. `other` explains KEYWORD_OTHER."""

    category: str
    keywords: tuple[str, ...] = ()
    ground: str = TERMS
    reference: str | None = None
    also_illegal: bool | None = None
    other: str | None = None


class Grounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the operator says of all statements: where the restrictions hold (countries of the EEA), in which language
    the site publishes (None: that of the statement), as what readers' reports count, and where terms or law are."""

    territorial_scope: tuple[str, ...] = EEA
    content_language: str | None = None
    reports_are: str = SOURCES[0]
    reference_url: str | None = None
    reasons: Mapping[str, Ground] = {}


_TC = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
_DEFAULTS: dict[str, tuple[Ground, str]] = {
    "terrorism": (
        Ground("STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY", ("KEYWORD_TERRORIST_CONTENT",)),
        "The database keeps terrorist content under risks for public security.",
    ),
    "violence": (
        Ground("STATEMENT_CATEGORY_VIOLENCE"),
        "No keyword: those of this category are incitement and exploitation, and a cruel picture need be neither.",
    ),
    "child_safety": (
        Ground("STATEMENT_CATEGORY_PROTECTION_OF_MINORS"),
        "No keyword: the rule is wider than abuse material, and only a person may call a picture that.",
    ),
    "sexual": (
        Ground(_TC, ("KEYWORD_ADULT_SEXUAL_MATERIAL",)),
        "Lawful between adults; a site's terms may still exclude it.",
    ),
    "hate": (
        Ground("STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH", ("KEYWORD_HATE_SPEECH",)),
        "Hatred because of protected characteristics is what the keyword means.",
    ),
    "harassment": (
        Ground("STATEMENT_CATEGORY_CYBER_VIOLENCE", ("KEYWORD_CYBER_HARASSMENT",)),
        "Aimed at one person. Where it is aimed at women as such, the database has a category of its own.",
    ),
    "privacy": (
        Ground("STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS"),
        "No keyword: they name breaches of data protection law, and the rule is about consent.",
    ),
    "deception": (
        Ground(
            "STATEMENT_CATEGORY_NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS",
            ("KEYWORD_MISINFORMATION_DISINFORMATION",),
        ),
        "A forged or misattributed news picture harms civic discourse first. A site of offers may prefer scams.",
    ),
    "self_harm": (
        Ground("STATEMENT_CATEGORY_SELF_HARM"),
        "No keyword: the rule covers suicide and self-mutilation alike.",
    ),
    "illegal_goods": (
        Ground("STATEMENT_CATEGORY_UNSAFE_AND_PROHIBITED_PRODUCTS", ("KEYWORD_PROHIBITED_PRODUCTS",)),
        "Weapons, drugs and the like are prohibited or restricted products.",
    ),
    "spam": (
        Ground(_TC, ("KEYWORD_OTHER",), other="Spam"),
        "The database has no keyword for it, and not all spam is a fraud.",
    ),
    "copyright": (
        Ground("STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS", ("KEYWORD_COPYRIGHT_INFRINGEMENT",)),
        "Exactly this keyword exists.",
    ),
    "other": (
        Ground(_TC),
        "Whatever else the site's terms exclude.",
    ),
}
DEFAULT_GROUNDS = Grounds(reasons={reason: _DEFAULTS[reason][0] for reason in REASONS})
_WHY = (
    ("territorial_scope", '"EU", "EEA" or a list of countries: where what is withheld is withheld. Here: everywhere.'),
    ("content_language", "Two letters: the language that the site publishes in. Left out: that of the statements."),
    (
        "reports_are",
        f"{SOURCES[0]}: readers say that a rule is broken.\n# {SOURCES[1]} only where your form also asks for what "
        "Article 16 of the DSA asks of a notice:\n# an explanation, a name, an address and good faith.",
    ),
    ("reference_url", "Where your terms (or the law) can be read."),
)


def read_grounds(text: str) -> Grounds:
    """Reads a TOML document; what it leaves out keeps its default, key by key. Raises BadGrounds, which says which key
    is wrong and what is allowed."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadGrounds(f"This is not TOML: {error}.") from None
    reasons = document.pop("reasons", {})
    if not isinstance(reasons, dict):
        raise BadGrounds("reasons must be tables, as in [reasons.spam].")
    scope = document.get("territorial_scope")
    if isinstance(scope, str):
        document["territorial_scope"] = {"EU": EU, "EEA": EEA}.get(scope, (scope,))
    found = _as(Grounds, document, "")
    changed = {reason: _ground(reason, table) for reason, table in reasons.items()}
    found = msgspec.structs.replace(found, reasons={**DEFAULT_GROUNDS.reasons, **changed})
    _check(found)
    return found


def grounds_toml() -> str:
    """The default document, each choice with its reason above it; `read_grounds` reads the same back."""
    lines = ["# On what ground this site withholds images (tawatur export dsa SITE --grounds FILE).", ""]
    for name, why in _WHY:
        value = getattr(DEFAULT_GROUNDS, name)
        shown = {"territorial_scope": '"EEA"'}.get(name, _toml(value))
        lines += [f"# {why}", f"{'# ' if value is None else ''}{name} = {shown}", ""]
    lines += [
        '# Reasons. ground: "terms" or "illegal"; with "illegal" name the law in reference. With "terms", reference',
        "# may name the section, and also_illegal = true or false may say whether it is against the law as well.",
        "",
    ]
    for reason, (ground, why) in _DEFAULTS.items():
        lines += [f"[reasons.{reason}]", f"# {why}", f"category = {_toml(ground.category)}"]
        lines += [f"keywords = {_toml(list(ground.keywords))}", f"ground = {_toml(ground.ground)}"]
        lines += [f"other = {_toml(ground.other)}"] if ground.other else []
        lines.append("")
    return "\n".join(lines)


def _ground(reason: str, table: Any) -> Ground:
    if reason not in REASONS:
        raise BadGrounds(f"reasons.{reason}: there is no such reason. Reasons are: {', '.join(REASONS)}.")
    if not isinstance(table, dict):
        raise BadGrounds(f"reasons.{reason} must be a table, as in [reasons.{reason}].")
    default = msgspec.to_builtins(DEFAULT_GROUNDS.reasons[reason])
    if table.get("category", default["category"]) != default["category"]:
        default.update(keywords=(), other=None)  # the default's keywords belong to its category
    return _as(Ground, {**default, **table}, f"reasons.{reason}")


def _as(kind: type[_Kind], values: dict[str, Any], where: str) -> _Kind:
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        place = str(error).replace("Object contains", "The document contains").replace("`$.", "`")
        raise BadGrounds(f"{where + ': ' if where else ''}{place}.") from None


def _check(grounds: Grounds) -> None:
    """Raises BadGrounds for what the database would not take."""
    _among("territorial_scope", grounds.territorial_scope, EEA)
    if not grounds.territorial_scope:
        raise BadGrounds('territorial_scope is empty; name at least one country, or "EU" or "EEA".')
    _among("reports_are", (grounds.reports_are,), SOURCES)
    language = grounds.content_language
    if language is not None and not (len(language) == 2 and language.isascii() and language.isupper()):
        raise BadGrounds(f"content_language is {language!r}; it must be two capital letters (ISO 639-1), as AR.")
    url = grounds.reference_url
    if url is not None and (not url.startswith(("https://", "http://")) or len(url) > 500 or len(url.split()) != 1):
        raise BadGrounds(f"reference_url is {url[:80]!r}; it must be an address that begins with https://.")
    for reason, ground in grounds.reasons.items():
        where = f"reasons.{reason}"
        _among(f"{where}.category", (ground.category,), CATEGORIES)
        _among(f"{where}.keywords", ground.keywords, KEYWORDS)
        _among(f"{where}.ground", (ground.ground,), (TERMS, ILLEGAL))
        if ground.ground == ILLEGAL and not (ground.reference or "").strip():
            raise BadGrounds(f"{where}: what is illegal needs the law that it breaks; name it in {where}.reference.")
        if ground.ground == ILLEGAL and ground.also_illegal is not None:
            raise BadGrounds(f"{where}.also_illegal is for what breaks the terms; leave it out here.")
        for name, value in (("reference", ground.reference), ("other", ground.other)):
            if value is not None and len(value) > 500:
                raise BadGrounds(f"{where}.{name} has {len(value)} characters; the database takes 500.")


def _among(where: str, values: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    for value in values:
        if value not in allowed:
            raise BadGrounds(f"{where} is {value!r}; allowed are: {', '.join(allowed)}.")


def _toml(value: Any) -> str:
    return msgspec.json.encode("" if value is None else value).decode()  # JSON's texts and lists are TOML's, too
