"""Every route of the server as it runs, asked for by every role of the console and by nobody. A route that is declared
nowhere here fails."""

from __future__ import annotations

import re

import pytest
from starlette.routing import Mount, Route

from tests.web.console.desks import Browser, person
from tests.web.place import Place

# What each may do: the least role, None for everybody. Whoever adds a route adds it here.
LEAST: dict[tuple[str, str], str | None] = {
    ("GET", "/console"): "reader",
    ("GET", "/console/cases/{image}"): "reader",
    ("POST", "/console/cases/{image}/review"): "moderator",
    ("POST", "/console/cases/{image}/cut"): "moderator",
    ("POST", "/console/cases/{image}/claim"): "moderator",
    ("POST", "/console/cases/{image}/notes"): "moderator",
    ("POST", "/console/cases/{image}/shields"): "moderator",
    ("POST", "/console/cases/{image}/open"): "moderator",
    ("POST", "/console/cases/{image}/reporters"): "moderator",
    ("GET", "/console/attacks"): "reader",
    ("POST", "/console/attacks/shields"): "moderator",
    ("GET", "/console/appeals/{appeal}"): "reader",
    ("POST", "/console/appeals/{appeal}"): "moderator",
    ("GET", "/console/numbers"): "reader",
    ("GET", "/console/numbers.csv"): "reader",
    ("POST", "/console/undo"): "moderator",
    ("POST", "/console/queue"): "moderator",
    ("POST", "/console/veil"): "reader",
    ("GET", "/console/pictures/{image}"): "reader",
    ("GET", "/console/policy"): "reader",
    ("POST", "/console/policy"): "admin",
    ("GET", "/console/policy/versions"): "reader",
    ("POST", "/console/policy/versions/{version}"): "admin",
    ("GET", "/console/policy.toml"): "reader",
    ("GET", "/console/webhooks"): "admin",
    ("POST", "/console/webhooks"): "admin",
    ("POST", "/console/webhooks/{webhook}/replay"): "admin",
    ("POST", "/console/webhooks/{webhook}/rotate"): "admin",
    ("POST", "/console/webhooks/{webhook}/switch"): "admin",
    ("POST", "/console/webhooks/{webhook}/remove"): "admin",
    ("POST", "/console/webhooks/{webhook}/test"): "admin",
    ("GET", "/console/sign-in"): None,
    ("POST", "/console/sign-in"): None,
    ("GET", "/console/welcome/{token}"): None,
    ("POST", "/console/welcome/{token}"): None,
    ("POST", "/console/sign-out"): "reader",
    ("GET", "/console/sign-in/code"): None,
    ("POST", "/console/sign-in/code"): None,
    ("GET", "/console/provider"): None,
    ("GET", "/console/provider/answer"): None,
    ("GET", "/console/account"): "reader",
    ("POST", "/console/account/second-factor"): "reader",
    ("POST", "/console/account/password"): "reader",
    ("POST", "/console/account/sessions"): "reader",
    ("POST", "/console/account/pictures"): "reader",
    ("POST", "/console/account/digits"): "reader",
    ("POST", "/console/account/keys"): "reader",
    ("POST", "/console/account/site"): "admin",
    ("POST", "/console/language"): None,
    ("POST", "/console/site"): "reader",
    ("GET", "/console/colours.css"): None,
}
TO_THE_DOOR = {("POST", "/console/sign-out"), ("GET", "/console/sign-in/code")}  # the latter: nobody is halfway in
ROLES = (None, "reader", "moderator", "admin")


# What anybody may ask for without a key of a site. Everything else outside the console needs one.
WITHOUT_KEY = {
    ("GET", "/i/{image}"),
    ("GET", "/gate/check"),
    ("GET", "/widget/v1.js"),
    ("GET", "/widget/v1.{lang}.json"),
    ("GET", "/widget/state"),
    ("GET", "/notice/page.css"),
    ("GET", "/widget/challenge"),  # with the site's public key
    ("GET", "/widget/changes"),
    ("POST", "/widget/tokens"),  # with a proof of work
    ("POST", "/widget/views"),
    ("GET", "/.well-known/did.json"),  # of Bluesky's network, where the operator labels there
    ("GET", "/xrpc/com.atproto.label.queryLabels"),
    ("POST", "/xrpc/com.atproto.moderation.createReport"),  # signed by who sends it
    ("GET", "/metrics"),  # from the operator's networks
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/openapi.json"),
    ("GET", "/.well-known/did.json"),
    ("GET", "/.well-known/webfinger"),
    ("GET", "/fediverse/{site}"),
    ("GET", "/fediverse/{site}/outbox"),
    ("POST", "/fediverse/{site}/inbox"),  # with a signature of the reporting server
    ("GET", "/xrpc/com.atproto.label.queryLabels"),  # labels are public
    ("POST", "/xrpc/com.atproto.moderation.createReport"),  # with a token of the account's server
}


