"""A small newspaper's desk with something on every page of the console: seven weeks behind it, and a busy day.

What lies in the past is written into the database before the server starts, with moments of its own.
"""

from __future__ import annotations

import json
import random
import uuid
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

import httpx

from tawatur.demo import crowd, paper
from tawatur.imaging.decode import examine
from tawatur.log.events import Signals
from tawatur.moderation.attacks import watch_site
from tawatur.moderation.people import find_person
from tawatur.moderation.policies import NewPolicy, change_policy
from tawatur.moderation.pseudonyms import Pseudonyms
from tawatur.moderation.register import NewImage, Registered, register_image
from tawatur.moderation.report import NewReport, receive_report
from tawatur.store import deliveries, events, samples
from tawatur.store.database import Database
from tawatur.store.deliveries import Delivery
from tawatur.store.files import Files
from tawatur.store.samples import BLOCKED, LEFT, Sample
from tawatur.store.sites import of_ids
from tests.ground.server import Server, Site
from tests.moderation.world import World

SECRET = "a secret for pictures of the console, and nothing else"
WORDS = "a quiet harbour in autumn"
WEEKS = 7
CAPTIONS = {
    "moose": "أيل على الطريق شمال المدينة",
    "astronaut": "رائدة الفضاء قبيل الإقلاع",
    "rocket": "إقلاع من منصة الساحل",
    "coffee": "مقهى الميناء في الصباح",
    "dandelions": "حقل على طريق الجبل",
    "raccoon": "راكون في حديقة المدرسة",
    "galaxies": "صورة من المرصد",
    "solar": "ألواح شمسية على سطح السوق",
}
_REASONS = ("violence", "violence", "hate", "spam", "deception", "terrorism", "harassment")
_POLICIES = (
    (44, "omar", "floor_block = 4.0\n"),
    (23, "layla", "floor_block = 4.0\nreview_within_hours = 12.0\n[reasons.violence]\nharm = 1.5\n"),
    (9, "layla", "review_within_hours = 12.0\nabuse_rejected = 4\n[reasons.violence]\nharm = 1.5\n"),
)


_COMMENTS = {
    ("moose", 0): "الحيوان ميت والدم ظاهر.",
    ("moose", 3): "Not in front of children, please.",
    ("moose", 7): "ممكن تحذير على الأقل؟",
    ("astronaut", 1): "Montage insultant.",
}
_CASES = {"case": "moose", "linked": "rocket", "child-safety": "galaxies", "little": "coffee", "appeal": "raccoon"}
_NOTICES = {"notice": "moose", "notice-appealed": "raccoon", "notice-answered": "dandelions", "notice-shown": "coffee"}


