"""A text as its sentences, in Arabic, French and English."""

from __future__ import annotations

import re
from textwrap import wrap

_LONG_LINE = 60  # characters; a shorter line that ends without a mark is a headline or an item of a list
_LONGEST = 1500  # characters; what goes on for longer is no sentence, and is cut between words
_TITLE = 8
_END = re.compile(r"(?<=[.!?؟…۔])[\"'»”’)\]]*\s+")
_SHORT = re.compile(r"(?:^|[\s(])(?:[A-Z]|Mr|Mrs|Dr|St|Gen|Col|Lt|Mme?|MM|No|vs|cf|etc|أ|د|م|ص|ه)\.$")


def sentences(text: str) -> list[str]:
    """The sentences in their order, each as it was written, on one line.

    A line break ends one unless the line is long and breaks off without a mark: then it was only wrapped. A dot after
    an initial or a title ends nothing.
    """
    found: list[str] = []
    for paragraph in _paragraphs(text):
        held = ""
        for piece in _END.split(paragraph):
            held = f"{held} {piece}".strip()
            if held and not (held.endswith(".") and _SHORT.search(held[-_TITLE:])):
                found += wrap(held, _LONGEST) if len(held) > _LONGEST else [held]
                held = ""
        if held:
            found += wrap(held, _LONGEST)
    return found


def _paragraphs(text: str) -> list[str]:
    made: list[str] = []
    open_line = False
    for line in text.splitlines():
        clean = " ".join(line.split())
        if clean and open_line:
            made[-1] += " " + clean
        elif clean:
            made.append(clean)
        open_line = len(clean) >= _LONG_LINE and clean[-1] not in '.!?؟…۔:»"”'
    return made
