"""Two people never get the same case."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tawatur.moderation.claims import CLAIM_LASTS, check_mine, claim_case, held_there, holder, next_case, release
from tawatur.moderation.refusals import ClaimedByAnother, UnknownImage
from tawatur.moderation.sweep import sweep
from tawatur.store import claims
from tawatur.store.database import Database
from tawatur.store.ids import new_id
from tawatur.store.writer import Writer
from tests.moderation.world import World

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest) -> Database:
    kind = {"sqlite": "sqlite_database", "postgresql": "postgres_database"}[request.param]
    found: Database = request.getfixturevalue(kind)
    return found


def waiting(database: Database, count: int, name: str) -> tuple[World, list[str]]:
    world = World(database, name)
    images = [world.image(f"{name}/{n}") for n in range(count)]
    for image in images:
        world.crowd(image, 3, prefix=f"{image}-")
    return world, images


def test_two_people_at_once_get_different_cases_until_none_is_left(database: Database) -> None:
    world, images = waiting(database, 12, f"c{new_id()[-6:]}")
    families = {image: world.family(image).id for image in images}

    def draw(person: str) -> list[str]:
        drawn = []
        while (image := next_case(database, world.site, person, NOW + timedelta(microseconds=len(drawn)))) is not None:
            if image in drawn:  # theirs already: somebody at work would decide it and come again
                break
            drawn.append(image)
            # decided: it waits no longer, the claim has done its work
            with database.write() as connection:
                connection.exec_driver_sql(f"UPDATE families SET queued_at = NULL WHERE id = '{families[image]}'")
        return drawn

    with ThreadPoolExecutor(2) as pool:
        layla, omar = pool.map(draw, ("layla", "omar"))
    assert set(layla) & set(omar) == set()
    assert set(layla) | set(omar) == set(images)


def test_of_many_who_ask_at_the_same_moment_one_has_it(database: Database) -> None:
    world, (image,) = waiting(database, 1, f"d{new_id()[-6:]}")
    family = world.family(image).id

    def ask(person: str) -> str:
        return claim_case(database, world.site, family, person, NOW).person

    with ThreadPoolExecutor(4) as pool:
        holders = set(pool.map(ask, [f"p{n}" for n in range(8)]))
    assert len(holders) == 1


def test_a_claim_ends_by_itself_with_a_release_or_by_being_taken_over(database: Database) -> None:
    world, (image,) = waiting(database, 1, f"e{new_id()[-6:]}")
    family = world.family(image).id
    assert next_case(database, world.site, "layla", NOW) == image
    assert next_case(database, world.site, "omar", NOW) is None
    assert next_case(database, world.site, "layla", NOW) == image
    with pytest.raises(ClaimedByAnother):
        check_mine(database, world.site, image, "omar", NOW)
    check_mine(database, world.site, image, "layla", NOW)
    later = NOW + CLAIM_LASTS
    assert holder(database, world.site, image, later) is None
    assert next_case(database, world.site, "omar", later) == image
    release(database, family, "layla")  # not hers any more
    assert set(held_there(database, world.site, later)) == {family}
    release(database, family, "omar")
    assert held_there(database, world.site, later) == {}
    claim_case(database, world.site, family, "layla", later)
    assert claim_case(database, world.site, family, "omar", later, take_over=True).person == "omar"


def test_nobody_is_given_a_case_of_their_own_or_of_a_higher_authority(database: Database) -> None:
    world, (image,) = waiting(database, 1, f"f{new_id()[-6:]}")
    assert next_case(database, world.site, "layla", NOW, {f"{image}-1"}) is None
    with database.write() as connection:
        connection.exec_driver_sql(f"UPDATE families SET authority = 3 WHERE site = '{world.site}'")
    assert next_case(database, world.site, "layla", NOW, authority=2) is None
    assert next_case(database, world.site, "layla", NOW, authority=3) == image


def test_an_unknown_image_has_no_holder(database: Database) -> None:
    with pytest.raises(UnknownImage):
        holder(database, "no site", "no such", NOW)


def test_the_sweep_forgets_claims_that_are_over(database: Database) -> None:
    world, (image,) = waiting(database, 1, f"g{new_id()[-6:]}")
    next_case(database, world.site, "layla", NOW)
    writer = Writer(database, new_id)
    writer.start()
    sweep(database, writer, NOW + CLAIM_LASTS)
    writer.stop()
    with database.read() as connection:
        assert claims.of_family(connection, world.family(image).id) is None
