"""Takes pictures of the console's pages: those of docs/console.md, or all there are, for a person to look at.

Run by `script/screenshots`. A small newspaper's desk on a busy day: pictures that people report, a crowd that acts as
one, an appeal that waits.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Page

from tawatur.demo import crowd, paper
from tawatur.demo.backend import Backend
from tests.ground.browser import Readers, chromium
from tests.ground.server import Server
from tests.ground.webp import IMAGES, webp

MOST_BYTES = 100_000
WORDS = "a quiet harbour in autumn"
SIZES: dict[str, dict[str, int]] = {
    "phone": {"width": 360, "height": 740},
    "laptop": {"width": 1280, "height": 860},
}
DOCUMENTED = (
    ("console-queue", "queue", "ar", "laptop", "light"),
    ("console-case", "case", "en", "laptop", "light"),
    ("console-case-phone", "case", "ar", "phone", "dark"),
    ("console-queue-phone", "queue", "en", "phone", "light"),
    ("console-attacks", "attacks", "ar", "laptop", "dark"),
    ("console-policy", "policy", "en", "laptop", "light"),
)
_CAPTIONS = {
    "moose": "أيل على الطريق شمال المدينة",
    "astronaut": "رائدة الفضاء قبيل الإقلاع",
    "rocket": "إقلاع من منصة الساحل",
    "coffee": "مقهى الميناء في الصباح",
    "dandelions": "حقل على طريق الجبل",
    "raccoon": "راكون في حديقة المدرسة",
    "galaxies": "صورة من المرصد",
    "solar": "ألواح شمسية على سطح السوق",
}


class Desk(NamedTuple):
    """The newspaper's server, and a moderator's cookie; `pages` are the console's pages by name."""

    home: str
    cookie: str
    pages: dict[str, str]


def for_the_documents() -> None:
    """Writes the pictures of docs/console.md. Raises ValueError when one is too large."""
    with _opened() as (desk, readers):
        for name, what, lang, size, scheme in DOCUMENTED:
            page = _page(readers, desk, lang, size, scheme)
            _go(page, desk, what)
            content = webp(page.screenshot(), quality=70)
            if len(content) > MOST_BYTES:
                raise ValueError(f"{name}.webp has {len(content)} bytes, more than {MOST_BYTES}.")
            (IMAGES / f"{name}.webp").write_bytes(content)
            page.context.close()


def all_there_are(folder: Path) -> None:
    """Every page in every language, size and theme, as `console-queue-ar-phone-light.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    with _opened() as (desk, readers):
        for lang, size, scheme in product(("ar", "en", "fr"), SIZES, ("light", "dark")):
            page = _page(readers, desk, lang, size, scheme)
            for what in desk.pages:
                _go(page, desk, what)
                page.screenshot(path=folder / f"console-{what}-{lang}-{size}-{scheme}.png", full_page=True)
            page.context.close()


@contextmanager
def _opened() -> Iterator[tuple[Desk, Readers]]:
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        database = f"sqlite:///{Path(place) / 'tawatur.db'}"
        with Server(Path(place), database, TAWATUR_LOG_LEVEL="error") as server:
            server.init().start()
            readers = Readers(browser)
            yield _furnished(server, readers), readers
            readers.close()
            if wrong := [error for error in readers.errors if "404" not in error]:
                raise ValueError(f"The browsers said: {wrong}")


def _furnished(server: Server, readers: Readers) -> Desk:
    """A site with something on every page, and a moderator who is signed in."""
    site, now = server.site("town.example"), datetime.now(UTC)
    with closing(Backend(server.base_url, site.api_key)) as backend, server.client(site) as client:
        images = {
            name: backend.register(
                name,
                paper.photograph(name).read_bytes(),
                uploader=f"author-{place % 3}",
                page_url=f"https://town.example/{name}",
                caption=caption,
            ).id
            for place, (name, caption) in enumerate(_CAPTIONS.items())
        }
        for place, image in enumerate(images.values()):
            backend.count_views(image, 60 + 70 * place)
        for name, reason, people in (
            ("moose", "violence", 9),
            ("raccoon", "violence", 7),
            ("astronaut", "hate", 4),
            ("coffee", "spam", 2),
            ("dandelions", "deception", 3),
        ):
            for person in crowd.unconnected(name, now)[:people]:
                backend.report(images[name], person, reason)
        for person in crowd.linked(now):
            backend.report(images["rocket"], person, "terrorism")
            backend.report(images["solar"], person, "terrorism")
        client.post(
            f"/v1/images/{images['raccoon']}/reviews",
            json={"outcome": "upheld", "reviewer": "samir", "reason": "violence"},
        ).raise_for_status()
        appeal = client.post(
            f"/v1/images/{images['raccoon']}/appeals",
            json={"uploader": "author-2", "text": "الحيوان نائم، ولا عنف في الصورة. التقطتها أمام مدرسة ابني."},
        ).raise_for_status()
        client.post("/v1/webhooks", json={"url": "https://town.example/hooks/tawatur"}).raise_for_status()
        link = client.get(f"/v1/images/{images['raccoon']}/notice").raise_for_status().json()["link"]
    made = json.loads(server.tawatur("user", "create", "layla@town.example", "--role", "admin", "--json"))
    page = readers.another(locale="en")
    page.goto(f"{server.base_url}/console/welcome/{made['link'].rpartition('/')[2]}")
    page.fill("#password", WORDS)
    page.press("#password", "Enter")
    page.locator("[data-case]").first.wait_for()
    cookie = next(one["value"] for one in page.context.cookies() if one["name"] == "tawatur_console")
    page.context.close()
    pages = {
        "queue": "/console",
        "case": f"/console/cases/{images['moose']}",
        "linked": f"/console/cases/{images['rocket']}",
        "appeals": "/console?state=appeals",
        "appeal": f"/console/appeals/{appeal.json()['id']}",
        "attacks": "/console/attacks",
        "numbers": "/console/numbers",
        "policy": "/console/policy",
        "versions": "/console/policy/versions",
        "webhooks": "/console/webhooks",
        "account": "/console/account",
        "sign-in": "/console/sign-in",
        "notice": link.removeprefix(server.base_url),
    }
    return Desk(server.base_url, cookie, pages)


def _page(readers: Readers, desk: Desk, lang: str, size: str, scheme: str) -> Page:
    options: dict[str, Any] = {"viewport": SIZES[size], "color_scheme": scheme, "locale": lang}
    if size == "phone":
        options |= {"device_scale_factor": 1.5, "has_touch": True, "is_mobile": True}
    page = readers.another(**options)
    page.context.add_cookies([{"name": "tawatur_console", "value": desk.cookie, "url": f"{desk.home}/console"}])
    return page


def _go(page: Page, desk: Desk, what: str) -> None:
    """Opens the page, all of it loaded and drawn."""
    page.goto(desk.home + desk.pages[what])
    page.evaluate("document.querySelectorAll('img').forEach(one => (one.loading = 'eager'))")
    page.evaluate(
        "Promise.all([document.fonts.ready, ...[...document.images].map(one => one.decode().catch(() => 0))])"
    )
    if page.locator(".plot[data-plot]").count():
        page.locator(".plot canvas").first.wait_for()
