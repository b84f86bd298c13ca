"""Takes pictures of the console's pages: those of the documents, or all there are, for a person to look at.

Run by `script/screenshots`. `furnished.py` says what there is to be seen.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pyotp
from playwright.sync_api import Page

from tests.ground import furnished
from tests.ground.browser import Readers, chromium
from tests.ground.furnished import SECRET, WEEKS, WORDS, busy, first_report, people, write_the_past
from tests.ground.server import Server
from tests.ground.webp import IMAGES, small_webp

MOST_BYTES = 60_000
SIZES: dict[str, dict[str, int]] = {
    "phone": {"width": 360, "height": 740},
    "laptop": {"width": 1280, "height": 860},
}
EVERYWHERE = ("ar", "en")
IN_FRENCH = ("queue", "case", "appeal", "attacks", "numbers", "policy", "webhooks", "account", "sign-in", "notice")
DOCUMENTED = (
    ("console-queue", "queue", "ar", "laptop", "light"),
    ("console-queue-phone", "queue", "en", "phone", "light"),
    ("console-case", "case", "en", "laptop", "light"),
    ("console-case-phone", "case", "ar", "phone", "dark"),
    ("console-undo", "undo", "fr", "phone", "light"),
    ("console-child-safety", "child-safety", "en", "laptop", "light"),
    ("console-attacks", "attacks", "ar", "laptop", "dark"),
    ("console-numbers", "numbers", "ar", "laptop", "light"),
    ("console-appeals", "appeals", "ar", "laptop", "light"),
    ("console-appeal", "appeal", "en", "laptop", "light"),
    ("console-objection", "appeal-of-a-reporter", "ar", "phone", "light"),
    ("console-policy", "policy", "en", "laptop", "light"),
    ("console-policy-tried", "policy-tried", "ar", "laptop", "light"),
    ("console-versions", "versions", "en", "laptop", "dark"),
    ("console-webhooks", "webhooks", "en", "laptop", "light"),
    ("console-sign-in", "sign-in", "ar", "phone", "light"),
    ("console-code", "code", "en", "phone", "light"),
    ("console-welcome", "welcome", "fr", "phone", "light"),
    ("console-link-used", "link-used", "ar", "phone", "light"),
    ("console-account", "account", "ar", "phone", "light"),
    ("console-second-factor", "second-factor", "en", "phone", "light"),
    ("console-recovery-codes", "recovery-codes", "fr", "phone", "dark"),
    ("console-not-allowed", "not-allowed", "en", "phone", "dark"),
    ("console-unknown", "unknown", "ar", "phone", "light"),
    ("notice", "notice", "ar", "phone", "light"),
    ("notice-appealed", "notice-appealed", "en", "phone", "dark"),
    ("notice-answered", "notice-answered", "fr", "phone", "light"),
    ("notice-gone", "notice-gone", "en", "phone", "light"),
)
SHOWN_BY = {
    "console/account.html": "account",
    "console/attacks.html": "attacks",
    "console/case.html": "case",
    "console/code.html": "code",
    "console/link_used.html": "link-used",
    "console/not_allowed.html": "not-allowed",
    "console/numbers.html": "numbers",
    "console/objection.html": "appeal-of-a-reporter",
    "console/policy.html": "policy",
    "console/policy_versions.html": "versions",
    "console/queue.html": "queue",
    "console/recovery.html": "recovery-codes",
    "console/sign_in.html": "sign-in",
    "console/unknown.html": "unknown",
    "console/webhooks.html": "webhooks",
    "console/welcome.html": "welcome",
    "notice/no_notice.html": "notice-gone",
    "notice/page.html": "notice",
}
"""The state that shows each template which is a page."""
REFUSALS = ("401", "403", "404", "409", "422")
"""What a browser calls an error, and a page here tells on purpose."""


class Desk(NamedTuple):
    """The newspaper's server; the cookies of those who are signed in, by name; the addresses of pages, by name; the
    recovery codes that salma has left."""

    home: str
    cookies: dict[str, str]
    pages: dict[str, str]
    codes: list[str]


class State(NamedTuple):
    """A page as somebody sees it: who (nobody is signed in where it is empty), at which address (or one of the desk's
    pages), after doing what; and what is done when it was seen, so that the next can see it too."""

    who: str
    at: str
    do: Callable[[Page, Desk], None] = lambda page, desk: None
    leave: Callable[[Page], None] = lambda page: None


def _try_a_policy(page: Page, _desk: Desk) -> None:
    page.locator("details:has(#f-floor_block) > summary").click()
    page.fill("#f-floor_block", "13")
    page.select_option("#days", "7")
    page.click("#try")
    page.locator("#preview table, #preview [role=alert]").wait_for(timeout=90_000)  # a busy machine may take too long


def _fill_in_nonsense(page: Page, _desk: Desk) -> None:
    page.locator("details:has(#f-floor_block) > summary").click()
    page.fill("#f-floor_block", "some")
    page.click(".save")
    page.locator(".field.wrong").wait_for()


def _as_a_document(page: Page, _desk: Desk) -> None:
    page.click("button[value=edit]")
    page.locator("#toml").wait_for()


def _select_two(page: Page, _desk: Desk) -> None:
    for place in (1, 2):
        page.locator(".pick input:enabled").nth(place).check()


def _decide(page: Page, _desk: Desk) -> None:
    page.click(".decide button[value=undecided]")
    page.locator(".undo").wait_for()


def _take_back(page: Page) -> None:
    page.click(".undo button")
    page.wait_for_load_state()


def _must_look(page: Page, _desk: Desk) -> None:
    page.click(".must summary")


def _look_all_the_same(page: Page, _desk: Desk) -> None:
    if page.locator(".must").count():
        page.click(".must summary")
        page.check("[name=sure]")
        page.click(".must button")
    page.locator("#look").wait_for()


def _open_the_menu(page: Page, _desk: Desk) -> None:
    page.click(".more summary")


def _open_tables(page: Page, _desk: Desk) -> None:
    for one in page.locator("details.numbers > summary").all():
        one.click()


def _begin_a_second_factor(page: Page, _desk: Desk) -> None:
    if not page.locator(".drawing").count():
        page.click("#second-factor button")
    page.locator(".drawing").wait_for()


def _renew_the_codes(page: Page, desk: Desk) -> None:
    page.fill("#code", desk.codes.pop())
    page.click("button[value=codes]")
    page.locator(".codes").wait_for()
    desk.codes[:] = page.locator(".codes .id").all_inner_texts()


def _a_wrong_password(page: Page, _desk: Desk) -> None:
    lang, width = page.locator("html").get_attribute("lang"), page.evaluate("innerWidth")
    page.fill("#email", f"nobody@{lang}-{width}.example")
    page.fill("#password", "let me in, please")
    page.press("#password", "Enter")
    page.locator("[role=alert]").wait_for()


def _the_password(page: Page, _desk: Desk) -> None:
    page.fill("#email", "salma@town.example")
    page.fill("#password", WORDS)
    page.press("#password", "Enter")
    page.locator("#code").wait_for()


def _send_a_test(page: Page, _desk: Desk) -> None:
    page.locator(".hook form[action$='/test'] button").last.click()
    page.locator(".hook [role=status]").wait_for()


STATES = {
    "queue": State("layla", "/console"),
    "queue-selected": State("layla", "/console", _select_two),
    "queue-sample": State("layla", "/console?sample=1"),
    "queue-empty": State("dana", "/console"),
    "queue-not-found": State("layla", "/console?find=nothing"),
    "case": State("layla", "case"),
    "case-menu": State("layla", "case", _open_the_menu),
    "case-tables": State("layla", "case", _open_tables),
    "linked": State("layla", "linked"),
    "child-safety": State("layla", "child-safety", _must_look),
    "child-safety-opened": State("samir", "child-safety", _look_all_the_same),
    "with-a-colleague": State("omar", "case"),
    "undo": State("layla", "little", _decide, _take_back),
    "appeals": State("omar", "/console?state=appeals"),
    "appeal": State("omar", "appeal"),
    "appeal-of-a-reporter": State("samir", "objection"),
    "attacks": State("layla", "/console/attacks"),
    "attacks-tables": State("layla", "/console/attacks", _open_tables),
    "attacks-calm": State("dana", "/console/attacks"),
    "attacks-first": State("rima", "/console/attacks"),
    "attacks-busy": State("ward", "/console/attacks"),
    "numbers": State("layla", "/console/numbers"),
    "numbers-tables": State("layla", "/console/numbers?days=7", _open_tables),
    "numbers-90": State("layla", "/console/numbers?days=90"),
    "numbers-first": State("rima", "/console/numbers?days=7"),
    "policy": State("layla", "/console/policy"),
    "policy-tried": State("layla", "/console/policy", _try_a_policy),
    "policy-wrong": State("layla", "/console/policy", _fill_in_nonsense),
    "policy-document": State("layla", "/console/policy", _as_a_document),
    "policy-read-only": State("nour", "/console/policy"),
    "versions": State("layla", "/console/policy/versions"),
    "webhooks": State("layla", "/console/webhooks"),
    "webhooks-tested": State("layla", "/console/webhooks", _send_a_test),
    "account": State("layla", "/console/account"),
    "second-factor": State("yusuf", "/console/account", _begin_a_second_factor),
    "recovery-codes": State("salma", "/console/account", _renew_the_codes),
    "sign-in": State("", "/console/sign-in"),
    "sign-in-wrong": State("", "/console/sign-in", _a_wrong_password),
    "code": State("", "/console/sign-in", _the_password),
    "welcome": State("", "welcome"),
    "link-used": State("", "/console/welcome/used"),
    "not-allowed": State("nour", "/console/webhooks"),
    "unknown": State("layla", "/console/cases/none"),
    "notice": State("", "notice"),
    "notice-appealed": State("", "notice-appealed"),
    "notice-answered": State("", "notice-answered"),
    "notice-shown": State("", "notice-shown"),
    "notice-gone": State("", "/notice/none"),
}


def for_the_documents() -> None:
    """Writes the pictures of the documents. Raises ValueError when one is too large."""
    with opened() as (desk, readers):
        for name, what, lang, size, scheme in DOCUMENTED:
            page = window(readers, desk, STATES[what].who, lang, size, scheme)
            go(page, desk, STATES[what])
            clip = {"x": 0, "y": 0, "width": SIZES[size]["width"], "height": _height(page)}
            content = small_webp(page.screenshot(clip=clip), MOST_BYTES)  # type: ignore[arg-type]
            (IMAGES / f"{name}.webp").write_bytes(content)
            page.context.close()


def all_there_are(folder: Path, only: str = "") -> None:
    """Every state (or those whose names begin so) in two languages and some in the third, in every size and theme, as
    `console-queue-ar-phone-light.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    with opened() as (desk, readers):
        for size, scheme, lang in product(SIZES, ("light", "dark"), (*EVERYWHERE, "fr")):
            windows: dict[str, Page] = {}
            for what, state in STATES.items():
                if not what.startswith(only) or (lang == "fr" and what not in IN_FRENCH):
                    continue
                page = windows.get(state.who) or window(readers, desk, state.who, lang, size, scheme)
                go(page, desk, state)
                page.screenshot(path=folder / f"console-{what}-{lang}-{size}-{scheme}.png", full_page=True)
                state.leave(page)
                if state.who:
                    windows[state.who] = page
                else:
                    page.context.close()
            for page in windows.values():
                page.context.close()


@contextmanager
def opened(weeks: int = WEEKS) -> Iterator[tuple[Desk, Readers]]:
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        database = f"sqlite:///{Path(place) / 'tawatur.db'}"
        with Server(Path(place), database, TAWATUR_LOG_LEVEL="error", TAWATUR_SECRET=SECRET) as server:
            readers = Readers(browser)
            yield _furnished(server.init(), readers, weeks), readers
            readers.close()
            if wrong := [error for error in readers.errors if not any(code in error for code in REFUSALS)]:
                raise ValueError(f"The browsers said: {wrong}")


def _furnished(server: Server, readers: Readers, weeks: int) -> Desk:
    """A newspaper of so many weeks and of today, sites on which little happened, and everybody signed in."""
    now = datetime.now(UTC)
    names = ("town.example", "quiet.example", "busy.example", "first.example")
    town, _, crowded, young = (server.site(name) for name in names)
    links = people(server)
    images, objection = write_the_past(server, town, now, weeks)
    server.start()
    busy(server, crowded, now)
    first_report(server, young, now)
    furnished.webhooks(server, town, now)
    pages = {**furnished.pages(server, town, images), "objection": f"/console/appeals/{objection}"}
    pages["welcome"] = f"/console/welcome/{links.pop('new')}"
    cookies, codes = {}, []
    for name, link in links.items():
        page = readers.another(locale="en")
        page.goto(f"{server.base_url}/console/welcome/{link}")
        page.fill("#password", WORDS)
        page.press("#password", "Enter")
        page.locator("#queue").wait_for()
        if name == "salma":
            codes = _second_factor(page, server)
        cookies[name] = next(one["value"] for one in page.context.cookies() if one["name"] == "tawatur_console")
        page.context.close()
    return Desk(server.base_url, cookies, pages, codes)


def _second_factor(page: Page, server: Server) -> list[str]:
    page.goto(f"{server.base_url}/console/account")
    page.click("#second-factor button")
    page.fill("#code", pyotp.TOTP(page.locator(".secret").inner_text().replace(" ", "")).now())
    page.press("#code", "Enter")
    page.locator(".codes").wait_for()
    return page.locator(".codes .id").all_inner_texts()


def _height(page: Page) -> float:
    """As much of the window as the page fills."""
    filled = page.evaluate(
        "Math.max(...[...document.querySelectorAll('footer, main > *')].map(one => one.getBoundingClientRect().bottom))"
    )
    shown = page.viewport_size
    assert shown is not None
    return min(float(filled) + 24, shown["height"])


def window(readers: Readers, desk: Desk, who: str, lang: str, size: str, scheme: str) -> Page:
    """A browser of somebody's own."""
    options: dict[str, Any] = {"viewport": SIZES[size], "color_scheme": scheme, "locale": lang}
    if size == "phone":
        options |= {"device_scale_factor": 1.5, "has_touch": True, "is_mobile": True}
    page = readers.another(**options)
    if who:
        cookie = {"name": "tawatur_console", "value": desk.cookies[who], "url": f"{desk.home}/console"}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
    return page


def go(page: Page, desk: Desk, state: State) -> None:
    """Opens the page, all of it loaded and drawn, and does what is to be done on it."""
    page.goto(desk.home + desk.pages.get(state.at, state.at))
    state.do(page, desk)
    page.evaluate("document.querySelectorAll('img').forEach(one => (one.loading = 'eager'))")
    page.evaluate(
        "Promise.all([document.fonts.ready, ...[...document.images].map(one => one.decode().catch(() => 0))])"
    )
    if page.locator(".plot[data-plot]").count():
        page.locator(".plot canvas").first.wait_for()
