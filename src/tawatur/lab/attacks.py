"""Thirteen ways to abuse reports. Each takes a world, the images it is after, the number of attackers and a random
generator, and returns a plan: the world (perhaps with more images in it) and what is added to it.

Attackers name `violence` on every second image and `terrorism`, the reason that needs least, on the others. They lift a
blur to report; a blocked image they cannot report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tawatur.decision.policy import REASONS
from tawatur.lab.loop import ExtraReport, ExtraViews, Plan
from tawatur.lab.timing import lags
from tawatur.lab.world import (
    DAY,
    HOUR,
    ORDINARY,
    SHOCKING,
    VIOLATING,
    Images,
    Numbers,
    Places,
    World,
    chance_to_report,
)

Attack = Callable[[World, Sequence[int], int, np.random.Generator], Plan]
STRIKE_DAY = 62
TARGETS = 12
CLAIMS = ("violence", "terrorism")


@dataclass(frozen=True)
class Account:
    name: str
    created: float
    network: str
    device: str


def targets_of(world: World, attack: str, rng: np.random.Generator) -> tuple[int, ...]:
    """Twelve images that an attack is after: legitimate ones that were posted before the day of the strike, or, for
    attacks that protect, violating ones; with at least 40 views to come."""
    wanted = VIOLATING if attack in PROTECTING else ORDINARY
    posted, last = world.images.posted, (world.shape.days * STRIKE_DAY / 90) * DAY
    window = (posted > last - 50 * DAY) if wanted == VIOLATING else (posted > last - 20 * DAY) & (posted < last - DAY)
    fits = (world.images.kind == wanted) & (np.diff(world.views.first) >= 40) & window
    found = np.flatnonzero(fits)
    chosen = rng.choice(found, size=min(TARGETS, len(found)), replace=False)
    return tuple(int(image) for image in chosen)


def accounts(
    count: int,
    rng: np.random.Generator,
    *,
    networks: int | None = None,
    devices: int | None = None,
    created: tuple[float, float] = (-400 * DAY, -30 * DAY),
) -> list[Account]:
    """Attackers' accounts: each its own network and device unless said otherwise."""
    made = rng.uniform(*created, count)
    return [
        Account(
            f"attacker-{place}",
            float(made[place]),
            f"attack-net-{place % (networks or count)}",
            f"attack-device-{place % (devices or count)}",
        )
        for place in range(count)
    ]


def report(
    at: float, image: int, account: Account, reason: str, referrer: str | None = None, *, lifts_blur: bool = True
) -> ExtraReport:
    """One report by an account."""
    return ExtraReport(
        at, image, account.name, reason, account.network, account.device, referrer, account.created, lifts_blur
    )


def strikes(
    world: World,
    targets: Sequence[int],
    crowd: Sequence[Account],
    rng: np.random.Generator,
    *,
    referrer: str | None = None,
    within: float | None = None,
) -> list[ExtraReport]:
    """Every account reports every target, from a few hours after it is posted: in the time of real campaigns, or evenly
    `within` so many seconds."""
    found = []
    for place, image in enumerate(targets):
        start = world.images.posted[image] + rng.uniform(1, 8) * HOUR
        when = start + (lags(len(crowd), rng) if within is None else rng.uniform(0, within, len(crowd)))
        reason = CLAIMS[place % 2]
        found += [report(float(at), image, account, reason, referrer) for at, account in zip(when, crowd, strict=True)]
    return found


