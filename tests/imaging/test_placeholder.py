"""The plate in a withheld picture's place says why, in the reader's language, at every size."""

import re
import xml.etree.ElementTree as ET

import pytest

from tawatur.imaging.placeholder import placeholder
from tawatur.imaging.words import LANGUAGES, Language, Situation, note, reason_line, sentence

SVG = "{http://www.w3.org/2000/svg}"
REASONS = [
    *("terrorism", "violence", "child_safety", "sexual", "hate", "harassment", "privacy"),
    *("deception", "self_harm", "illegal_goods", "spam", "copyright", "other"),
]
SIZES = [(120, 90), (120, 160), (200, 120), (320, 240), (300, 60), (640, 427), (1280, 720), (999, 3000), (8000, 5000)]


def texts(document: ET.Element) -> list[ET.Element]:
    return list(document.iter(f"{SVG}text"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_it_has_the_size_of_the_picture_and_says_why(width: int, height: int, language: Language) -> None:
    document = ET.fromstring(placeholder(width, height, language, Situation.REPORTED, "violence"))
    assert (document.get("width"), document.get("height")) == (str(width), str(height))
    shown = " ".join(line.text or "" for line in texts(document))
    assert shown.startswith(sentence(Situation.REPORTED, language))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("situation", Situation)
@pytest.mark.parametrize(("width", "height"), [*SIZES, (119, 40), (60, 60), (5, 900)])
def test_words_stay_within_it(width: int, height: int, situation: Situation, language: Language) -> None:
    document = ET.fromstring(placeholder(width, height, language, situation, "child_safety"))
    for line in texts(document):
        size = float(line.get("font-size", "0"))
        middle = float(line.get("y", "0"))
        assert size >= 10
        assert 0.6 * size * len(line.text or "") <= width
        assert size <= middle <= height - 0.2 * size


@pytest.mark.parametrize(("width", "height"), [(0, 0), (1, 1), (40, 30), (2000, 12)])
def test_without_room_for_words_the_shape_stays_and_the_title_speaks(width: int, height: int) -> None:
    document = ET.fromstring(placeholder(width, height, "en"))
    assert not texts(document)
    assert document.find(f"{SVG}path") is not None
    assert sentence(Situation.REPORTED, "en") in (document.findtext(f"{SVG}title") or "")


def test_words_grow_with_the_picture() -> None:
    small, large = (
        max(float(line.get("font-size", "0")) for line in texts(ET.fromstring(placeholder(width, width, "ar"))))
        for width in (400, 4000)
    )
    assert large == pytest.approx(10 * small, rel=0.02)


@pytest.mark.parametrize(("language", "direction"), [("ar", "rtl"), ("en", "ltr"), ("fr", "ltr")])
def test_it_can_be_read_aloud(language: Language, direction: str) -> None:
    document = ET.fromstring(placeholder(640, 480, language, Situation.COPY, "hate"))
    assert document.get("role") == "img"
    assert (document.get("lang"), document.get("direction")) == (language, direction)
    title = document.find(f"{SVG}title")
    assert title is not None
    assert title.get("id") == document.get("aria-labelledby")
    for part in (sentence(Situation.COPY, language), reason_line(Situation.COPY, "hate", language)):
        assert part is not None
        assert part in (title.text or "")


def test_it_is_calm_in_light_and_dark() -> None:
    plate = placeholder(640, 480, "ar", Situation.UPHELD, "terrorism").decode()
    assert "prefers-color-scheme:dark" in plate
    for colour in re.findall(r"#[0-9a-f]{6}", plate):
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        assert abs(red - green) < 16, colour
        assert abs(red - blue) < 32, colour


def test_it_loads_and_runs_nothing() -> None:
    plate = placeholder(640, 480, "fr").decode()
    for forbidden in ("<script", "href", "url(", "@import", "<image", "onload"):
        assert forbidden not in plate


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("situation", Situation)
def test_every_situation_has_words(situation: Situation, language: Language) -> None:
    words = sentence(situation, language)
    assert words
    assert not words.endswith(".")
    assert bool(re.search(r"[\u0600-\u06ff]", words)) == (language == "ar")
    assert not re.search(" [:;!?]", words), "French sets a no-break space before a colon"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_given_in_general_terms(reason: str, language: Language) -> None:
    line = reason_line(Situation.REPORTED, reason, language)
    assert line is not None
    assert (reason == "other") == (line == reason_line(Situation.REPORTED, "a site's own", language))


def test_a_claim_is_not_told_as_a_finding() -> None:
    assert reason_line(Situation.REPORTED, "violence", "en") == "Reported for: violence or terrorism"
    assert reason_line(Situation.UPHELD, "violence", "en") == "Reason: violence or terrorism"
    assert reason_line(Situation.REPORTED, None, "en") is None
    assert reason_line(Situation.UNAVAILABLE, "violence", "en") is None


def test_what_is_provisional_says_so() -> None:
    assert note(Situation.REPORTED, "en") == "For now, until a person has looked"
    assert note(Situation.UPHELD, "en") is None


def test_a_language_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="ar, en, fr"):
        placeholder(640, 480, "de")


def test_it_is_made_once() -> None:
    assert placeholder(333, 222, "en") is placeholder(333, 222, "en")
