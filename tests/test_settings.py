"""Every setting is documented with its default, and a wrong one is told by its name."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tawatur.settings import Settings

DOCUMENT = Path(__file__).parents[1] / "docs" / "settings.md"


def documented() -> dict[str, tuple[str, str]]:
    rows = [line.split(" | ") for line in DOCUMENT.read_text().splitlines() if line.startswith("| `TAWATUR_")]
    return {row[0].strip("| `"): (row[1].strip(" `"), row[2].strip(" |")) for row in rows}


def test_every_setting_stands_in_the_document_with_its_default_and_its_words() -> None:
    expected = {
        f"TAWATUR_{name.upper()}": (
            {None: "none", "": "empty"}.get(field.default, str(field.default)),
            field.description,
        )
        for name, field in Settings.model_fields.items()
    }
    assert documented() == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "x"), ("PORT", "70000"), ("LOG_LEVEL", "loud"), ("FETCH_ALLOW", "10.0.0.0/33")],
)
def test_a_wrong_value_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"TAWATUR_{name}", value)
    with pytest.raises(ValidationError):
        Settings()


def test_the_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    secret = settings.resolved_secret()
    assert len(secret) >= 32
    assert settings.resolved_secret() == secret
    assert (tmp_path / "new" / "secret").stat().st_mode & 0o077 == 0


def test_of_secrets_that_are_made_at_once_one_stays(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: Settings(data_dir=tmp_path).resolved_secret(), range(32)))
    assert len(made) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("left", [b"", b"cut o"])
def test_a_damaged_secret_is_told_and_never_used(tmp_path: Path, left: bytes) -> None:
    """An empty one would make pseudonyms that everybody can make."""
    (tmp_path / "secret").write_bytes(left)
    with pytest.raises(ValueError, match="damaged"):
        Settings(data_dir=tmp_path).resolved_secret()
    assert (tmp_path / "secret").read_bytes() == left


def test_a_secret_that_is_too_short_is_refused(tmp_path: Path) -> None:
    short: Any = "short"
    with pytest.raises(ValueError, match="32"):
        Settings(data_dir=tmp_path, secret=short).resolved_secret()
