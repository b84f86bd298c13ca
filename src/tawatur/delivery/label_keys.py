"""The keys that labels are signed with, and signatures as atproto has them.

A signature is ECDSA over SHA-256 with the curve secp256k1 or P-256, 64 bytes, its second half the smaller of the two
that would do ("low S"). A public key is written as a multikey: base58 of two bytes for the curve and the compressed
point.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tawatur.failures import Failure

FOLDER = "label-keys"
K256, P256 = "ES256K", "ES256"
"""The curves by the names that tokens have for signatures with them."""
_HALF = 32
_ORDER_K256 = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
_CURVES: dict[bytes, tuple[str, type[ec.EllipticCurve]]] = {
    b"\xe7\x01": (K256, ec.SECP256K1),
    b"\x80\x24": (P256, ec.SECP256R1),
}
_K256_CODE = b"\xe7\x01"


class LabelKeyUnusable(Failure):
    """The key that labels are signed with cannot be used."""


class NotInstalled(Failure):
    """What labels need is not installed."""


def installed() -> bool:
    """Whether the extra `atproto` is there."""
    return find_spec("libipld") is not None and find_spec("websockets") is not None


def require() -> None:
    """Raises NotInstalled."""
    if not installed():
        raise NotInstalled("Labels for Bluesky's network need the extra `atproto`: install `tawatur[atproto]`.")


class LabelKey:
    """A private key on secp256k1, made from 64 hexadecimal digits. `public` is its multikey."""

    def __init__(self, seed: str) -> None:
        from libipld import encode_multibase  # comes with the extra

        self.seed = seed.strip()
        try:
            self._key = ec.derive_private_key(int(self.seed, 16), ec.SECP256K1())
        except ValueError:
            self._key = None  # type: ignore[assignment]
        if self._key is None or len(self.seed) != 2 * _HALF:
            raise LabelKeyUnusable(f"A key for labels is {2 * _HALF} hexadecimal digits.")
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        self.public = encode_multibase("z", _K256_CODE + point)

    def sign(self, message: bytes) -> bytes:
        """64 bytes; the same for the same message each time."""
        der = self._key.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True))
        r, s = decode_dss_signature(der)
        return r.to_bytes(_HALF) + min(s, _ORDER_K256 - s).to_bytes(_HALF)


class PublicKey:
    """Anybody's public key, read from its multikey. Raises ValueError."""

    def __init__(self, multikey: str) -> None:
        from libipld import decode_multibase  # comes with the extra

        base, data = decode_multibase(multikey)
        if base != "z" or data[:2] not in _CURVES:
            raise ValueError("it is neither a secp256k1 nor a P-256 key")
        self.algorithm, curve = _CURVES[data[:2]]
        self._key = ec.EllipticCurvePublicKey.from_encoded_point(curve(), data[2:])

    def signed(self, signature: bytes, message: bytes) -> bool:
        """Whether it made this signature of the message."""
        if len(signature) != 2 * _HALF:
            return False
        r, s = int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:])
        try:
            self._key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


class LabelKeyring:
    """The private keys at hand: the one that is set, for all sites, or each site's own in the data folder."""

    def __init__(self, data_dir: Path, given: str | None = None) -> None:
        self._folder = data_dir / FOLDER
        self.given = given

    def find(self, site: str, public: str | None = None) -> LabelKey:
        """The site's private key; with `public` only if it is that key's. Raises LabelKeyUnusable."""
        path = self._folder / f"{site}.key"
        try:
            key = LabelKey(path.read_text() if self.given is None else self.given)
        except OSError as error:
            raise LabelKeyUnusable(f"The key that labels are signed with is not in {path}: {error.strerror}.") from None
        if public is not None and key.public != public:
            where = path if self.given is None else "TAWATUR_LABEL_KEY"
            raise LabelKeyUnusable(f"Labels are signed with the key {public}; {where} has another one.")
        return key

    def find_or_make(self, site: str) -> LabelKey:
        """The site's private key; made, and kept where its owner alone can read it, where there is none."""
        path = self._folder / f"{site}.key"
        if self.given is None and not path.exists():
            self.make(site)
        return self.find(site)

    def make(self, site: str) -> LabelKey:
        """A new key in the place of the one before. Raises LabelKeyUnusable where the key is set."""
        if self.given is not None:
            raise LabelKeyUnusable("The key is set by TAWATUR_LABEL_KEY: set another there and run `labels setup`.")
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / f"{site}.key"
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(_HALF) + "\n")
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()
        return self.find(site)
