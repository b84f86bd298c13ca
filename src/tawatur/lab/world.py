"""A simulated community: who reads, what is posted, who would see and report what, all drawn before any rule acts.

Every view and every report that would happen on an untouched image is drawn once, by one seed. A rule then only takes
away from that: what is blocked is not seen, what is blurred is seen by a fifth. So two rules on the same world differ
by what they did and by nothing else.

No number here is taken from a rule. They are round guesses of what small communities look like, stated in `Shape`; the
communities below differ in them, so that no rule can be fitted to one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from tawatur.decision.policy import REASONS

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = 3600.0
DAY = 24 * HOUR
BEHIND_BLUR = 0.2
"""The share of views, and so of reports, that an image still gets behind a blur."""

VIOLATING, ORDINARY, DISPUTED, SHOCKING = 0, 1, 2, 3
"""Kinds of images. A shocking one is legitimate: a war photograph that many find unbearable."""

HARM = {"terrorism": 5.0, "child_safety": 5.0, "spam": 1.0, "deception": 1.0}


@dataclass(frozen=True)
class Shape:
    """The parameters of a community. Rates are the mean chance that one viewer reports."""

    name: str = "town"
    readers: int = 3000
    days: int = 90
    images: int = 1500
    violating: float = 0.06
    disputed: float = 0.08
    shocking: float = 0.0
    # Report rates: lognormal over violating images, with a share that a third of the viewers report.
    violating_rate: float = 0.035
    violating_spread: float = 0.7
    violating_shocks: float = 0.08
    shock_rate: float = 0.33
    stray_rate: float = 0.0008
    dislike_rate: float = 0.04  # by members of a faction that dislikes the uploader's
    shocking_rate: float = 0.15  # legitimate, yet this many of its viewers report it
    diligence: float = 0.6  # shape of the gamma of readers' diligence; smaller is less even
    # Readers.
    factions: tuple[float, ...] = (0.25, 0.2, 0.1)
    newcomers: float = 0.15  # share whose account is made during the simulation
    trolls: float = 0.008
    troll_rate: float = 0.05
    carriers: tuple[int, ...] = (500, 400, 300)  # people behind each carrier's address
    household: float = 2.5
    shared_devices: float = 0.03
    ages_known: float = 1.0
    # Views.
    median_views: float = 90.0
    views_spread: float = 1.1
    delay_hours: float = 10.0
    delay_spread: float = 1.4
    # Moderators.
    looks_a_day: int = 2
    error: float = 0.05
    undecided: float = 0.05
    session_hour: float = 9.0
    right_reason: float = 0.75


TOWN = Shape()
QUIET = Shape(
    name="quiet",
    readers=2500,
    violating=0.04,
    disputed=0.05,
    violating_rate=0.024,
    violating_spread=0.9,
    violating_shocks=0.06,
    diligence=0.4,
    median_views=120.0,
    looks_a_day=1,
    newcomers=0.08,
    ages_known=0.6,
)
QUARREL = Shape(
    name="quarrel",
    readers=3500,
    violating=0.08,
    disputed=0.12,
    violating_rate=0.035,
    violating_spread=0.5,
    stray_rate=0.0012,
    dislike_rate=0.04,
    factions=(0.35, 0.3),
    trolls=0.015,
    median_views=70.0,
    views_spread=1.4,
    looks_a_day=3,
    carriers=(900, 500),
    delay_hours=5.0,
)
SHAPES = {shape.name: shape for shape in (TOWN, QUIET, QUARREL)}


@dataclass(frozen=True)
class Readers:
    """Accounts, by place. `created` is in seconds from the start, negative before it; `faction` -1 is none."""

    names: list[str]
    created: Numbers
    age_known: Mask
    networks: list[str]
    devices: list[str]
    faction: Places
    diligence: Numbers
    troll: Mask
    activity: Numbers


@dataclass(frozen=True)
class Images:
    """What is posted, by place, in order of `posted` (seconds from the start)."""

    names: list[str]
    posted: Numbers
    kind: Places
    reason: Places
    rate: Numbers
    faction: Places
    uploader: list[str]


@dataclass(frozen=True)
class Views:
    """Every view that an untouched image would get, image by image and then in time; `first[i]:first[i + 1]` is image
    i's. `kept`: it would also happen behind a blur. `reports`: the viewer would report it.
    """

    first: Places
    at: Numbers
    viewer: Places
    kept: Mask
    reports: Mask
    reason: Places
    kept_before: Places = field(repr=False)  # how many kept ones come before each place


@dataclass(frozen=True)
class World:
    shape: Shape
    seed: int
    readers: Readers
    images: Images
    views: Views

    @property
    def end(self) -> float:
        return self.shape.days * DAY


def moment(seconds: float) -> datetime:
    """Seconds from the start as a time."""
    return START + timedelta(seconds=round(float(seconds), 3))


def make_world(shape: Shape = TOWN, seed: int = 0) -> World:
    """A community of this shape. The same shape and seed give the same world."""
    rng = np.random.default_rng([seed, 20260101])
    readers = _readers(shape, rng)
    images = _images(shape, readers, rng)
    return World(shape, seed, readers, images, _views(shape, readers, images, rng))


def _readers(shape: Shape, rng: np.random.Generator) -> Readers:
    count = shape.readers
    created = -rng.exponential(500 * DAY, count) - 20 * DAY
    new = rng.random(count) < shape.newcomers
    created[new] = rng.uniform(-10 * DAY, shape.days * DAY * 0.95, int(new.sum()))
    shares = [*shape.factions, 1.0 - sum(shape.factions)]
    faction = rng.choice([*range(len(shape.factions)), -1], size=count, p=shares)
    behind = rng.permutation(count)
    networks = [""] * count
    place = 0
    for carrier, people in enumerate(shape.carriers):
        for reader in behind[place : place + people]:
            networks[reader] = f"carrier-{carrier}"
        place += people
    household = 0
    while place < count:
        size = 1 + int(rng.poisson(shape.household - 1))
        for reader in behind[place : place + size]:
            networks[reader] = f"home-{household}"
        place, household = place + size, household + 1
    devices = [f"device-{reader}" for reader in range(count)]
    for reader in np.flatnonzero(rng.random(count) < shape.shared_devices):
        devices[reader] = devices[int(rng.integers(count))]
    return Readers(
        names=[f"r{reader}" for reader in range(count)],
        created=created,
        age_known=rng.random(count) < shape.ages_known,
        networks=networks,
        devices=devices,
        faction=faction.astype(np.int64),
        diligence=rng.gamma(shape.diligence, 1.0 / shape.diligence, count),
        troll=rng.random(count) < shape.trolls,
        activity=rng.gamma(1.0, 1.0, count) + 0.05,
    )


def _images(shape: Shape, readers: Readers, rng: np.random.Generator) -> Images:
    count = shape.images
    posted = np.sort(rng.uniform(0, (shape.days - 2) * DAY, count))
    shares = [shape.violating, 1 - shape.violating - shape.disputed - shape.shocking, shape.disputed, shape.shocking]
    kind = rng.choice([VIOLATING, ORDINARY, DISPUTED, SHOCKING], size=count, p=shares)
    weights = np.asarray([3, 12, 2, 12, 18, 14, 4, 8, 2, 4, 15, 3, 3], dtype=float)
    reason = rng.choice(len(REASONS), size=count, p=weights / weights.sum())
    rate = np.zeros(count)
    bad = kind == VIOLATING
    rate[bad] = shape.violating_rate * rng.lognormal(0.0, shape.violating_spread, int(bad.sum()))
    shocks = bad & (rng.random(count) < shape.violating_shocks)
    rate[shocks] = shape.shock_rate
    strays = np.isin(kind, [ORDINARY, DISPUTED])
    rate[strays] = shape.stray_rate * rng.gamma(0.5, 2.0, int(strays.sum()))
    rate[kind == SHOCKING] = shape.shocking_rate
    uploader = rng.integers(0, len(readers.names), count)
    faction = np.where(kind == DISPUTED, rng.integers(0, len(shape.factions), count), -1)
    return Images(
        names=[f"i{image}" for image in range(count)],
        posted=posted,
        kind=kind.astype(np.int64),
        reason=reason.astype(np.int64),
        rate=rate,
        faction=faction.astype(np.int64),
        uploader=[readers.names[place] for place in uploader],
    )


def _views(shape: Shape, readers: Readers, images: Images, rng: np.random.Generator) -> Views:
    """Distinct viewers of each image, drawn by activity (Gumbel top-k), when they look, and whether they report."""
    count = len(images.names)
    people = len(readers.names)
    sizes = np.minimum(rng.lognormal(np.log(shape.median_views), shape.views_spread, count), people * 0.7).astype(int)
    log_activity = np.log(readers.activity)
    viewers: list[Places] = []
    for size in np.maximum(sizes, 1):
        order = np.argpartition(-(log_activity + rng.gumbel(size=people)), size)[:size]
        viewers.append(order.astype(np.int64))
    image = np.repeat(np.arange(count), [len(one) for one in viewers])
    viewer = np.concatenate(viewers)
    delay = rng.lognormal(np.log(shape.delay_hours * HOUR), shape.delay_spread, len(image))
    at = images.posted[image] + delay
    there = (at < shape.days * DAY) & (at > readers.created[viewer])
    image, viewer, at = image[there], viewer[there], at[there]
    order = np.lexsort((at, image))
    image, viewer, at = image[order], viewer[order], at[order]
    reports = rng.random(len(image)) < chance_to_report(shape, readers, images, image, viewer, at)
    kept = rng.random(len(image)) < BEHIND_BLUR
    return Views(
        first=np.searchsorted(image, np.arange(count + 1)).astype(np.int64),
        at=at,
        viewer=viewer,
        kept=kept,
        reports=reports,
        reason=_named(shape, images, image, rng),
        kept_before=np.concatenate(([0], np.cumsum(kept))).astype(np.int64),
    )


def chance_to_report(
    shape: Shape, readers: Readers, images: Images, image: Places, viewer: Places, at: Numbers
) -> Numbers:
    """For each view, how likely the viewer reports: 1 - exp(-rate x diligence), scaled so that a mean reader's chance
    is the image's rate however uneven diligence is; members of other factions dislike a disputed image; trolls report
    anything.
    """
    intensity = shape.diligence * ((1.0 - np.minimum(images.rate[image], 0.6)) ** (-1.0 / shape.diligence) - 1.0)
    other = (images.faction[image] >= 0) & (readers.faction[viewer] >= 0)
    other &= images.faction[image] != readers.faction[viewer]
    intensity = np.where(other, intensity + shape.dislike_rate, intensity)
    fresh = (at - readers.created[viewer] < 14 * DAY) & (images.kind[image] != VIOLATING)
    intensity = np.where(fresh, intensity * 1.5, intensity)
    chance = 1.0 - np.exp(-intensity * readers.diligence[viewer])
    result: Numbers = np.where(readers.troll[viewer], np.maximum(chance, shape.troll_rate), chance)
    return result


def _named(shape: Shape, images: Images, image: Places, rng: np.random.Generator) -> Places:
    """The reason that a reporter would name: mostly the image's, else any; legitimate images get whatever comes to
    mind, a disputed one mostly hate or deception."""
    anything = rng.integers(0, len(REASONS), len(image))
    own = rng.random(len(image)) < np.where(images.kind[image] == ORDINARY, 0.3, shape.right_reason)
    named: Places = np.where(own, images.reason[image], anything)
    return named


def shaped(shape: Shape, **changes: float) -> Shape:
    """The shape with some parameters changed."""
    return replace(shape, **changes)  # type: ignore[arg-type]
