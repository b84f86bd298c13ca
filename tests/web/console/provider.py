"""A small OpenID provider on loopback: discovery, keys, a sign-in page that lets everybody in, and tokens. It checks
what a provider must (client, PKCE, each code once), and lies where a test tells it to."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "tawatur", "between us: ü/+"


class Provider:
    """`claims` are what it says of whoever signs in; `sign` makes the token, `asked` counts requests by path."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "k1"})
        self.claims: dict[str, Any] = {}
        self.document: dict[str, Any] = {}
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider._get(self)

            def do_POST(self) -> None:
                provider._post(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def signed(self, claims: dict[str, Any], key: Any = None) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, key or self.key)

    def _get(self, asked: BaseHTTPRequestHandler) -> None:
        where = urlsplit(asked.path)
        self.asked.append(where.path)
        if where.path == "/.well-known/openid-configuration":
            told = {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                **self.document,
            }
            return _answer(asked, told)
        if where.path == "/keys":
            return _answer(asked, KeySet([self.key]).as_dict(private=False))
        given = {name: values[0] for name, values in parse_qs(where.query).items()}
        if given.get("client_id") != CLIENT or given.get("code_challenge_method") != "S256":
            return _answer(asked, {"error": "invalid_request"}, 400)
        code = secrets.token_urlsafe(8)
        self._codes[code] = given
        asked.send_response(302)
        asked.send_header("Location", f"{given['redirect_uri']}?{urlencode({'code': code, 'state': given['state']})}")
        asked.end_headers()
        return None

    def _post(self, asked: BaseHTTPRequestHandler) -> None:
        self.asked.append(asked.path)
        body = asked.rfile.read(int(asked.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        begun = self._codes.pop(form.get("code", ""), None)
        challenge = urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode()
        who = b64decode(asked.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        right = (
            begun is not None
            and begun["code_challenge"] == challenge.rstrip("=")
            and begun["redirect_uri"] == form.get("redirect_uri")
            and parse_qs(f"x={who.partition(':')[2]}")["x"] == [SECRET]
        )
        if begun is None or not right:
            return _answer(asked, {"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": begun["nonce"],
            **self.claims,
        }
        token = self.sign({name: value for name, value in claims.items() if value is not None})
        return _answer(asked, {"access_token": "a", "token_type": "Bearer", "id_token": token})


def _answer(asked: BaseHTTPRequestHandler, told: dict[str, Any], status: int = 200) -> None:
    body = json.dumps(told).encode()
    asked.send_response(status)
    asked.send_header("Content-Type", "application/json")
    asked.send_header("Content-Length", str(len(body)))
    asked.end_headers()
    asked.wfile.write(body)


@contextmanager
def running() -> Iterator[Provider]:
    made = Provider()
    try:
        yield made
    finally:
        made.close()
