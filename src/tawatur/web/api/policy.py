"""A site's policy: read it, change it, go back to an earlier version."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tawatur.moderation.policies import (
    LATEST,
    NewPolicy,
    PolicyVersion,
    change_policy,
    check_policy,
    policy_in_force,
    policy_version,
    policy_versions,
)
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change
from tawatur.web.api.fields import ShortText
from tawatur.web.auth import SiteId
from tawatur.web.house import house_of
from tawatur.web.problems import Problem

router = APIRouter(prefix="/v1/policy", tags=["policy"])

TOML = "application/toml"
Version = Annotated[int, Path(ge=0, le=LATEST, description="A version; 0 is the default policy.")]
ChangedBy = Annotated[
    ShortText | None,
    Query(description="The site's opaque id of the person who changes it; kept as a keyed digest."),
]


class VersionOut(BaseModel):
    """One version of the site's policy."""

    version: int = Field(description="0 is the default policy, which nobody changed yet.")
    name: str = Field(description="What verdicts call it.")
    changed_at: datetime | None
    changed_by: str | None = Field(description="A keyed digest of the id that was given.")


class PolicyOut(VersionOut):
    """A policy with its document."""

    toml: str = Field(description="The whole document, every number with its reason and its range.")


class VersionsOut(BaseModel):
    """Versions, latest first. Ask again with `before` set to `next` until there is none."""

    versions: list[VersionOut]
    next: int | None


class PreviewIn(BaseModel):
    toml: str = Field(description="The policy to try. What it leaves out keeps its default.")
    days: int = Field(30, ge=1, le=3650, strict=True, description="How many days to live again.")


class PolicyIn(msgspec.Struct, forbid_unknown_fields=True):
    """A policy in JSON, for programs to which a text is easier to send so."""

    toml: str
    changed_by: Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern="^[^\\x00]*$")] | None = None


_JSON_BODY = {"type": "object", "required": ["toml"], "properties": {"toml": {"type": "string"}}}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            TOML: {"schema": {"type": "string"}},
            "application/json": {
                "schema": {
                    **_JSON_BODY,
                    "properties": {"toml": {"type": "string"}, "changed_by": {"type": "string", "maxLength": 255}},
                }
            },
        },
    },
    "parameters": [
        {
            "name": "If-Match",
            "in": "header",
            "schema": {"type": "string"},
            "description": "The ETag of the version that you changed; 412 when another is in force by now.",
        }
    ],
}


@router.get("", summary="The policy in force", response_model=PolicyOut)
async def show(request: Request, site: SiteId) -> Response:
    """As JSON, or as the TOML document itself with `Accept: application/toml`."""
    return _answer(request, await run_in_threadpool(policy_in_force, house_of(request).database, site))


@router.put("", summary="Change the policy", response_model=PolicyOut, openapi_extra=_BODY)
async def put(request: Request, site: SiteId, changed_by: ChangedBy = None) -> Response:
    """Puts a policy in force, at once and in every process. What the document leaves out keeps its default.

    Send the TOML itself, or JSON with `toml`. Open cases are decided by it at their next report or withdrawal, or when
    their views have grown by about a quarter. The same document again changes nothing.
    """
    house = house_of(request)
    said = await read_policy(request)
    await run_in_threadpool(check_policy, said.toml)
    who = said.changed_by or changed_by
    new = NewPolicy(
        site=site,
        toml=said.toml,
        changed_by=None if who is None else house.pseudonyms(site).person(who),
        instead_of=_versions(request.headers.get("if-match")),
    )
    changed = await house.make(Change(Wants(site, rules=True), lambda book, now: change_policy(book, new, now)))
    return _answer(request, changed)


@router.post("/preview", summary="What another policy would have done", response_model=dict[str, Any])
async def preview(request: Request, site: SiteId, body: PreviewIn) -> Response:
    """Lives the last days of the site's log twice, by the policy in force and by this one, and answers with what would
    have been different; changes nothing.

    Before those days both follow the log as it was, from its beginning. What people saw, reported and decided is taken
    as it was. `differences` and `reviewed` count pictures, and name up to 50 of each.
    """
    await run_in_threadpool(check_policy, body.toml)
    found = await run_in_threadpool(house_of(request).previews.run, site, body.toml, body.days)
    return Response(msgspec.json.encode(found), media_type="application/json")


@router.get("/versions", summary="Earlier versions of the policy", response_model=VersionsOut)
async def versions(
    request: Request,
    site: SiteId,
    before: Annotated[int | None, Query(ge=0, le=LATEST, description="`next` of an earlier page.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Any:
    """All versions are kept. To undo a change, put an earlier document in force again."""
    found = await run_in_threadpool(policy_versions, house_of(request).database, site, before, limit)
    last = found[-1].version if found else 0
    return VersionsOut(versions=[VersionOut(**_said(one)) for one in found], next=last or None)


@router.get("/versions/{version}", summary="One version of the policy", response_model=PolicyOut)
async def one_version(request: Request, site: SiteId, version: Version) -> Response:
    """As JSON, or as the TOML document itself with `Accept: application/toml`."""
    found = await run_in_threadpool(policy_version, house_of(request).database, site, version)
    return _answer(request, found)


_decoder = msgspec.json.Decoder(PolicyIn)


async def read_policy(request: Request) -> PolicyIn:
    """The document in the body: JSON where its type says so, else the text itself. Raises Problem."""
    body = await request.body()
    try:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
            return _decoder.decode(body)
        return PolicyIn(body.decode())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        detail = f"Send TOML as UTF-8 text, or JSON with `toml`: {error}"
        raise Problem(422, detail, "The request is not valid") from error


def _answer(request: Request, found: PolicyVersion) -> Response:
    headers = {"ETag": f'"{found.version}"', "Vary": "Accept"}
    if TOML in request.headers.get("accept", ""):
        return Response(found.toml, headers=headers, media_type=f"{TOML}; charset=utf-8")
    body = msgspec.json.encode({**_said(found), "toml": found.toml})
    return Response(body, headers=headers, media_type="application/json")


def _said(found: PolicyVersion) -> dict[str, Any]:
    return {
        "version": found.version,
        "name": found.name,
        "changed_at": found.changed_at,
        "changed_by": found.changed_by,
    }


def _versions(header: str | None) -> frozenset[int] | None:
    """The versions that an If-Match header names; None where any will do."""
    if header is None or header.strip() == "*":
        return None
    tags = [tag.strip().strip('"') for tag in header.split(",")]
    return frozenset(int(tag) for tag in tags if tag.isascii() and tag.isdigit() and len(tag) < 11)
