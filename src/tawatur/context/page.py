"""The text of an article: out of its page, or as it is where it is no page."""

from __future__ import annotations

import re

_PAGE = re.compile(rb"<(?:!doctype html|html|head|body|article|p|div)\b", re.IGNORECASE)


class NoText(ValueError):
    """There is nothing to read; the message says why."""


def text_of(data: bytes) -> str:
    """The article in the bytes of a page (HTML), without menus and advertisements; other bytes are taken as UTF-8
    text. Raises NoText."""
    if _PAGE.search(data[:4096]):
        from trafilatura import extract

        found = extract(data, include_comments=False, include_tables=True)
        if not found:
            raise NoText("No article was found in the page.")
        return str(found)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NoText("The text is not UTF-8, and no page either.") from None
    if "\x00" in text or not text.strip():
        raise NoText("There is no text in it.")
    return text
