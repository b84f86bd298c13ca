"""What must hold besides the probability before an image is blocked without a person (decision.md, section 5)."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tawatur.decision.case import Case, Site
from tawatur.decision.evidence import Claim
from tawatur.decision.guard import needed_beyond_strays
from tawatur.decision.model import Model
from tawatur.decision.policy import Policy


class Gate(msgspec.Struct, frozen=True, gc=False):
    """A condition by its name, whether it holds, what it needs and what it found (None: it does not apply)."""

    name: str
    holds: bool
    needed: float | None
    actual: float | None


def floor(case: Case, policy: Policy, least: float) -> float:
    """max(least, views / 25,000), raised while a person has put the shields up."""
    return max(least, (case.views or 0) / policy.views_per_floor) * max(1.0, case.floor_raise)


def may_withhold(reports: int, policy: Policy) -> bool:
    """Whether so many reports could blur or block at all: no report makes more than one voice, and no floor is below
    the policy's."""
    return reports >= min(policy.floor_blur, policy.floor_block)


def breaker_at(policy: Policy, usual_blocks_per_hour: float) -> float:
    """From how many automatic blocks within an hour on the breaker stops them: max(breaker_blocks, breaker_times x
    usual)."""
    return max(float(policy.breaker_blocks), policy.breaker_times * usual_blocks_per_hour)


def shared_gates(claim: Claim, case: Case, policy: Policy, now: datetime) -> tuple[Gate, ...]:
    """The gates that ask no more of the reports than who makes them, and what the site can bear."""
    pool = case.site.recorded >= policy.record_pool
    immune = case.immune_until is not None and now < case.immune_until
    usual = breaker_at(policy, case.site.usual_blocks_per_hour)
    trusted = within_trust(policy, case.site)
    ahead = case.site.blocks_last_day - case.site.blocks_seen_last_day
    rejected = float(case.site.blocks_rejected)
    allowed = policy.trust_wrong * (case.site.blocks_rejected + case.site.blocks_upheld)
    return (
        Gate("established", claim.established >= policy.established, policy.established, claim.established),
        Gate("record", not pool or claim.with_record > 0, 1.0 if pool else None, float(claim.with_record)),
        _stakes(claim, policy, pool),
        Gate("immunity", not immune, None, None),
        Gate("breaker", case.site.blocks_last_hour < usual, usual, float(case.site.blocks_last_hour)),
        Gate("ahead", not pool or ahead < trusted, trusted if pool else None, float(ahead)),
        Gate("trust", not pool or rejected <= allowed, allowed if pool else None, rejected),
    )


def within_trust(policy: Policy, site: Site) -> float:
    """How many automatic blocks a day may go ahead of people: as many as they upheld on a mean day, or the least.

    A block that nobody has looked at is taken on trust. Rings with real records are honest people by every signal until
    somebody looks, so what they can do is bounded by how much is taken on trust at a time. Measured on communities of
    other shapes than the scoreboard's: their success fell from 0.17 to 0.05, and a violating picture in a hundred fewer
    was blocked (it stays blurred).
    """
    return max(float(policy.trust_blocks), site.blocks_upheld / policy.trust_days)


def _stakes(claim: Claim, policy: Policy, pool: bool) -> Gate:
    """With a record pool, one of those with a record must have a stake free; before, enough established voices must.

    On a young site nobody has a record to lose. Holding everybody to two unreviewed blocks would stop a small honest
    community at two pictures a night, and no bound would let five accounts blank the site, so there the bound is
    looser.
    """
    if pool:
        return Gate("stakes", claim.with_record == 0 or claim.free_with_record > 0, 1.0, float(claim.free_with_record))
    needed = min(policy.established, claim.established)
    return Gate("stakes", claim.free_established >= needed, needed, claim.free_established)


def guard_gate(claim: Claim, case: Case, policy: Policy, model: Model) -> Gate:
    """Set the largest voices aside, and ask whether honest strays alone could ever explain the rest. Needs views.

    A reason whose rule has no guard gets one from the record pool on: by then a ring has had time to earn records, and
    names the reason that needs least. Measured on three communities: sleepers and first strikes succeed half as often,
    and hardly a violating picture fewer is blocked.
    """
    young = case.site.recorded < policy.record_pool
    if case.views is None or (young and not claim.rule.guard):
        return Gate("guard", True, None, None)
    views = max(float(case.views), claim.voices)
    needed = needed_beyond_strays(views, max(policy.guard_rho0, model.rho0), policy.guard_alpha)
    actual = claim.voices - claim.strongest
    return Gate("guard", actual >= needed, needed, actual)
