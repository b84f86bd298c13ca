"""A reader reports through the widget, on a site under a strict policy, whose gate is of another origin."""

from __future__ import annotations

import gzip
import re

import pytest
from playwright.sync_api import Page, expect

from tawatur.web.widget.assemble import HERE, LARGEST, PARTS, assembled
from tests.ground.browser import PHONE, Readers, barriers
from tests.web.widget.fake import Gate, Site

FLAG = {"ar": "أبلغ عن هذه الصورة", "en": "Report this image", "fr": "Signaler cette image"}
SEND = {"ar": "أرسل البلاغ", "en": "Send report", "fr": "Envoyer le signalement"}
THANKS = {
    "ar": "شكرًا، وصل بلاغك",
    "en": "Thank you, your report has arrived",
    "fr": "Merci, votre signalement est arrivé",
}
VIOLENCE = {"ar": "عنف", "en": "Violence", "fr": "Violence"}


def opened(page: Page, site: Site, lang: str = "en", more: str = "") -> Page:
    page.goto(f"{site.address}/?lang={lang}{more}")
    page.locator("tawatur-image .flag").last.wait_for()
    return page


def dialog_of(page: Page, lang: str = "en") -> None:
    page.get_by_role("button", name=FLAG[lang]).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def choose(page: Page, reason: str) -> None:
    page.get_by_role("radio", name=re.compile(f"^{reason}")).check()


def test_it_travels_in_8_kb() -> None:
    assert len(gzip.compress(assembled(), 9)) <= LARGEST


def test_its_parts_share_one_scope_and_no_name_is_given_twice() -> None:
    parts = "".join((HERE / f"{name}.js").read_text(encoding="utf-8") for name in PARTS)
    names = re.findall(r"^(?:export )?(?:async )?(?:const|let|class|function) (\w+)", parts, re.MULTILINE)
    assert len(names) > 30
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("lang", ["ar", "en", "fr"])
def test_a_report_goes_from_a_click_to_thanks_and_can_be_withdrawn(
    readers: Readers, gate: Gate, site: Site, lang: str
) -> None:
    page = opened(readers.another(**PHONE, locale="en"), site, lang)
    dialog_of(page, lang)
    dialog = page.get_by_role("dialog")
    assert dialog.evaluate("one => [one.lang, one.dir]") == [lang, "rtl" if lang == "ar" else "ltr"]
    choose(page, VIOLENCE[lang])
    dialog.get_by_role("textbox").fill("  not fit for children ")
    dialog.get_by_role("button", name=SEND[lang]).click()
    expect(dialog.get_by_role("heading", name=THANKS[lang])).to_be_focused()
    (report,) = gate.reports
    assert report == {"image": "one", "token": "reader-0", "reason": "violence", "comment": "not fit for children"}
    assert gate.cookies == []
    dialog.locator(".foot button").first.click()
    expect(dialog.locator(".foot button")).to_have_count(1)
    assert gate.withdrawn == ["r1"]
    dialog.locator(".foot button").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name=FLAG[lang]).first).to_be_focused()
    assert readers.errors == []


def test_a_solution_that_comes_too_late_is_worked_out_anew(readers: Readers, gate: Gate, site: Site) -> None:
    gate.stale = 1
    page = opened(readers.another(), site)
    dialog_of(page)
    choose(page, "Hate")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", name=THANKS["en"])).to_be_visible()
    assert gate.tokens == {"reader-0"}


def test_the_page_stays_awake_while_the_proof_is_worked_on(readers: Readers, gate: Gate, site: Site) -> None:
    """No task of the page's own takes longer than a frame or two; only the longest of many is looked at, by ratio."""
    page = opened(readers.another(), site)
    dialog_of(page)
    page.evaluate("""() => { window.turns = 0; const turn = () => { window.turns++; setTimeout(turn) }; turn() }""")
    choose(page, "Hate")
    page.get_by_role("button", name="Send report").click()
    before = page.evaluate("window.turns")
    expect(page.get_by_role("heading", name=THANKS["en"])).to_be_visible()
    assert page.evaluate("window.turns") > before


