"""A fediverse server on loopback: its actors have keys, it serves their documents and signs their reports."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.web.place import Place

COVERED = ("(request-target)", "host", "date", "digest", "content-type")


def new_key(bits: int = 2048) -> RSAPrivateKey:
    return generate_private_key(65537, bits)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server: Instance = self.server.instance  # type: ignore[attr-defined]
        server.asked.append(self.path)
        document = server.documents.get(self.path)
        body = json.dumps(document).encode()
        self.send_response(404 if document is None else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


class Instance:
    """A server; `documents` by path. Its own actor is at `/actor`, as Mastodon's is."""

    def __init__(self, key: RSAPrivateKey) -> None:
        self.asked: list[str] = []
        self.documents: dict[str, Any] = {}
        self.keys: dict[str, RSAPrivateKey] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.instance = self  # type: ignore[attr-defined]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.actor = self.add("/actor", key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def add(self, path: str, key: RSAPrivateKey, **said: Any) -> str:
        """An actor at this path; its id. `said` is otherwise in the document's key."""
        me = self.base + path
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        public = {"id": f"{me}#main-key", "owner": me, "publicKeyPem": pem, **said}
        self.documents[path] = {"id": me, "type": "Application", "inbox": f"{me}/inbox", "publicKey": public}
        self.keys[me] = key
        return me

    def flag(self, *objects: Any, actor: str | None = None, **said: Any) -> bytes:
        by = actor or self.actor
        activity = {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": f"{self.base}/{hashlib.sha256(repr(objects).encode()).hexdigest()}",
            "type": "Flag",
            "actor": by,
            "content": "look at this",
            "object": list(objects),
            **said,
        }
        return json.dumps(activity).encode()

    def deliver(
        self,
        place: Place,
        body: bytes,
        actor: str | None = None,
        *,
        signed_ago: timedelta = timedelta(),
        covered: tuple[str, ...] = COVERED,
        algorithm: str = "rsa-sha256",
        key_id: str | None = None,
        **changed: str,
    ) -> httpx.Response:
        """Sends a signed request to the site's inbox; `changed` are headers that are exchanged after signing."""
        by = actor or self.actor
        path = f"/fediverse/{place.keys.site}/inbox"
        at = datetime.now(UTC) - signed_ago
        headers = {
            "host": "testserver",
            "date": format_datetime(at, usegmt=True),
            "digest": "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode(),
            "content-type": "application/activity+json",
        }
        lines = [f"{name}: {f'post {path}' if name == '(request-target)' else headers[name]}" for name in covered]
        made = self.keys[by].sign("\n".join(lines).encode(), PKCS1v15(), SHA256())
        headers["signature"] = (
            f'keyId="{key_id or by + "#main-key"}",algorithm="{algorithm}",headers="{" ".join(covered)}",'
            f'signature="{base64.b64encode(made).decode()}"'
        )
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        headers = {name: value for name, value in headers.items() if value}
        return place.client.post(path, content=body, headers={**headers, "Authorization": ""})
