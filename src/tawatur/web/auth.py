"""Who asks: a site with its secret key, or one of its people with a reporter token or an uploader token."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, NamedTuple

from fastapi import Depends, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import Request

from tawatur.moderation import tokens
from tawatur.moderation.refusals import TokenRefused
from tawatur.moderation.tokens import Claims
from tawatur.moderation.uploader_tokens import PREFIX as UPLOADERS
from tawatur.moderation.uploader_tokens import UploaderClaims, read_uploader
from tawatur.web.house import house_of
from tawatur.web.problems import Problem

_bearer = HTTPBearer(auto_error=False, scheme_name="siteKey", description="A site's secret key.")
_token = HTTPBearer(
    auto_error=False,
    scheme_name="reporterToken",
    description="A reporter token: from the site's backend (`POST /v1/reporter-tokens`), or for a proof of work.",
)


_uploader_token = HTTPBearer(
    auto_error=False,
    scheme_name="uploaderToken",
    description="An uploader token (`POST /v1/uploader-tokens`): whoever posted one image reads and objects.",
)


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
    site = await house_of(request).site_of_key(_shown(request))
    if site is None:
        raise NotSignedIn
    return site


def _shown(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise NotSignedIn
    return key.strip()


class Asker(NamedTuple):
    """A site, and which of its readers it is who asks; `reader` is None when the site itself asks."""

    site: str
    reader: Claims | None


async def asker_of(request: Request) -> Asker:
    """Whose key or token the request carries. Raises NotSignedIn and TokenRefused."""
    shown = _shown(request)
    if not shown.startswith(tokens.PREFIX):
        return Asker(await site_of(request), None)
    claims = tokens.read(house_of(request).secret, shown, datetime.now(UTC))
    return Asker(claims.site, claims)


async def _documented(
    request: Request, shown: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> str:
    return await site_of(request)


SiteId = Annotated[str, Depends(_documented)]
"""A parameter of this type is the id of the site that asks."""


async def _either(
    request: Request,
    key: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    token: Annotated[HTTPAuthorizationCredentials | None, Security(_token)],
) -> Asker:
    return await asker_of(request)


SiteOrReader = Annotated[Asker, Depends(_either)]
"""A parameter of this type is the site that asks, or its reader."""


class Objector(NamedTuple):
    """A site, and which of its people objects: one who posted an image, or a reader; neither when the site speaks for
    them."""

    site: str
    uploader: UploaderClaims | None = None
    reader: Claims | None = None


async def objector_of(request: Request) -> Objector:
    """Whose key or token the request carries. Raises NotSignedIn and TokenRefused."""
    shown = _shown(request)
    if shown.startswith(UPLOADERS):
        claims = read_uploader(house_of(request).secret, shown, datetime.now(UTC))
        return Objector(claims.site, uploader=claims)
    asker = await asker_of(request)
    return Objector(asker.site, reader=asker.reader)


async def _site_or_uploader(
    request: Request,
    key: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    token: Annotated[HTTPAuthorizationCredentials | None, Security(_uploader_token)],
) -> Objector:
    found = await objector_of(request)
    if found.reader is not None:
        raise TokenRefused("This is a reporter token; whoever posted the image has an uploader token.")
    return found


async def _any_objector(
    request: Request,
    key: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    token: Annotated[HTTPAuthorizationCredentials | None, Security(_token)],
    uploader: Annotated[HTTPAuthorizationCredentials | None, Security(_uploader_token)],
) -> Objector:
    return await objector_of(request)


SiteOrUploader = Annotated[Objector, Depends(_site_or_uploader)]
"""A parameter of this type is the site that asks, or whoever posted one of its images."""
AnyObjector = Annotated[Objector, Depends(_any_objector)]
"""The same, or one of its readers."""
