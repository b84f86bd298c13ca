"""Anybody can check that an event stands in the log as it was sealed, with none of our code."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tawatur.log.keys import Keyring
from tawatur.log.seal import change_key, seal
from tawatur.store.database import Database
from tests.web.place import Place, problem

CHECKER = Path(__file__).parents[3] / "docs" / "check_proof.py"


class Notary:
    """What the operator of a place can do."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.keyring = Keyring(place.data_dir)

    def _on_database(self, act: Any) -> Any:
        database = Database(self.place.database_url)
        try:
            return act(database, self.keyring, lambda: datetime.now(UTC))
        finally:
            database.close()

    def seal(self) -> str:
        """Seals, and returns the public key."""
        self._on_database(seal)
        return next(iter(self.keyring.all_of_them()))

    def change_key(self) -> str:
        return str(self._on_database(change_key).public)

    def proof(self, event: str) -> dict[str, Any]:
        answer = self.place.client.get(f"/v1/events/{event}/proof")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def checked(proof: dict[str, Any], key: str, folder: Path) -> tuple[int, str]:
    """Runs the script in a folder of its own, where our code cannot be imported."""
    (folder / "proof.json").write_text(json.dumps(proof))
    (folder / "check_proof.py").write_bytes(CHECKER.read_bytes())
    alone = "import runpy, sys; sys.modules['tawatur'] = None; runpy.run_path('check_proof.py', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-I", "-c", alone, "proof.json", key],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def notary(place: Place) -> Notary:
    return Notary(place)


def some_history(place: Place) -> list[dict[str, Any]]:
    image = place.image(uploader="omar", page_url="https://news.example/1")
    place.report(image, "fatima", signals={"network": "198.51.100.7"})
    place.review(image, "rejected")
    return place.events(limit=1000)


def test_a_proof_of_every_event_holds_by_a_script_with_none_of_our_code(notary: Notary, tmp_path: Path) -> None:
    events = some_history(notary.place)
    key = notary.seal()
    for event in events[:4]:
        code, said = checked(notary.proof(event["id"]), key, tmp_path)
        assert (code, event["id"] in said, event["type"] in said) == (0, True, True), said


def test_a_proof_shows_the_event_as_the_log_has_it(notary: Notary) -> None:
    event = next(one for one in some_history(notary.place) if one["type"] == "report.received")
    notary.seal()
    proof = notary.proof(event["id"])
    assert json.loads(proof["head"])[:3] == [event["position"], event["id"], notary.place.keys.site]
    assert json.loads(proof["open"])["reason"] == event["reason"]
    assert json.loads(proof["who"]["said"]) == {"reporter": event["reporter"]}
    assert json.loads(proof["means"]["said"]) == {"signals": event["signals"]}


def test_a_proof_of_an_erased_event_holds_and_names_nobody(notary: Notary, tmp_path: Path) -> None:
    event = next(one for one in some_history(notary.place) if one["type"] == "report.received")
    key = notary.seal()
    assert "fatima" not in event["reporter"]
    notary.place.client.post("/v1/erasures", json={"kind": "reporter", "person": "fatima"})
    proof = notary.proof(event["id"])
    assert event["reporter"] not in json.dumps(proof)
    code, said = checked(proof, key, tmp_path)
    assert (code, "who: erased" in said, "means: erased" in said, '"reason":"violence"' in said) == (
        0,
        True,
        True,
        True,
    )


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (lambda proof: proof.update(open=proof["open"].replace("violence", "spam")), "not under this seal"),
        (lambda proof: proof["who"].update(said='{"reporter":"another"}'), "not under this seal"),
        (lambda proof: proof.update(path=proof["path"][:-1]), "not under this seal"),
        (lambda proof: proof.update(seal=proof["seal"].replace('"form":1', '"form":2')), "signature"),
        (lambda proof: proof.update(form=2), "form 2"),
        (lambda proof: proof.pop("keys"), ""),
    ],
)
def test_a_forged_proof_does_not_hold(notary: Notary, tmp_path: Path, forge: Any, said: str) -> None:
    event = next(one for one in some_history(notary.place) if one["type"] == "report.received")
    key = notary.seal()
    proof = notary.proof(event["id"])
    forge(proof)
    code, told = checked(proof, "00" * 32 if not said else key, tmp_path)
    assert code == 1
    assert f"does not hold: {said}" in told or said in told


def test_a_proof_holds_by_any_key_of_the_chain_and_by_no_other(notary: Notary, tmp_path: Path) -> None:
    events = some_history(notary.place)
    old = notary.seal()
    new = notary.change_key()
    proof = notary.proof(events[0]["id"])
    assert checked(proof, old, tmp_path)[0] == checked(proof, new, tmp_path)[0] == 0
    code, said = checked(proof, "12" * 32, tmp_path)
    assert code == 1
    assert "a key that you do not trust" in said


def test_an_event_that_is_not_sealed_yet_has_no_proof(place: Place) -> None:
    place.image()
    event = place.events(limit=1000)[-1]
    told = problem(place.client.get(f"/v1/events/{event['id']}/proof"), 409)
    assert "sealed" in told["title"]


def test_another_sites_event_has_no_proof(notary: Notary) -> None:
    place = notary.place
    place.another_site("neighbour")
    notary.seal()
    database = Database(place.database_url)
    from tawatur.log.export import lines

    theirs = [line for line in lines(database) if line.get("name") == "neighbour"]
    database.close()
    problem(place.client.get(f"/v1/events/{theirs[0]['id']}/proof"), 404)
    problem(place.client.get("/v1/events/nothing/proof"), 404)
