"""`tawatur export dsa`, `dsa-grounds` and `transparency`, as an operator uses them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tawatur.store.database import Database
from tests.ground.tables import with_tables
from tests.moderation.world import World
from tests.test_cli import fails, tawatur

SITE = "site 5"


class Home:
    """A data folder with a site on which one picture was blocked, and what the command line needs to find it."""

    def __init__(self, folder: Path) -> None:
        self.environment = {"TAWATUR_DATA_DIR": str(folder)}
        folder.mkdir()
        self.database = Database(with_tables(f"sqlite:///{folder / 'tawatur.db'}"))
        self.world = World(self.database)
        self.image = self.world.image("one", uploader="somebody")
        self.world.crowd(self.image, 12)

    def __call__(self, *arguments: str):
        return tawatur("export", *arguments, **self.environment)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home") / "data")


def test_statements_are_written_and_their_puids_lead_back(home: Home, tmp_path: Path) -> None:
    printed = home("dsa", SITE)
    assert (printed.returncode, "2 statements" in printed.stderr) == (0, True), printed.stderr
    written = tmp_path / "statements.jsonl"
    assert home("dsa", SITE, "-o", str(written), "--from", "2026-01-01", "--to", "2026-01-01").returncode == 0
    assert written.read_text() == printed.stdout
    puid = json.loads(printed.stdout.splitlines()[1])["puid"]
    assert json.loads(home("dsa", SITE, "--find", puid).stdout)["image"] == home.image
    fails(home("dsa", SITE, "--find", "tw-0"), "No statement of this site has the puid 'tw-0'")


def test_new_goes_on_where_it_ended_and_tells_what_ended_since(home: Home, tmp_path: Path) -> None:
    ended = tmp_path / "ended.jsonl"
    world = World(home.database, "9")
    image = world.image("one")
    world.crowd(image, 12)
    assert len(home("dsa", "site 9", "--new").stdout.splitlines()) == 2
    world.review(image, "rejected")
    again = home("dsa", "site 9", "--new", "--ended", str(ended))
    assert again.stdout == ""
    assert [json.loads(line)["end_date_visibility_restriction"] for line in ended.read_text().splitlines()] == [
        "2026-01-01"
    ]


def test_the_default_document_of_grounds_can_be_given_back(home: Home, tmp_path: Path) -> None:
    document = tmp_path / "grounds.toml"
    document.write_text(home("dsa-grounds").stdout)
    with_it = home("dsa", SITE, "--grounds", str(document), "--lang", "ar")
    assert with_it.returncode == 0, with_it.stderr
    assert with_it.stdout == home("dsa", SITE, "--lang", "ar").stdout
    document.write_text('[reasons.spam]\nground = "illegal"')
    fails(home("dsa", SITE, "--grounds", str(document)), f"{document.name}: reasons.spam")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["elsewhere"], "There is no site 'elsewhere'"),
        ([SITE, "--from", "2026-02-01", "--to", "2026-01-01"], "must not be before --from"),
        ([SITE, "--new", "--after", "3"], "leave --after"),
        ([SITE, "--ended", "x"], "--after or --new"),
        ([SITE, "--lang", "de"], "ar, en, fr"),
        ([SITE, "--grounds", "missing.toml"], "missing.toml"),
        ([SITE, "-o", "no/such/folder/x"], "No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_said(home: Home, arguments: list[str], said: str) -> None:
    fails(home("dsa", *arguments), said)


@pytest.mark.parametrize("lang", ["ar", "en", "fr"])
def test_a_report_is_a_page_and_the_numbers_behind_it(home: Home, tmp_path: Path, lang: str) -> None:
    folder = tmp_path / "new" / "report"
    days = ["--from", "2026-01-01", "--to", "2026-01-31"]
    found = home("transparency", SITE, *days, "--lang", lang, "--out", str(folder))
    assert (found.returncode, "index.html" in found.stderr) == (0, True), found.stderr
    assert f'<html lang="{lang}"' in (folder / "index.html").read_text()
    assert (folder / "notices.csv").read_text() == "reason,notices\nviolence,12\ntotal,12\n"
    assert (folder / "actions.csv").read_text().splitlines()[1] == "reports,1,1"
    said = "".join(path.read_text() for path in folder.iterdir())
    names = {line["reporter"] for line in home.world.told("report.received")} | {
        "somebody",
        home.image,
        home.world.site,
    }
    assert [name for name in names if re.search(rf"\b{name}\b", said)] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([SITE, "--from", "2026-01-01"], "Missing option '--to'"),
        ([SITE, "--from", "2026-02-01", "--to", "2026-01-01"], "must not be before --from"),
        ([SITE, "--from", "1970-01-01", "--to", "2026-01-01"], "at most"),
        ([SITE, "--from", "January", "--to", "2026-01-01"], "does not match"),
        (["elsewhere", "--from", "2026-01-01", "--to", "2026-01-01"], "There is no site"),
        ([SITE, "--from", "2026-01-01", "--to", "2026-01-01", "--lang", "de"], "ar, en, fr"),
        ([SITE, "--from", "2026-01-01", "--to", "2026-01-01", "--out", "/dev/null/x"], "Not a directory"),
    ],
)
def test_a_report_that_cannot_be_made_is_said(home: Home, arguments: list[str], said: str) -> None:
    fails(home("transparency", *arguments), said)
