"""Every page of the console, asked for by every role and by nobody."""

from __future__ import annotations

import pytest
from starlette.routing import Mount

from tawatur.web.console.routes import routes
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
    ("POST", "/console/undo"): "moderator",
    ("POST", "/console/queue"): "moderator",
    ("POST", "/console/veil"): "reader",
    ("GET", "/console/pictures/{image}"): "reader",
    ("GET", "/console/sign-in"): None,
    ("POST", "/console/sign-in"): None,
    ("GET", "/console/welcome/{token}"): None,
    ("POST", "/console/welcome/{token}"): None,
    ("POST", "/console/sign-out"): "reader",
    ("POST", "/console/language"): None,
    ("POST", "/console/site"): "reader",
    ("GET", "/console/colours.css"): None,
}
ROLES = (None, "reader", "moderator", "admin")


def test_the_table_names_every_route() -> None:
    found = {
        (method, route.path)  # type: ignore[attr-defined]
        for route in routes
        if not isinstance(route, Mount)
        for method in (route.methods or ()) - {"HEAD"}  # type: ignore[attr-defined]
    }
    assert found == set(LEAST)


@pytest.mark.parametrize("role", ROLES)
def test_every_route_for_every_role(place: Place, role: str | None) -> None:
    signed_in = person(place, role) if role is not None else Browser(place)
    for seed, ((method, path), least) in enumerate(LEAST.items()):
        browser = Browser(place, signed_in.cookie) if path != "/console/sign-out" else signed_in
        image = place.image(seed)
        token = "" if role is None else browser.token()
        at = path.format(image=image, token="no-such-link")
        form = {"token": token, "outcome": "upheld", "lang": "en", "email": "x@y"}
        answer = browser.get(at) if method == "GET" else browser.post(at, **form)
        to_the_door = answer.headers.get("location", "").startswith("/console/sign-in")
        if least is not None and role is None:
            assert (answer.status_code, to_the_door) == (303, True)
        elif least is not None and ROLES.index(role) < ROLES.index(least):
            assert answer.status_code == 403
        else:
            assert answer.status_code in (200, 204, 303, 401, 404, 409, 429)
            assert to_the_door == (path == "/console/sign-out")
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
