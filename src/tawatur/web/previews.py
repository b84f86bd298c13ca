"""Previews of policies: each in a process of its own, few at once, one a site, bounded in time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime

import msgspec
import structlog

from tawatur.lab.preview import Preview
from tawatur.lab.preview_child import Answer, Asked
from tawatur.web.problems import Problem

AT_ONCE = 2
"""In one server process; each keeps a core busy at the lowest priority."""
MOST_EVENTS = 100_000
"""Some 15 seconds of one core."""
SECONDS = 60
MEMORY_BYTES = 2 << 30
_LATER = {"Retry-After": "5"}
_COMMAND = (sys.executable, "-P", "-m", "tawatur.lab.preview_child")
_INSTEAD = (
    "On the server, `tawatur policy preview SITE FILE` has no such limit; nor has `tawatur replay EVENTS.jsonl "
    "--policy FILE`, with what `tawatur export events --site SITE` writes."
)

log = structlog.get_logger(__name__)


class Previews:
    """Those that run now."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._running: dict[str, subprocess.Popen[bytes] | None] = {}
        self._lock = threading.Lock()

    def run(self, site: str, toml: str, days: int) -> Preview:
        """Blocks until the preview is there. The policy was checked before. Raises Problem when previews are busy (429,
        503) and when the history is too long for one (422)."""
        self._begin(site)
        try:
            return self._ask(site, toml, days)
        finally:
            with self._lock:
                self._running.pop(site, None)

    def close(self) -> None:
        """Ends what runs."""
        with self._lock:
            for child in self._running.values():
                if child is not None:
                    child.kill()

    def _begin(self, site: str) -> None:
        with self._lock:
            if site in self._running:
                detail = "A preview for this site is running; wait for its answer, then ask again."
                raise Problem(429, detail, "One preview at a time", headers=_LATER)
            if len(self._running) >= AT_ONCE:
                detail = "Previews for other sites are running; ask again in a moment."
                raise Problem(503, detail, "Previews are busy", headers=_LATER)
            self._running[site] = None

    def _ask(self, site: str, toml: str, days: int) -> Preview:
        asked = Asked(
            database_url=self._database_url,
            site=site,
            toml=toml,
            days=days,
            now=datetime.now(UTC),
            most_events=MOST_EVENTS,
            seconds=SECONDS,
            memory_bytes=MEMORY_BYTES,
        )
        one_thread = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        pipe = subprocess.PIPE
        with subprocess.Popen(_COMMAND, stdin=pipe, stdout=pipe, stderr=pipe, env=one_thread) as child:
            with self._lock:
                self._running[site] = child
            said, complaint = child.communicate(msgspec.json.encode(asked))
        if child.returncode < 0:
            raise _too_long(f"It takes longer than the {SECONDS} seconds that a preview may take.")
        if child.returncode:
            log.error("preview_failed", code=child.returncode, said=complaint.decode(errors="replace")[-2000:])
            raise Problem(500, "The preview failed, and the log says why. Nothing was changed.")
        answer = msgspec.json.decode(said, type=Answer)
        if answer.preview is not None:
            return answer.preview
        if answer.too_long is not None:
            raise _too_long(answer.too_long)
        log.warning("preview_refused", reason=answer.failed)
        raise Problem(503, "The log could not be read. Try again.", "Not available now", headers=_LATER)


def _too_long(why: str) -> Problem:
    return Problem(422, f"{why} {_INSTEAD}", "The history is too long for a preview")
