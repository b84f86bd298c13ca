"""`GET /gate/check`: may the web server serve this file of the site's own? 204, or 403 and which image withholds it.

The web server asks before each picture (nginx: `auth_request`, Caddy: `forward_auth`). Which site it asks for stands
in the query, `?site=twp_...`: the operator writes that down, and no reader can change it as they could a header that
somebody forgot to overwrite. For the same reason `?host=` is the operator's to say, and `X-Original-URI`, the one
header that is read, must be there exactly once.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tawatur.moderation.addresses import host_of, path_of
from tawatur.moderation.gate import look_up_address
from tawatur.moderation.refusals import BadAddress
from tawatur.store.families import BLOCKED, BLURRED, VISIBLE
from tawatur.web.house import house_of
from tawatur.web.problems import Problem, answer

_NOT_KEPT = {"Cache-Control": "no-store"}


async def check(request: Request) -> Response:
    """GET /gate/check?site=twp_...[&host=...]. `?reveal=1` in X-Original-URI lifts a blur, as at the gate."""
    targets = request.headers.getlist("x-original-uri")
    if len(targets) != 1:
        raise Problem(422, "Send one header X-Original-URI with the request's target as it came: /photos/1.jpg.")
    key = request.query_params.get("site", "")
    host = request.query_params.get("host") or None
    target = targets[0].encode("latin-1")
    try:
        path = path_of(target)
    except BadAddress as error:  # nginx never asks this; whoever does gets nothing that we cannot name
        return answer(403, "The address cannot be understood", str(error), _NOT_KEPT)
    found = await run_in_threadpool(
        look_up_address, house_of(request).database, key, path, None if host is None else host_of(host)
    )
    status = VISIBLE if found is None else found.status
    revealed = status == BLURRED and QueryParams(target.partition(b"?")[2].decode("latin-1")).get("reveal") == "1"
    headers = {**_NOT_KEPT, "Tawatur-Status": status}
    if found is None or status == VISIBLE or revealed:
        return Response(status_code=204, headers=headers)
    detail = "It is blocked." if status == BLOCKED else "It is blurred; ?reveal=1 shows it."
    headers["Tawatur-Image"] = found.image
    return answer(403, "The image is withheld", detail, headers)


raw_routes = [Route("/gate/check", check, methods=["GET"])]
