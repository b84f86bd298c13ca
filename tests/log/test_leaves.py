"""Leaves and trees are those of RFC 6962, to the byte, for ever."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tawatur.log import leaves
from tawatur.log.events import ReportReceived, row
from tests.log.sealed import START


def largest_power_below(size: int) -> int:
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def rfc_6962(nodes: list[bytes]) -> bytes:
    """Section 2.1, as it is written there."""
    if len(nodes) == 1:
        return nodes[0]
    k = largest_power_below(len(nodes))
    return sha256(b"\x01" + rfc_6962(nodes[:k]) + rfc_6962(nodes[k:])).digest()


@pytest.mark.parametrize("size", [*range(1, 40), 127, 128, 129, 1024])
def test_the_root_is_that_of_the_rfc(size: int) -> None:
    nodes = [sha256(bytes([n % 256, n // 256])).digest() for n in range(size)]
    assert leaves.root(nodes) == rfc_6962(nodes)


@given(st.integers(1, 70).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_the_way_up_from_each_leaf_ends_at_the_root(place: tuple[int, int]) -> None:
    size, index = place
    nodes = [sha256(bytes([n])).digest() for n in range(size)]
    node = nodes[index]
    for side, other in leaves.path(nodes, index):
        node = sha256(b"\x01" + (other + node if side == "left" else node + other)).digest()
    assert node == leaves.root(nodes)


def test_a_leaf_is_made_of_these_bytes() -> None:
    event = row("e1", "s1", "i1", START, ReportReceived(report="r1", reporter="abc", reason="spam"))
    salts = bytes(range(16)) + bytes(16)
    head = b'[null,"e1","s1","i1",1772366400000000,"report.received"]\n'
    opened = sha256(head + b'{"type":"report.received","report":"r1","reason":"spam"}').digest()
    who = sha256(salts[:16] + b'{"reporter":"abc"}').digest()
    assert leaves.leaf(event, salts, {}) == sha256(b"\0" + opened + who + bytes(32)).digest()
    assert leaves.fresh(event, bytes(range(32))) == (salts, leaves.leaf(event, salts, {}))
    assert leaves.leaf(event, bytes(32), {"who": who}) == leaves.leaf(event, salts, {})
