"""A site learns from its own reviews, and its verdicts name what it learned."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tawatur.decision.learning import learn
from tawatur.decision.model import PRIORS
from tawatur.lab.replay import Replay
from tawatur.log.export import lines
from tawatur.moderation.learn import learn_nightly, learn_sites, model_from, reviewed
from tawatur.store.database import Database
from tawatur.store.writer import Writer
from tests.moderation.world import World


@pytest.fixture(autouse=True)
def a_site_learns_from_its_first_reviews(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here it matters how a site learns; that it waits for proof is tested with the learning itself."""
    monkeypatch.setattr("tawatur.moderation.learn.learn_proven", learn)
    monkeypatch.setattr("tawatur.lab.replay.learn_proven", learn)


def busy(database: Database) -> World:
    """A site that people kept clean for a while: of what three reported, most was fine."""
    world = World(database, "7")
    for n in range(12):
        image = world.image(f"picture {n}")
        world.views(image, 80)
        world.crowd(image, people=3, prefix=f"r{n}-")
        world.review(image, "upheld" if n % 4 == 0 else "rejected")
    for n in range(5):
        world.views(world.image(f"quiet {n}"), 200)
    world.crowd(world.image("waiting"), people=2)
    return world


def test_a_site_learns_from_its_reviews_once_a_day(database: Database) -> None:
    world = busy(database)
    writer = Writer(database, world.new_id, clock=lambda: world.now)
    writer.start()
    assert learn_nightly(database, writer, world.now) == 1
    assert learn_nightly(database, writer, world.now) == 0, "it learned today"
    world.wait(days=1)
    assert learn_nightly(database, writer, world.now) == 0, "nothing new happened"
    writer.stop()
    image = world.image("new")
    world.report(image, "somebody")
    verdict = world.verdict(image)
    assert verdict.model == "learned-1"
    assert verdict.learned.prior_violation != PRIORS.prior_violation
    assert world.site_row().model_version == 1
    assert [line["model"]["version"] for line in lines(database, world.site) if line["type"] == "model.learned"] == [
        "learned-1"
    ]


def test_a_site_on_which_nobody_decided_anything_keeps_the_priors(database: Database) -> None:
    world = World(database, "8")
    world.crowd(world.image())
    assert model_from(database, world.site, world.now) is PRIORS
    assert learn_sites(database, None, world.now) == [("site 8", "priors-1")]


def test_all_kinds_of_lessons_are_found(database: Database) -> None:
    world = busy(database)
    model = model_from(database, world.site, world.now)
    assert model.version == "learned"
    assert model.rho0 > PRIORS.rho0, "three of eighty reported what was fine"


def test_who_decides_anew_corrects_the_lesson(database: Database) -> None:
    world = World(database, "9")
    image = world.image()
    world.views(image, 50)
    world.crowd(image, people=3)
    world.review(image, "rejected")
    world.review(image, "upheld")
    world.review(image, "undecided")
    history = [("family", line) for line in lines(database, world.site) if line["type"] == "image.reviewed"]
    (lesson,) = reviewed(history).values()
    assert (lesson.upheld, lesson.views) == (True, 50.0)
    assert lesson.voices == pytest.approx(3.0)


def test_a_served_sites_log_is_replayed_with_what_the_site_learned(database: Database) -> None:
    world = busy(database)
    writer = Writer(database, world.new_id, clock=lambda: world.now)
    writer.start()
    learn_nightly(database, writer, world.now)
    writer.stop()
    world.now += timedelta(days=2)
    world.crowd(world.image("later"), prefix="x")
    replay = Replay()
    again = [line for event in lines(database, world.site) for line in replay.apply(event)]
    said = [line for line in lines(database, world.site) if line["type"] in ("image.blocked", "image.blurred")]
    mine = [line for line in again if line["type"] in ("image.blocked", "image.blurred")]
    assert [(one["type"], one["at"], one["image"]) for one in mine] == [
        (one["type"], one["at"], one["image"]) for one in said
    ]
    assert said[-1]["verdict"]["model"] == mine[-1]["verdict"]["model"] == "learned-1"
