"""Crops and the like of a blocked picture are blurred and wait for a person, whose word holds."""

from __future__ import annotations

from typing import Any

from PIL import Image
from sqlalchemy import delete

from tawatur.store import schema
from tawatur.store.database import Database
from tests.imaging.alterations import ALTERATIONS, mosaic
from tests.imaging.models import coarse
from tests.imaging.pictures import SHIPPED
from tests.web.place import Place, opened

CROP = "crop of 10 % on each side"
SHOT = "screenshot, JPEG 40"
BORDER = "black border of 10 %"


def upload(place: Place, data: bytes) -> dict[str, Any]:
    made = place.client.post("/v1/images", files={"file": data})
    assert made.status_code == 201, made.text
    answer: dict[str, Any] = made.json()
    return answer


def original(place: Place) -> str:
    return str(upload(place, SHIPPED[4].read_bytes())["id"])


def altered(how: str) -> bytes:
    with Image.open(SHIPPED[4]) as picture:
        return ALTERATIONS[how](picture.convert("RGB"))


def status(place: Place, image: str) -> str:
    return str(place.client.get(f"/v1/images/{image}").json()["status"])


def look_back(place: Place) -> None:
    """What the server does every half minute."""
    place.client.app.state.house.look_back()  # type: ignore[attr-defined]


def test_a_crop_of_a_blocked_picture_is_blurred_and_waits_for_a_person(place: Place) -> None:
    first = original(place)
    place.review(first, "upheld", reason="violence")
    crop = upload(place, altered(CROP))
    assert (crop["status"], crop["altered_of"], crop["copies"]) == ("blurred", [first], [])
    shown = place.client.get(f"/v1/images/{crop['id']}").json()
    assert (shown["provisional"], shown["reason"]) == (True, "violence")
    assert shown["review_by"] is not None
    told = [event for event in place.events(limit=1000) if event.get("image") == crop["id"]]
    assert [event["type"] for event in told] == ["image.registered", "image.altered", "image.blurred"]
    assert told[1]["of"] == first
    assert (told[2]["cause"], told[2]["provisional"]) == ("altered", True)
    why = place.client.get(f"/v1/images/{crop['id']}/verdict", headers={"Accept-Language": "en"}).json()
    assert why["altered_of"] == [first]
    assert "altered copy" in why["words"]


def test_an_unrelated_picture_stays_visible(place: Place) -> None:
    place.review(original(place), "upheld", reason="violence")
    other = upload(place, SHIPPED[5].read_bytes())
    assert (other["status"], other["altered_of"]) == ("visible", [])


def test_only_what_is_blocked_is_looked_for(place: Place) -> None:
    original(place)
    crop = upload(place, altered(CROP))
    assert (crop["status"], crop["altered_of"]) == ("visible", [])


def test_a_block_by_reports_counts_as_well(place: Place) -> None:
    first = original(place)
    assert place.crowd(first, 30) == "blocked"
    assert upload(place, altered(CROP))["status"] == "blurred"


def test_another_site_is_not_concerned(place: Place) -> None:
    place.review(original(place), "upheld", reason="violence")
    keys = place.another_site("another " + place.keys.site)
    headers = {"Authorization": f"Bearer {keys.api_key}"}
    made = place.client.post("/v1/images", files={"file": altered(CROP)}, headers=headers)
    assert made.json()["status"] == "visible"


def test_restoring_the_original_shows_its_altered_copies(place: Place) -> None:
    first = original(place)
    place.review(first, "upheld", reason="violence")
    crop = upload(place, altered(CROP))["id"]
    place.review(first, "rejected")
    assert status(place, crop) == "visible"
    assert upload(place, altered(SHOT))["status"] == "visible"
    place.review(first, "upheld", reason="violence")
    assert upload(place, altered(BORDER))["status"] == "blurred"
    look_back(place)
    assert status(place, crop) == "blurred"


def test_an_altered_copy_of_two_blocked_pictures_waits_for_both(place: Place) -> None:
    first = original(place)
    second = upload(place, altered(SHOT))["id"]
    place.review(first, "upheld", reason="violence")
    place.review(second, "upheld", reason="violence")
    crop = upload(place, altered(CROP))
    assert set(crop["altered_of"]) == {first, second}
    place.review(first, "rejected")
    assert status(place, crop["id"]) == "blurred"
    place.review(second, "rejected")
    assert status(place, crop["id"]) == "visible"


