"""Who asks: a site with its secret key."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from tawatur.web.house import house_of
from tawatur.web.problems import Problem

_bearer = HTTPBearer(auto_error=False, scheme_name="siteKey", description="A site's secret key.")


class NotSignedIn(Problem):
    """The request carries no key that is known."""

    def __init__(self) -> None:
        super().__init__(
            401,
            "Send the site's secret key as `Authorization: Bearer tws_…`; `tawatur site create` prints one.",
            "No valid key",
        )


async def site_of(request: Request) -> str:
    """The id of the site whose secret key the request carries. Raises NotSignedIn."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise NotSignedIn
    site = await house_of(request).site_of_key(key.strip())
    if site is None:
        raise NotSignedIn
    return site


async def _documented(
    request: Request, shown: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> str:
    return await site_of(request)


SiteId = Annotated[str, Depends(_documented)]
"""A parameter of this type is the id of the site that asks."""
