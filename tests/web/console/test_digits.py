"""Who wants Arabic-Indic digits in Arabic gets them in all that a page says itself, and in nothing else."""

from __future__ import annotations

import re

import pytest

from tawatur.web.console.words.digits import eastern, eastern_page
from tests.web.console.desks import person, texts
from tests.web.place import Place


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("3 بلاغات", "٣ بلاغات"),
        ("1,234.5", "١٬٢٣٤٫٥"),
        ("88% من 100", "٨٨٪ من ١٠٠"),
        ("20 يناير، 09:05", "٢٠ يناير، ٠٩:٠٥"),
        ("2FAS وSHA256", "2FAS وSHA256"),
        ("&#39;5&#39; &amp; &nbsp;", "&#39;٥&#39; &amp; &nbsp;"),
    ],
)
def test_numbers_get_them_and_words_with_digits_do_not(said: str, shown: str) -> None:
    assert eastern(said) == shown


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ('<html dir="rtl"><p title="5">5</p>', '<html dir="rtl"><p title="5">٥</p>'),
        ('<p><bdi class="id">01a2</bdi> 5</p>', '<p><bdi class="id">01a2</bdi> ٥</p>'),
        ('<dd dir="auto">5 <b>6</b><dd>7</dd> 8</dd>9', '<dd dir="auto">5 <b>6</b><dd>7</dd> 8</dd>٩'),
        ('<input dir="ltr" value="5"> 5<br>6', '<input dir="ltr" value="5"> ٥<br>٦'),
        ("<code>5</code><textarea>6</textarea>7", "<code>5</code><textarea>6</textarea>٧"),
    ],
)
def test_what_might_be_copied_or_is_somebody_elses_stays(page: str, shown: str) -> None:
    assert eastern_page(page) == shown


def test_the_switch_is_the_persons_own_and_holds_in_every_browser(place: Place) -> None:
    image = place.image(caption="سنة 1956")
    place.crowd(image, 3)
    browser, colleague = person(place, "reader"), person(place, "reader")
    here = f"/console/cases/{image}"
    arabic = {"Accept-Language": "ar"}
    before = browser.get(here, **arabic)
    assert "3 بلاغات" in texts(before)
    assert browser.send("/console/account/digits", digits="arab").status_code == 303
    after = browser.get(here, **arabic)
    assert "٣ بلاغات" in texts(after)
    assert "سنة 1956" in texts(after)
    assert image in after.text
    plain = re.sub(r"<(bdi|code|kbd|title|textarea|script)\b.*?</\1>|<dd dir=.*?</dd>|<[^>]+>", " ", after.text)
    assert re.findall(r"(?<![A-Za-z])[0-9]", plain) == []
    assert "3 بلاغات" in texts(colleague.get(here, **arabic))
    assert "3 reports" in texts(browser.get(here))
    browser.send("/console/account/digits", digits="latn")
    assert "3 بلاغات" in texts(browser.get(here, **arabic))
