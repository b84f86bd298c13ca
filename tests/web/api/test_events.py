"""The log over HTTP: in order, paged, complete, and each line as design.md says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tawatur.log.events import TYPES
from tests.web.place import Place, problem

KEYS: dict[str, set[str]] = {
    "site.created": {"name"},
    "image.registered": {"image", "uploader", "page", "pdq", "quality", "external_id", "family", "sha256"},
    "image.viewed": {"image", "count"},
    "report.received": {"image", "report", "reporter", "reason", "signals"},
    "report.withdrawn": {"image", "report", "reporter"},
    "image.reviewed": {"image", "outcome", "reason", "reviewer"},
    "image.blocked": {"image", "images", "cause", "provisional", "reason", "verdict", "review_by"},
    "image.restored": {"image", "images", "cause", "provisional"},
    "image.queued": {"image", "value", "reason"},
}


def story(place: Place) -> str:
    """Something of everything."""
    image = place.image(uploader="ulla", page_url="https://news.example/1", external_id="7")
    place.client.post(f"/v1/images/{image}/views", json={"count": 20})
    signals = {"network": "192.0.2.7", "device": "d", "referrer": "c", "account_created_at": "2020-01-01T00:00:00Z"}
    report = place.report(image, "anna", signals=signals).json()["id"]
    place.client.delete(f"/v1/reports/{report}")
    place.crowd(image)
    place.review(image, "rejected", reason="violence")
    return image


def test_every_type_has_its_keys(place: Place) -> None:
    story(place)
    seen: dict[str, dict[str, Any]] = {}
    for event in place.events(limit=1000):
        seen[event["type"]] = seen.get(event["type"], {}) | event
        assert list(event)[:2] == ["type", "at"]
        assert datetime.fromisoformat(event["at"]).utcoffset() is not None
        assert event["at"].endswith("Z")
    assert set(seen) <= set(TYPES)
    for kind, keys in KEYS.items():
        assert keys <= set(seen[kind]), kind
        assert {"id", "position"} <= set(seen[kind])
    first = next(event for event in place.events(limit=1000) if event["type"] == "report.received")
    assert set(first["signals"]) == {"network", "device", "referrer", "account_created_at"}


def test_pages_put_together_are_the_whole_log_in_order(place: Place) -> None:
    story(place)
    whole = place.events(limit=1000)
    assert [event["position"] for event in whole] == sorted({event["position"] for event in whole})
    assert [event["at"] for event in whole] == sorted(event["at"] for event in whole)
    after, pages = 0, []
    while True:
        page = place.client.get("/v1/events", params={"after": after, "limit": 7}).json()
        if not page["events"]:
            assert page["next"] == after
            break
        pages += page["events"]
        assert page["next"] == page["events"][-1]["position"]
        after = page["next"]
    assert pages == whole


def test_whoever_reads_after_an_answer_sees_what_was_answered(place: Place) -> None:
    image = place.image()
    for n in range(10):
        report = place.report(image, f"r{n}").json()["id"]
        assert report in {event.get("report") for event in place.events(limit=1000)}


def test_a_block_is_told_once_after_the_report_that_decided(place: Place) -> None:
    image = place.image()
    place.crowd(image)
    told = [event["type"] for event in place.events(limit=1000)]
    assert told.count("image.blocked") == 1
    assert told[told.index("image.blocked") - 1] == "report.received"


def test_a_site_reads_only_its_own_log(place: Place) -> None:
    story(place)
    key = place.another_site(f"beside {place.keys.site}").api_key
    found = place.client.get("/v1/events", headers={"Authorization": f"Bearer {key}"}).json()
    assert [event["type"] for event in found["events"]] == ["site.created"]


@pytest.mark.parametrize("query", ["after=-1", f"after={2**63}", "after=x", "limit=0", "limit=1001", "limit=x"])
def test_a_page_that_cannot_be_is_told(place: Place, query: str) -> None:
    told = problem(place.client.get(f"/v1/events?{query}"), 422)
    assert told["errors"][0]["place"] == f"query/{query.partition('=')[0]}"
