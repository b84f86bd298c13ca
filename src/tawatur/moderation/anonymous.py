"""Readers whom the site does not know: a proof of work buys one a token, good for one reader behind one network.

The work keeps nobody out for long: whoever rents a thousand addresses and a graphics card makes a thousand readers. It
makes each cost something, more as they come faster, and slows a flood until people see it. What stops such a crowd is
the engine: anonymous readers are newcomers until people have confirmed what they report, linked to each other as such
and by their networks, and newcomers alone never block (decision/evidence.py).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

import altcha
from msgspec.structs import replace

from tawatur.moderation import tokens
from tawatur.moderation.pseudonyms import Pseudonyms
from tawatur.moderation.refusals import TokenRefused, TooOften, UsedProof, WrongProof
from tawatur.moderation.tokens import Claims
from tawatur.store import proofs
from tawatur.store.database import Database
from tawatur.store.database_book import DatabaseBook
from tawatur.store.proofs import Pace, Proof

CHALLENGE_KEPT = timedelta(minutes=5)
TOKEN_KEPT = timedelta(hours=1)
CONTINUED_WITHIN = timedelta(days=30)
"""After its end a token can still be handed in for this long, to go on as the same reader."""

ALGORITHM = "PBKDF2/SHA-256"
COST = 2000
"""Rounds of one attempt: long enough that a browser's own calls around it count for little."""
EASIEST, HARDEST = 128, 2048
"""Attempts at most. On one core of a server the hardest is 1.7 s, on a phone five times as slow less than ten, and half
of that on average."""
LATELY = timedelta(minutes=10)
CALM = 50
"""Proofs that a site gets within `LATELY` before the work grows; with each doubling it doubles."""
PROOFS_KEPT = timedelta(hours=1)
A_NETWORK = 60
"""Proofs that one network may use within `PROOFS_KEPT`: a carrier's address has thousands of readers behind it, of whom
few report within an hour."""
QUIET_NETWORK = 4


def attempts(pace: Pace) -> int:
    """How many attempts the next proof may take: the work doubles whenever the site's pace does, or the network's."""
    steps = (pace.site // CALM).bit_length() + (pace.network // QUIET_NETWORK).bit_length()
    return min(EASIEST << min(steps, 20), HARDEST)


def proofs_pace(database: Database, site: str, network: str, now: datetime) -> Pace:
    """How many proofs the site and the network have used of late, in all processes."""
    with database.read() as connection:
        return proofs.pace(connection, site, network, now - PROOFS_KEPT, now - LATELY)


def challenge(secret: bytes, site: str, network: str, pace: Pace, now: datetime) -> dict[str, Any]:
    """A challenge as ALTCHA writes it, for this site and network (its digest) alone. Makes one attempt itself.

    The answer lies below `attempts`, evenly, so no reader has bad luck without end."""
    made = altcha.create_challenge(
        ALGORITHM,
        COST,
        counter=secrets.randbelow(attempts(pace)),
        expires_at=now + CHALLENGE_KEPT,
        hmac_secret=_key(secret, "challenges", site, network),
        hmac_key_secret=_key(secret, "solutions", site, network),
    )
    return made.to_dict()


def check_proof(secret: bytes, site: str, network: str, payload: str) -> str:
    """A digest that stands for the challenge that was solved. Raises WrongProof."""
    try:
        solved = altcha.Payload.from_base64(payload)
        result = altcha.verify_solution(
            solved,
            _key(secret, "challenges", site, network),
            hmac_key_secret=_key(secret, "solutions", site, network),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        raise WrongProof("This is no solved challenge. Get one from /widget/challenge, and solve it.") from None
    if result.expired:
        raise WrongProof("The challenge's time is over. Get a new one, and solve it.")
    if not result.verified:
        raise WrongProof("The challenge is not solved, or was made for another site or network. Get a new one.")
    return hashlib.sha256(str(solved.challenge.signature).encode()).hexdigest()


def use_proof(book: DatabaseBook, site: str, network: str, digest: str, now: datetime) -> None:
    """Uses a proof, once and for all. Raises TooOften and UsedProof."""
    pace = book.proofs_pace(site, network, now - PROOFS_KEPT, now - LATELY)
    if pace.network >= A_NETWORK and pace.first is not None:
        wait = pace.first + PROOFS_KEPT - now
        raise TooOften("Very many readers of this network have reported within the hour.", max(1, wait.seconds))
    if not book.use_proof(Proof(site, digest, network, now)):
        raise UsedProof("Each challenge is good for one token. Get a new one, and solve it.")


def anonymous_claims(
    secret: bytes, pseudonyms: Pseudonyms, site: str, network: str, now: datetime, earlier: str | None = None
) -> Claims:
    """Whom the new token stands for: somebody new behind this network, or whom the `earlier` token stood for.

    Raises TokenRefused for an earlier token that cannot be gone on with.
    """
    made = tokens.seconds(now)
    new = Claims(
        site=site,
        reporter=pseudonyms.anonymous(network, secrets.token_hex(16)),
        expires=made + int(TOKEN_KEPT.total_seconds()),
        account_created_at=made,
        network=network,
        anonymous=True,
    )
    if earlier is None:
        return new
    was = tokens.read_expired(secret, earlier)
    if was.site != site or not was.anonymous or was.expires < made - CONTINUED_WITHIN.total_seconds():
        raise TokenRefused("This token cannot be gone on with. Ask again without it.")
    return replace(new, reporter=was.reporter, account_created_at=was.account_created_at)


def _key(secret: bytes, purpose: str, site: str, network: str) -> bytes:
    return hmac.digest(secret, f"tawatur/{purpose}/1/{site}/{network}".encode(), "sha256")
