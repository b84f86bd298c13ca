"""What becomes of a picture is said of the record that holds it: once, in order, signed, and taken back when it is
restored."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from atproto_crypto.verify import verify_signature

from tawatur.delivery import labels as reader
from tawatur.delivery.label_keys import LabelKeyring, LabelKeyUnusable
from tawatur.delivery.labelers import BadLabeler, labeler_of_site, set_up, switch_off
from tawatur.delivery.labels import document
from tawatur.log.keys import Keyring
from tawatur.moderation.erasure import Eraser
from tawatur.moderation.retention import keep_to_retention
from tawatur.store import cursors
from tawatur.store.database import Database
from tawatur.store.ids import new_id
from tests.delivery.labelling import DID, LabellingWorld, post
from tests.web.xrpc.network import plain_cbor


@pytest.fixture
def world(database: Database, tmp_path: Path) -> LabellingWorld:
    return LabellingWorld(database, tmp_path)


def all_are_signed(world: LabellingWorld) -> bool:
    """By what the `atproto` package verifies, over bytes that no code of ours made."""
    key = f"did:key:{labeler_of_site(world.base, world.site).key}"
    said = world.said()
    return bool(said) and all(
        verify_signature(key, plain_cbor(document(DID, one)), one.signature) and one.signature[32] < 0x80
        for one in said
    )


def test_nothing_is_said_until_it_is_switched_on_and_then_also_what_was_before(world: LabellingWorld) -> None:
    blocked = world.held_by(post("a"))
    world.held_by(post("b"))
    world.review(world.image("without a record"), "upheld", reason="violence")
    world.review(blocked, "upheld", reason="violence")
    assert world.label() == []
    world.set_up()
    assert world.label() == ["1 graphic-media a"]
    assert world.label() == ["1 graphic-media a"]
    assert all_are_signed(world)


def test_a_label_follows_the_state_and_is_taken_back_when_the_picture_is_restored(world: LabellingWorld) -> None:
    world.set_up()
    image = world.held_by(post("a", "bafyreihfaamatsauvlwgbb7drzowa6pngdgpwfsmqwc2pvuhwqthaxh3ju"))
    statuses = [world.report(image, f"r{n}").status for n in range(3)]
    assert statuses[-1] == "blurred"
    assert world.label() == ["1 !warn a"]
    world.review(image, "upheld", reason="terrorism")
    assert world.label()[1:] == ["2 -!warn a", "3 extremist a"]
    world.review(image, "rejected")
    assert world.label()[3:] == ["4 -extremist a"]
    assert {one.cid for one in world.said()} == {"bafyreihfaamatsauvlwgbb7drzowa6pngdgpwfsmqwc2pvuhwqthaxh3ju"}
    assert all_are_signed(world)


def test_what_is_said_again_is_later_than_what_took_it_back_whatever_the_clock_says(world: LabellingWorld) -> None:
    world.set_up()
    image = world.held_by(post("a"))
    for outcome in ("upheld", "rejected", "upheld", "rejected"):
        world.review(image, outcome, **({"reason": "spam"} if outcome == "upheld" else {}))
        world.clock = lambda: world.now.replace(year=2026, month=1, day=1, hour=0, minute=0, second=9)  # type: ignore[method-assign]
        world.label()
    said = world.said()
    assert [one.neg for one in said] == [False, True, False, True]
    assert [one.latest for one in said] == [False, False, False, True]
    moments = [one.at for one in said]
    assert moments == sorted(set(moments))


def test_a_record_with_several_pictures_is_labelled_as_long_as_one_of_them_is_withheld(world: LabellingWorld) -> None:
    world.set_up()
    first, second = world.held_by(post("a"), "first"), world.held_by(post("a"), "second")
    world.review(first, "upheld", reason="violence")
    world.review(second, "upheld", reason="violence")
    assert world.label() == ["1 graphic-media a"]
    world.review(first, "rejected")
    assert world.label() == ["1 graphic-media a"]
    world.review(second, "upheld", reviewer="other", reason="spam")
    assert world.label()[1:] == ["2 -graphic-media a", "3 spam a"]
    world.review(second, "rejected")
    assert world.label()[3:] == ["4 -spam a"]


def test_a_copy_in_another_record_shares_the_label_from_its_first_moment(world: LabellingWorld) -> None:
    world.set_up()
    world.review(world.held_by(post("a"), "same"), "upheld", reason="hate")
    world.held_by(post("b"), "same")
    assert world.label() == ["1 intolerant a", "2 intolerant b"]


def test_the_network_is_never_told_where_child_abuse_is(world: LabellingWorld) -> None:
    world.set_up()
    world.review(world.held_by(post("a")), "upheld", reason="child_safety")
    world.review(world.held_by(post("b")), "upheld", reason="copyright")
    assert world.label() == ["1 !hide a", "2 !hide b"]


def test_after_a_crash_nothing_is_lost_and_nothing_said_twice(
    world: LabellingWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever in the transaction it happens."""
    world.set_up()
    world.review(world.held_by(post("a")), "upheld", reason="spam")
    for name in ("move", "hold"):
        with monkeypatch.context() as patch:

            def die(*_: Any) -> int:
                raise KeyboardInterrupt

            patch.setattr(cursors, name, die)
            with pytest.raises(KeyboardInterrupt):
                world.label()
        assert world.said() == []
    assert world.label() == ["1 spam a"]


