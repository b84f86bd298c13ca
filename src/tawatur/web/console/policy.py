"""The site's policy as forms: what each number means, what a change would have done, who changed what, and back."""

from __future__ import annotations

from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tawatur.decision.numbers import RULE_NUMBERS, SECTIONS
from tawatur.decision.policy import REASONS, differences, parse_policy, policy_kept
from tawatur.lab.preview import Preview
from tawatur.moderation.policies import (
    LATEST,
    NewPolicy,
    change_policy,
    check_policy,
    policy_in_force,
    policy_version,
    policy_versions,
)
from tawatur.moderation.refusals import BadPolicy, PolicyMoved, UnknownVersion
from tawatur.store.database_book import DatabaseBook
from tawatur.store.reading_book import Wants
from tawatur.store.writer import Change, Refused
from tawatur.web.console.case import names
from tawatur.web.console.pages import HEADERS, page
from tawatur.web.console.policy_form import Filled, document_of, fields_of, read_form
from tawatur.web.console.session import Desk, desk_of, form_of, reviewer
from tawatur.web.house import House, house_of
from tawatur.web.problems import Problem

DAYS = (7, 30, 90)
"""How many days a preview may live again."""
MOST_DOCUMENT = 100_000
PAGE = 50


async def show(request: Request) -> Response:
    """GET /console/policy: the policy in force; `?version=` shows an earlier one in the form, to be saved anew."""
    desk = await desk_of(request)
    try:
        return await _page(request, desk, version=_number(request.query_params.get("version")))
    except UnknownVersion:
        return RedirectResponse("/console/policy/versions", 303)


async def change(request: Request) -> Response:
    """POST /console/policy: `do` is save, or preview, which changes nothing. The form is the fields, with `as=toml`
    the document itself; `as=edit` makes of the one the other. `?part=1`: the preview alone, for the page's script."""
    desk = await desk_of(request, "admin")
    form = await form_of(request, desk)
    house = house_of(request)
    if form.get("as") == "toml":
        filled, toml = None, str(form.get("toml") or "")[:MOST_DOCUMENT]
        document: str | None = toml
    else:
        filled, document = read_form(form), None
        if filled.policy is None:
            return await _page(request, desk, filled=filled, status=422)
        toml = document_of(filled.policy)
        if form.get("as") == "edit":
            return await _page(request, desk, document=toml)
    try:
        await run_in_threadpool(check_policy, toml)
        if form.get("do") == "preview":
            days = next((days for days in DAYS if str(days) == form.get("days")), DAYS[1])
            found = await run_in_threadpool(house.previews.run, desk.site.id, toml, days)
            return await _page(request, desk, filled=filled, document=document, preview=found)
        saved = await _save(house, desk, toml, _number(form.get("instead_of")))
    except (Refused, Problem) as refusal:
        status = 422 if isinstance(refusal, BadPolicy) else 409
        return await _page(request, desk, filled=filled, document=document, refused=refusal, status=status)
    return RedirectResponse(f"/console/policy?saved={saved}", 303)


async def versions(request: Request) -> Response:
    """GET /console/policy/versions: every version with what it changed and who did; `?before=` pages."""
    desk = await desk_of(request)
    house = house_of(request)
    before = _number(request.query_params.get("before"))
    found = await run_in_threadpool(policy_versions, house.database, desk.site.id, before, PAGE + 1)
    told = []
    for one, earlier in zip(found[:PAGE], [*found[1:], None], strict=False):
        told.append((one, [] if earlier is None else differences(policy_kept(earlier.toml), policy_kept(one.toml))))
    return page(
        request,
        "policy_versions.html",
        desk,
        versions=told,
        first=before is None,
        next=found[PAGE - 1].version if len(found) > PAGE else None,
        names=await run_in_threadpool(names, house, desk.site.id),
    )


async def back(request: Request) -> Response:
    """POST /console/policy/versions/{version}: puts an earlier version in force again, as a new one."""
    desk = await desk_of(request, "admin")
    await form_of(request, desk)
    house = house_of(request)
    version = _number(request.path_params["version"])
    try:
        wanted = LATEST if version is None else version
        earlier = await run_in_threadpool(policy_version, house.database, desk.site.id, wanted)
        saved = await _save(house, desk, earlier.toml, None)
    except Refused as refusal:
        return await _page(request, desk, refused=refusal, status=409)
    return RedirectResponse(f"/console/policy?saved={saved}", 303)


async def document(request: Request) -> Response:
    """GET /console/policy.toml: the policy in force as its document, to keep or to try elsewhere."""
    desk = await desk_of(request)
    found = await run_in_threadpool(policy_in_force, house_of(request).database, desk.site.id)
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="policy-{found.version}.toml"'}
    return Response(found.toml, headers=headers, media_type="application/toml; charset=utf-8")


async def _save(house: House, desk: Desk, toml: str, instead_of: int | None) -> int:
    new = NewPolicy(desk.site.id, toml, reviewer(house, desk), None if instead_of is None else (instead_of,))

    def run(book: DatabaseBook, now: datetime) -> int:
        return change_policy(book, new, now).version

    return await house.make(Change(Wants(desk.site.id, rules=True), run))


async def _page(
    request: Request,
    desk: Desk,
    *,
    version: int | None = None,
    filled: Filled | None = None,
    document: str | None = None,
    preview: Preview | None = None,
    refused: Refused | Problem | None = None,
    status: int = 200,
) -> Response:
    house = house_of(request)
    present = await run_in_threadpool(policy_in_force, house.database, desk.site.id)
    shown = present
    if version is not None and version != present.version:
        shown = await run_in_threadpool(policy_version, house.database, desk.site.id, version)
    policy = parse_policy(shown.toml)
    alone = request.query_params.get("part") == "1"
    changes = [] if filled is None or filled.policy is None else differences(parse_policy(present.toml), filled.policy)
    return page(
        request,
        "policy_preview.html" if alone else "policy.html",
        desk,
        status,
        present=present,
        shown=shown,
        fields=fields_of(policy) if filled is None else filled.fields,
        sections=SECTIONS,
        reasons=REASONS,
        rule_numbers=RULE_NUMBERS,
        rules=policy if filled is None or filled.policy is None else filled.policy,
        document=document,
        toml=shown.toml if document is None else document,
        preview=preview,
        alone=alone,
        changes=[one for one in changes if one[0] != "version"],
        days=DAYS,
        saved=_number(request.query_params.get("saved")),
        refusal=refused.detail if isinstance(refused, Problem) else refused and str(refused),
        moved=isinstance(refused, PolicyMoved),
        names=await run_in_threadpool(names, house, desk.site.id),
    )


def _number(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 10 else None


routes = [
    Route("/console/policy", show, methods=["GET"]),
    Route("/console/policy", change, methods=["POST"]),
    Route("/console/policy/versions", versions, methods=["GET"]),
    Route("/console/policy/versions/{version}", back, methods=["POST"]),
    Route("/console/policy.toml", document, methods=["GET"]),
]
