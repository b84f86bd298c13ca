"""In which order people should look at cases (decision.md, section 5)."""

from __future__ import annotations

from datetime import datetime

from tawatur.decision.verdict import Verdict, look_value
from tawatur.moderation.cases import policy_of
from tawatur.moderation.settle import judge
from tawatur.store.book import Book
from tawatur.store.families import BLURRED, VISIBLE, Family

_DAY_S = 86_400.0


def value_of_look(book: Book, family: Family, now: datetime) -> float:
    """What one person's look at this family is worth now, by the state that stands and the days it has stood."""
    return value_by(judge(book, family, now), book, family, now)


def value_by(verdict: Verdict, book: Book, family: Family, now: datetime) -> float:
    """The same, by what the engine says of it now."""
    rule = policy_of(book, family.site).rule(verdict.reason or family.reason or "other")
    pace = verdict.case.views_per_day
    if pace is None:
        pace = verdict.learned.median_views
    if pace is None:
        pace = verdict.rules.default_views
    cost = rule.cost_blur if family.status == BLURRED else rule.cost_block
    since = family.acted_at or family.queued_at or now
    days = 0.0 if family.status == VISIBLE else max(0.0, (now - since).total_seconds() / _DAY_S)
    return look_value(verdict.probability, rule.harm, cost, pace, family.status, days)  # type: ignore[arg-type]