def test_reasons_beyond_six_come_on_demand_and_the_policy_decides_which(
    readers: Readers, gate: Gate, site: Site
) -> None:
    gate.reasons = [name for name in gate.reasons if name != "hate"] + ["litter"]
    page = opened(readers.another(), site)
    dialog_of(page)
    radios = page.get_by_role("radio")
    expect(radios.filter(visible=True)).to_have_count(6)
    expect(page.get_by_role("radio", name="Hate")).to_have_count(0)
    page.get_by_role("button", name="More reasons").click()
    expect(radios.filter(visible=True)).to_have_count(13)
    expect(page.get_by_role("radio", name="Harassment")).to_have_count(1)
    assert page.evaluate("document.querySelector('tawatur-image').shadowRoot.activeElement.type") == "radio"
    choose(page, "litter")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", name=THANKS["en"])).to_be_visible()
    assert gate.reports[0]["reason"] == "litter"


@pytest.mark.parametrize(
    ("place", "status", "said"),
    [
        ("reports", 429, "Wait a few minutes"),
        ("challenge", 429, "Wait a few minutes"),
        ("reports", 403, "members only"),
        ("reports", 503, "Try again in a moment"),
        ("tokens", 500, "Try again in a moment"),
    ],
)
def test_a_failure_is_told_and_nothing_is_lost(
    readers: Readers, gate: Gate, site: Site, place: str, status: int, said: str
) -> None:
    gate.answers[place] = status
    page = opened(readers.another(), site)
    dialog_of(page)
    choose(page, "Deception")
    page.get_by_role("textbox").fill("the harbour is another one")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text(said)
    gate.answers.clear()
    page.keyboard.press("Escape")  # even leaving loses nothing
    dialog_of(page)
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", name=THANKS["en"])).to_be_visible()
    assert [(one["reason"], one["comment"]) for one in gate.reports] == [("deception", "the harbour is another one")]


def test_offline_is_told_and_nothing_is_lost(readers: Readers, gate: Gate, site: Site) -> None:
    page = opened(readers.another(), site)
    dialog_of(page)
    choose(page, "Deception")
    page.get_by_role("textbox").fill("kept")
    page.context.set_offline(True)
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text(
        "There is no connection. Nothing you wrote is lost: try again."
    )
    page.context.set_offline(False)
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", name=THANKS["en"])).to_be_visible()
    assert gate.reports[0]["comment"] == "kept"


def test_the_dialogs_words_may_fail_to_come_once(readers: Readers, gate: Gate, site: Site) -> None:
    page = opened(readers.another(), site)
    page.context.set_offline(True)
    page.get_by_role("button", name=FLAG["en"]).first.click()
    expect(page.get_by_role("alert")).to_contain_text("There is no connection")
    page.context.set_offline(False)
    dialog_of(page)
    expect(page.get_by_role("alert").filter(visible=True)).to_have_count(0)


def test_without_a_reason_it_asks_for_one(readers: Readers, gate: Gate, site: Site) -> None:
    page = opened(readers.another(), site)
    dialog_of(page)
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text("Choose a reason first.")
    expect(page.get_by_role("radio").first).to_be_focused()
    assert gate.reports == []


def test_only_members_may_report_where_the_policy_says_so(readers: Readers, gate: Gate, site: Site) -> None:
    gate.anonymous = False
    page = opened(readers.another(), site)
    dialog_of(page)
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("members only")


def test_a_members_token_is_used_as_it_is(readers: Readers, gate: Gate, site: Site) -> None:
    gate.tokens.add("of-anna")
    site.attributes = 'token="of-anna"'
    page = opened(readers.another(), site)
    dialog_of(page)
    choose(page, "Violence")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", name=THANKS["en"])).to_be_visible()
    assert gate.reports[0]["token"] == "of-anna"
    assert not [path for _, path in gate.requests if path == "/widget/challenge"]


@pytest.mark.parametrize("signed_in", [True, False])
def test_the_sites_own_address_is_asked_for_a_token_when_she_reports(
    readers: Readers, gate: Gate, site: Site, signed_in: bool
) -> None:
    gate.tokens.add("of-anna")
    site.attributes = 'token-src="/token"'
    site.token_src = {"token": "of-anna"} if signed_in else 401
    page = opened(readers.another(), site)
    dialog_of(page)
    choose(page, "Violence")
    assert site.asked_for_token == []
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", name=THANKS["en"])).to_be_visible()
    assert site.asked_for_token == ["member=yes"]
    assert gate.reports[0]["token"] == ("of-anna" if signed_in else "reader-1")