def naive(world: World, targets: Sequence[int], attackers: int, rng: np.random.Generator) -> Plan:
    """One office: one network, few devices, one link that all of them follow, within the hour."""
    crowd = accounts(attackers, rng, networks=1, devices=max(1, attackers // 2))
    found = strikes(world, targets, crowd, rng, referrer="call", within=HOUR)
    return _plan(world, "naive", targets, found)


def slow(world: World, targets: Sequence[int], attackers: int, rng: np.random.Generator) -> Plan:
    """Four households, over five days, so that nothing looks like a burst."""
    crowd = accounts(attackers, rng, networks=4)
    return _plan(world, "slow", targets, strikes(world, targets, crowd, rng, within=5 * DAY))


def swarm(world: World, targets: Sequence[int], attackers: int, rng: np.random.Generator) -> Plan:
    """Fresh accounts, made within the two days before the first strike; each its own device, three to a network."""
    first = float(min(world.images.posted[image] for image in targets))
    crowd = accounts(attackers, rng, networks=max(1, attackers // 3), created=(first - 2 * DAY, first))
    return _plan(world, "swarm", targets, strikes(world, targets, crowd, rng))


def distributed(world: World, targets: Sequence[int], attackers: int, rng: np.random.Generator) -> Plan:
    """Aged accounts, each on its own network and device: nothing links them but what they report."""
    return _plan(world, "distributed", targets, strikes(world, targets, accounts(attackers, rng), rng))


def sleepers(world: World, targets: Sequence[int], attackers: int, rng: np.random.Generator) -> Plan:
    """As distributed, after weeks of honest reports: each reports a quarter of what violates until the first strike."""
    crowd = accounts(attackers, rng)
    until = float(min(world.images.posted[image] for image in targets))
    earned = honest_past(world, crowd, until, rng)
    return _plan(world, "sleepers", targets, earned + strikes(world, targets, crowd, rng))


def honest_past(
    world: World, crowd: Sequence[Account], until: float, rng: np.random.Generator, share: float = 0.25
) -> list[ExtraReport]:
    """True reports by which attackers earn a record."""
    images = world.images
    found = []
    for image in np.flatnonzero((images.kind == VIOLATING) & (images.posted < until - DAY)):
        for account in crowd:
            if rng.random() < share:
                at = float(images.posted[image] + rng.lognormal(np.log(6 * HOUR), 1.0))
                found.append(report(at, int(image), account, REASONS[images.reason[image]]))
    return found


def insiders(world: World, targets: Sequence[int], attackers: int, rng: np.random.Generator) -> Plan:
    """Two-faced: the community's own most diligent readers, honest everywhere else, with the records they have."""
    readers = world.readers
    eager = np.argsort(-(readers.diligence * readers.activity * (readers.created < 0) * ~readers.troll))
    return _plan(world, "insiders", targets, strikes(world, targets, _readers(world, eager[:attackers]), rng))


def sympathisers(world: World, targets: Sequence[int], attackers: int, rng: np.random.Generator) -> Plan:
    """Half the attackers call for reports; of twice as many honest readers of one faction who follow the link, a third
    reports."""
    organisers = accounts(max(1, attackers // 2), rng)
    found = strikes(world, targets, organisers, rng)
    camp = np.flatnonzero((world.readers.faction == 0) & (world.readers.created < 0))
    for place, image in enumerate(targets):
        called = _readers(world, rng.choice(camp, size=min(2 * attackers, len(camp)), replace=False))
        when = world.images.posted[image] + 2 * HOUR + lags(len(called), rng)
        found += [
            report(float(at), image, account, CLAIMS[place % 2], "call", lifts_blur=False)
            for at, account in zip(when, called, strict=True)
            if rng.random() < 1 / 3
        ]
    return _plan(world, "sympathisers", targets, found)


def first_strikes(world: World, targets: Sequence[int], attackers: int, rng: np.random.Generator) -> Plan:
    """Sleepers with real records strike all their targets in one hour, just after moderators have left."""
    crowd = accounts(attackers, rng)
    strike = (world.shape.days * STRIKE_DAY // 90) * DAY + (world.shape.session_hour + 0.5) * HOUR
    found = honest_past(world, crowd, strike - DAY, rng)
    for place, image in enumerate(targets):
        found += [report(strike + rng.uniform(0, HOUR), image, account, CLAIMS[place % 2]) for account in crowd]
    return _plan(world, "strikes before review", targets, found)


def self_dealing(world: World, targets: Sequence[int], attackers: int, rng: np.random.Generator) -> Plan:
    """Accomplices post a dozen violating images that nobody else sees; the attackers report them, and strike with the
    records so earned."""
    crowd = accounts(attackers, rng)
    first = len(world.images.names)
    posted = np.sort(rng.uniform(5 * DAY, 35 * DAY, TARGETS))
    wider = _with_images(world, posted, "accomplice")
    found = []
    for place, at in enumerate(posted):
        found += [
            report(float(at) + rng.uniform(0.1, 5) * HOUR, first + place, account, "violence")
            for account in rng.permutation(np.asarray(crowd, dtype=object))[: max(4, attackers // 3)]
        ]
    return _plan(wider, "self-dealing", targets, found + strikes(wider, targets, crowd, rng))


def inflation(world: World, targets: Sequence[int], attackers: int, rng: np.random.Generator) -> Plan:
    """Each attacker runs bots that look and stay silent: 150 views an attacker on a violating image, in its first two
    hours."""
    views = [
        ExtraViews(float(world.images.posted[image] + rng.uniform(60, 2 * HOUR)), image, 15 * attackers)
        for image in targets
        for _ in range(10)
    ]
    return Plan("view inflation", tuple(targets), (), tuple(views), wants_blocks=False, world=world)


def shields(world: World, targets: Sequence[int], attackers: int, rng: np.random.Generator) -> Plan:
    """The uploader's own accounts, fresh and on one device, report a violating image in its first hour, so that honest
    reports look like part of a campaign."""
    found = []
    for image in targets:
        at = float(world.images.posted[image])
        crowd = accounts(attackers, rng, networks=1, devices=1, created=(at - 2 * DAY, at))
        found += [report(at + rng.uniform(60, HOUR), image, account, "violence", "call") for account in crowd]
    return Plan("shield", tuple(targets), tuple(found), wants_blocks=False, world=world)


def flooding(world: World, targets: Sequence[int], attackers: int, rng: np.random.Generator) -> Plan:
    """For twenty days a third of the attackers reports each of fifteen ordinary images a day, so that moderators look
    at nothing else. Judged by the violating images of those days."""
    crowd = np.asarray(accounts(attackers, rng), dtype=object)
    images, last = world.images, (world.shape.days * STRIKE_DAY / 90) * DAY
    found = []
    for day in range(20):
        at = last - (20 - day) * DAY
        fresh = np.flatnonzero((images.kind == ORDINARY) & (images.posted < at) & (images.posted > at - 5 * DAY))
        for image in rng.choice(fresh, size=min(15, len(fresh)), replace=False):
            found += [
                report(at + rng.uniform(0, DAY), int(image), account, CLAIMS[day % 2])
                for account in rng.permutation(crowd)[: max(1, attackers // 3)]
            ]
    posted = (images.posted > last - 20 * DAY) & (images.posted < last)
    measured = np.flatnonzero((images.kind == VIOLATING) & posted)
    return Plan("queue flooding", tuple(int(one) for one in measured), tuple(found), wants_blocks=False, world=world)


def shocking(world: World, targets: Sequence[int], attackers: int, rng: np.random.Generator) -> Plan:
    """Nobody attacks: legitimate photographs that many readers find unbearable and report as violence."""
    images, views = world.images, world.views
    kind, rate, reason = images.kind.copy(), images.rate.copy(), images.reason.copy()
    at = list(targets)
    kind[at], rate[at], reason[at] = SHOCKING, world.shape.shocking_rate, REASONS.index("violence")
    images = replace(images, kind=kind, rate=rate, reason=reason)
    image = np.repeat(np.arange(len(kind)), np.diff(views.first))
    there = np.isin(image, at)
    chance = chance_to_report(world.shape, world.readers, images, image[there], views.viewer[there], views.at[there])
    reports, named = views.reports.copy(), views.reason.copy()
    reports[there] = rng.random(int(there.sum())) < chance
    named[there] = np.where(rng.random(int(there.sum())) < 0.8, REASONS.index("violence"), named[there])
    shown = replace(world, images=images, views=replace(views, reports=reports, reason=named))
    return Plan("shocking", tuple(targets), world=shown)


ATTACKS: Mapping[str, Attack] = {
    "naive": naive,
    "slow": slow,
    "swarm": swarm,
    "distributed": distributed,
    "sleepers": sleepers,
    "insiders": insiders,
    "sympathisers": sympathisers,
    "first-strikes": first_strikes,
    "self-dealing": self_dealing,
    "shocking": shocking,
    "inflation": inflation,
    "shields": shields,
    "flooding": flooding,
}
PROTECTING = frozenset(("inflation", "shields", "flooding"))
"""Attacks that want a violating image to stay: judged by the points of prevented harm that they cost."""


def planned(world: World, attack: str, attackers: int, seed: int = 0) -> Plan:
    """An attack on a world, the same for every rule."""
    rng = np.random.default_rng([world.seed, seed, sum(attack.encode())])
    targets = targets_of(world, attack, rng)
    return ATTACKS[attack](world, targets, attackers, rng)


def _plan(world: World, name: str, targets: Sequence[int], reports: Sequence[ExtraReport]) -> Plan:
    return Plan(name, tuple(targets), tuple(reports), world=world)


def _readers(world: World, places: Places) -> list[Account]:
    readers = world.readers
    return [
        Account(readers.names[at], float(readers.created[at]), readers.networks[at], readers.devices[at])
        for at in places
    ]


def _with_images(world: World, posted: Numbers, uploader: str) -> World:
    """The world with more violating images that no reader comes across."""
    images, count = world.images, len(posted)
    more = Images(
        names=images.names + [f"i{len(images.names) + place}" for place in range(count)],
        posted=np.concatenate((images.posted, posted)),
        kind=np.concatenate((images.kind, np.full(count, VIOLATING))),
        reason=np.concatenate((images.reason, np.full(count, REASONS.index("violence")))),
        rate=np.concatenate((images.rate, np.zeros(count))),
        faction=np.concatenate((images.faction, np.full(count, -1))),
        uploader=images.uploader + [uploader] * count,
    )
    first = np.concatenate((world.views.first, np.full(count, world.views.first[-1])))
    return replace(world, images=more, views=replace(world.views, first=first))
