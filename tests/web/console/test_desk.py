"""What people do at the console besides deciding one case: take back, claim, search, select, note, shield, look."""

from __future__ import annotations

import re

import pytest

from tawatur.store.ids import new_id
from tawatur.web.console.queue import _place
from tests.web.console.desks import Browser, person, texts
from tests.web.place import Place


def status(place: Place, image: str) -> str:
    return str(place.client.get(f"/v1/images/{image}").json()["status"])


def doubtful(place: Place, seed: int, reason: str = "violence", **said: str) -> str:
    image = place.image(seed, **said)
    place.client.post(f"/v1/images/{image}/views", json={"count": 100})
    for n in range(3):
        place.report(image, f"{reason}{seed}-{n}", reason=reason)
    return image


def decide(browser: Browser, image: str, outcome: str, **more: str) -> str:
    done = browser.send(f"/console/cases/{image}/review", outcome=outcome, **more)
    assert done.status_code == 303, texts(done)
    return str(done.headers["location"])


@pytest.mark.parametrize("outcome", ["upheld", "rejected", "undecided", "blur"])
def test_a_decision_is_taken_back_from_the_next_page(place: Place, outcome: str) -> None:
    image = doubtful(place, 1)
    before = status(place, image)
    browser = person(place, "moderator")
    page = browser.get(decide(browser, image, outcome))
    assert "decided: " + {"blur": "upheld"}.get(outcome, outcome) in texts(page)
    assert "Undo" in texts(page)
    done = browser.send("/console/undo", image=image)
    assert (done.status_code, done.headers["location"]) == (303, f"/console/cases/{image}")
    assert status(place, image) == before
    assert "data-case=" in browser.get("/console").text
    assert browser.send("/console/undo", image=image).status_code == 409
    assert "What was decided" not in texts(browser.get(f"/console/cases/{image}")) or before != "visible"


def test_nobody_takes_back_what_somebody_else_decided(place: Place) -> None:
    image = doubtful(place, 1)
    where = decide(person(place, "moderator"), image, "upheld")
    other = person(place, "admin")
    assert "Undo" not in texts(other.get(where))
    assert other.send("/console/undo", image=image).status_code == 409
    assert status(place, image) == "blocked"


def test_a_blur_by_hand_and_a_block_of_this_use_alone(place: Place) -> None:
    first, second = place.image(1), place.image(1)
    browser = person(place, "moderator")
    assert decide(browser, first, "blur", reason="violence") == f"/console/cases/{first}?after={first}"
    assert (status(place, first), status(place, second)) == ("blurred", "blurred")
    assert "blurred for good" in texts(browser.get(f"/console/cases/{first}"))
    decide(browser, second, "block", reason="hate", scope="this_use")
    assert (status(place, first), status(place, second)) == ("blurred", "blocked")


def test_an_open_case_is_with_one_person_and_says_so(place: Place) -> None:
    image = doubtful(place, 1)
    layla, omar = person(place, "moderator", f"layla@{new_id()}.example"), person(place, "moderator")
    layla.get(f"/console/cases/{image}")
    assert "with layla" in texts(omar.get("/console"))
    assert "with layla" not in texts(layla.get("/console"))
    page = omar.get(f"/console/cases/{image}")
    assert "with layla" in texts(page)
    assert 'class="decide"' not in page.text
    refused = omar.send(f"/console/cases/{image}/review", outcome="upheld")
    assert refused.status_code == 409
    assert "A colleague has this case right now" in texts(refused)
    assert omar.send(f"/console/cases/{image}/claim").status_code == 303
    assert 'class="decide"' in omar.get(f"/console/cases/{image}").text
    decide(omar, image, "upheld")


def test_a_reader_claims_nothing(place: Place) -> None:
    image = doubtful(place, 1)
    person(place, "reader").get(f"/console/cases/{image}")
    assert 'class="with"' not in person(place, "moderator").get("/console").text


def test_selected_cases_are_decided_together_and_taken_back_together(place: Place) -> None:
    images = [doubtful(place, seed) for seed in (1, 2, 3)]
    layla, omar = person(place, "moderator"), person(place, "moderator")
    omar.get(f"/console/cases/{images[2]}")
    done = layla.send("/console/queue", image=images, outcome="upheld")
    page = layla.get(done.headers["location"])
    assert [status(place, image) for image in images] == ["blocked", "blocked", "visible"]
    assert "One case could not be decided" in texts(page)
    assert "2 cases" in texts(page)
    assert page.text.count('name="image" value=') == 3  # two to take back, one that waits
    layla.send("/console/undo", image=images[:2])
    assert [status(place, image) for image in images] == ["visible"] * 3


