"""The numbers that a site learns from its own reviews; until it has, the priors that trials on real judgments gave."""

from __future__ import annotations

import msgspec


class Model(msgspec.Struct, frozen=True):
    """Everything in decision.md, section 4, that nightly learning may change; a policy is what people decide.

    `violation_rates` are (rate, share) pairs: what share of violating images is reported at what mean rate per view.
    One rate alone expects so few reports of few views that a picture reported by everybody looks like a campaign; truly
    shocking pictures are reported by a third of those who see them. Beta parameters are (successes, failures).
    """

    version: str = "priors-1"
    prior_violation: float = 0.05
    prior_stray: float = 0.885
    prior_dislike: float = 0.055
    prior_campaign: float = 0.01
    violation_rates: tuple[tuple[float, float], ...] = ((0.03, 0.4), (0.06, 0.3), (0.12, 0.2), (0.3, 0.1))
    stray_rate: float = 0.0008
    stray_shape: float = 0.5
    dislike_rate: float = 0.012
    # Newcomers among the reporters: the site's share against a campaign's, which is mostly newcomers.
    newcomers: tuple[float, float] = (1.5, 8.5)
    campaign_newcomers: tuple[float, float] = (2.0, 1.0)
    # Weight lost to links: an honest crowd loses a tenth of it, a campaign two thirds.
    linked: tuple[float, float] = (1.0, 9.0)
    campaign_linked: tuple[float, float] = (2.0, 1.0)
    # logit P' = a + b logit P, fitted on reviewed images.
    recalibration_a: float = 0.0
    recalibration_b: float = 1.0
    # An upper bound on the share of honest viewers who report a legitimate image; the guard takes the larger of this
    # and the policy's.
    rho0: float = 0.006
    # What to take for unknown views; None until the site has a median, and then the policy's `default_views` serves.
    median_views: float | None = None

    def __post_init__(self) -> None:
        """Refuse numbers under which one more honest report could lower P(violation)."""
        if not self.violation_rates or min(rate for rate, _ in self.violation_rates) < self.dislike_rate:
            raise ValueError("every violation rate must be at least the dislike rate")
        if not self.dislike_rate >= self.stray_rate > 0 or not 0 < self.stray_shape <= 1:
            raise ValueError("the stray rate must be above 0 and at most the dislike rate, its shape in (0, 1]")
        if self.prior_campaign < 0.01 or min(self.prior_violation, self.prior_stray, self.prior_dislike) <= 0:
            raise ValueError("priors must be above 0, and the campaign's at least 0.01")
        if self.recalibration_b <= 0:
            raise ValueError("recalibration must keep the order: b must be above 0")
        for honest, campaign in ((self.newcomers, self.campaign_newcomers), (self.linked, self.campaign_linked)):
            likelier = honest[0] * campaign[1] < campaign[0] * honest[1]
            if min(*honest, *campaign) <= 0 or honest[0] > campaign[0] or honest[1] < campaign[1] or not likelier:
                raise ValueError("a campaign must have more newcomers and more links than the site")


PRIORS = Model()
