"""The publisher's backend. All it knows of Tawatur is the REST API and a site key, like any customer."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from tawatur.demo.crowd import Person


class Registered(msgspec.Struct, frozen=True):
    """An image as registering it answered."""

    id: str
    status: str
    gate_url: str


class Backend:
    """A customer of the Tawatur server at `address`. Every answer that is no success raises httpx.HTTPStatusError."""

    def __init__(self, address: str, api_key: str) -> None:
        self.address = address
        self._client = httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {api_key}"}, timeout=30, trust_env=False
        )

    def close(self) -> None:
        self._client.close()

    def register(self, name: str, picture: bytes, *, uploader: str, page_url: str, caption: str) -> Registered:
        """Hands a picture over, and learns where readers see it from now on."""
        answer = self._client.post(
            "/v1/images",
            files={"file": (name, picture)},
            data={"external_id": name, "uploader": uploader, "page_url": page_url, "caption": caption},
        )
        return msgspec.json.decode(answer.raise_for_status().content, type=Registered)

    def count_views(self, image: str, count: int) -> None:
        """Says that `count` more distinct readers were shown the picture."""
        self._said(self._client.post(f"/v1/images/{image}/views", json={"count": count}))

    def report(self, image: str, person: Person, reason: str) -> str:
        """Passes a reader's report on; the picture's status after it."""
        signals = {
            "network": person.network,
            "device": person.device,
            "account_created_at": person.account_created_at.isoformat(),
        }
        if person.referrer is not None:
            signals["referrer"] = person.referrer
        body = {"reporter": person.id, "reason": reason, "signals": signals}
        return str(self._said(self._client.post(f"/v1/images/{image}/reports", json=body))["status"])

    def verdict(self, image: str) -> dict[str, Any]:
        """The status that stands, and under `verdict` why."""
        return self._said(self._client.get(f"/v1/images/{image}/verdict"))

    def review(self, image: str, outcome: str, reviewer: str) -> str:
        """Passes a person's decision on; the picture's status after it."""
        body = {"outcome": outcome, "reviewer": reviewer}
        return str(self._said(self._client.post(f"/v1/images/{image}/reviews", json=body))["status"])

    def reporter_token(self, person: Person) -> str:
        """Signs, for a reader whom the paper knows, a token that lets her own browser report."""
        body = {
            "reporter": person.id,
            "account_created_at": person.account_created_at.isoformat(),
            "device": person.device,
            "network": person.network,
        }
        return str(self._said(self._client.post("/v1/reporter-tokens", json=body))["token"])

    def look(self, gate_url: str, **headers: str) -> httpx.Response:
        """What anybody gets who opens this address: no key goes with it."""
        origin = urlsplit(self.address)
        with httpx.Client(base_url=f"{origin.scheme}://{origin.netloc}", trust_env=False, timeout=30) as reader:
            return reader.get(gate_url, headers=headers)

    @staticmethod
    def _said(answer: httpx.Response) -> dict[str, Any]:
        said = answer.raise_for_status().json()
        assert isinstance(said, dict)
        return said
