"""The console's numbers: six charts with their tables, and what each means."""

from __future__ import annotations

import csv
import io

import pytest

from tawatur.store import samples
from tawatur.store.database import Database
from tawatur.store.ids import new_id
from tawatur.store.reading_book import ReadingBook
from tawatur.store.samples import BLOCKED, Sample
from tests.web.console.desks import Browser, person, texts
from tests.web.place import Place

CHARTS = ("Reports", "Blocks and blurs", "Reversals", "Time to review", "Right among automatic blocks")


@pytest.fixture
def browser(place: Place) -> Browser:
    return person(place, "moderator")


def rows(browser: Browser, of: str, days: int = 7) -> list[list[str]]:
    answer = browser.get(f"/console/numbers.csv?of={of}&days={days}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert f"tawatur-{of}-{days}.csv" in answer.headers["content-disposition"]
    return list(csv.reader(io.StringIO(answer.text)))


def block(place: Place, seed: int) -> str:
    image = place.image(seed)
    for n in range(12):
        place.report(image, f"reader {seed}-{n}")
    assert place.client.get(f"/v1/images/{image}").json()["status"] == "blocked"
    return image


def test_a_site_without_history_has_empty_charts(browser: Browser) -> None:
    for days in (7, 30, 90):
        page = browser.get(f"/console/numbers?days={days}")
        assert page.status_code == 200
        assert page.text.count('class="plot"') == len(CHARTS)
        assert all(chart in texts(page) for chart in CHARTS)
        assert len(rows(browser, "reports", days)) == days + 1
    assert "nothing decided yet" in texts(page)
    assert "Nobody was wrong in this period." in texts(page)
    assert texts(browser.get("/console/numbers?days=nonsense")) == texts(browser.get("/console/numbers"))
    assert browser.get("/console/numbers.csv?of=nonsense").status_code == 303


def test_the_numbers_are_those_of_what_happened(place: Place, browser: Browser) -> None:
    right, wrong = block(place, 1), block(place, 2)
    block(place, 3)
    place.review(right, "upheld")
    place.review(wrong, "rejected")
    page = texts(browser.get("/console/numbers?days=7"))
    assert "Right among automatic blocks 50" in page
    assert "Reviewed 1 of 2: 50" in page
    assert rows(browser, "reports")[-1][1] == "36"
    assert rows(browser, "blocks")[-1][1] == "3"
    assert rows(browser, "reversals")[-1][1] == "1"
    assert rows(browser, "precision")[-1][1:] == ["1", "1"]
    assert rows(browser, "review")[-1][1].isdigit()
    wrongs = rows(browser, "reporters")
    assert len(wrongs) == 13
    assert {row[1] for row in wrongs[1:]} == {"1"}


def test_the_sample_is_asked_for_and_says_how_often_the_engine_is_right(place: Place, browser: Browser) -> None:
    images = [block(place, seed) for seed in (1, 2, 3)]
    database = Database(place.database_url)
    with database.write() as connection:  # as if chance had picked all of them
        book = ReadingBook(connection, new_id)
        picked = [
            Sample(one.family, BLOCKED, one.site, one.registered_at)
            for key in images
            if (one := book.image(place.keys.site, key))
        ]
        samples.pick(connection, picked)
    database.close()
    queue = texts(browser.get("/console"))
    assert "sample 3" in queue
    assert queue.count(" sample ") >= 4  # the tab, and a mark on each case
    assert "Chance picked these" in texts(browser.get("/console?sample=1"))
    assert "3 cases of the sample wait for a look." in texts(browser.get("/console/numbers"))
    place.review(images[0], "upheld")
    place.review(images[1], "upheld")
    assert browser.get("/console?sample=1").text.count("data-case=") == 1
    assert rows(browser, "sample")[1:] == [
        ["blocked", "2", "2", "0.3424", "1.0000", "1"],
        ["left_alone", "0", "0", "0.0000", "1.0000", "0"],
    ]
    assert "Sample 2 of 2: 100" in texts(browser.get("/console/numbers"))


def test_a_reader_sees_no_reporters(place: Place) -> None:
    reader = person(place, "reader")
    page = reader.get("/console/numbers")
    assert "Reports" in texts(page)
    assert "Reporters most often wrong" not in texts(page)
    assert reader.get("/console/numbers.csv?of=reporters").status_code == 403
    assert reader.get("/console/numbers.csv?of=precision").status_code == 200
