"""Signing in at a provider: who is known here comes in, and nobody else, whatever the provider or a browser says."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pyotp
import pytest
from joserfc.jwk import RSAKey

from tawatur.failures import Failure
from tawatur.moderation import people, second_factor
from tawatur.settings import Settings
from tawatur.store.database import Database
from tawatur.store.ids import new_id
from tawatur.web.console.provider import KEYS_AGAIN, is_safe, provider_of
from tests.web.console.desks import Browser, texts
from tests.web.console.provider import CLIENT, SECRET, Provider, running
from tests.web.place import Place, opened


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running() as made:
        yield made


@pytest.fixture(scope="module")
def server(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("server")
    oidc = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET, "oidc_name": "Town"}
    with opened(f"sqlite:///{folder / 'tawatur.db'}", folder, **oidc) as made:
        assert provider.asked == []  # a start waits for nobody
        yield made


@pytest.fixture
def place(server: Place, provider: Provider) -> Iterator[Place]:
    server.client.app.state.house.guard._key = new_id().encode()  # type: ignore[attr-defined]  # counts begin anew
    yield server
    provider.claims, provider.document, provider.sign = {}, {}, provider.signed


def member(place: Place) -> str:
    """The address of somebody whom an admin made, and who has no password."""
    email = f"{new_id()}@town.example"
    database = Database(place.database_url)
    people.add_person(database, new_id, email, "moderator", place.keys.site, datetime.now(UTC))
    database.close()
    return email


def at_the_provider(browser: Browser, wanted: str = "") -> str:
    """Goes to the provider, which lets them in; the address that they come back to."""
    there = browser.get(f"/console/provider?next={wanted}")
    assert there.status_code == 303, texts(there)
    back = httpx.get(there.headers["location"], follow_redirects=False, trust_env=False)
    return str(back.headers["location"]).removeprefix("http://testserver")


def come(place: Place, provider: Provider, browser: Browser | None = None, **claims: Any) -> httpx.Response:
    provider.claims = claims
    browser = browser or Browser(place)
    return browser.get(at_the_provider(browser))


def let_in(answer: httpx.Response) -> bool:
    return answer.status_code == 303 and "tawatur_console=" in answer.headers.get("set-cookie", "")


def test_who_was_made_here_comes_in_by_their_verified_address_and_to_the_page_they_wanted(
    place: Place, provider: Provider
) -> None:
    email, browser = member(place), Browser(place)
    assert "Sign in with Town" in texts(browser.get("/console/sign-in"))
    provider.claims = {"sub": new_id(), "email": email.upper(), "email_verified": True}
    answer = browser.get(at_the_provider(browser, "/console?state=blurred"))
    assert let_in(answer)
    assert answer.headers["location"] == "/console?state=blurred"
    assert "Sign in with" not in texts(browser.get("/console"))
    assert "You sign in with Town since" in texts(browser.get("/console/account"))


def test_an_account_is_pinned_to_the_first_who_came_with_its_address(place: Place, provider: Provider) -> None:
    email, subject = member(place), new_id()
    assert let_in(come(place, provider, sub=subject, email=email, email_verified=True))
    assert let_in(come(place, provider, sub=subject, email="another@elsewhere.example", email_verified=False))
    later = come(place, provider, sub=new_id(), email=email, email_verified=True)
    assert later.status_code == 403
    assert "reset-oidc" in texts(later)


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"email_verified": False}, "has not verified"),
        ({"email_verified": "true"}, "has not verified"),
        ({"email_verified": None}, "has not verified"),
        ({"email": None}, "no e-mail address"),
        ({"email": "stranger@town.example"}, "Nobody here has the address"),
        ({"nonce": "another"}, "cannot be believed"),
        ({"nonce": None}, "cannot be believed"),
        ({"aud": "another"}, "cannot be believed"),
        ({"aud": [CLIENT, "another"]}, "cannot be believed"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "cannot be believed"),
        ({"iss": "https://elsewhere.example"}, "cannot be believed"),
        ({"exp": 1_000_000_000}, "cannot be believed"),
        ({"exp": None}, "cannot be believed"),
        ({"nbf": 4_000_000_000}, "cannot be believed"),
        ({"sub": None}, "cannot be believed"),
        ({"sub": ""}, "cannot be believed"),
        ({"sub": 7}, "cannot be believed"),
        ({"sub": "x" * 256}, "no subject"),
    ],
)
def test_what_must_hold_of_a_token_must_hold(place: Place, provider: Provider, claims: Any, said: str) -> None:
    answer = come(place, provider, **{"sub": new_id(), "email": member(place), "email_verified": True, **claims})
    assert answer.status_code == 403
    assert said in texts(answer)


def by_hand(alg: str, claims: dict[str, Any], key: bytes = b"") -> str:
    """A token signed with an HMAC, whatever the key is, or with nothing."""
    parts = (json.dumps(one).encode() for one in ({"alg": alg, "kid": "k1"}, claims))
    head = b".".join(urlsafe_b64encode(one).rstrip(b"=") for one in parts)
    signature = hmac.digest(key, head, "sha256") if key else b""
    return (head + b"." + urlsafe_b64encode(signature).rstrip(b"=")).decode()


def test_a_token_that_the_provider_did_not_sign_is_not_believed(place: Place, provider: Provider) -> None:
    who = {"sub": new_id(), "email": member(place), "email_verified": True}
    public = provider.key.as_pem(private=False)
    stranger = RSAKey.generate_key(2048, {"kid": "k1"})
    for sign in (
        lambda claims: by_hand("none", claims),
        lambda claims: by_hand("HS256", claims, public),  # what everybody knows as if it were a shared secret
        lambda claims: provider.signed(claims, key=stranger),
        lambda claims: provider.signed(claims)[:-8] + "AAAAAAAA",
        lambda claims: "not.a.token",
        lambda claims: "é",
        lambda claims: "",
    ):
        provider.sign = sign
        answer = come(place, provider, **who)
        assert answer.status_code == 403, texts(answer)
    provider.sign = provider.signed
    assert let_in(come(place, provider, **who))


def test_a_state_works_once_and_in_the_browser_that_it_was_made_for(place: Place, provider: Provider) -> None:
    provider.claims = {"sub": new_id(), "email": member(place), "email_verified": True}
    browser = Browser(place)
    back = at_the_provider(browser)
    for other, path in (
        (Browser(place), back),
        (browser, "/console/provider/answer?code=x"),
        (browser, back.replace("state=", "state=x")),
        (browser, "/console/provider/answer?state=%C3%A9&code=x"),
    ):
        answer = other.get(path)
        assert answer.status_code == 400
        assert "begun in another browser" in texts(answer)
    assert let_in(browser.get(back))
    assert not let_in(Browser(place, None).get(back))
    browser._client.cookies.set("tawatur_halfway", back.partition("state=")[2], path="/console")
    assert browser.get(back).status_code == 400


def test_a_code_of_nobody_and_a_provider_that_says_no_let_nobody_in(place: Place, provider: Provider) -> None:
    for tail in (
        "code=made-up",
        "error=access_denied&error_description=%3Cscript%3E",
        "iss=https%3A%2F%2Felsewhere",
        "",
    ):
        browser = Browser(place)
        state = at_the_provider(browser).partition("state=")[2]
        answer = browser.get(f"/console/provider/answer?state={state}&{tail}")
        assert answer.status_code == 403
        assert "<script" not in answer.text.replace('<script type="module"', "")


def test_who_has_a_second_factor_is_asked_for_it_behind_the_provider_too(place: Place, provider: Provider) -> None:
    email, house = member(place), place.client.app.state.house  # type: ignore[attr-defined]
    me, now = people.find_person(house.database, email).id, datetime.now(UTC)
    secret = second_factor.begin(house.database, house.vault, me, now)
    second_factor.confirm(house.database, house.vault, me, pyotp.TOTP(secret).at(now), now, "")
    browser = Browser(place)
    answer = come(place, provider, browser, sub=new_id(), email=email, email_verified=True)
    assert answer.headers["location"] == "/console/sign-in/code"
    assert not let_in(answer)
    code = pyotp.TOTP(secret).at(now.timestamp() + 30)
    assert let_in(browser.post("/console/sign-in/code", code=code))


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://elsewhere.example"},
        {"token_endpoint": "file:///etc/passwd"},
        {"token_endpoint": "http://192.0.2.1/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_not_used(
    place: Place, provider: Provider, document: dict[str, Any]
) -> None:
    provider.document = document
    house = place.client.app.state.house  # type: ignore[attr-defined]
    house.provider._told = None
    answer = Browser(place).get("/console/provider")
    assert answer.status_code == 502
    assert "does not answer as it must" in texts(answer)
    house.provider._told = None


def test_a_provider_that_is_away_is_told_of_and_passwords_still_work(place: Place) -> None:
    house = place.client.app.state.house  # type: ignore[attr-defined]
    used, house.provider = house.provider, provider_of(Settings(oidc_issuer="http://127.0.0.1:9", oidc_client_id="x"))
    try:
        answer = Browser(place).get("/console/provider")
        assert answer.status_code == 502
        assert 'name="password"' in answer.text
    finally:
        house.provider = used


def test_new_keys_of_the_provider_are_asked_for_when_they_are_needed(place: Place, provider: Provider) -> None:
    house = place.client.app.state.house  # type: ignore[attr-defined]
    who = {"sub": new_id(), "email": member(place), "email_verified": True}
    assert let_in(come(place, provider, **who))
    provider.key = RSAKey.generate_key(2048, {"kid": "k2"})
    asked = provider.asked.count("/keys")
    assert not let_in(come(place, provider, **who))  # keys were asked for a moment ago, and will be in a minute
    assert provider.asked.count("/keys") == asked
    at, keys = house.provider._keys
    house.provider._keys = (at - KEYS_AGAIN, keys)
    assert let_in(come(place, provider, **who))
    assert provider.asked.count("/keys") == asked + 1


def test_beginning_again_and_again_has_an_end(place: Place) -> None:
    codes = {Browser(place).get("/console/provider").status_code for _ in range(31)}
    assert codes == {303, 429}


def test_a_server_without_a_provider_offers_none(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("plain")
    with opened(f"sqlite:///{folder / 'tawatur.db'}", folder) as plain:
        assert "Sign in with" not in texts(Browser(plain).get("/console/sign-in"))
        for path in ("/console/provider", "/console/provider/answer?state=x&code=y"):
            assert Browser(plain).get(path).status_code == 404


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"oidc_issuer": "https://login.town.example"}, "TAWATUR_OIDC_CLIENT_ID"),
        ({"oidc_issuer": "http://login.town.example", "oidc_client_id": "x"}, "https"),
        ({"oidc_issuer": "login.town.example", "oidc_client_id": "x"}, "https"),
    ],
)
def test_a_provider_that_is_set_wrongly_is_told_at_the_start(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(Failure, match=said):
        provider_of(Settings(**settings))


@pytest.mark.parametrize(
    ("address", "issuer", "safe"),
    [
        ("https://login.town.example/x", None, True),
        ("http://127.0.0.1:8080", None, True),
        ("http://localhost/token", "http://localhost", True),
        ("http://127.0.0.1/token", "https://login.town.example", False),
        ("http://login.town.example", None, False),
        ("https://", None, False),
        ("ftp://127.0.0.1", None, False),
    ],
)
def test_only_tls_and_loopback_are_safe(address: str, issuer: str | None, safe: bool) -> None:
    assert is_safe(address, issuer) is safe
