"""A site that labels: pictures in records of Bluesky's network, in a database."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from tawatur.delivery.label_keys import LabelKeyring
from tawatur.delivery.labelers import set_up
from tawatur.delivery.labels import label
from tawatur.log.sequencer import sequence
from tawatur.moderation.register import NewImage, register_image
from tawatur.store import labels
from tawatur.store.database import Database
from tawatur.store.labels import Label
from tests.moderation.world import World

DID = "did:plc:labelerlabelerlabelerlab"
PEER = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"


def post(name: str, version: str = "") -> str:
    """A record's address, as an external id."""
    return f"at://{PEER}/app.bsky.feed.post/{name}" + (f"#{version}" if version else "")


class LabellingWorld(World):
    """A world whose site labels as soon as `set_up` was called."""

    def __init__(self, database: Database, folder: Path, site: str = "5") -> None:
        super().__init__(database, site)
        self.base = database
        self.keyring = LabelKeyring(folder)

    def set_up(self, *, new_key: bool = False, did: str = DID) -> None:
        set_up(self.base, self.keyring, self.site, "https://labels.example", did, new_key=new_key)

    def held_by(self, external_id: str, content: str | None = None) -> str:
        """A picture that the site registers as held by this record."""
        new = NewImage(
            self.site, content or external_id, "image/png", 100, 320, 240, uploader="u", external_id=external_id
        )
        now = self.tick()
        return self.run(lambda book: register_image(book, new, now)).image.id

    def clock(self) -> datetime:
        self.now += timedelta(milliseconds=700.3)
        return self.now

    def label(self) -> list[str]:
        """What a running server does each second; all that was said so far, each as `number value record`, with a minus
        before what is taken back."""
        sequence(self.base)
        label(self.base, self.keyring, self.site, self.clock)
        return [f"{one.seq} {'-' if one.neg else ''}{one.val} {one.uri.rpartition('/')[2]}" for one in self.said()]

    def said(self) -> list[Label]:
        with self.base.read() as connection:
            return labels.page(connection, self.site, 0, 1000)
