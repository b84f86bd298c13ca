"""Who looked and stayed silent, person by person (decision.md, section 4; Raykar et al. 2010, with verdicts as truth).

Everybody has two coins: how likely they report a violating picture that they see, and a fine one. Human verdicts tell
how the coins fell; each rate has a Beta posterior around the site's mean,

    s_u = (a S + hits_u) / (a + violating_u)       f_u = min(s_u, (b F + false alarms_u) / (b + fine_u))

What a report or a silence of this person says is measured against the site's mean person,

    worth_u = log(s_u / f_u) / log(S / F)          silence_u = log((1 - f_u) / (1 - s_u)) / log((1 - F) / (1 - S))

and goes into the stories as so many voices and so many views. The stories keep the count's own likelihood, in which
pictures differ in how easily they are reported: the coins alone would take twenty people who share a dislike for
twenty independent witnesses. Nobody's silence is worth less than nothing or more than `silence_most` views, all silence
together no more than `views_cap`, and a report at most `report_most` voices.

What speaks for a report (its worth above one voice or above the reporter's record) counts in the probability alone,
which orders the queue. A blur or a block must hold without it (the gate `plain`): what coins bought would be bought by
attackers, too. What speaks against a report counts everywhere.
"""

from __future__ import annotations

from math import log

from tawatur.decision.case import Case, Coins, Viewers
from tawatur.decision.policy import Policy

NO_COINS = Coins()
SENSITIVITY, FALSE_ALARM = 0.05, 0.01
"""The rates of a site of which nothing is known. False alarms on pictures that came to a review, not on all."""
SITE_STRENGTH = 20.0
APART = 1.5
"""A mean person reports violating pictures at least so many times as often as fine ones; nearer than that, the ratios
above would be noise over noise."""
LEAST = 0.02
"""Nobody's report counts less: nobody may protect a picture by reporting it."""


def site_rates(site: Coins) -> tuple[float, float]:
    """S and F: the mean person's rates."""
    s = (SENSITIVITY * SITE_STRENGTH + site.hits) / (SITE_STRENGTH + max(site.violating, site.hits))
    f = (FALSE_ALARM * SITE_STRENGTH + site.false_alarms) / (SITE_STRENGTH + max(site.fine, site.false_alarms))
    s = min(s, 0.99)
    return s, min(f, s / APART)


def rates(coins: Coins, site: Coins, policy: Policy) -> tuple[float, float]:
    """s_u and f_u of one person, s_u >= f_u."""
    s, f = site_rates(site)
    a, b = policy.coin_sensitivity, policy.coin_false_alarm
    hit = (a * s + coins.hits) / (a + max(coins.violating, coins.hits))
    false = (b * f + coins.false_alarms) / (b + max(coins.fine, coins.false_alarms))
    return hit, min(hit, false)


def worth(coins: Coins, site: Coins, policy: Policy) -> float:
    """What this person's report says, in reports of the mean person; at least a little."""
    if coins == NO_COINS:
        return 1.0
    s, f = site_rates(site)
    hit, false = rates(coins, site, policy)
    return max(LEAST, log(hit / false) / log(s / f))


def silence(coins: Coins, site: Coins, policy: Policy) -> float:
    """What this person's silence says, in silent views of the mean person: between 0 and `silence_most`."""
    if coins == NO_COINS:
        return 1.0
    s, f = site_rates(site)
    hit, false = rates(coins, site, policy)
    return min(policy.silence_most, log((1.0 - false) / (1.0 - hit)) / log((1.0 - f) / (1.0 - s)))


def views_told(case: Case, viewers: Viewers, policy: Policy) -> float | None:
    """The views of a case when everybody counts for what their silence says; who reports counts one view."""
    if case.views is None:
        return None
    more = sum(known.people * (silence(known.coins, viewers.site, policy) - 1.0) for known in viewers.silent)
    return max(0.0, case.views + more)


def told(coins: Coins, viewers: Viewers, weight: float, policy: Policy) -> float:
    """What one report says in the probability, in voices before links; `weight` is om0 by the record, for somebody who
    has no coins."""
    return weight if coins == NO_COINS else min(policy.report_most, worth(coins, viewers.site, policy))
