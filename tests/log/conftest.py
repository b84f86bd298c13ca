"""Sealed logs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.log.sealed import SealedLog, some_events


@pytest.fixture
def empty_log(ready_url: str, tmp_path: Path) -> Iterator[SealedLog]:
    log = SealedLog(ready_url, tmp_path / "keys")
    yield log
    log.close()


@pytest.fixture
def log(empty_log: SealedLog, monkeypatch: pytest.MonkeyPatch) -> SealedLog:
    """23 events under three seals (of 8, 8 and 7)."""
    monkeypatch.setattr("tawatur.log.seal.BATCH", 8)
    empty_log.append(some_events(23))
    assert empty_log.seal() == 23
    return empty_log


Tamper = Callable[[SealedLog], None]
