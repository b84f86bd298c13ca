"""Tawatur from Python: one client that waits and one to await, with the same calls.

    from tawatur.client import Client

    with Client("https://moderation.example.org", api_key) as tawatur:
        image = tawatur.register(file=Path("1.jpg"), uploader="user-17")
        tawatur.report(image.id, reporter="user-42", reason="violence")

`AsyncClient` is the same with `await`. Every POST carries an Idempotency-Key and is sent again when the network or the
server fails; whoever meets an error gets one of `errors.py`. Imports nothing else of the house.
"""

from tawatur.client.answers import (
    Appeal,
    Appeals,
    Bank,
    Changed,
    Event,
    Image,
    Notice,
    Page,
    Policy,
    Registered,
    Replayed,
    Status,
    Token,
    Tried,
    UploaderToken,
    Verdict,
    Views,
    Webhook,
)
from tawatur.client.clients import AsyncClient, Client
from tawatur.client.errors import Failed, Refused, TawaturError, Unavailable

__all__ = [
    "Appeal",
    "Appeals",
    "AsyncClient",
    "Bank",
    "Changed",
    "Client",
    "Event",
    "Failed",
    "Image",
    "Notice",
    "Page",
    "Policy",
    "Refused",
    "Registered",
    "Replayed",
    "Status",
    "TawaturError",
    "Token",
    "Tried",
    "Unavailable",
    "UploaderToken",
    "Verdict",
    "Views",
    "Webhook",
]