class Past(World):
    """What happened on a site before today: the same commands, in a database, at moments of the past."""

    def __init__(self, database: Database, site: str, begins: datetime) -> None:
        self.database = database
        self.site = site
        self.now = begins
        self.log = []
        self._numbers = count(1)
        self._book = None
        self._memory = None
        self.chance = random.Random(7)
        self.people = Pseudonyms(SECRET.encode(), site)
        self.readers = [self.people.person(f"reader {n}") for n in range(90)]

    def new_id(self) -> str:
        """Sorts by the moment that it is for, as those of a server do."""
        stamp = int(self.now.timestamp() * 1000) << 80 | 7 << 76 | (next(self._numbers) % 4096) << 64 | 2 << 62
        return str(uuid.UUID(int=stamp | self.chance.getrandbits(62)))

    def register(self, content: str = "picture", uploader: str | None = None) -> Registered:
        """A picture of which the site gave the hash alone."""
        name = sha256(content.encode()).hexdigest()
        return self._registered(NewImage(self.site, name, "image/jpeg", 0, 320, 240, uploader=self._who(uploader)))

    def photograph(self, files: Files, name: str, uploader: str) -> str:
        """One of the newspaper's own, as the server keeps it."""
        data = paper.photograph(name).read_bytes()
        seen = examine(data)
        new = NewImage(
            self.site,
            files.put_image(data),
            seen.media_type,
            len(data),
            seen.width,
            seen.height,
            seen.pdq,
            seen.quality,
            seen.prescale,
            seen.orientations,
            uploader=self._who(uploader),
            page_url=f"https://town.example/{name}",
            caption=CAPTIONS[name],
        )
        return self._registered(new).image.id

    def _who(self, uploader: str | None) -> str | None:
        return uploader and self.people.person(uploader)

    def _registered(self, new: NewImage) -> Registered:
        now = self.tick()
        return self.run(lambda book: register_image(book, new, now))

    def says(self, image: str, person: crowd.Person, reason: str, comment: str | None = None) -> None:
        """A report as it comes over HTTP: of what the site knows of its reader only digests are kept."""
        people = self.people
        signals = Signals(
            network=people.network(person.network),
            device=people.device(person.device),
            account_created_at=person.account_created_at,
            referrer=None if person.referrer is None else people.referrer(person.referrer),
        )
        new = NewReport(self.site, image, people.person(person.id), reason, comment, signals)
        now = self.tick()
        self.run(lambda book: receive_report(book, new, now))

    def at(self, moment: datetime) -> None:
        self.now = max(self.now, moment)

    def console(self, email: str) -> str:
        """What the log calls an account of the console."""
        assert self.database is not None
        return self.people.person(f"console/{find_person(self.database, email).id}")

    def day(self, morning: datetime, reviewers: list[str], careless: list[str], wrong: bool) -> None:
        """A few reports that nobody follows, and most days pictures that many report; somebody decides on all. On some
        days what many report first is fine."""
        self.at(morning)
        strays = []
        with self.group():
            for n in range(self.chance.randint(2, 9)):
                image = self.image(f"{morning} stray {n}", f"author-{self.chance.randint(0, 40)}")
                for _ in range(self.chance.choice((1, 1, 1, 2))):
                    self.report(
                        image, self.people.person(f"passer-by {self.chance.random()}"), self.chance.choice(_REASONS)
                    )
                self.wait(minutes=self.chance.randint(5, 30))
                strays.append(image)
        for n in range(self.chance.choice((1, 1, 2, 2, 3) if wrong else (0, 1, 1, 2, 2, 3))):
            fine = wrong and n == 0
            with self.group():
                image = self.image(f"{morning} case {n}", f"author-{self.chance.randint(0, 40)}")
                self.views(image, 100)
                people = self.chance.sample(self.readers, self.chance.randint(9, 14)) + (careless if fine else [])
                for reader in people:
                    self.report(image, reader, "violence" if n else self.chance.choice(_REASONS))
                    self.wait(minutes=self.chance.randint(4, 14))
            self.wait(minutes=self.chance.randint(8, 260))
            with self.group():
                self.review(image, "rejected" if fine else "upheld", self.chance.choice(reviewers))
        with self.group():
            for image in strays:
                self.review(image, "rejected", self.chance.choice(reviewers))

    def careless(self, moment: datetime) -> str:
        """Somebody reports what people find to be fine, again and again, and objects to the suspension; the appeal."""
        self.now = moment
        hasan = self.people.person("hasan")
        for n in range(9):
            with self.group():
                image = self.image(f"fine {n}", "author-4")
                self.report(image, hasan, "deception")
                self.wait(minutes=50)
                self.review(image, "rejected", self.console("omar@town.example"))
        said = "هذه الصور قديمة وليست من المدينة، وقد كتبت ذلك في كل بلاغ."
        return self.object(hasan, said).id

    def storm(self, moment: datetime) -> None:
        """Some weeks ago accounts of one telephone reported three pictures within an hour."""
        self.at(moment)
        with self.group():
            targets = [self.image(f"storm {n}", "author-1") for n in range(3)]
            for n in range(24):
                for image in targets:
                    self.report(
                        image,
                        self.people.person(f"raider {n}"),
                        "terrorism",
                        device=self.people.device(f"phone {n // 12}"),
                        account_created_at=moment - timedelta(days=2),
                    )
        self.wait(hours=1)
        with self.group():
            for image in targets:
                self.review(image, "rejected", "somebody at the desk")


