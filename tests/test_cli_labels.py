"""`tawatur labels`, as an operator uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_cli import fails, tawatur

URL = ("--url", "https://labels.example.org")


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    environment = {"TAWATUR_DATA_DIR": str(tmp_path / "data")}
    assert tawatur("init", **environment).returncode == 0
    assert tawatur("site", "create", "one", **environment).returncode == 0
    return environment


def test_a_site_labels_under_its_own_address_and_its_key_is_the_owners_alone(home: dict[str, str]) -> None:
    fails(tawatur("labels", "key", "one", **home), "tawatur labels setup")
    said = tawatur("labels", "setup", "one", *URL, **home).stdout
    key = tawatur("labels", "key", "one", **home).stdout.strip()
    assert "did:web:labels.example.org" in said
    assert key.startswith("did:key:zQ3sh")
    assert key in said
    (path,) = (Path(home["TAWATUR_DATA_DIR"]) / "label-keys").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    told = json.loads(tawatur("labels", "setup", "one", *URL, "--json", **home).stdout)
    assert told == {"did": "did:web:labels.example.org", "endpoint": "https://labels.example.org", "key": key}
    new = tawatur("labels", "key", "one", "--new", **home).stdout.strip()
    assert new not in ("", key)
    assert tawatur("labels", "key", "one", **home).stdout.strip() == new
    assert "taken back: 0" in tawatur("labels", "off", "one", **home).stdout


def test_what_is_wrong_is_told(home: dict[str, str]) -> None:
    fails(tawatur("labels", "setup", "two", *URL, **home), "no site 'two'")
    fails(tawatur("labels", "setup", "one", "--url", "ftp://x", **home), "https://HOST")
    fails(tawatur("labels", "setup", "one", *URL, "--did", "did:x:y", **home), "no DID that can label")
    fails(tawatur("labels", "off", "one", **home), "does not label")
    wrong = {**home, "TAWATUR_LABEL_KEY": "abc"}
    fails(tawatur("labels", "setup", "one", *URL, **wrong), "64 hexadecimal digits")
    own = {**home, "TAWATUR_LABEL_KEY": "ab" * 32}
    assert tawatur("labels", "setup", "one", *URL, **own).returncode == 0
    fails(tawatur("labels", "key", "one", "--new", **own), "set by TAWATUR_LABEL_KEY")


def test_the_record_that_the_account_publishes_defines_every_value_in_three_languages(home: dict[str, str]) -> None:
    from atproto import models

    record = json.loads(tawatur("labels", "record", **home).stdout)
    read = models.get_or_create(record, models.AppBskyLabelerService.Record, strict=True)
    assert isinstance(read, models.AppBskyLabelerService.Record)
    known = {"!warn", "!hide", "porn", "sexual", "nudity", "graphic-media"}
    defined = {one.identifier for one in read.policies.label_value_definitions or []}
    assert set(read.policies.label_values) - known == defined
    for one in read.policies.label_value_definitions or []:
        assert [text.lang for text in one.locales] == ["ar", "en", "fr"]
