"""Whether a database's books agree with one another and with the log: what must hold whatever happened."""

import hashlib
import json
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tawatur.log.sequencer import sequence
from tawatur.store import schema
from tawatur.store.database import Database

STATE_OF = {"image.blurred": "blurred", "image.blocked": "blocked", "image.restored": "visible"}


class Books:
    """Everything of a site, or of all, at one moment. `events` are in the order of the log, their bodies decoded."""

    def __init__(self, url: str, site: str | None = None) -> None:
        database = Database(url)
        try:
            sequence(database)
            with database.read() as connection:
                self.reports = _rows(connection, schema.reports, site)
                self.families = {row["id"]: row for row in _rows(connection, schema.families, site)}
                self.images = {row["id"]: row for row in _rows(connection, schema.images, site)}
                self.reporters = _rows(connection, schema.reporters, site)
                self.verdicts = _rows(connection, schema.verdicts, site)
                self.networks = _rows(connection, schema.networks, site)
                self.network_people = _rows(connection, schema.network_people, site)
                self.answers = _rows(connection, schema.idempotency, site)
                self.positions = connection.execute(_positions).scalars().all()
                self.last_position = connection.scalar(sa.select(schema.sequence.c.position)) or 0
                events = sorted(_rows(connection, schema.events, site), key=lambda row: row["position"])
        finally:
            database.close()
        self.events = [{**json.loads(row["body"]), **row} for row in events]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    def changes_of(self, family: str) -> list[dict[str, Any]]:
        """The family's state events, in order."""
        homes = {image: row["family"] for image, row in self.images.items()}
        return [e for e in self.events if e["type"] in STATE_OF and homes[e["image"]] == family]

    def assert_sound(self) -> None:
        """No event is missing, no image is half blocked, and every count agrees with the rows that it counts."""
        self._log_has_no_gap()
        self._every_report_is_told()
        self._every_state_is_told()
        self._counts_agree()

    def _log_has_no_gap(self) -> None:
        assert self.positions == list(range(1, len(self.positions) + 1))
        assert self.last_position == len(self.positions)
        assert {e["image"] for e in self.of_type("image.registered")} == self.images.keys()

    def _every_report_is_told(self) -> None:
        told: dict[str, list[str]] = defaultdict(list)
        for event in self.events:
            if event["type"] in ("report.received", "report.withdrawn"):
                told[event["report"]].append(event["type"])
        rows = {row["id"]: row for row in self.reports}
        assert told.keys() == rows.keys()
        for report, kinds in told.items():
            turns = ["report.received", "report.withdrawn"] * len(kinds)
            assert kinds == turns[: len(kinds)], f"report {report}: {kinds}"
            assert (kinds[-1] == "report.withdrawn") == (rows[report]["withdrawn_at"] is not None), report

    def _every_state_is_told(self) -> None:
        homes = {image: row["family"] for image, row in self.images.items()}
        changes: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for event in self.events:
            if event["type"] in STATE_OF:
                changes[homes[event["image"]]].append(event)
        decided = Counter(row["family"] for row in self.verdicts)
        assert set(homes.values()) == self.families.keys()
        for family, row in self.families.items():
            mine = changes[family]
            last = mine[-1] if mine else {}
            assert row["status"] == (STATE_OF[last["type"]] if last else "visible"), f"half {row['status']}: {row}"
            assert row["provisional"] == last.get("provisional", False), row
            assert row["reason"] == last.get("reason"), row
            moves = [(event["type"], event["cause"]) for event in mine if event["cause"] != "copy"]
            twice = [now for before, now in pairwise(moves) if before[0] == now[0] and now[1] != "review"]
            assert not twice, f"{family} told twice: {moves}"
            by_engine = sum("verdict" in event for event in mine)
            assert by_engine == decided[family], f"{family}: {by_engine} changes, {decided[family]} verdicts"

    def _counts_agree(self) -> None:
        made = Counter(row["reporter"] for row in self.reports)
        assert {row["id"]: row["reported"] for row in self.reporters} == made
        seen = Counter(row["network"] for row in self.network_people)
        assert {row["network"]: row["people"] for row in self.networks} == seen
        viewed: Counter[str] = Counter()
        for event in self.of_type("image.viewed"):
            viewed[event["image"]] += event["count"]
        assert {image: row["views"] for image, row in self.images.items() if row["views"] is not None} == viewed

    def assert_files_are_whole(self, data_dir: Path) -> None:
        """Every image's bytes are there, and nothing half written lies beside them."""
        folder = data_dir / "images"
        wanted = {row["sha256"] for row in self.images.values()}
        for sha256 in wanted:
            data = (folder / sha256[:2] / sha256[2:]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == sha256


def unfinished_files(data_dir: Path) -> list[Path]:
    """What a broken write would leave in the data directory."""
    return [path for kind in ("images", "blurred") for path in (data_dir / kind).rglob(".*") if path.is_file()]


_positions = sa.select(schema.events.c.position).order_by(schema.events.c.position)


def _rows(connection: sa.Connection, table: sa.Table, site: str | None) -> list[dict[str, Any]]:
    every = sa.select(table)
    return [
        dict(row) for row in connection.execute(every if site is None else every.where(table.c.site == site)).mappings()
    ]
