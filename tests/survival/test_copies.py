"""Two servers on one PostgreSQL: what is blocked through one is caught by the other from the answer on."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image, ImageOps

import tawatur
from tawatur.imaging.decode import examine
from tests.ground.server import Server
from tests.imaging.alterations import ALTERATIONS
from tests.survival.world import register, report, statement, upload

# Those whose small copies are within the default policy's 16 bits; of others a person is asked.
NAMES = ["astronaut", "galaxies", "moose", "rocket", "solar"]
PHOTOGRAPHS = [Path(tawatur.__file__).parent / "demo/photographs" / f"{name}.jpg" for name in NAMES]

pytestmark = pytest.mark.postgresql

Pair = tuple[httpx.Client, httpx.Client]


@pytest.fixture(params=["one data directory", "one each"])
def pair(request: pytest.FixtureRequest, new_server: Callable[..., Server], postgres_url: str) -> Iterator[Pair]:
    """Clients of two servers that share the database; pictures are not shown here, so each may keep its own."""
    secret = "one secret for both, as settings.md asks"
    first, second = (new_server(postgres_url, TAWATUR_SECRET=secret) for _ in range(2))
    if request.param == "one data directory":
        second.data_dir = first.data_dir
    site = first.init().site()
    with first.start().client(site) as here, second.start().client(site) as there:
        yield here, there


def near(photograph: bytes) -> bytes:
    """Mirrored, 300 px wide, and saved as JPEG again."""
    picture = ImageOps.mirror(Image.open(io.BytesIO(photograph)).convert("RGB"))
    picture.thumbnail((300, 300))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=70)
    return out.getvalue()


def block(client: httpx.Client, image: str) -> None:
    said = [report(client, image, statement(f"{image}-{n}")).json()["status"] for n in range(5)]
    assert said[-1] == "blocked"


def statuses(client: httpx.Client, images: list[str]) -> set[str]:
    return {client.get(f"/v1/images/{image}").json()["status"] for image in images}


@pytest.mark.parametrize("others", [0, 1, 2])
def test_copies_are_caught_by_the_other_server_at_once(pair: Pair, others: int) -> None:
    """With 1, 2 and 3 images on the site when the copies come, and again with those that came meanwhile."""
    here, there = pair
    for photograph in PHOTOGRAPHS[:others]:
        register(here, photograph.read_bytes())
    for photograph in PHOTOGRAPHS[others:]:
        data = photograph.read_bytes()
        image = register(here, data)
        block(here, image)
        exact, mirrored = upload(there, data).json(), upload(there, near(data)).json()
        assert (exact["status"], mirrored["status"]) == ("blocked", "blocked")
        assert image in exact["copies"]
        assert image in mirrored["copies"]
        assert there.get(f"/i/{mirrored['id']}").headers["tawatur-status"] == "blocked"
        here, there = there, here


def test_altered_copies_are_caught_by_the_other_server_at_once(pair: Pair) -> None:
    """And no more once the block is over; each server has searched before, so what it knows is of earlier."""
    here, there = pair
    crop, screenshot, border = (
        ALTERATIONS[how](Image.open(PHOTOGRAPHS[0]).convert("RGB"))
        for how in ("crop of 10 % on each side", "screenshot, JPEG 40", "black border of 10 %")
    )
    image = register(here, PHOTOGRAPHS[0].read_bytes())
    assert upload(there, PHOTOGRAPHS[1].read_bytes()).json()["status"] == "visible"
    block(here, image)
    cropped = upload(there, crop).json()
    assert (cropped["status"], cropped["altered_of"], cropped["copies"]) == ("blurred", [image], [])
    assert upload(here, screenshot).json()["status"] == "blurred"
    review = {"outcome": "rejected", "reviewer": "m"}
    assert here.post(f"/v1/images/{image}/reviews", json=review).status_code == 201
    assert statuses(there, [cropped["id"]]) == {"visible"}
    assert upload(there, border).json()["status"] == "visible"


def test_a_restoration_and_a_cut_reach_the_other_server(pair: Pair) -> None:
    here, there = pair
    data = PHOTOGRAPHS[0].read_bytes()
    image = register(here, data)
    block(here, image)
    copy = upload(there, near(data)).json()["id"]
    review = {"outcome": "rejected", "reviewer": "m"}
    assert here.post(f"/v1/images/{image}/reviews", json=review).status_code == 201
    again = upload(there, data).json()
    assert again["status"] == "visible"
    assert statuses(there, [image, copy, again["id"]]) == {"visible"}

    # Cut out, an image stands alone, and nothing that is like it joins it any more, whichever server is asked.
    for cut in (image, again["id"]):
        assert there.post(f"/v1/images/{cut}/cut", json={"reviewer": "m"}).status_code == 200
    assert set(upload(here, near(data)).json()["copies"]) == {copy}
    assert not {image, again["id"]} & set(upload(here, data).json()["copies"])


def test_a_bank_changed_through_one_server_holds_on_the_other(pair: Pair) -> None:
    here, there = pair
    first, second = (path.read_bytes() for path in PHOTOGRAPHS[:2])
    assert register(there, PHOTOGRAPHS[2].read_bytes())  # it has read the banks, and found none
    assert here.put("/v1/banks/list", json={"kind": "block", "reason": "violence"}).status_code == 200
    pdqs = [examine(data).pdq for data in (first, second)]
    assert here.post("/v1/banks/list/hashes", json={"pdqs": pdqs}).json() == {"changed": 2}
    assert upload(there, near(first)).json()["status"] == "blocked"
    assert here.delete(f"/v1/banks/list/hashes/{pdqs[1]}").json() == {"changed": 1}
    assert upload(there, near(second)).json()["status"] == "visible"