def test_who_upholds_a_crop_blocks_it(place: Place) -> None:
    first = original(place)
    place.review(first, "upheld", reason="violence")
    crop = upload(place, altered(CROP))["id"]
    place.review(crop, "upheld")
    assert status(place, crop) == "blocked"
    place.review(first, "rejected")
    assert status(place, crop) == "blocked"


def test_who_rejects_a_crop_shows_it_for_good(place: Place) -> None:
    first = original(place)
    place.review(first, "upheld", reason="violence")
    crop = upload(place, altered(CROP))["id"]
    place.review(crop, "rejected")
    assert upload(place, altered(CROP))["status"] == "visible"
    place.review(first, "rejected")
    place.review(first, "upheld", reason="violence")
    look_back(place)
    assert status(place, crop) == "visible"


def test_crops_that_were_there_before_the_block_are_found(place: Place) -> None:
    first = original(place)
    crop, other = upload(place, altered(CROP))["id"], upload(place, SHIPPED[6].read_bytes())["id"]
    place.review(first, "upheld", reason="violence")
    assert status(place, crop) == "visible"
    look_back(place)
    assert (status(place, crop), status(place, other), status(place, first)) == ("blurred", "visible", "blocked")
    told = place.types()
    look_back(place)
    assert place.types() == told


def test_an_allow_bank_overrules_a_likeness(place: Place) -> None:
    first = original(place)
    earlier = upload(place, altered(CROP))
    shot = upload(place, altered(SHOT))
    assert place.client.put("/v1/banks/fine", json={"kind": "allow", "distance": 0}).status_code == 200
    known = [earlier["pdq"], upload(place, altered(BORDER))["pdq"], upload(place, SHIPPED[4].read_bytes())["pdq"]]
    assert place.client.post("/v1/banks/fine/hashes", json={"pdqs": known}).status_code == 200
    place.review(first, "upheld", reason="violence")
    again, whole = upload(place, altered(BORDER)), upload(place, SHIPPED[4].read_bytes())
    look_back(place)
    for fine in (earlier, again, whole):
        assert status(place, fine["id"]) == "visible"
    assert status(place, shot["id"]) == "blurred"


def test_what_was_never_described_is_described_when_it_is_blocked(place: Place) -> None:
    first = original(place)
    database = Database(place.database_url)
    with database.write() as connection:
        connection.execute(delete(schema.descriptions).where(schema.descriptions.c.image == first))
    database.close()
    place.review(first, "upheld", reason="violence")
    assert upload(place, altered(CROP))["status"] == "visible"
    look_back(place)
    assert upload(place, altered(SHOT))["status"] == "blurred"


def test_a_crop_whose_original_is_known_by_hash_alone_cannot_be_known(place: Place) -> None:
    picture = upload(place, SHIPPED[4].read_bytes())
    keys = place.another_site("hash alone " + place.keys.site)
    place.client.headers["Authorization"] = f"Bearer {keys.api_key}"
    made = place.client.post("/v1/images", json={"pdq": picture["pdq"], "quality": 100}).json()
    place.review(made["id"], "upheld", reason="violence")
    assert upload(place, altered(CROP))["status"] == "visible"
    look_back(place)


def test_a_server_can_do_without(tmp_path: Any) -> None:
    with opened(f"sqlite:///{tmp_path / 'tawatur.db'}", tmp_path, altered_copies=False) as place:
        place.review(original(place), "upheld", reason="violence")
        assert upload(place, altered(CROP))["status"] == "visible"


def test_a_model_of_the_operators_finds_what_corners_do_not(tmp_path: Any) -> None:
    model = coarse(tmp_path / "coarse.onnx")
    for said in ({}, {"copy_model": model, "copy_model_threshold": 0.9}):
        with opened(f"sqlite:///{tmp_path / f'{len(said)}.db'}", tmp_path / str(len(said)), **said) as place:
            earlier = upload(place, mosaic(SHIPPED[4]))["id"]
            first, second = (upload(place, path.read_bytes())["id"] for path in (SHIPPED[4], SHIPPED[6]))
            place.review(first, "upheld", reason="violence")
            place.review(second, "upheld", reason="violence")
            later = upload(place, mosaic(SHIPPED[6]))
            assert later["altered_of"] == ([second] if said else [])
            look_back(place)
            assert status(place, earlier) == status(place, later["id"]) == ("blurred" if said else "visible")
            assert upload(place, SHIPPED[5].read_bytes())["status"] == "visible"
