"""My account: a second factor from the drawing to the code, the password, sessions, and what an admin asks of all."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from tawatur.moderation import people
from tawatur.store.database import Database
from tawatur.store.ids import new_id
from tests.web.console.desks import WORDS, Browser, person, texts
from tests.web.place import Place

FACTOR = "/console/account/second-factor"


def account() -> str:
    return f"layla.{new_id()}@town.example"


def code(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30 * steps))


def wrong(secret: str) -> str:
    """Six digits that are no code of these minutes."""
    near = {code(secret, steps) for steps in range(-5, 6)}
    return next(f"{n:06}" for n in range(20) if f"{n:06}" not in near)


def enrol(browser: Browser) -> tuple[str, list[str]]:
    """Sets a second factor up as a person does; the secret and the recovery codes."""
    assert browser.send(FACTOR, do="begin").status_code == 303
    page = browser.get("/console/account")
    secret = re.search(r'<bdi class="id secret" dir="ltr">([A-Z2-7 ]+)</bdi>', page.text)
    assert secret is not None
    done = browser.send(FACTOR, do="confirm", code=code(secret[1].replace(" ", "")))
    codes = re.findall(r'<span class="id">([0-9a-z]{5}-[0-9a-z]{5})</span>', done.text)
    assert (done.status_code, len(codes)) == (200, 10)
    return secret[1].replace(" ", ""), codes


def sign_in(place: Place, email: str, browser: Browser | None = None) -> Browser:
    browser = browser or Browser(place)
    browser.post("/console/sign-in", email=email, password=WORDS)
    return browser


def forget_counts(place: Place) -> None:
    place.client.app.state.house.guard._key = new_id().encode()  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def counts_begin_anew(place: Place) -> None:
    forget_counts(place)


def test_signing_in_asks_for_a_code_once_a_second_factor_is_in_force(place: Place) -> None:
    email = account()
    layla = person(place, "moderator", email)
    secret, codes = enrol(layla)
    assert layla.get("/console").status_code == 200
    browser = Browser(place)
    came = browser.post("/console/sign-in", email=email, password=WORDS, next="/console?state=blurred")
    assert came.headers["location"] == "/console/sign-in/code"
    assert "tawatur_console" not in came.headers["set-cookie"]
    assert browser.get("/console").status_code == 303
    assert browser.post("/console/sign-in/code", code=wrong(secret)).status_code == 401
    done = browser.post("/console/sign-in/code", code=code(secret, 1))
    assert (done.status_code, done.headers["location"]) == (303, "/console?state=blurred")
    assert browser.get("/console").status_code == 200
    other = sign_in(place, email)
    assert other.post("/console/sign-in/code", code=code(secret, 1)).status_code == 401  # it is never taken twice
    assert other.post("/console/sign-in/code", code=codes[0]).status_code == 303
    assert "9 recovery codes are left" in texts(other.get("/console/account"))


def test_a_code_without_the_password_before_it_is_worth_nothing(place: Place) -> None:
    secret, codes = enrol(person(place, "moderator"))
    browser = Browser(place)
    assert browser.get("/console/sign-in/code").status_code == 303
    for sent in (code(secret, 1), codes[0]):
        assert browser.post("/console/sign-in/code", code=sent).status_code == 401
    browser._client.cookies.set("tawatur_halfway", "made-up", path="/console")
    assert browser.post("/console/sign-in/code", code=codes[0]).status_code == 401


def test_codes_are_not_guessed(place: Place) -> None:
    email = account()
    secret, codes = enrol(person(place, "moderator", email))
    for _ in range(2):
        browser = sign_in(place, email)
        answers = [browser.post("/console/sign-in/code", code=wrong(secret)).status_code for _ in range(4)]
    assert answers == [401, 429, 429, 429]  # five for the account, however often the password is sent before
    assert int(browser.post("/console/sign-in/code", code=codes[0]).headers["retry-after"]) > 0


def test_strangers_who_guess_keep_no_moderator_out_of_a_browser_that_she_used(place: Place) -> None:
    email = account()
    person(place, "moderator", email)
    hers = sign_in(place, email)
    hers.send("/console/sign-out")
    stranger = Browser(place)
    codes = {stranger.post("/console/sign-in", email=email, password="wrong").status_code for _ in range(12)}
    assert codes == {401, 429}
    assert sign_in(place, email, stranger).get("/console").status_code == 303
    assert sign_in(place, email, hers).get("/console").status_code == 200


def test_a_new_link_asks_for_the_code_too(place: Place) -> None:
    email = account()
    _, codes = enrol(person(place, "moderator", email))
    database = Database(place.database_url)
    link = people.new_link(database, email, datetime.now(UTC))
    database.close()
    browser = Browser(place)
    chosen = browser.post(f"/console/welcome/{link}", password="another one, and longer")
    assert (chosen.headers["location"], "tawatur_console=" in str(chosen.headers)) == ("/console/sign-in", False)
    browser.post("/console/sign-in", email=email, password="another one, and longer")
    assert browser.post("/console/sign-in/code", code=codes[3]).status_code == 303


def test_a_second_factor_is_taken_away_and_codes_renewed_with_a_code_alone(place: Place) -> None:
    browser = person(place, "moderator")
    secret, codes = enrol(browser)
    for todo in ("codes", "remove"):
        assert browser.send(FACTOR, do=todo, code=wrong(secret)).status_code == 409
    renewed = browser.send(FACTOR, do="codes", code=codes[0])
    assert "Recovery codes" in texts(renewed)
    assert renewed.headers["cache-control"] == "no-store"
    assert browser.send(FACTOR, do="remove", code=codes[1]).status_code == 409  # an earlier one
    assert browser.send(FACTOR, do="remove", code=code(secret, 1)).headers["location"].endswith("done=removed")
    assert "Set up a second factor" in texts(browser.get("/console/account"))
    assert browser.send(FACTOR, do="burn").status_code == 303


def test_the_drawing_obeys_the_strict_policy_and_says_what_the_letters_say(place: Place) -> None:
    browser = person(place, "reader")
    browser.send(FACTOR, do="begin")
    page = browser.get("/console/account").text
    assert 'class="qr"' in page
    assert "style=" not in page
    assert page.count("<svg") == 1


def test_a_site_that_asks_it_of_everybody_lets_nobody_work_without(place: Place) -> None:
    admin, layla = person(place, "admin"), person(place, "moderator")
    assert admin.send("/console/account/site", second_factor="required").status_code == 303
    for browser in (admin, layla):
        answer = browser.get("/console")
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/account?first=1")
    assert "asks a second factor of everybody" in texts(layla.get("/console/account?first=1"))
    image = place.image()
    token = layla.token("/console/account")
    assert layla.post(f"/console/cases/{image}/review", token=token, outcome="upheld").status_code == 303
    assert place.client.get(f"/v1/images/{image}").json()["status"] == "visible"
    layla.post(FACTOR, token=token, do="begin")
    secret = re.search(r'secret" dir="ltr">([A-Z2-7 ]+)<', layla.get("/console/account").text)
    assert secret is not None
    layla.post(FACTOR, token=token, do="confirm", code=code(secret[1].replace(" ", "")))
    assert layla.get("/console").status_code == 200
    assert layla.send("/console/account/site", second_factor="optional").status_code == 403


def test_a_password_is_changed_by_who_knows_the_old_one_and_ends_other_sessions(place: Place) -> None:
    email = account()
    here = person(place, "moderator", email)
    there = sign_in(place, email)
    path = "/console/account/password"
    assert "not your password" in texts(here.send(path, old="wrong", new="another one, and longer"))
    assert "too short" in texts(here.send(path, old=WORDS, new="short"))
    assert there.get("/console").status_code == 200
    assert here.send(path, old=WORDS, new="another one, and longer").status_code == 303
    assert (here.get("/console").status_code, there.get("/console").status_code) == (200, 303)
    assert Browser(place).post("/console/sign-in", email=email, password=WORDS).status_code == 401
    codes = [here.send(path, old="wrong", new="another one, and longer").status_code for _ in range(6)]
    assert codes[-1] == 409
    assert "Too many tries" in texts(here.send(path, old="another one, and longer", new=WORDS))


def test_sessions_are_seen_and_ended_one_by_one_or_all(place: Place) -> None:
    email = account()
    here = person(place, "moderator", email)
    agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
    others = [Browser(place) for _ in range(3)]
    for one in others:
        one.post("/console/sign-in", headers=agent, email=email, password=WORDS)
    page = here.get("/console/account")
    assert texts(page).count("Firefox, Linux") == 3
    assert texts(page).count("this one") == 1
    ends = re.findall(r'name="session" value="([0-9a-f]{64})"', page.text)
    assert len(ends) == 3
    omar = person(place, "admin")
    omar.send("/console/account/sessions", session=ends[0])  # not his
    assert [one.get("/console").status_code for one in others] == [200] * 3
    here.send("/console/account/sessions", session=ends[0])
    assert sorted(one.get("/console").status_code for one in others) == [200, 200, 303]
    here.send("/console/account/sessions")
    assert [one.get("/console").status_code for one in others] == [303] * 3
    assert here.get("/console").status_code == 200


def test_language_and_veils_go_with_the_account_into_every_browser(place: Place) -> None:
    email = account()
    here = person(place, "moderator", email)
    here.post("/console/language", lang="fr")
    here.send("/console/account/pictures", grey="on")
    there = sign_in(place, email)
    page = there.get("/console/account").text
    assert 'lang="fr"' in page.partition("<head>")[0]
    assert re.findall(r'name="(blur|grey)" (checked)?', page) == [("blur", ""), ("grey", "checked")]


def test_single_keys_are_for_who_asked_for_them_and_go_with_the_account(place: Place) -> None:
    browser, colleague = person(place, "reader"), person(place, "reader")
    assert " data-keys" not in browser.get("/console").text
    assert browser.send("/console/account/keys", keys="on").headers["location"] == "/console#keys"
    assert " data-keys" in browser.get("/console/account").text
    assert " data-keys" not in colleague.get("/console").text
    browser.send("/console/account/keys", keys="off")
    assert " data-keys" not in browser.get("/console").text
