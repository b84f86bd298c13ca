"""What the demo needs is in the wheel."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_wheel_carries_photographs_templates_styles_and_texts(tmp_path: Path) -> None:
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("needs hatchling, from the dev group, to build a wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=120,
    )
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    demo = ROOT / "src" / "tawatur" / "demo"
    needed = [path for path in demo.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {path.suffix for path in needed} >= {".jpg", ".html", ".css", ".svg", ".toml", ".md"}
    missing = [path.name for path in needed if str(path.relative_to(ROOT / "src")) not in packed]
    assert missing == []
