"""A server that starts takes away what one that was killed left half-written."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.web.place import opened


def test_half_written_files_are_taken_away_at_the_next_start(tmp_path: Path) -> None:
    left = [tmp_path / "images/ab/.cd.0123456789abcdef", tmp_path / "blurred/ab/.cd.jpg.0123456789abcdef"]
    young = tmp_path / "images/ab/.ef.0123456789abcdef"
    for path in (*left, young):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    for path in left:
        os.utime(path, (0, 0))
    with opened(f"sqlite:///{tmp_path / 'tawatur.db'}", tmp_path) as place:
        image = place.image()
        until = time.monotonic() + 30
        while any(path.exists() for path in left) and time.monotonic() < until:
            time.sleep(0.02)
        assert not any(path.exists() for path in left)
        assert young.exists()
        assert place.client.get(f"/i/{image}").status_code == 200
