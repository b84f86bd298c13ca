"""Passwords cost as little here as they can: what they cost in earnest is the library's affair."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from tawatur.moderation import people


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
