"""What a page shows: the notice once, and each change of a picture soon after it is made."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.ground.browser import PHONE, Readers
from tests.web.widget.fake import Gate, Site, visible
from tests.web.widget.test_browser_report import FLAG, choose, dialog_of, opened

NOTICE = {
    "ar": "تُحجَب هذه الصورة تلقائيًا متى أبلغ عنها عدة أشخاص",
    "en": "This image is blocked automatically when several people report it",
    "fr": "Cette image est bloquée automatiquement dès que plusieurs personnes la signalent",
}
BLOCKED = {"status": "blocked", "reason": "terrorism"}
BLURRED = {"status": "blurred", "reason": "violence"}


def picture_of(page: Page, image: str = "one") -> Locator:
    return page.locator(f'tawatur-image[image="{image}"] img')


def loaded(page: Page, image: str = "one") -> tuple[int, str]:
    """What the picture's middle looks like, as a rough sum, and its address: two pictures differ in it."""
    expect(picture_of(page, image)).to_have_js_property("complete", True)
    return picture_of(page, image).evaluate("one => [one.naturalWidth, one.currentSrc]")


@pytest.mark.parametrize("lang", ["ar", "en", "fr"])
def test_the_notice_stands_exactly_once(readers: Readers, site: Site, lang: str) -> None:
    page = readers.another()
    for bare in ("", "&bare=1"):
        opened(page, site, lang, bare)
        for image in ("one", "two"):
            shown = page.locator(f'tawatur-image[image="{image}"]')
            expect(shown.get_by_text(NOTICE[lang]).filter(visible=True)).to_have_count(1)
            expect(shown.locator(".notice")).to_be_visible()
        direction = page.locator("tawatur-image .flag").first.evaluate("one => getComputedStyle(one).direction")
        assert direction == ("rtl" if lang == "ar" else "ltr")
    assert readers.errors == []


def test_without_javascript_the_picture_and_the_notice_are_there(readers: Readers, gate: Gate, site: Site) -> None:
    page = readers.another(java_script_enabled=False, **PHONE)
    page.goto(f"{site.address}/?lang=ar")
    assert page.get_by_text(NOTICE["ar"]).count() == 2
    assert page.get_by_role("img").count() == 2
    assert "one" in gate.looked


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "poll"])
def test_a_block_is_seen_on_the_open_page_and_a_release_too(
    readers: Readers, gate: Gate, site: Site, streams: bool
) -> None:
    gate.streams = streams
    page = opened(readers.another(), site)
    expect(page.locator("tawatur-image[status=visible]")).to_have_count(2)
    seen = len(gate.looked)
    gate.states["one"] = BLOCKED
    expect(picture_of(page)).to_have_attribute("alt", "Withheld image; the reason given: violence or terrorism")
    expect(page.locator('tawatur-image[image="one"] [role=status]')).to_have_text(
        "Withheld image; the reason given: violence or terrorism"
    )
    expect(page.get_by_role("button", name=FLAG["en"])).to_have_count(1)
    _, address = loaded(page)
    assert "lang=en" in address
    assert [one.split("?")[0] for one in gate.looked[seen:]] == ["one"], "only what changed is loaded again"
    gate.states["one"] = visible()
    expect(picture_of(page)).to_have_attribute("alt", "A harbour one")
    expect(page.get_by_role("button", name=FLAG["en"])).to_have_count(2)
    expected = [] if streams else ["Failed to load resource: the server responded with a status of 503"]
    assert [error for error in readers.errors if not any(error.startswith(one) for one in expected)] == []


def test_all_pictures_of_a_page_share_one_stream(readers: Readers, gate: Gate, site: Site) -> None:
    opened(readers.another(), site).wait_for_selector("tawatur-image[status=visible]")
    assert [path for _, path in gate.requests].count("/widget/changes") == 1
    assert "/widget/state" not in [path for _, path in gate.requests]


def test_a_page_that_is_opened_late_shows_the_placeholder_in_its_own_language(
    readers: Readers, gate: Gate, site: Site
) -> None:
    gate.states["one"] = BLOCKED
    page = opened(readers.another(locale="en"), site, "ar")
    expect(picture_of(page)).to_have_attribute("alt", "صورة محجوبة، والسبب المذكور: عنف أو إرهاب")
    assert "lang=ar" in loaded(page)[1]
    expect(page.locator('tawatur-image[image="one"] [role=status]')).to_be_empty()


