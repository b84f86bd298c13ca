"""Arabic-Indic digits for who wants them: a page's own text gets them, and nothing that a person might copy or that is
somebody else's."""

from __future__ import annotations

import re

ARABIC = "arab"
"""The name of these digits in the CLDR and in browsers."""

_DIGITS = str.maketrans("0123456789.,%", "٠١٢٣٤٥٦٧٨٩٫٬٪")
_TAG = re.compile(r"(<[^>]*>)")
_NAME = re.compile(r"</?([a-z0-9]+)")
_FOREIGN = re.compile(r"<(?:bdi|code|kbd|pre|script|style|textarea|title)\b|<(?!html\b)[a-z0-9]+\b[^>]*\sdir=")
"""Ids, addresses, and what a reader or a page said; templates mark each so that directions do not mix."""
_NUMBER = re.compile(r"&\w+;|&#\w+;|(?<![A-Za-z0-9_])\d+(?:[.,]\d+)*%?(?![A-Za-z0-9])")
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr"})


def eastern(text: str) -> str:
    """The text with Arabic-Indic digits and signs in its numbers; words with digits in them stay."""
    return _NUMBER.sub(lambda found: found[0] if found[0].startswith("&") else found[0].translate(_DIGITS), text)


def eastern_page(page: str) -> str:
    """The same for the texts of a page of ours, in which no attribute holds a bare `>`."""
    out = []
    inside, depth = "", 0  # the foreign element that we are in, and how many of its name are open
    for piece in _TAG.split(page):
        if not piece.startswith("<"):
            out.append(piece if inside else eastern(piece))
            continue
        out.append(piece)
        name = found[1] if (found := _NAME.match(piece)) else ""
        if inside:
            depth += (name == inside) * (-1 if piece.startswith("</") else 1)
            inside = inside if depth else ""
        elif name not in _VOID and _FOREIGN.match(piece):
            inside, depth = name, 1
    return "".join(out)