def test_several_processes_say_everything_once(database: Database, tmp_path: Path) -> None:
    world = LabellingWorld(database, tmp_path)
    world.set_up()
    for n in range(60):
        world.review(world.held_by(post(f"{n:02}")), "upheld", reason="spam")
    threads = [threading.Thread(target=world.label) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.label() == [f"{n + 1} spam {n:02}" for n in range(60)]


def test_a_new_key_signs_everything_again_under_the_same_numbers(world: LabellingWorld) -> None:
    world.set_up()
    world.review(world.held_by(post("a")), "upheld", reason="spam")
    before = world.label(), world.said()
    world.set_up(new_key=True)
    assert not all_are_signed(world)
    assert world.label() == before[0]
    assert all_are_signed(world)
    assert [one.at for one in world.said()] == [one.at for one in before[1]]


def test_switched_off_all_is_taken_back_and_switched_on_all_is_said_again(world: LabellingWorld) -> None:
    world.set_up()
    for name in ("a", "b"):
        world.review(world.held_by(post(name)), "upheld", reason="spam")
    world.label()
    assert switch_off(world.base, world.keyring, world.site, world.clock) == 2
    world.review(world.held_by(post("c")), "upheld", reason="spam")
    assert world.label()[2:] == ["3 -spam a", "4 -spam b"]
    world.set_up()
    assert world.label()[4:] == ["5 spam a", "6 spam b", "7 spam c"]
    assert all_are_signed(world)


def test_without_the_key_nothing_is_said_and_the_operator_hears_why(world: LabellingWorld, tmp_path: Path) -> None:
    world.set_up()
    world.review(world.held_by(post("a")), "upheld", reason="spam")
    world.keyring = LabelKeyring(tmp_path / "elsewhere")
    with pytest.raises(LabelKeyUnusable, match="not in"):
        world.label()
    world.keyring = LabelKeyring(tmp_path, "ab" * 32)
    with pytest.raises(LabelKeyUnusable, match="TAWATUR_LABEL_KEY has another one"):
        world.label()
    assert world.said() == []
    set_up(world.base, world.keyring, world.site, "https://labels.example", DID)
    assert world.label() == ["1 spam a"]


def test_what_was_taken_back_long_ago_is_forgotten_and_its_numbers_are_not_given_again(
    world: LabellingWorld, tmp_path: Path
) -> None:
    world.set_up()
    first, second = world.held_by(post("a")), world.held_by(post("b"))
    for image in (first, second):
        world.review(image, "upheld", reason="spam")
    world.label()
    world.review(second, "rejected")
    assert world.label() == ["1 spam a", "2 spam b", "3 -spam b"]
    eraser = Eraser(world.base, Keyring(tmp_path), new_id, world.clock)
    keep_to_retention(eraser, world.now + timedelta(days=364))
    assert labeler_of_site(world.base, world.site).forgotten == 0
    keep_to_retention(eraser, world.now + timedelta(days=366))
    assert labeler_of_site(world.base, world.site).forgotten == 3
    world.review(second, "upheld", reason="spam")
    assert world.label() == ["1 spam a", "4 spam b"]


def test_a_label_stays_under_the_name_it_was_given_under(world: LabellingWorld) -> None:
    world.set_up()
    world.review(world.held_by(post("a")), "upheld", reason="spam")
    world.label()
    with pytest.raises(BadLabeler, match="Keep that DID"):
        world.set_up(did="did:web:labels.example")
    other = LabellingWorld(world.base, Path("unused"), "6")
    with pytest.raises(BadLabeler, match="another site"):
        other.set_up()


@pytest.mark.parametrize(
    ("url", "did"),
    [
        ("labels.example", None),
        ("http://labels.example", None),
        ("https://labels.example/path", None),
        ("https://user@labels.example", None),
        ("https://[labels.example", None),
        ("https://labels.example", "did:key:z6Mk"),
        ("https://labels.example", "did:plc:short"),
    ],
)
def test_what_cannot_be_a_labeler_is_refused(world: LabellingWorld, url: str, did: str | None) -> None:
    with pytest.raises(BadLabeler):
        set_up(world.base, world.keyring, world.site, url, did)


def test_a_reader_that_finds_nothing_to_say_still_gets_on(
    world: LabellingWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "FAR", 3)
    world.set_up()
    for n in range(5):
        world.image(str(n))
    world.label()
    with world.base.read() as connection:
        assert cursors.position(connection, f"labels/{world.site}") >= 3
