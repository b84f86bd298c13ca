"""The uploader's page under a signed link."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tawatur.moderation.refusals import TokenRefused
from tawatur.moderation.uploader_tokens import LASTS, read_uploader, sign_uploader
from tests.web.api.test_appeals import answer, blocked
from tests.web.console.desks import Browser, texts
from tests.web.place import Place

SECRET = b"s" * 32
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def link(place: Place, image: str) -> str:
    made = place.client.post("/v1/uploader-tokens", json={"image": image}).json()["link"]
    return str(made).removeprefix("http://testserver")


def send(browser: Browser, path: str, **form: str) -> str:
    """Sends the page's form, as a browser does; what the page says then."""
    answered = browser.post(path, headers={"Origin": "null"}, **form)
    assert answered.status_code == 303, texts(answered)
    return texts(browser.get(answered.headers["location"].partition("#")[0]))


def test_a_token_says_again_what_was_signed_until_its_time_is_over() -> None:
    token = sign_uploader(SECRET, "site", "image", "amal", NOW)
    claims = read_uploader(SECRET, token, NOW + LASTS - timedelta(seconds=1))
    assert (claims.site, claims.image, claims.uploader) == ("site", "image", "amal")
    with pytest.raises(TokenRefused, match="over"):
        read_uploader(SECRET, token, NOW + LASTS)
    for other in (token[:-1], token.replace("twu_", "twr_"), f"{token}x", "twu_", "twu_W10.W10", "twu_é.é", "x" * 5000):
        with pytest.raises(TokenRefused):
            read_uploader(SECRET, other, NOW)
    with pytest.raises(TokenRefused):
        read_uploader(b"t" * 32, token, NOW)


def test_from_the_notice_to_the_answer_without_scripts(place: Place) -> None:
    image = blocked(place)
    path, browser = link(place, image), Browser(place)
    said = texts(browser.get(path))
    assert "Your picture is withheld for now" in said
    assert "About 5 people reported it, independently of each other." in said
    assert "<script" not in browser.get(path).text
    said = send(browser, path, do="appeal", text="It is a museum piece.")
    assert "It is here, since" in said
    assert "It is a museum piece." in said
    assert "Why should your picture be shown?" not in said
    (made,) = place.client.get("/v1/appeals").json()["appeals"]
    answer(place, made["id"], answer="So it is. We are sorry.")
    said = texts(browser.get(path))
    assert "Your picture is shown" in said
    assert "A person looked again: your picture is shown. So it is. We are sorry." in said
    assert place.client.get(f"/i/{image}").headers["tawatur-status"] == "visible"


def test_taking_it_back_and_trying_again(place: Place) -> None:
    path, browser = link(place, blocked(place)), Browser(place)
    send(browser, path, do="appeal", text="No.")
    assert "You took it back on" in send(browser, path, do="withdraw")
    refused = browser.post(path, do="appeal", text="Once more.")
    assert refused.status_code == 409
    assert "You appealed against this decision already." in texts(refused)
    assert [one for one in place.types() if one.startswith("appeal.")] == ["appeal.received", "appeal.withdrawn"]


def test_what_cannot_be_sent_is_said_and_what_was_written_stays(place: Place) -> None:
    image = blocked(place)
    path, browser = link(place, image), Browser(place)
    long = "<b>" + "x" * 2000
    refused = browser.post(path, do="appeal", text=long)
    assert refused.status_code == 409
    assert "at most 2,000 characters" in texts(refused)
    assert "&lt;b&gt;xxx" in refused.text
    assert browser.post(path, do="appeal", text=" ").status_code == 409
    place.review(image, "rejected")
    refused = browser.post(path, do="appeal", text="Why?")
    assert "Your picture is shown again already." in texts(refused)
    tries = [browser.post(path, do="appeal", text="x").status_code for _ in range(20)]
    assert tries[-1] == 429


def test_a_link_that_is_not_ours_leads_nowhere_in_the_readers_language(place: Place) -> None:
    image, browser = blocked(place), Browser(place)
    path = link(place, image)
    for wrong in ("/notice/twu_nothing", path[:-3], path.replace("twu_", "twr_"), "/notice/x"):
        told = browser.get(wrong)
        assert (told.status_code, told.headers["content-language"]) == (401, "en")
        assert "This link leads nowhere any more" in texts(told)
        assert browser.post(wrong, do="appeal", text="x").status_code == 401
    assert "هذا الرابط لم يعد صالحًا" in browser.get("/notice/x?lang=ar").text


def test_an_erased_uploaders_link_leads_nowhere(place: Place) -> None:
    path, browser = link(place, blocked(place)), Browser(place)
    send(browser, path, do="appeal", text="My own words.")
    done = place.client.post("/v1/erasures", json={"kind": "uploader", "person": "amal"})
    assert done.status_code == 200
    assert browser.get(path).status_code == 401
    (made,) = place.client.get("/v1/appeals").json()["appeals"]
    assert made["text"] is None


@pytest.mark.parametrize(("lang", "direction"), [("ar", "rtl"), ("en", "ltr"), ("fr", "ltr")])
def test_the_page_has_a_language_and_keeps_to_itself(place: Place, lang: str, direction: str) -> None:
    path, browser = link(place, blocked(place)), Browser(place)
    told = browser.get(f"{path}?lang={lang}")
    assert f'<html lang="{lang}" dir="{direction}">' in told.text
    assert told.headers["cache-control"] == "no-store"
    assert told.headers["referrer-policy"] == "no-referrer"
    policy = told.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    for address in re.findall(r'(?:href|src)="(/[^"]+)"', told.text):
        assert browser.get(address).status_code == 200, address
    answered = browser.post(f"{path}?lang={lang}", do="appeal", text="…")
    assert answered.headers["location"].endswith(f"?lang={lang}#appeal")
