"""A small Bluesky network on loopback: a directory of did:plc, and accounts whose servers make service tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from libipld import encode_multibase

METHOD = "com.atproto.moderation.createReport"


class Account:
    """An account with a key of its own; `name` decides the DID."""

    def __init__(self, name: str, curve: ec.EllipticCurve | None = None, did: str | None = None) -> None:
        self.curve = curve or ec.SECP256K1()
        self.did = did or f"did:plc:{base64.b32encode(hashlib.sha256(name.encode()).digest()).decode().lower()[:24]}"
        self.server = "https://pds.example"
        self.change_key()

    def change_key(self) -> None:
        self.key = ec.generate_private_key(self.curve)

    @property
    def document(self) -> dict[str, Any]:
        code = b"\xe7\x01" if isinstance(self.curve, ec.SECP256K1) else b"\x80\x24"
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        method = {
            "id": f"{self.did}#atproto",
            "type": "Multikey",
            "controller": self.did,
            "publicKeyMultibase": encode_multibase("z", code + point),
        }
        service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": self.server}
        return {"id": self.did, "verificationMethod": [method], "service": [service]}

    def token(self, audience: str, *, ends_in: float = 60, head: dict[str, Any] | None = None, **claims: Any) -> str:
        """A service token; `claims` and `head` say what is otherwise in it."""
        algorithm = "ES256K" if isinstance(self.curve, ec.SECP256K1) else "ES256"
        said = {"iss": self.did, "aud": audience, "lxm": METHOD, "exp": int(time.time() + ends_in), **claims}
        text = ".".join(_part(json.dumps(part)) for part in (head or {"typ": "JWT", "alg": algorithm}, said))
        r, s = decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(SHA256())))
        return f"{text}.{_part(r.to_bytes(32) + s.to_bytes(32))}"


def _part(said: str | bytes) -> str:
    return base64.urlsafe_b64encode(said.encode() if isinstance(said, str) else said).decode().rstrip("=")


class Network:
    """The directory, at `address`; `asked` are the paths that were asked for."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.asked: list[str] = []
        network = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                network.asked.append(self.path)
                account = network.accounts.get(self.path[1:])
                body = json.dumps(account.document if account else {"message": "not registered"}).encode()
                self.send_response(200 if account else 404)
                self.send_header("Content-Type", "application/did+ld+json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def account(self, name: str, curve: ec.EllipticCurve | None = None) -> Account:
        made = Account(name, curve)
        self.accounts[made.did] = made
        return made

    def host(self) -> Account:
        """An account whose DID is this server's own address (did:web)."""
        made = Account("", did=f"did:web:localhost%3A{self.port}")
        self.accounts[".well-known/did.json"] = made
        return made

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


def plain_cbor(value: Any) -> bytes:
    """DAG-CBOR of what labels are made of, written from its specification alone."""
    match value:
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return _head(0, value)
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case dict():
            keys = sorted(value, key=lambda key: (len(key), key))
            return _head(5, len(keys)) + b"".join(plain_cbor(key) + plain_cbor(value[key]) for key in keys)
    raise TypeError(type(value))


def _head(kind: int, size: int) -> bytes:
    if size < 24:
        return bytes([kind << 5 | size])
    width = 1 if size < 256 else 2
    return bytes([kind << 5 | (24 if width == 1 else 25)]) + size.to_bytes(width)
