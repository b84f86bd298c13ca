"""Previews over HTTP: what they answer, and that nobody can make them take the server's time or memory."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tawatur.web import previews
from tawatur.web.problems import Problem
from tests.web.place import Place, problem

NEVER = "floor_block = 1000\nfloor_blur = 1000\n"


def ask(place: Place, toml: str = NEVER, **more: Any) -> Any:
    return place.client.post("/v1/policy/preview", json={"toml": toml, **more})


def test_a_preview_says_what_would_have_been_different_and_changes_nothing(place: Place) -> None:
    images = [place.image(seed) for seed in (1, 2)]
    for image in images:
        place.crowd(image)
    place.review(images[0], "rejected")
    before = place.events(limit=1000)
    answer = ask(place, days=7)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["days"] == 7
    assert (told["present"]["did"]["blocked"], told["changed"]["did"]["blocked"]) == (2, 0)
    assert told["differences"]["blocked_less"] == {"count": 2, "images": sorted(images)}
    assert told["reviewed"]["wrong_blocks_avoided"] == {"count": 1, "images": [images[0]]}
    assert place.events(limit=1000) == before
    assert place.client.get("/v1/policy").json()["version"] == 0


def test_it_is_compared_with_the_policy_in_force(place: Place) -> None:
    place.client.put("/v1/policy", content=NEVER)
    place.crowd(place.image())
    told = ask(place, "").json()
    assert told["present"]["policy"] == "policy-1"
    assert told["differences"]["blocked_more"]["count"] == 1
    same = ask(place, NEVER).json()
    assert {group["count"] for group in same["differences"].values()} == {0}


@pytest.mark.parametrize(
    "body", [{}, {"toml": 3}, {"toml": "", "days": 0}, {"toml": "", "days": 4000}, {"toml": "", "days": "7"}]
)
def test_what_cannot_be_asked_is_told(place: Place, body: dict[str, Any]) -> None:
    problem(place.client.post("/v1/policy/preview", json=body), 422)


def test_a_policy_that_cannot_be_used_is_told_by_its_line(place: Place) -> None:
    assert problem(ask(place, "\nstakes = 2.5"), 422)["line"] == 2


def test_a_history_too_long_says_how_else(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "MOST_EVENTS", 3)
    place.crowd(place.image())
    told = problem(ask(place), 422)
    assert told["title"] == "The history is too long for a preview"
    assert "tawatur replay" in told["detail"]
    assert "takes 3" in told["detail"]


def child(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("import signal; signal.alarm(1); signal.pause()", 422, "longer than"),
        ("raise SystemExit(3)", 500, "Nothing was changed"),
        ("""print('{"too_long": "It needs more memory."}')""", 422, "more memory"),
        ("""print('{"failed": "the database is gone"}')""", 503, "Try again"),
    ],
)
def test_a_child_that_ends_without_a_preview_is_told(
    place: Place, monkeypatch: pytest.MonkeyPatch, code: str, status: int, words: str
) -> None:
    monkeypatch.setattr(previews, "_COMMAND", child(code))
    told = problem(ask(place), status)
    assert words in told["detail"]
    assert "gone" not in told["detail"]


def test_a_preview_that_needs_too_much_memory_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import tawatur.lab.preview_child as c\ndef f(a): return bytearray(1 << 40)\nc._answer = f\nc.main()"
    monkeypatch.setattr(previews, "_COMMAND", child(code))
    assert "more memory" in problem(ask(place), 422)["detail"]


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> tuple[previews.Previews, Callable[[str], threading.Thread]]:
    """Previews whose children wait until they are ended, and a function that begins one for a site."""
    monkeypatch.setattr(previews, "_COMMAND", child("import signal; signal.pause()"))
    made = previews.Previews("sqlite:///none")

    def begin(site: str) -> threading.Thread:
        def run() -> None:
            with pytest.raises(Problem):
                made.run(site, "", 30)

        thread = threading.Thread(target=run)
        thread.start()
        while made._running.get(site) is None:
            thread.join(0.01)
        return thread

    return made, begin


def test_one_preview_at_a_time_for_a_site_and_few_for_all(
    waiting: tuple[previews.Previews, Callable[[str], threading.Thread]],
) -> None:
    made, begin = waiting
    threads = [begin(f"site {n}") for n in range(previews.AT_ONCE)]
    for site, status in (("site 0", 429), ("another", 503)):
        with pytest.raises(Problem) as told:
            made.run(site, "", 30)
        assert told.value.status == status
        assert "Retry-After" in (told.value.headers or {})
    made.close()
    for thread in threads:
        thread.join(30)
    assert made._running == {}


def test_a_busy_answer_says_when_to_come_back(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "AT_ONCE", 0)
    answer = ask(place)
    problem(answer, 503)
    assert int(answer.headers["retry-after"]) > 0