def write_the_past(server: Server, site: Site, now: datetime, weeks: int) -> tuple[dict[str, str], str]:
    """So many weeks of the site, and an attack in them that is over; people who decided; three versions of the policy;
    today. The pictures of today by name, and the appeal of a reporter who was suspended."""
    database = Database(server.database_url)
    begins = now.replace(hour=6, minute=0, second=0, microsecond=0) - timedelta(weeks=weeks)
    past = Past(database, site.site, begins - timedelta(days=1))
    reviewers = [past.console(f"{name}@town.example") for name in ("layla", "omar", "samir")]
    careless = [past.people.person(f"careless {n}") for n in range(4)]
    policies = {days: (past.console(f"{by}@town.example"), toml) for days, by, toml in _POLICIES}
    for days in range(weeks * 7, 0, -1):
        morning = begins + timedelta(days=weeks * 7 - days)
        if days in policies:
            by, toml = policies[days]
            past.at(morning - timedelta(hours=1))
            new = NewPolicy(site.site, toml, by)
            past.run(lambda book, new=new: change_policy(book, new, past.now))
        past.day(morning, reviewers, careless, days % 11 == 5)
        if days == 17:
            past.storm(morning + timedelta(hours=15))
            with database.read() as connection:
                found = of_ids(connection, {site.site})[0]
            watch_site(database, found, past.now)
    objection = past.careless(now - timedelta(hours=20))
    _sample(past)
    images = _today(past, Files(server.data_dir), now)
    database.close()
    return images, objection


def _sample(past: Past) -> None:
    """As if chance had picked one in six of what people decided on later."""
    reported = {line["image"]: line for line in past.log if line["type"] == "report.received"}
    picked = {}
    for number, line in enumerate(line for line in past.log if line["type"] == "image.reviewed"):
        if number % 6 == 0 and line["image"] in reported:
            family = past.family(line["image"]).id
            kind = BLOCKED if line["outcome"] == "upheld" else LEFT
            at = datetime.fromisoformat(reported[line["image"]]["at"])
            picked[family] = Sample(family, kind, past.site, at)
    assert past.database is not None
    with past.database.write() as connection:
        samples.pick(connection, list(picked.values()))


def _sampled(past: Past, image: str) -> None:
    """As if chance had picked this one, which nobody has looked at."""
    assert past.database is not None
    picked = Sample(past.family(image).id, LEFT, past.site, past.now)
    with past.database.write() as connection:
        samples.pick(connection, [picked])


def _today(past: Past, files: Files, now: datetime) -> dict[str, str]:
    """What happened since the morning, and an attack that goes on; the pictures of it by name."""
    past.at(now - timedelta(hours=9))
    images = {}
    for place, name in enumerate(CAPTIONS):
        images[name] = past.photograph(files, name, f"author-{place % 3}")
        past.views(images[name], 60 + 70 * place)
        past.wait(minutes=4)
    past.at(now - timedelta(hours=8))
    for name, reason, number in (
        ("moose", "violence", 9),
        ("raccoon", "violence", 9),
        ("astronaut", "hate", 4),
        ("coffee", "spam", 2),
        ("dandelions", "deception", 3),
        ("galaxies", "child_safety", 1),
    ):
        for place, person in enumerate(crowd.unconnected(name, now)[:number]):
            past.says(images[name], person, reason, _COMMENTS.get((name, place)))
            past.wait(minutes=past.chance.randint(4, 24))
        if name == "moose":
            for reader in past.readers[:3]:  # whose reports were right before
                past.report(images[name], reader, reason)
                past.wait(minutes=6)
    _sampled(past, images["coffee"])
    people = past.console("samir@town.example"), past.console("omar@town.example")
    past.review(images["raccoon"], "upheld", people[0], reason="violence")
    past.review(images["dandelions"], "upheld", people[0], reason="deception")
    past.wait(minutes=12)
    past.appeal(images["raccoon"], "الحيوان نائم، ولا عنف في الصورة. التقطتها أمام مدرسة ابني.")
    appeal = past.appeal(images["dandelions"], "التقطتها بنفسي في الربيع الماضي.")
    answer = "الحقل في بلد آخر: نُشرت الصورة قبل ثلاث سنوات في مجلة للسفر، وذكرنا ذلك تحتها."
    past.answer(appeal.id, "stands", people[1], answer)
    past.now = now - timedelta(minutes=48)
    for person in crowd.linked(now):
        for name in ("rocket", "solar"):
            past.says(images[name], person, "terrorism")
        past.wait(seconds=past.chance.randint(10, 90))
    return images


