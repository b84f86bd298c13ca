"""A preview in a process of its own, so that it takes neither the server's time nor its memory.

Reads a request from standard input and writes the answer to standard output, both JSON. It ends by itself when its time
is over, also when nobody waits for it any more.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from datetime import datetime

import msgspec

from tawatur.decision.policy import parse_policy
from tawatur.failures import Failure
from tawatur.lab.preview import Preview, preview_site
from tawatur.store import events
from tawatur.store.database import Database


class Asked(msgspec.Struct, frozen=True):
    """What to preview and within which bounds. The policy was checked before."""

    database_url: str
    site: str
    toml: str
    days: int
    now: datetime
    most_events: int
    seconds: int
    memory_bytes: int


class Answer(msgspec.Struct, frozen=True):
    """The preview, or why there is none: `too_long` where the history goes beyond the bounds."""

    preview: Preview | None = None
    too_long: str | None = None
    failed: str | None = None


def main() -> None:
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)
    signal.alarm(asked.seconds)
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (asked.memory_bytes, asked.memory_bytes))
    try:
        answer = _answer(asked)
    except MemoryError:
        answer = Answer(too_long="It needs more memory than a preview may take.")
    except Failure as error:
        answer = Answer(failed=str(error))
    sys.stdout.buffer.write(msgspec.json.encode(answer))


def _answer(asked: Asked) -> Answer:
    database = Database(asked.database_url)
    with database.read() as connection:
        count = events.count(connection, asked.site)
    if count > asked.most_events:
        return Answer(too_long=f"The site has {count:,} events; a preview here takes {asked.most_events:,}.")
    return Answer(preview_site(database, asked.site, parse_policy(asked.toml), asked.days, asked.now))


if __name__ == "__main__":
    main()
