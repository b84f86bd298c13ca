"""What a server of the first release left on its disk, and how to lay it there again."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from sqlalchemy import text

from tawatur.store.database import Database

LINES = [json.loads(line) for line in (Path(__file__).parent / "database.jsonl").read_text().splitlines()]
SECRET: str = LINES[0]["secret"]
API_KEY: str = LINES[0]["api_keys"][0]
GATE: list[dict[str, str]] = [line["gate"] for line in LINES if "gate" in line]
_BOOLEANS = {"provisional", "cut", "gone", "muted"}


def rows(table: str) -> list[dict[str, Any]]:
    return [line["row"] for line in LINES if line.get("table") == table]


def lay(database_url: str, data_dir: Path) -> None:
    """The first release's tables with all rows, made by its own statements, and its pictures."""
    database = Database(database_url)
    with database.write() as connection:
        for line in LINES:
            if "made" in line:
                connection.execute(text(_in(line["sql"], sqlite=database.is_sqlite)))
            elif "table" in line:
                row = line["row"]
                if not database.is_sqlite:  # it knows truths from numbers
                    row = {name: bool(value) if name in _BOOLEANS else value for name, value in row.items()}
                names = ", ".join(row)
                values = ", ".join(f":{name}" for name in row)
                connection.execute(text(f"INSERT INTO {line['table']} ({names}) VALUES ({values})"), row)
    database.close()
    for line in LINES:
        if "picture" in line:
            path = data_dir / "images" / line["picture"][:2] / line["picture"][2:]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(base64.b64decode(line["data"]))


def _in(sql: str, *, sqlite: bool) -> str:
    """The statement as SQLAlchemy would have made it for PostgreSQL: one type has another name there."""
    return sql if sqlite else sql.replace(" FLOAT", " DOUBLE PRECISION")
