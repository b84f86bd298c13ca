"""`GET /metrics`: the numbers an operator watches, in Prometheus's form.

What happened is counted from the log (log/tally.py), so every server that shares a database tells the same, and no
restart forgets it; what waits is read from the database. The rest is of the process that answers. No number is of a
site, a picture or a person, and there are at most a few hundred series.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily as Counted
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tawatur import __version__
from tawatur.log.events import STATE_CHANGES
from tawatur.moderation.vitals import Vitals, vitals
from tawatur.store.database import DatabaseUnavailable
from tawatur.store.tallies import Tally
from tawatur.web.house import House, house_of
from tawatur.web.peers import within
from tawatur.web.readiness import PATIENCE_S, READERS, on_thread

log = structlog.get_logger(__name__)

_PASSED_ON = ("x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via")
_STATUS = {"image.blurred": "blurred", "image.blocked": "blocked", "image.restored": "visible"}
_VERDICTS = {"image.queued": "review", "image.blurred": "blur", "image.blocked": "block", "image.restored": "allow"}
_BY_ENGINE = frozenset({"reports", "views", "withdrawal", "mute", "unmute", "void"})
"""Causes of a change of state that the engine's verdict brought about."""


async def metrics(request: Request) -> Response:
    """Every number; those of the database are missing, and `tawatur_database_up` is 0, where it does not answer in
    time. To anybody but the operator there is nothing here."""
    house = house_of(request)
    peer = request.client.host if request.client is not None else ""
    if not within(peer, house.settings.metrics_networks()) or any(name in request.headers for name in _PASSED_ON):
        raise HTTPException(404)
    told = await _read(house)
    body = await asyncio.to_thread(_written, house, told)
    return Response(body, headers={"Cache-Control": "no-store"}, media_type=CONTENT_TYPE_LATEST)


async def _read(house: House) -> Vitals | None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await on_thread(lambda: vitals(house.database, READERS, datetime.now(UTC)))
    except (DatabaseUnavailable, TimeoutError) as error:
        log.warning("metrics_without_database", reason=str(error))
        return None


def _written(house: House, told: Vitals | None) -> bytes:
    return generate_latest(_Now(house, told))


class _Now(Collector):
    """All numbers as they stand, in the shape of a registry."""

    def __init__(self, house: House, told: Vitals | None) -> None:
        self._house = house
        self._told = told

    def collect(self) -> Iterator[Metric]:
        yield from self._house.measures.registry.collect()
        yield from ProcessCollector(registry=None).collect()
        yield from _of_process(self._house)
        yield Gauge("tawatur_database_up", "Whether the database answered in time.", int(self._told is not None))
        if self._told is not None:
            yield from _of_log(self._told.tallies)
            yield from _of_database(self._told)


def _of_process(house: House) -> Iterator[Metric]:
    release = Gauge("tawatur_release", "1, with the release that runs.", labels=["version"])
    release.add_metric([__version__], 1)
    yield release
    yield Gauge("tawatur_writer_waiting", "Changes that wait to be written.", house.writer.waiting)
    yield Gauge(
        "tawatur_writer_busy_seconds", "How long the group being written has taken so far.", house.writer.busy_s
    )
    yield Gauge("tawatur_streams", "Event streams that are open.", house.places.taken)
    yield Counted("tawatur_decoders_replaced", "Decoding processes that ended early.", house.sandbox.replaced)
    refused = Counted("tawatur_pictures_refused", "Files that were not decoded, by why.", labels=["kind"])
    for kind, count in sorted(house.sandbox.refused.copy().items()):
        refused.add_metric([kind], count)
    yield refused


def _of_log(tallies: Iterable[Tally]) -> Iterator[Metric]:
    """What happened since the first event."""
    counted = [
        Counted("tawatur_events", "Events of the log.", labels=["type"]),
        Counted("tawatur_reports", "Reports received, by the rule they name.", labels=["reason"]),
        Counted("tawatur_verdicts", "Verdicts of the engine that changed something.", labels=["verdict"]),
        Counted("tawatur_changes", "Changes of what readers see.", labels=["status", "cause", "reason"]),
        Counted("tawatur_reviews", "Decisions of people.", labels=["outcome", "reason"]),
    ]
    sums: list[dict[tuple[str, ...], int]] = [{} for _ in counted]
    for one in tallies:
        for sum_of, labels in zip(sums, _labels(one), strict=True):
            if labels is not None:
                sum_of[labels] = sum_of.get(labels, 0) + one.count
    for metric, sum_of in zip(counted, sums, strict=True):
        for labels, count in sorted(sum_of.items()):
            metric.add_metric(labels, count)
        yield metric


def _labels(one: Tally) -> tuple[tuple[str, ...] | None, ...]:
    """Under what this is counted in each of the metrics of `_of_log`."""
    by_engine = one.type == "image.queued" or (one.type in STATE_CHANGES and one.cause in _BY_ENGINE)
    return (
        (one.type,),
        (one.reason,) if one.type == "report.received" else None,
        (_VERDICTS[one.type],) if by_engine else None,
        (_STATUS[one.type], one.cause, one.reason) if one.type in STATE_CHANGES else None,
        (one.cause, one.reason) if one.type == "image.reviewed" else None,
    )


def _of_database(told: Vitals) -> Iterator[Metric]:
    cases = Gauge("tawatur_queue_cases", "Cases that wait for a person, by what readers see.", labels=["status"])
    oldest = Gauge("tawatur_queue_oldest_seconds", "How long the first of them has waited.", labels=["status"])
    for status in ("visible", "blurred", "blocked"):
        queue = told.queues.get(status)
        cases.add_metric([status], queue.cases if queue else 0)
        oldest.add_metric([status], queue.oldest_s if queue else 0)
    behind = Gauge("tawatur_reader_lag_events", "Events that a reader of the log has not read.", labels=["reader"])
    late = Gauge("tawatur_reader_lag_seconds", "How old the first of them is.", labels=["reader"])
    for reader, lag in sorted({**told.lags, "positions": told.unpositioned}.items()):
        behind.add_metric([reader], lag.events)
        late.add_metric([reader], lag.seconds)
    yield from (cases, oldest, behind, late)
    hooks = told.hooks
    yield Gauge("tawatur_webhooks_waiting", "Events that wait to arrive at a webhook that is on.", hooks.waiting)
    yield Gauge("tawatur_webhooks_oldest_seconds", "How long the first of them has waited.", hooks.oldest_s)
    yield Gauge("tawatur_webhooks_dead", "Events that were given up (dead letters).", hooks.dead)
    yield Gauge("tawatur_webhooks_gone", "Webhooks that their receivers ended.", hooks.gone)
    yield Gauge("tawatur_breakers", "Sites on which the breaker stops automatic blocks now.", told.breakers)


raw_routes = [Route("/metrics", metrics)]