def pages(server: Server, site: Site, images: dict[str, str]) -> dict[str, str]:
    """The addresses, by name, of the pages that are about these pictures."""
    with server.client(site) as client:
        links = {
            name: client.get(f"/v1/images/{images[of]}/notice").raise_for_status().json()["link"].partition("?")[0]
            for name, of in _NOTICES.items()
        }
    return {
        **{name: f"/console/cases/{images[of]}" for name, of in _CASES.items()},
        **{name: link.removeprefix(server.base_url) for name, link in links.items()},
    }


def busy(server: Server, site: Site, now: datetime) -> None:
    """A day on which many people, who have nothing in common, report different pictures."""
    with server.client(site) as client:
        names = list(CAPTIONS)[:6]
        images = [_registered(client, name, f"author-{place}", None) for place, name in enumerate(names)]
        for n in range(60):
            person = crowd.Person(f"r{n}", f"2001:db8:{n + 16:x}::1", f"device {n}", now - timedelta(days=400 + n))
            report(client, images[n % len(images)], person, "violence")


def first_report(server: Server, site: Site, now: datetime) -> None:
    """A site on which one thing happened so far."""
    with server.client(site) as client:
        image = _registered(client, "coffee", "author-0", CAPTIONS["coffee"])
        report(client, image, crowd.unconnected("coffee", now)[0], "spam")


def report(client: httpx.Client, image: str, person: crowd.Person, reason: str) -> None:
    signals = {
        "network": person.network,
        "device": person.device,
        "account_created_at": person.account_created_at.isoformat(),
        **({} if person.referrer is None else {"referrer": person.referrer}),
    }
    _asked(client, f"/v1/images/{image}/reports", reporter=person.id, reason=reason, signals=signals)


def _registered(client: httpx.Client, name: str, uploader: str, caption: str | None) -> str:
    told = {
        "uploader": uploader,
        "page_url": f"https://town.example/{name}",
        **({"caption": caption} if caption else {}),
    }
    files = {"file": (name, paper.photograph(name).read_bytes())}
    return str(client.post("/v1/images", files=files, data=told).raise_for_status().json()["id"])


def _asked(client: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.post(path, json=body).raise_for_status().json()
    return answer


def webhooks(server: Server, site: Site, now: datetime) -> None:
    """One that takes everything, one that is away with dead letters behind it, and one that is switched off."""
    with server.client(site) as client:
        _asked(
            client,
            "/v1/webhooks",
            url="https://town.example/hooks/moderation",
            description="ما يراه القراء",
            events=["appeal.decided", "reporter.warned", "reporter.cleared"],
        )
        database = Database(server.database_url)
        with database.read() as connection:
            head = events.head(connection)
        away = _asked(
            client,
            "/v1/webhooks",
            url="https://archive.town.example/tawatur",
            description="أرشيف الصحيفة",
            after=head - 40,
        )
        off = _asked(client, "/v1/webhooks", url="https://chat.town.example/in/7Qd", description="مناوبة الليل")
        client.patch(f"/v1/webhooks/{off['id']}", json={"enabled": False}).raise_for_status()
        last = client.get("/v1/events", params={"limit": 1000}).raise_for_status().json()["events"]
        lost = [event["position"] for event in last if event["type"] in ("image.blocked", "image.blurred")][:3]
        begun = now - timedelta(days=2)
        dead = [
            Delivery(away["id"], position, f"gone {position}", begun, 33, dead_at=now - timedelta(hours=9), why=why)
            for position, why in zip(
                lost, ("it answered 503", "it answered 503", "it did not answer within 10 s"), strict=False
            )
        ]
        with database.write() as connection:
            deliveries.save(connection, dead)
        database.close()


def people(server: Server) -> dict[str, str]:
    """Makes everybody who works for the newspaper; the links that let them choose passwords, by name."""
    made = {}
    for name, role, site in (
        ("layla", "admin", "town.example"),
        ("omar", "moderator", "town.example"),
        ("samir", "moderator", "town.example"),
        ("nour", "reader", "town.example"),
        ("dana", "moderator", "quiet.example"),
        ("ward", "moderator", "busy.example"),
        ("rima", "moderator", "first.example"),
        ("salma", "moderator", "town.example"),
        ("yusuf", "moderator", "town.example"),
        ("new", "reader", "town.example"),
    ):
        said = json.loads(
            server.tawatur("user", "create", f"{name}@town.example", "--role", role, "--site", site, "--json")
        )
        made[name] = said["link"].rpartition("/")[2]
    return made
