"""Asks an OpenID provider who somebody is: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0).

Nothing is asked before the first person wants to sign in, so a provider that is away delays no start. What is fetched
is small, quick and not redirected; the provider's own document must name the issuer that the operator set, and its
addresses must be as safe as the issuer's.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
import msgspec
import structlog

from tawatur.failures import Failure
from tawatur.moderation.identities import Told
from tawatur.moderation.refusals import ProviderRefused
from tawatur.settings import Settings

PATIENCE_S = 10.0
MOST_BYTES = 1_000_000
REMEMBERED = timedelta(hours=1)
KEYS_AGAIN = timedelta(minutes=1)
"""A key that is not known is asked for once in so long."""
LEEWAY_S = 60
SIGNED_WITH = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that nobody makes who only knows what is public: never `none`, never an HMAC."""

log = structlog.get_logger(__name__)


class ProviderUnusable(Failure):
    """The OpenID provider cannot be used as it is set."""


class ProviderAway(Failure):
    """The OpenID provider does not answer as it must."""


class Begun(msgspec.Struct, frozen=True):
    """Where a browser goes, but for the state; and what must be known of it when it comes back."""

    address: str
    nonce: str
    verifier: str


class Provider:
    """One provider, by its issuer. `transport` is how it is asked."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str | None,
        name: str,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.issuer = issuer
        self.name = name
        self._client_id = client_id
        self._client_secret = client_secret
        self._transport = transport
        self._told: tuple[datetime, dict[str, Any]] | None = None
        self._keys: tuple[datetime, dict[str, Any]] | None = None

    async def begin(self, back: str, now: datetime) -> Begun:
        """Begins a sign-in that comes back to the address `back`. Raises ProviderAway."""
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        told = await self._document(now)
        nonce, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": back,
            "scope": "openid email",
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        where = told["authorization_endpoint"]
        return Begun(f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}", nonce, verifier)

    async def told(self, code: str, back: str, nonce: str, verifier: str, now: datetime) -> Told:
        """Who came back with this code. Raises ProviderRefused and ProviderAway."""
        told = await self._document(now)
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": self._client_id,
            "code_verifier": verifier,
        }
        headers = {}
        if self._client_secret is not None:
            if "client_secret_basic" in told.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
                pair = f"{quote(self._client_id, safe='')}:{quote(self._client_secret, safe='')}"
                headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
            else:
                asked["client_secret"] = self._client_secret
        given = await self._ask("POST", told["token_endpoint"], headers, asked)
        token, access = given.get("id_token"), given.get("access_token")
        if not isinstance(token, str):
            raise ProviderRefused(f"The provider gave no token: {_short(given.get('error', 'no reason'))}.")
        return _who(await self._checked(token, access, nonce, now), self.issuer)

    async def _checked(self, token: str, access: object, nonce: str, now: datetime) -> Mapping[str, Any]:
        """The token's claims, its signature and all that must hold of them checked."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        try:
            document = await self._key_set(now, _kid(token))
            read = jwt.decode(token, KeySet.import_key_set(document), algorithms=list(SIGNED_WITH))  # type: ignore[arg-type]
            claims = CodeIDToken(
                read.claims,
                read.header,
                {
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self._client_id},
                    "sub": {"essential": True},
                    "exp": {"essential": True},
                },
                {"nonce": nonce, "client_id": self._client_id, "access_token": access},
            )
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY_S)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("provider_token_refused", reason=type(error).__name__, what=_short(error))
            raise ProviderRefused(f"What the provider says cannot be believed: {_short(error)}.") from error
        return dict(claims)

    async def _document(self, now: datetime) -> dict[str, Any]:
        """What the provider says of itself, remembered for an hour."""
        if self._told is not None and now - self._told[0] < REMEMBERED:
            return self._told[1]
        told = await self._ask("GET", self.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if told.get("issuer") != self.issuer:
            raise ProviderAway(f"It calls itself {_short(told.get('issuer'))}, and TAWATUR_OIDC_ISSUER {self.issuer}.")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(told.get(name), str) or not is_safe(told[name], self.issuer):
                raise ProviderAway(f"Its {name} is not an address as safe as the issuer's.")
        self._told = (now, told)
        return told

    async def _key_set(self, now: datetime, kid: str | None) -> dict[str, Any]:
        """The provider's keys, asked for again when one is named that is not among them."""
        kept = self._keys
        if kept is not None and now - kept[0] < REMEMBERED:
            known = kid is None or any(one.get("kid") == kid for one in kept[1]["keys"])
            if known or now - kept[0] < KEYS_AGAIN:
                return kept[1]
        told = await self._document(now)
        found = await self._ask("GET", told["jwks_uri"])
        keys = found.get("keys")
        if not isinstance(keys, list) or not all(isinstance(one, dict) for one in keys):
            raise ProviderAway("It gives no list of keys.")
        self._keys = (now, {"keys": keys})
        return self._keys[1]

    async def _ask(
        self, method: str, address: str, headers: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """A JSON object from the provider; also one that tells of an error."""
        try:
            async with (
                httpx.AsyncClient(
                    timeout=PATIENCE_S, follow_redirects=False, trust_env=False, transport=self._transport
                ) as client,
                client.stream(
                    method, address, headers={"Accept": "application/json", **(headers or {})}, data=form
                ) as answer,
            ):
                body = b""
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise ProviderAway("Its answer is too long.")
            found = msgspec.json.decode(body)
        except (httpx.HTTPError, httpx.InvalidURL, msgspec.DecodeError) as error:
            log.warning("provider_away", reason=type(error).__name__)
            raise ProviderAway("It does not answer, or not with JSON.") from error
        if not isinstance(found, dict) or (answer.status_code != 200 and "error" not in found):
            raise ProviderAway(f"It answers with status {answer.status_code}.")
        return found


def is_safe(address: str, issuer: str | None = None) -> bool:
    """Whether an address goes over TLS, or over this machine's own loopback where the issuer's does."""
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.hostname:
        return True
    loopback = parts.scheme == "http" and _is_loopback(parts.hostname or "")
    return loopback and (issuer is None or urlsplit(issuer).scheme == "http")


def provider_of(settings: Settings) -> Provider | None:
    """The provider that the operator set, if any. Raises ProviderUnusable."""
    if settings.oidc_issuer is None:
        return None
    if settings.oidc_client_id is None:
        raise ProviderUnusable("TAWATUR_OIDC_ISSUER is set, and TAWATUR_OIDC_CLIENT_ID is not: set both or none.")
    if not is_safe(settings.oidc_issuer):
        raise ProviderUnusable("TAWATUR_OIDC_ISSUER must begin with https://.")
    if find_spec("authlib") is None:
        raise ProviderUnusable("Signing in at a provider needs Authlib: install `tawatur[oidc]`.")
    secret = settings.oidc_client_secret
    return Provider(
        settings.oidc_issuer,
        settings.oidc_client_id,
        None if secret is None else secret.get_secret_value(),
        settings.oidc_name or urlsplit(settings.oidc_issuer).hostname or settings.oidc_issuer,
    )


def _who(claims: Mapping[str, Any], issuer: str) -> Told:
    subject, email = claims.get("sub"), claims.get("email")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise ProviderRefused("The provider names no subject.")
    address = email if isinstance(email, str) and len(email) <= 320 else None
    return Told(issuer, subject, address, claims.get("email_verified") is True)


def _kid(token: str) -> str | None:
    from joserfc import jws

    kid = jws.extract_compact(token.encode()).headers().get("kid")
    return kid if isinstance(kid, str) else None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _short(what: object) -> str:
    """What others say, as far as it fits into a sentence of ours."""
    return "".join(one if one.isprintable() else " " for one in str(what))[:200]
