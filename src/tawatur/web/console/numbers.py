"""Numbers: six charts, each with its table, its definition and its CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tawatur.moderation.audit import Audited, audited
from tawatur.moderation.numbers import Day, Share
from tawatur.moderation.often_wrong import OftenWrong, often_wrong
from tawatur.moderation.tallies import Told
from tawatur.web.console.pages import HEADERS, page
from tawatur.web.console.session import Desk, RoleNeeded, desk_of
from tawatur.web.house import House, house_of

RANGES = (7, 30, 90)
FILES = ("reports", "blocks", "reversals", "review", "precision", "sample", "reporters")
_HOUR_S = 3600.0


class Week(msgspec.Struct, frozen=True):
    """The days from `day` on, up to the next of these: blocks by reports that people found right and wrong in them."""

    day: date
    right: int
    wrong: int

    @property
    def percent(self) -> float | None:
        return 100.0 * self.right / (self.right + self.wrong) if self.right + self.wrong else None


class Shown(msgspec.Struct, frozen=True):
    """All that the page shows of a period. `wrong` is None for who may not see it."""

    told: Told
    weeks: list[Week]
    reviewed: Share
    sample: Audited
    wrong: list[OftenWrong] | None

    def total(self, *names: str) -> int:
        """What these counts of the days come to."""
        return sum(getattr(day, name) for day in self.told.days for name in names)

    @property
    def waits(self) -> list[float | None]:
        """The median hours to a review, day by day."""
        return [_hours(day.review_s) for day in self.told.days]


async def show(request: Request) -> Response:
    """GET /console/numbers: the last 30 days, or `?days=` 7 or 90."""
    desk = await desk_of(request)
    days = _days(request)
    shown = await run_in_threadpool(_shown, house_of(request), desk, days)
    return page(request, "numbers.html", desk, shown=shown, days=days, ranges=RANGES, plot=plot, hours=_hours)


async def table(request: Request) -> Response:
    """GET /console/numbers.csv: what one of the charts shows (`?of=`, one of FILES), `?days=` as on the page."""
    desk = await desk_of(request)
    name, days = request.query_params.get("of"), _days(request)
    if name not in FILES:
        return RedirectResponse("/console/numbers", 303)
    shown = await run_in_threadpool(_shown, house_of(request), desk, days)
    if name == "reporters" and shown.wrong is None:
        raise RoleNeeded("moderator", desk.site.name, desk.role)
    out = io.StringIO()
    csv.writer(out).writerows(rows_of(name, shown))
    told = {"Content-Disposition": f'attachment; filename="tawatur-{name}-{days}.csv"'}
    return Response(out.getvalue(), headers={**HEADERS, **told}, media_type="text/csv")


def _days(request: Request) -> int:
    asked = request.query_params.get("days", "")
    return next((one for one in RANGES if asked == str(one)), 30)


def _shown(house: House, desk: Desk, days: int) -> Shown:
    site, now = desk.site.id, datetime.now(UTC)
    told = house.tallies.numbers(site, days, now)
    since, until = told.numbers.since, told.numbers.until
    step = 1 if days == RANGES[0] else 7
    spans = [told.days[start : start + step] for start in range(0, days, step)]
    weeks = [
        Week(span[0].day, sum(day.blocks_right for day in span), sum(day.blocks_wrong for day in span))
        for span in spans
    ]
    right, wrong = sum(week.right for week in weeks), sum(week.wrong for week in weeks)
    return Shown(
        told=told,
        weeks=weeks,
        reviewed=Share(right, right + wrong),
        sample=audited(house.database, site, since, until),
        wrong=often_wrong(house.database, site, since, now) if desk.may("moderator") else None,
    )


def rows_of(name: str, shown: Shown) -> list[Sequence[object]]:
    """A chart's table for programs: a line of names, then one a day, a kind or a reporter. Times are in seconds."""
    days = shown.told.days
    if name == "reports":
        return [("day", "reports"), *((day.day, day.reports) for day in days)]
    if name == "blocks":
        return [("day", "blocks", "blurs"), *((day.day, day.blocks, day.blurs) for day in days)]
    if name == "reversals":
        return [("day", "reversals"), *((day.day, day.reversed) for day in days)]
    if name == "review":
        return [
            ("day", "median_seconds"),
            *((day.day, "" if (s := day.review_s) is None else round(s)) for day in days),
        ]
    if name == "precision":
        return [("day", "upheld", "rejected"), *((day.day, day.blocks_right, day.blocks_wrong) for day in days)]
    if name == "sample":
        kinds = (
            ("blocked", shown.sample.right, shown.sample.blocked_waiting),
            ("left_alone", shown.sample.missed, shown.sample.left_waiting),
        )
        return [
            ("kind", "upheld", "decided", "low", "high", "waiting"),
            *(
                (kind, one.part, one.whole, *(f"{edge:.4f}" for edge in one.interval), wait)
                for kind, one, wait in kinds
            ),
        ]
    return [
        ("reporter", "rejected_in_period", "confirmed_ever", "reviewed_ever"),
        *((one.reporter, one.rejected, one.confirmed, one.reviewed) for one in shown.wrong or ()),
    ]


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / _HOUR_S


def plot(days: Sequence[Day | Week], *series: tuple[str, Sequence[float | None]]) -> str:
    """Days (UTC) and what happened on them, for plot.js, as JSON."""
    lines = [
        {"label": label, "kind": "dots", "values": [None if one is None else round(one, 2) for one in values]}
        for label, values in series
    ]
    x = [datetime.combine(day.day, time(), UTC).timestamp() for day in days]
    return json.dumps({"x": x, "series": lines}, ensure_ascii=False)


routes = [
    Route("/console/numbers", show, methods=["GET"]),
    Route("/console/numbers.csv", table, methods=["GET"]),
]
