"""Files made to break decoders end in a picture or in a refusal, never in anything else."""

import random
import zipfile

import pytest

from tawatur.imaging.decode import BrokenImage, Examined, ImageRefused, examine
from tests.imaging.pictures import saved, scenery, shared

SAMPLE = 600


def outcome(data: bytes) -> str:
    try:
        found = examine(data)
    except ImageRefused as refused:
        return type(refused).__name__
    assert isinstance(found, Examined)
    assert found.width > 0
    assert found.height > 0
    return "examined"


def test_malformed_files_are_examined_or_refused() -> None:
    with zipfile.ZipFile(shared("hostile/malformed-images.zip")) as collection:
        names = [name for name in collection.namelist() if not name.endswith("/")]
        outcomes = [outcome(collection.read(name)) for name in random.Random(2).sample(names, SAMPLE)]
    assert outcomes.count("examined") > SAMPLE / 20
    assert outcomes.count("BrokenImage") > SAMPLE / 20


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_a_good_file_with_bytes_changed_is_examined_or_refused(kind: str) -> None:
    chance = random.Random(kind)
    good = saved(scenery(60, 40), kind)
    outcomes = set()
    for _ in range(300):
        data = bytearray(good)
        for _ in range(chance.choice((1, 4, 32))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        outcomes.add(outcome(bytes(data)))
    assert outcomes & {"BrokenImage", "TruncatedImage"}


def test_an_avif_without_a_picture_is_damaged() -> None:
    """libavif's failures reach Python as RuntimeError, which is not in anyone's list."""
    data = saved(scenery(60, 40), "AVIF")
    with pytest.raises(BrokenImage):
        examine(data.replace(b"pitm", b"free"))
