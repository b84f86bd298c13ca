"""Who reads the newspaper: each browser is another of its invented readers, so that several windows are several people.

A real site knows its members; this one deals its readers out, and remembers by a cookie of its own who got whom.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from starlette.requests import Request
from starlette.responses import Response

from tawatur.demo.crowd import Person

COOKIE = "reader"


class Readership:
    """Deals the `people` out in their order, and from the beginning again when all have their window."""

    def __init__(self, people: Sequence[Person]) -> None:
        self._people = people
        self._dealt = count()

    def place(self, request: Request) -> int:
        """The reader's place among the people. A browser that is new here gets the next one."""
        said = request.cookies.get(COOKIE, "")
        if said.isascii() and said.isdigit() and int(said[:4]) < len(self._people):
            return int(said[:4])
        known: int | None = getattr(request.state, COOKIE, None)
        if known is None:
            known = request.state.reader = self._next()
        return known

    def person(self, request: Request) -> Person:
        """The reader who asks."""
        return self._people[self.place(request)]

    def deal(self, response: Response) -> None:
        """Makes the browser the next reader's."""
        response.set_cookie(COOKIE, str(self._next()), httponly=True, samesite="strict")

    def remember(self, request: Request, response: Response) -> None:
        """Gives a new browser its cookie."""
        if COOKIE not in request.cookies:
            response.set_cookie(COOKIE, str(self.place(request)), httponly=True, samesite="strict")

    def _next(self) -> int:
        return next(self._dealt) % len(self._people)