def served(place: Place) -> set[tuple[str, str]]:
    """Every method and path that the application knows, its own and the API's."""
    app = place.client.app
    own = {
        (method, route.path)
        for route in app.routes  # type: ignore[attr-defined]
        if isinstance(route, Route)
        for method in (route.methods or ()) - {"HEAD"}
    }
    paths = place.client.get("/openapi.json").json()["paths"]
    described = {(method.upper(), path) for path, operations in paths.items() for method in operations}
    return own | described | {("GET", "/openapi.json")}


def test_the_table_names_every_route(place: Place) -> None:
    mounted = [one.path for one in place.client.app.routes if isinstance(one, Mount)]  # type: ignore[attr-defined]
    assert sorted(mounted) == ["/console/static", "/console/type"]
    found = {one for one in served(place) if one[1].startswith("/console")}
    assert found - set(LEAST) == set()
    assert set(LEAST) - found == set()


def test_the_console_opens_nothing_but_the_console(place: Place) -> None:
    """Whoever is signed in has no key of the site, and whoever has none gets nowhere."""
    admin = person(place, "admin")
    outside = {one for one in served(place) if not one[1].startswith("/console")}
    assert WITHOUT_KEY - outside == set()
    let_in = []
    for method, path in sorted(outside - WITHOUT_KEY):
        at = re.sub(r"{[^}]+}", "x", path)
        for headers in ({}, {"Cookie": f"tawatur_console={admin.cookie}"}):
            place.client.headers.pop("Authorization", None)
            answer = place.client.request(method, at, headers=headers, json={})
            if answer.status_code != 401:
                let_in.append((method, path, answer.status_code))
    assert let_in == [], "\n".join(map(str, let_in))


@pytest.mark.parametrize("role", ROLES)
def test_every_route_for_every_role(place: Place, role: str | None) -> None:
    signed_in = person(place, role) if role is not None else Browser(place)
    for seed, ((method, path), least) in enumerate(LEAST.items()):
        browser = Browser(place, signed_in.cookie) if path != "/console/sign-out" else signed_in
        image = place.image(seed)
        token = "" if role is None else browser.token()
        at = path.format(image=image, version=0, webhook="none", token="no-such-link", appeal="no-such-appeal")
        form = {"token": token, "outcome": "upheld", "lang": "en", "email": "x@y"}
        answer = browser.get(at) if method == "GET" else browser.post(at, **form)
        to_the_door = answer.headers.get("location", "").startswith("/console/sign-in")
        if least is not None and role is None:
            assert (answer.status_code, to_the_door) == (303, True)
        elif least is not None and ROLES.index(role) < ROLES.index(least):
            assert answer.status_code == 403
        else:
            assert answer.status_code in (200, 204, 303, 401, 404, 409, 422, 429)
            assert to_the_door == ((method, path) in TO_THE_DOOR)
        decided = place.client.get(f"/v1/images/{image}").json()["status"] == "blocked"
        assert decided == (path.endswith("/review") and role in ("moderator", "admin"))
        if path == "/console/sign-out" and role is not None:
            signed_in = person(place, role)


def test_nobody_sees_another_sites_cases(place: Place) -> None:
    other = Place(place.client, place.another_site(f"other {place.keys.site}"), place.database_url, place.data_dir)
    theirs = other.image()
    place.client.headers["Authorization"] = f"Bearer {place.keys.api_key}"
    browser = person(place, "admin")
    for path in (f"/console/cases/{theirs}", f"/console/pictures/{theirs}"):
        assert browser.get(path).status_code == 404
    assert browser.send(f"/console/cases/{theirs}/review", outcome="upheld").status_code == 404
    assert browser.get("/console/cases/not-an-id").status_code == 404


@pytest.mark.parametrize(("lang", "said"), [("ar", "وصلاحيتك في هذا الموقع «قارئ»"), ("fr", "vous avez le rôle")])
def test_who_may_not_is_told_so_in_their_language(place: Place, lang: str, said: str) -> None:
    answer = person(place, "reader").get("/console/webhooks", **{"Accept-Language": lang})
    assert answer.status_code == 403
    assert said in answer.text
    assert "role admin" not in answer.text