def test_a_blurred_picture_says_why_and_a_click_reveals_it(readers: Readers, gate: Gate, site: Site) -> None:
    gate.states["one"] = BLURRED
    page = opened(readers.another(**PHONE), site)
    first = page.locator('tawatur-image[image="one"]')
    expect(first.locator(".why")).to_have_text(
        "Blurred until a person has looked · Reported for: violence or terrorism"
    )
    expect(first.locator(".why svg")).to_be_visible()
    expect(picture_of(page)).to_have_attribute("alt", "Blurred until a person has looked")
    first.get_by_role("button", name="Show it").click()
    expect(picture_of(page)).to_have_attribute("alt", "A harbour one")
    assert "reveal=1" in loaded(page)[1]
    hide = first.get_by_role("button", name="Hide it again")
    expect(hide).to_be_focused()
    hide.click()
    expect(first.get_by_role("button", name="Show it")).to_be_focused()
    assert "reveal" not in loaded(page)[1]
    first.get_by_role("button", name="Show it").click()
    gate.states["one"] = BLOCKED
    expect(first).to_have_attribute("status", "blocked")
    expect(first.locator(".why")).to_be_hidden()
    assert "reveal" not in loaded(page)[1], "what was revealed does not outlive a block"
    assert readers.errors == []


def test_views_are_counted_once_after_a_second_in_sight(readers: Readers, gate: Gate, site: Site) -> None:
    page = opened(readers.another(), site)
    with page.expect_request("**/widget/views"):
        pass
    page.get_by_role("img", name="A harbour two").scroll_into_view_if_needed()
    with page.expect_request("**/widget/views"):
        pass
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(1500)
    page.goto("about:blank")
    assert [one["images"] for one in gate.views] == [["one"], ["two"]]
    assert {one["type"] for one in gate.views} == {"text/plain;charset=UTF-8"}
    assert gate.cookies == []


def test_a_view_goes_out_when_the_reader_leaves_and_only_of_what_was_shown(
    readers: Readers, gate: Gate, site: Site
) -> None:
    gate.states["one"] = BLURRED
    gate.tokens.add("of-anna")
    site.attributes = 'token="of-anna"'
    page = opened(readers.another(viewport={"width": 400, "height": 7000}), site)
    page.locator("tawatur-image[status]").nth(1).wait_for()
    page.wait_for_timeout(1500)  # a second in sight; the batch waits longer
    page.goto("about:blank")
    for _ in range(100):
        if gate.views:
            break
        page.wait_for_timeout(50)
    assert [(one["images"], one["token"]) for one in gate.views] == [(["two"], "of-anna")]


def test_an_element_may_come_go_and_show_another_picture(readers: Readers, gate: Gate, site: Site) -> None:
    """As pages do that load more while one scrolls. Made without markup from strings: the policy forbids it."""
    page = opened(readers.another(), site)
    gate.states |= {"three": BLOCKED, "four": BLURRED}
    page.evaluate(
        """gate => {
            document.querySelector('[image=two]').remove();
            const made = document.createElement('tawatur-image'), img = document.createElement('img');
            made.setAttribute('image', 'three'); img.src = gate + '/i/three'; img.alt = 'late';
            made.append(img); document.querySelector('main').prepend(made);
        }""",
        site.gate,
    )
    expect(picture_of(page, "three")).to_have_attribute(
        "alt", "Withheld image; the reason given: violence or terrorism"
    )
    page.evaluate(
        """gate => {
            const one = document.querySelector('[image=three]'), img = one.querySelector('img');
            img.alt = 'another'; img.src = gate + '/i/four'; one.setAttribute('image', 'four');
        }""",
        site.gate,
    )
    expect(page.get_by_role("button", name="Show it")).to_be_visible()
    page.get_by_role("button", name="Show it").click()
    expect(picture_of(page, "four")).to_have_attribute("alt", "another")
    assert readers.errors == []


def test_the_dialog_stays_while_the_picture_is_blocked_behind_it(readers: Readers, gate: Gate, site: Site) -> None:
    page = opened(readers.another(), site)
    dialog_of(page)
    gate.states["one"] = BLOCKED
    expect(page.locator('tawatur-image[image="one"]')).to_have_attribute("status", "blocked")
    choose(page, "Violence")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator('tawatur-image[image="one"] .flag')).to_have_text("Reported")