def test_a_selection_of_nothing_or_nonsense_decides_nothing(place: Place) -> None:
    browser = person(place, "moderator")
    for form in ({}, {"image": "no-id"}, {"image": place.image(1), "outcome": "burn"}):
        answer = browser.send("/console/queue", **{"outcome": "upheld", **form})
        assert answer.status_code == 303
    assert "image.reviewed" not in place.types()


def test_the_queue_is_filtered_by_reason_and_state(place: Place) -> None:
    violent, hateful = doubtful(place, 1), doubtful(place, 2, "hate")
    browser = person(place, "reader")
    page = browser.get("/console?reason=hate")
    assert hateful in page.text
    assert violent not in page.text
    assert browser.get("/console?reason=nonsense").text.count("data-case=") == 2
    assert browser.get("/console?reason=hate&state=blocked").text.count("data-case=") == 0


def test_pages_follow_each_other_without_gap_or_double(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tawatur.moderation.inbox.ROWS", 2)
    images = {doubtful(place, seed) for seed in range(5)}
    browser = person(place, "reader")
    path, seen = "/console", []
    while path:
        page = browser.get(path)
        seen += re.findall(r'href="/console/cases/([0-9a-f-]+)"', page.text)
        following = re.search(r'href="(/console\?[^"]*)" rel="next"', page.text)
        path = "" if following is None else following[1].replace("&amp;", "&")
    assert sorted(seen) == sorted(images)


@pytest.mark.parametrize("text", ["nonsense", "~", "0x1p1~\x00", "nan", "1~x", "0x1p99999~x", ""])
def test_a_place_that_is_none_is_the_beginning_or_harmless(place: Place, text: str) -> None:
    doubtful(place, 1)
    _place(text)
    assert person(place, "reader").get("/console").status_code == 200
    answer = person(place, "reader")._client.get("/console", params={"from": text})
    assert answer.status_code == 200


def test_a_case_is_found_by_what_people_have_of_it(place: Place) -> None:
    image = place.image(1, external_id="photo-7", uploader="ulla", page_url="https://town.example/a?b=1")
    place.image(2, external_id="photo-8")
    place.report(image, "anna")
    browser = person(place, "reader")
    pseudonym = place.client.app.state.house.pseudonyms(place.keys.site).person("anna")  # type: ignore[attr-defined]
    for text in (
        image,
        image.upper(),
        image[:18],
        "photo-7",
        "https://town.example/a?b=1",
        "ulla",
        "anna",
        pseudonym,
        pseudonym[:8],
        " photo-7 ",
    ):
        found = browser._client.get("/console", params={"find": text}, headers={"Accept-Language": "en"})
        assert found.text.count("data-case=") == 1, text
        assert f"/console/cases/{image}" in found.text
    for text in ("photo", "%", "' OR 1=1 --", pseudonym[:7], "\x00", "x" * 5000):
        assert "data-case=" not in browser._client.get("/console", params={"find": text}).text


def test_nobody_finds_another_sites_cases(place: Place) -> None:
    other = Place(place.client, place.another_site(f"other {place.keys.site}"), place.database_url, place.data_dir)
    theirs = other.image(external_id="photo-7")
    place.client.headers["Authorization"] = f"Bearer {place.keys.api_key}"
    browser = person(place, "admin")
    for text in (theirs, theirs[:20], "photo-7"):
        assert "data-case=" not in browser.get(f"/console?find={text}").text
    for path, form in (
        ("notes", {"text": "x"}),
        ("shields", {"over": "image"}),
        ("open", {"sure": "yes"}),
        ("claim", {}),
    ):
        assert browser.send(f"/console/cases/{theirs}/{path}", **form).status_code == 404


def test_notes_are_for_colleagues_alone(place: Place) -> None:
    image = doubtful(place, 1)
    layla = person(place, "moderator", f"layla@{new_id()}.example")
    assert layla.send(f"/console/cases/{image}/notes", text="راجع <b>الأصل</b>").status_code == 303
    page = person(place, "reader").get(f"/console/cases/{image}")
    assert "راجع &lt;b&gt;" in page.text
    assert "layla" in texts(page)
    assert layla.send(f"/console/cases/{image}/notes", text=" \x00 ").status_code == 409
    assert layla.send(f"/console/cases/{image}/notes", text="x" * 2001).status_code == 409
    said = str(place.events(limit=1000)) + place.client.get(f"/v1/images/{image}/verdict").text
    assert "راجع" not in said


@pytest.mark.parametrize("over", ["image", "uploader"])
def test_shields_go_up_and_down_from_the_case(place: Place, over: str) -> None:
    image = doubtful(place, 1, uploader="ulla")
    browser = person(place, "moderator", f"layla@{new_id()}.example")
    browser.send(f"/console/cases/{image}/shields", over=over)
    told = texts(browser.get(f"/console/cases/{image}"))
    assert {"image": "Shields are up over this picture", "uploader": "Shields are up over this uploader"}[over] in told
    assert "layla" in told
    browser.send(f"/console/cases/{image}/shields", over=over, do="down")
    assert "Shields are up" not in texts(browser.get(f"/console/cases/{image}"))
    assert place.types()[-2:] == ["shields.raised", "shields.lowered"]


def test_what_is_shown_to_nobody_is_shown_to_who_says_twice_that_they_must(place: Place) -> None:
    image = place.image()
    place.report(image, "ben", reason="child_safety")
    layla, omar = person(place, "moderator"), person(place, "admin")
    page = layla.get(f"/console/cases/{image}")
    assert "INHOPE" in texts(page)
    assert "/console/pictures/" not in page.text
    refused = layla.send(f"/console/cases/{image}/open")
    assert refused.status_code == 409
    assert layla.get(f"/console/pictures/{image}").status_code == 403
    assert "image.opened" not in place.types()
    assert layla.send(f"/console/cases/{image}/open", sure="yes").status_code == 303
    for path in (f"/console/pictures/{image}", f"/console/pictures/{image}?sharp=1"):
        seen = layla.get(path)
        assert (seen.status_code, seen.headers["cache-control"]) == (200, "no-store")
        assert omar.get(path).status_code == 403
    (event,) = [one for one in place.events(limit=1000) if one["type"] == "image.opened"]
    assert (event["image"], len(event["reviewer"])) == (image, 32)
    page = layla.get(f"/console/cases/{image}")
    assert f'<img src="/console/pictures/{image}"' in page.text
    assert "/console/pictures/" not in layla.get("/console").text
    assert person(place, "reader").send(f"/console/cases/{image}/open", sure="yes").status_code == 403


def test_a_blur_for_child_safety_withholds_from_every_path(place: Place) -> None:
    image = place.image(address="/photos/1.png")
    person(place, "moderator").send(f"/console/cases/{image}/review", outcome="blur", reason="child_safety")
    assert status(place, image) == "blurred"
    for query in ("", "?reveal=1"):
        shown = place.client.get(f"/i/{image}{query}")
        assert shown.headers["content-type"].startswith("image/svg")
        asked = place.client.get(
            f"/gate/check?site={place.keys.public_key}", headers={"X-Original-URI": f"/photos/1.png{query}"}
        )
        assert asked.status_code == 403
    state = place.client.get(f"/widget/state?image={image}").json()["images"][image]["status"]
    assert state == "blocked"


def test_pictures_come_as_each_person_left_them(place: Place) -> None:
    image = doubtful(place, 1)
    layla, omar = person(place, "moderator"), person(place, "reader")
    assert layla.send("/console/veil", blur="off", grey="on").status_code == 204
    mine, theirs = layla.get(f"/console/cases/{image}").text, omar.get(f"/console/cases/{image}").text
    assert f'<img src="/console/pictures/{image}?sharp=1"' in mine
    assert f'<img src="/console/pictures/{image}"' in theirs
    assert 'id="look" class="grey"' in mine
    layla.send("/console/veil", blur="on", grey="off")
    assert 'id="look" class=""' in layla.get(f"/console/cases/{image}").text


@pytest.mark.parametrize("query", ["", "?sharp=1"])
def test_no_picture_of_the_console_is_kept_by_a_browser(place: Place, query: str) -> None:
    seen = person(place, "reader").get(f"/console/pictures/{place.image()}{query}")
    assert seen.headers["cache-control"] == "no-store"
    assert "etag" not in seen.headers or "no-store" in seen.headers["cache-control"]
    assert "sandbox" in seen.headers["content-security-policy"]


def test_a_case_tells_what_became_of_the_uploaders_other_pictures(place: Place) -> None:
    image, upheld, rejected = (place.image(seed, uploader="ulla") for seed in (1, 2, 3))
    stranger, copy = place.image(4, uploader="omar"), place.image(1, uploader="ulla")
    browser = person(place, "moderator")
    decide(browser, upheld, "upheld")
    decide(browser, rejected, "rejected")
    page = browser.get(f"/console/cases/{image}").text
    strip = page.partition("copies others")[2].partition("</ul>")[0]
    assert [one in strip for one in (upheld, rejected, stranger, copy, image)] == [True, True, False, False, False]
    assert ("upheld" in strip, "rejected" in strip) == (True, True)
    assert "Other pictures" not in browser.get(f"/console/cases/{stranger}").text


def test_shields_over_the_whole_site_go_up_and_down_from_the_case(place: Place) -> None:
    image = doubtful(place, 1)
    browser = person(place, "moderator")
    browser.send(f"/console/cases/{image}/shields", over="site")
    assert "Shields are up over the site" in texts(browser.get(f"/console/cases/{image}"))
    browser.send(f"/console/cases/{image}/shields", over="site", do="down")
    assert "Shields are up" not in texts(browser.get(f"/console/cases/{image}"))


def test_nobody_silences_a_reporter_of_their_own_picture_nor_shields_it(place: Place) -> None:
    pseudonyms = place.client.app.state.house.pseudonyms(place.keys.site)  # type: ignore[attr-defined]
    mine, elsewhere = place.image(1, uploader="layla-on-the-site"), place.image(2)
    for image in (mine, elsewhere):
        place.report(image, "anna")
    layla = person(place, "admin", known_as=pseudonyms.person("layla-on-the-site"))
    anna = pseudonyms.person("anna")
    for at in (mine, elsewhere):
        for act in ("mute", "void"):
            assert layla.send(f"/console/cases/{at}/reporters", **{act: anna}).status_code == 409
    for over in ("image", "uploader", "site"):
        assert layla.send(f"/console/cases/{mine}/shields", over=over).status_code == 409
    assert not {"reporter.muted", "report.voided", "shields.raised"} & set(place.types())
    assert person(place, "moderator").send(f"/console/cases/{mine}/reporters", mute=anna).status_code == 303


def test_the_case_tells_machine_from_person_and_what_counts_less(place: Place) -> None:
    image = place.image(uploader="ulla")
    for n in range(12):
        place.report(image, f"free{n}")
    for n in range(6):
        place.report(image, f"linked{n}", signals={"account_created_at": "2020-01-01T00:00:00Z", "device": "one"})
    page = person(place, "reader").get(f"/console/cases/{image}")
    told = texts(page)
    assert "machine blocked" in told
    assert "5 reports: same device" in told
    assert "one image · 1 blocked" in told
    assert "&#34;label&#34;: &#34;group 1&#34;" in page.text
    assert "The same as a table" in told


def test_one_reporter_is_muted_heard_again_and_voided(place: Place) -> None:
    image = place.image()
    place.report(image, "anna")
    place.report(image, "ben")
    pseudonym = place.client.app.state.house.pseudonyms(place.keys.site).person("anna")  # type: ignore[attr-defined]
    browser = person(place, "moderator")
    at = f"/console/cases/{image}"
    assert browser.send(at + "/reporters", mute=pseudonym).headers["location"] == at
    assert "muted" in texts(browser.get(at))
    browser.send(at + "/reporters", unmute=pseudonym)
    assert "Listen again" not in texts(browser.get(at))
    browser.send(at + "/reporters", void=pseudonym)
    assert pseudonym not in browser.get(at).text
    assert [kind for kind in place.types() if kind in ("reporter.muted", "reporter.unmuted", "report.voided")] == [
        "reporter.muted",
        "reporter.unmuted",
        "report.voided",
    ]
    assert browser.send(at + "/reporters", mute="nobody").status_code == 409
    assert browser.send(at + "/reporters").status_code == 303
