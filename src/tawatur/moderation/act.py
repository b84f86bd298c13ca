"""A person blocks, blurs or shows an image by hand, at any time, reported or not.

Each is a review by another name, so nothing differs behind it: whoever blocks upholds whatever was reported, whoever
restores rejects it, and all that an earlier block did is undone with it: copies are released, records corrected.
"""

from __future__ import annotations

from tawatur.moderation.refusals import UnknownAction
from tawatur.moderation.review import NewReview
from tawatur.store.book import replace

ACTIONS = {
    "block": ("upheld", "block"),
    "blur": ("upheld", "blur"),
    "restore": ("rejected", None),
    "upheld": ("upheld", "block"),
    "rejected": ("rejected", None),
    "undecided": ("undecided", None),
}
"""What a button says, as an outcome and a measure."""


def acting(new: NewReview, action: str) -> NewReview:
    """The review that this action is. A reason is kept only where it says why something is withheld.

    Raises UnknownAction.
    """
    if action not in ACTIONS:
        raise UnknownAction(f"{action!r} is not an action. Use one of: {', '.join(ACTIONS)}.")
    outcome, measure = ACTIONS[action]
    return replace(new, outcome=outcome, measure=measure, reason=new.reason if outcome == "upheld" else None)
