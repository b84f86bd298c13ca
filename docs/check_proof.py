"""Checks a proof that an event stands in the log of a Tawatur server. Needs Python and `cryptography`, none of Tawatur.

    python check_proof.py PROOF.json PUBLIC_KEY

PROOF.json is what `GET /v1/events/{id}/proof` answered, PUBLIC_KEY what the server's operator published (`tawatur audit
key`). Prints the event and when it was sealed; ends with 1 where anything does not fit.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def check(proof, trusted):
    """Raises ValueError, saying what does not fit; returns what the seal says."""
    if proof["form"] != 1:
        raise ValueError(f"the proof has form {proof['form']}, this script knows 1")
    head, seal = json.loads(proof["head"]), json.loads(proof["seal"])

    # The event's leaf: what stays, who it names, and by what means; each under a digest, the last two with their salts.
    opened = sha256((proof["head"] + "\n" + proof["open"]).encode()).digest()
    node = sha256(b"\0" + opened + part(proof["who"]) + part(proof["means"])).digest()

    # Up the tree of RFC 6962 to the root. The way tells the leaf's place, and so does the event's position.
    for step in proof["path"]:
        ((side, other),) = step.items()
        pair = bytes.fromhex(other) + node if side == "left" else node + bytes.fromhex(other)
        node = sha256(b"\1" + pair).digest()
    if node.hex() != seal["root"]:
        raise ValueError("the event is not under this seal")
    if sides(head[0] - seal["first"], seal["count"]) != [side for step in proof["path"] for side in step]:
        raise ValueError("the event does not stand where it says")

    # The seal's signature, and the keys: each signs its own statement, and so does the one before it.
    signed(seal["key"], proof["signature"], "tawatur seal 1\n" + proof["seal"])
    if seal["key"] != trusted:
        chain(proof["keys"], seal, trusted)
    return seal


def part(said):
    if not said:
        return bytes(32)
    if "digest" in said:
        return bytes.fromhex(said["digest"])
    return sha256(bytes.fromhex(said["salt"]) + said["said"].encode()).digest()


def sides(index, size):
    """On which sides the other nodes stand on the way up from the leaf at `index` of `size`."""
    if not 0 <= index < size:
        raise ValueError("the event's position is not under this seal")
    found = []
    while size > 1:
        if index % 2:
            found.append("left")
        elif index + 1 < size:
            found.append("right")
        index, size = index // 2, (size + 1) // 2
    return found


def signed(key, signature, message):
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), message.encode())
    except InvalidSignature:
        raise ValueError(f"a signature of {key} does not fit") from None


def chain(keys, seal, trusted):
    """The seal's key and the trusted one stand in one chain, and the seal's number is in its key's time."""
    known = [json.loads(key["statement"]) for key in keys]
    before = None
    for key, said in zip(keys, known, strict=True):
        message = "tawatur seal key 1\n" + key["statement"]
        signed(said["key"], key["signature"], message)
        if said["previous"] != before:
            raise ValueError("the keys are no chain")
        if before is not None:
            signed(before, key["previous_signature"], message)
        before = said["key"]
    if trusted not in [said["key"] for said in known]:
        raise ValueError("the seal is signed with a key that you do not trust")
    in_force = [said["key"] for said in known if said["since"] <= seal["number"]]
    if not in_force or in_force[-1] != seal["key"]:
        raise ValueError("the seal is signed with a key that was not in force")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    proof = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    try:
        seal = check(proof, sys.argv[2].strip().lower())
    except (ValueError, KeyError, TypeError, IndexError) as error:
        sys.exit(f"The proof does not hold: {error}")
    position, event, _, image, _, kind = json.loads(proof["head"])
    print(f"The proof holds: event {event} ({kind}, image {image}) at position {position}, sealed {seal['at']}.")
    print(proof["open"])
    for name in ("who", "means"):
        print(f"{name}: {proof[name].get('said', 'erased' if proof[name] else 'nothing')}")


if __name__ == "__main__":
    main()
