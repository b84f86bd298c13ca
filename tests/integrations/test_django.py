"""integrations/django/: the example site as a process of its own, before a real Tawatur."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.ground.process import dies_with_parent, free_port, plain_environment
from tests.ground.server import Server, Site
from tests.survival.world import picture, report, statement

pytest.importorskip("django", reason="Django is not installed")

EXAMPLE = Path(__file__).parents[2] / "integrations" / "django" / "example"


class Example:
    """`manage.py runserver` on a free port, its database and uploads in `folder`."""

    def __init__(self, folder: Path, tawatur: Server, site: Site) -> None:
        self.tawatur, self.site = tawatur, site
        self.port = free_port()
        self.folder = folder
        self._settings = plain_environment(
            EXAMPLE_DATA=str(folder),
            TAWATUR_URL=tawatur.base_url,
            TAWATUR_API_KEY=site.api_key,
            TAWATUR_PUBLIC_URL=tawatur.base_url,
        )
        self._process: subprocess.Popen[bytes] | None = None
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=60)

    def manage(self, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, EXAMPLE / "manage.py", *arguments],
            env=self._settings | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def start(self) -> Example:
        self.manage("migrate", "--verbosity", "0")
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, EXAMPLE / "manage.py", "runserver", "--noreload", f"127.0.0.1:{self.port}"],
                env=self._settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=dies_with_parent(signal.SIGKILL),
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self.client.get("/")
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return self
        raise RuntimeError((self.folder / "log").read_text()[-4000:])

    def stop(self) -> None:
        self.client.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def upload(self, data: bytes, name: str, title: str = "Square") -> str:
        """Sends the form as a browser does; the front page afterwards."""
        form = self.client.get("/upload/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert token
        fields = {"csrfmiddlewaretoken": token[1], "title": title, "author": "ulla"}
        answer = self.client.post("/upload/", data=fields, files={"file": (name, data, "image/png")})
        assert answer.status_code == 302, answer.text[-3000:]
        return self.front()

    def front(self, language: str = "en") -> str:
        return self.client.get("/", headers={"Accept-Language": language}).text

    def shell(self, code: str, **environment: str) -> Any:
        """What the code printed last, as JSON."""
        return json.loads(self.manage("shell", "--no-imports", "-c", code, **environment).stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    folder = tmp_path_factory.mktemp("django")
    (folder / "example").mkdir()
    with Server(folder / "tawatur", f"sqlite:///{folder / 'tawatur.db'}") as tawatur:
        made = Example(folder / "example", tawatur.init().start(), tawatur.site())
        try:
            yield made.start()
        finally:
            made.stop()


@pytest.fixture
def site(example: Example) -> Example:
    """The site without a picture, and its Tawatur running."""
    if not example.tawatur.running:
        example.tawatur.start()
    example.shell(
        "from news.models import Photo; from tawatur_django.models import RegisteredImage as R\n"
        "Photo.objects.all().delete(); R.objects.all().delete(); print(0)"
    )
    return example


def test_an_uploaded_picture_is_shown_through_the_gate_until_it_is_blocked(site: Example) -> None:
    data = picture(1)
    page = site.upload(data, "a photo.png", title='A "square" <b>')
    image = re.search(r'<tawatur-image image="([0-9a-f-]{36})" token-src="/tawatur/reporter-token">', page)
    assert image, page
    base = site.tawatur.base_url
    assert f'<script type="module" src="{base}/widget/v1.js"></script>' in page
    assert f'<img src="{base}/i/{image[1]}" alt="A &quot;square&quot; &lt;b&gt;" loading="lazy">' in page
    assert '<p lang="en" dir="ltr">This image is blocked automatically when several people report it</p>' in page
    assert '<p lang="ar" dir="rtl">تُحجَب هذه الصورة تلقائيًا متى أبلغ عنها عدة أشخاص</p>' in site.front("ar")
    assert '<p lang="fr" dir="ltr">Cette image' in site.front("fr")
    assert "<p" not in page.replace("<p lang", "")  # no other page text depends on it

    with site.tawatur.client(site.site) as backend:
        assert backend.get(f"/i/{image[1]}").content == data
        told = [event for event in backend.get("/v1/events").json()["events"] if event.get("image") == image[1]]
        (addressed,) = [event for event in told if event["type"] == "image.addressed"]
        assert addressed["addresses"] == ["/media/photos/a_photo.png"]
        (registered,) = [event for event in told if event["type"] == "image.registered"]
        assert registered["uploader"]
        for n in range(8):
            report(backend, image[1], statement(f"r{n}"))
        assert backend.get(f"/i/{image[1]}").headers["tawatur-status"] == "blocked"
    assert site.front().count("<tawatur-image") == 1  # its page goes on naming it; the gate shows the plate


def test_an_upload_is_kept_while_tawatur_is_down_and_registered_later(site: Example) -> None:
    site.tawatur.kill9()
    page = site.upload(picture(2), "b.png")
    assert "<tawatur-image" not in page
    assert '<img src="/media/photos/b.png" alt="Square" loading="lazy">' in page
    assert "blocked automatically" not in page  # the notice would not be true
    assert site.client.get("/media/photos/b.png").content == picture(2)

    hidden = site.shell(
        "import json; from django.template.loader import render_to_string; from news.models import Photo\n"
        "print(json.dumps(render_to_string('news/front.html', {'photos': Photo.objects.all()})))",
        EXAMPLE_UNREGISTERED="hide",
    )
    assert "Square" in hidden
    assert "<img" not in hidden

    failed = site.manage("tawatur_register", check=False)
    assert failed.returncode == 1
    assert "cannot be reached" in failed.stderr
    site.tawatur.start()
    assert "1 registered, 0 not" in site.manage("tawatur_register").stdout
    assert "0 registered, 0 not" in site.manage("tawatur_register").stdout
    assert site.front().count("<tawatur-image") == 1


def test_a_picture_that_tawatur_refuses_is_noted_with_its_reason(site: Example) -> None:
    bmp = picture(4, "BMP")
    page = site.upload(bmp, "c.bmp")
    assert "<tawatur-image" not in page
    (trouble,) = site.shell(
        "import json; from tawatur_django.models import *; "
        "print(json.dumps(list(RegisteredImage.objects.values_list('trouble', flat=True))))"
    )
    assert "Save it as JPEG" in trouble


def test_saving_again_registers_nothing_and_another_file_does(site: Example) -> None:
    site.upload(picture(5), "d.png")
    first = site.shell(
        "import json; from news.models import Photo; from tawatur_django.models import RegisteredImage as R\n"
        "photo = Photo.objects.get(); photo.title = 'new'; photo.save()\n"
        "print(json.dumps(list(R.objects.values_list('name', 'image'))))"
    )
    (tmp := site.folder / "other.png").write_bytes(picture(6))
    rows = site.shell(
        "import json; from news.models import Photo; from tawatur_django.models import RegisteredImage as R\n"
        "from django.core.files import File\n"
        f"photo = Photo.objects.get(); photo.file.save('other.png', File(open({str(tmp)!r}, 'rb')))\n"
        "print(json.dumps(list(R.objects.order_by('id').values_list('name', 'image'))))"
    )
    assert len(first) == 1
    assert rows[0] == first[0]
    assert rows[1][0] == "photos/other.png"
    assert rows[1][1] not in ("", first[0][1])


def test_a_member_reports_under_their_own_account_and_nobody_else_gets_a_token(site: Example) -> None:
    page = site.upload(picture(8), "e.png")
    image = re.search(r'image="([0-9a-f-]{36})"', page)
    assert image
    assert httpx.get(f"{site.tawatur.base_url}/widget/v1.js", trust_env=False).status_code == 200
    assert site.client.get("/tawatur/reporter-token").status_code == 403
    cookie = site.shell(
        "import json; from django.contrib.auth import get_user_model as users, login\n"
        "from django.http import HttpRequest; from django.contrib.sessions.backends.db import SessionStore\n"
        "request = HttpRequest(); request.session = SessionStore()\n"
        "login(request, users().objects.create_user('mona'), 'django.contrib.auth.backends.ModelBackend')\n"
        "request.session.save(); print(json.dumps(request.session.session_key))"
    )
    answer = site.client.get("/tawatur/reporter-token", headers={"Cookie": f"sessionid={cookie}"})
    assert "no-store" in answer.headers["cache-control"]
    assert "access-control-allow-origin" not in answer.headers
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    with site.tawatur.client() as reader:
        said = reader.post(f"/v1/images/{image[1]}/reports", json={"reason": "violence"}, headers=headers)
        assert said.status_code == 201
        again = reader.post(f"/v1/images/{image[1]}/reports", json={"reason": "violence"}, headers=headers)
        assert again.json()["id"] == said.json()["id"]


def test_an_upload_that_is_rolled_back_is_not_registered(site: Example) -> None:
    (tmp := site.folder / "x.png").write_bytes(picture(7))
    count = site.shell(
        "from django.db import transaction; from django.core.files import File; from news.models import Photo\n"
        "from tawatur_django.models import RegisteredImage as R\n"
        "try:\n"
        "    with transaction.atomic():\n"
        f"        Photo(title='x').file.save('x.png', File(open({str(tmp)!r}, 'rb')))\n"
        "        raise ValueError\n"
        "except ValueError:\n"
        "    pass\n"
        "print(R.objects.count())"
    )
    assert count == 0


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("{}", "lacks URL, API_KEY, PUBLIC_URL"),
        ("{**s.TAWATUR, 'FEILDS': {}}", "unknown keys: FEILDS"),
        ("{**s.TAWATUR, 'FIELDS': {'news.Photo.title': {}}}", "no file field"),
        ("{**s.TAWATUR, 'FIELDS': {'news.Photo.pile': {}}}", "no field named 'pile'"),
        ("{**s.TAWATUR, 'FIELDS': {'news.Photo.file': {'colour': 'x'}}}", "maps"),
        ("{**s.TAWATUR, 'UNREGISTERED': 'maybe'}", "maybe"),
    ],
)
def test_a_setting_that_cannot_be_is_told_by_djangos_check(tmp_path: Path, setting: str, told: str) -> None:
    (tmp_path / "other.py").write_text(
        f"import example.settings as s\nfrom example.settings import *\nTAWATUR = {setting}\n"
    )
    done = subprocess.run(
        [sys.executable, EXAMPLE / "manage.py", "check", "--settings", "other"],
        env=plain_environment(TAWATUR_API_KEY="tws_x", EXAMPLE_DATA=str(tmp_path), PYTHONPATH=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert told in done.stderr


def test_the_migrations_are_those_of_the_models(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLE / "manage.py", "makemigrations", "--check", "--dry-run"],
        env=plain_environment(EXAMPLE_DATA=str(tmp_path), TAWATUR_API_KEY="tws_x"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
