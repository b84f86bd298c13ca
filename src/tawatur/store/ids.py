"""Makes ids."""

from __future__ import annotations

import uuid_utils


def new_id() -> str:
    """A UUIDv7: sorts by the time it was made."""
    return str(uuid_utils.uuid7())