def test_an_expired_token_is_made_anew(readers: Readers, gate: Gate, site: Site) -> None:
    page = opened(readers.another(), site)
    dialog_of(page)
    with page.expect_response(re.compile("/widget/tokens")):
        choose(page, "Violence")
    gate.tokens.clear()
    gate.tokens.add("somebody")
    page.get_by_role("button", name="Send report").click()
    expect(page.get_by_role("heading", name=THANKS["en"])).to_be_visible()
    assert gate.reports[0]["token"] == "reader-1"
    assert gate.continued == [None, "reader-0"], "the new token stands for the same reader"


def test_the_keyboard_alone_is_enough(readers: Readers, gate: Gate, site: Site) -> None:
    page = opened(readers.another(), site)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=FLAG["en"]).first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What is wrong")).to_be_focused()
    seen = []
    for _ in range(9):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "(r => r.activeElement?.name || r.activeElement?.textContent || 'shut')"
                "(document.querySelector('tawatur-image').shadowRoot)"
            )
        )
    assert seen[:5] == ["shut", "reason", "More reasons", "comment", "Send report"]
    assert seen[5] == "shut", "Tab goes round within the dialog"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name=FLAG["en"]).first).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=THANKS["en"])).to_be_focused()
    assert gate.reports[0]["reason"] == "terrorism"
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("dialog").get_by_role("button", name="Close").last).to_be_focused()


@pytest.mark.parametrize(("lang", "scheme"), [("ar", "light"), ("ar", "dark"), ("en", "dark"), ("fr", "light")])
def test_axe_finds_no_barrier_in_any_state(readers: Readers, gate: Gate, site: Site, lang: str, scheme: str) -> None:
    page = readers.another(**PHONE, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
    opened(page, site, lang)
    first = page.locator("tawatur-image").first
    found = {}

    def look(state: str) -> None:
        found[state] = barriers(page)

    look("picture")
    dialog_of(page, lang)
    page.get_by_role("radio").first.check()
    page.locator(".more").click()
    look("dialog")
    gate.answers["reports"] = 429
    page.get_by_role("button", name=SEND[lang]).click()
    expect(page.get_by_role("dialog").get_by_role("alert")).not_to_be_empty()
    look("error")
    gate.answers.clear()
    page.get_by_role("button", name=SEND[lang]).click()
    expect(page.get_by_role("heading", name=THANKS[lang])).to_be_visible()
    look("thanks")
    page.get_by_role("dialog").locator(".foot button").first.click()
    expect(page.get_by_role("dialog").locator(".foot button")).to_have_count(1)
    look("withdrawn")
    page.keyboard.press("Escape")
    gate.states["one"] = {"status": "blurred", "reason": "violence"}
    expect(first.locator(".veil")).to_be_visible()
    look("blurred")
    first.locator(".veil").click()
    expect(first.locator(".why button")).to_be_visible()
    look("revealed")
    gate.states["one"] = {"status": "blocked", "reason": "violence"}
    expect(first).to_have_attribute("status", "blocked")
    look("blocked")
    assert len(found) == 8
    assert {state: told for state, told in found.items() if told} == {}


@pytest.mark.parametrize("width", [320, 360])
def test_on_a_small_phone_nothing_is_cut_off_and_every_target_is_large_enough(
    readers: Readers, gate: Gate, site: Site, width: int
) -> None:
    page = readers.another(viewport={"width": width, "height": 480}, has_touch=True, is_mobile=True)
    opened(page, site, "ar")
    flag = page.get_by_role("button", name=FLAG["ar"]).first.bounding_box()
    assert flag
    assert round(min(flag["width"], flag["height"]), 1) >= 44
    dialog_of(page, "ar")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    box = page.get_by_role("dialog").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= 480
    expect(page.get_by_role("button", name=SEND["ar"])).to_be_in_viewport()
    for target in page.get_by_role("dialog").locator("button, label.reason").filter(visible=True).all():
        size = target.bounding_box()
        assert size
        assert round(size["height"], 1) >= 44  # it may still be rising
