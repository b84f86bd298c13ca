"""How often somebody may do something."""

from __future__ import annotations

from tawatur.web import pace
from tawatur.web.pace import Pace


def test_each_key_has_its_own_count_and_a_new_span_begins_anew() -> None:
    now = 100.0
    paced = Pace(2, 60, clock=lambda: now)
    assert [paced.take("a"), paced.take("a"), paced.take("b")] == [0, 0, 0]
    now = 130.0
    assert paced.take("a") == 30
    assert paced.take("b") == 0
    now = 160.0
    assert paced.take("a") == 0


def test_it_never_holds_more_than_so_many_keys() -> None:
    paced = Pace(1, 1e9, clock=lambda: 0.0)
    for n in range(pace.KEYS + 10):
        assert paced.take(str(n)) == 0
    assert len(paced._counts) <= pace.KEYS
