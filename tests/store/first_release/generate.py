"""Fills a database with the code of the first release, and writes all that is in it as text.

    git worktree add /tmp/first 246c118
    PYTHONPATH=/tmp/first/src:. python tests/store/first_release/generate.py > tests/store/first_release/database.jsonl

246c118 is the last commit with one migration alone. What it writes is committed, and not to be made again: it is what a
server of that release left on its disk. Line by line: who made it; the statements that made the tables; each table's
rows; each picture's bytes; what the gate answered to readers.
"""

import base64
import contextlib
import hashlib
import io
import json
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from starlette.testclient import TestClient

from tawatur.moderation.sites import create_site
from tawatur.settings import Settings
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook
from tawatur.store.ids import new_id
from tawatur.store.writer import Clock
from tawatur.web.app import make_app

SECRET = "the first release's secret, which is no secret"


def picture(seed: int) -> bytes:
    coarse = np.random.default_rng(seed).integers(0, 255, (16, 20, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(coarse).resize((160, 128), Image.Resampling.BICUBIC).save(out, "JPEG", quality=50)
    return out.getvalue()


def turned(data: bytes) -> bytes:
    """A copy of the picture, turned by a quarter."""
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).transpose(Image.Transpose.ROTATE_90).save(out, "JPEG", quality=60)
    return out.getvalue()


def live(client: TestClient) -> list[str]:
    """What people did on the first site; returns the images."""

    def register(data: bytes, **said: str) -> str:
        answer = client.post("/v1/images", files={"file": ("p.jpg", data)}, data=said)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def report(image: str, reporter: str, reason: str = "violence", **signals: str) -> str:
        told = {"account_created_at": "2020-01-01T00:00:00Z", **signals}
        body = {"reporter": reporter, "reason": reason, "comment": f"{reporter} says so", "signals": told}
        answer = client.post(f"/v1/images/{image}/reports", json=body, headers={"Idempotency-Key": new_id()})
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["id"])

    def review(image: str, outcome: str, **more: Any) -> None:
        body = {"outcome": outcome, "reviewer": "leila", "note": "looked at", **more}
        assert client.post(f"/v1/images/{image}/reviews", json=body).status_code == 201

    images = [
        register(picture(n), uploader=f"uploader-{n % 3}", page_url=f"https://example.org/{n}", caption=f"picture {n}")
        for n in range(8)
    ]
    images.append(register(turned(picture(0))))  # a copy, before the block
    for n in range(12):
        report(images[0], f"anna-{n}", network=f"198.51.{n}.7")  # blocked, unreviewed
        report(images[1], f"basma-{n}", "terrorism", network=f"203.0.{n}.7")  # blocked, upheld
        report(images[2], f"camil-{n}", "sexual")  # blocked, rejected
        report(images[3], f"storm-{n}", device="one-device", network="192.0.2.1")  # a crowd that is one
    for n in range(3):
        report(images[4], f"anna-{n}", "deception")
    withdrawn = report(images[5], "dina", "hate")
    assert client.delete(f"/v1/reports/{withdrawn}").status_code == 200
    report(images[6], "emad", "privacy")
    review(images[1], "upheld", reason="terrorism")
    review(images[2], "rejected")
    review(images[6], "undecided")
    images.append(register(turned(picture(1))))  # a copy of what a person upheld
    cut = client.post(f"/v1/images/{images[8]}/cut", json={"reviewer": "leila"})
    assert cut.is_success, cut.text
    client.post(f"/v1/images/{images[7]}/views", json={"count": 40})
    client.put("/v1/banks/known", json={"kind": "block", "reason": "terrorism"})
    hashed = client.get(f"/v1/images/{images[1]}").json()["pdq"]
    client.post("/v1/banks/known/hashes", json={"hashes": [{"pdq": hashed}]})
    return images


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'tawatur.db'}"
        database = Database(url)
        database.migrate()
        keys = []
        for site in ("first.example", "second.example"):
            with database.write() as connection:
                book = DatabaseBook(connection, new_id)
                keys.append(create_site(book, site, Clock()()))
                book.flush()
        database.close()
        settings = Settings(database_url=url, data_dir=folder, secret=SECRET)  # type: ignore[arg-type]
        with TestClient(make_app(settings)) as client:
            client.headers["Authorization"] = f"Bearer {keys[0].api_key}"
            images = live(client)
            shown = [(image, client.get(f"/i/{image}", headers={"Accept-Language": "en"})) for image in images]
            gate = [
                {
                    "image": image,
                    "status": answer.headers["tawatur-status"],
                    "type": answer.headers["content-type"],
                    "sha256": hashlib.sha256(answer.content).hexdigest(),
                }
                for image, answer in shown
            ]
        write(folder, gate, [key.api_key for key in keys])


def write(folder: Path, gate: list[dict[str, str]], api_keys: list[str]) -> None:
    def say(**line: Any) -> None:
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")

    say(made_by="tests/store/first_release/generate.py", secret=SECRET, api_keys=api_keys)
    with contextlib.closing(sqlite3.connect(folder / "tawatur.db")) as connection:
        tables = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
        ).fetchall()
        for name, sql in tables:
            say(made=name, sql=sql)
        for name in [name for name, sql in tables if sql.startswith("CREATE TABLE")]:
            found = connection.execute(f'SELECT * FROM "{name}"')
            columns = [column[0] for column in found.description]
            for row in found:
                say(table=name, row=dict(zip(columns, row, strict=True)))
    for path in sorted((folder / "images").rglob("*")):
        if path.is_file():
            say(picture=path.parent.name + path.name, data=base64.b64encode(path.read_bytes()).decode())
    for line in gate:
        say(gate=line)


if __name__ == "__main__":
    main()
