"""What people decided about a reporter's earlier reports, and what it is worth now (decision.md, section 2)."""

from __future__ import annotations

from datetime import datetime
from math import sqrt

from tawatur.decision.case import Record, Site
from tawatur.decision.policy import Policy

NO_RECORD = Record()


def earning(reporters: int) -> float:
    """What a confirmed report earns on an image with that many reporters: 1/sqrt(k).

    Joining a crowd that is already right is easy, so easy hits earn less. A rejected report costs 1,
    one that review left undecided neither earns nor costs.
    """
    return 1.0 / sqrt(max(1, reporters))


def site_rate(site: Site, reason: str, policy: Policy) -> float:
    """m_c = (1.2 + confirmed_c) / (2 + reviewed_c): how often this site's reports for a reason are confirmed."""
    confirmed = site.confirmed.get(reason, 0.0)
    reviewed = max(confirmed, site.reviewed.get(reason, 0.0))
    return (policy.site_prior_confirmed + confirmed) / (policy.site_prior_reviewed + reviewed)


def relative_odds(record: Record, reason: str, site: Site, policy: Policy) -> float:
    """exp(logit p_uc - logit m_c): the odds that this reporter is right, relative to the site's.

        mu_u = (4 m_c + 0.3 confirmed_other) / (4 + 0.3 reviewed_other)
        p_uc = (4 mu_u + confirmed_c) / (4 + reviewed_c)

    A reporter's `reviewed` is what was earned plus what was rejected, so that an easy hit never counts as half a miss.
    """
    strength, other = policy.record_strength, policy.record_other
    confirmed, rejected = record.confirmed.get(reason, 0.0), record.rejected.get(reason, 0.0)
    confirmed_other = max(0.0, sum(record.confirmed.values()) - confirmed)
    rejected_other = max(0.0, sum(record.rejected.values()) - rejected)
    rate = site_rate(site, reason, policy)
    mean = (strength * rate + other * confirmed_other) / (strength + other * (confirmed_other + rejected_other))
    right = (strength * mean + confirmed) / (strength + confirmed + rejected)
    return right * (1.0 - rate) / ((1.0 - right) * rate)


def on_probation(record: Record, now: datetime) -> bool:
    """Whether this person took part in a wrong block not long ago."""
    return record.probation_until is not None and record.probation_until > now


def weight(record: Record, reason: str, site: Site, policy: Policy, now: datetime) -> float:
    """om0: what one report of this person counts before links are looked at, between 0 and 1.

    A record below the site's makes it a fraction, one above it adds nothing (decision.md: a bonus bought
    attackers more than it bought recall). Probation multiplies it by 0.34. Muted reporters count 0; everybody else
    counts a little, because nobody may protect an image by reporting it.
    """
    if record.muted:
        return 0.0
    worth = 1.0
    if record.confirmed or record.rejected:
        worth = min(1.0, relative_odds(record, reason, site, policy))
    return worth * policy.probation_weight if on_probation(record, now) else worth


def opens_record_gate(record: Record, reason: str, site: Site, policy: Policy, now: datetime) -> bool:
    """Whether this person's record vouches for a block: confirmed before, not below the site's for this reason, no
    probation."""
    if record.confirmed_reports < 1 or record.muted or on_probation(record, now):
        return False
    return relative_odds(record, reason, site, policy) >= 1.0
