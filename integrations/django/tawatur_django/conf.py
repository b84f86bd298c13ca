"""The setting `TAWATUR`, read once a process.

TAWATUR = {
    "URL": "http://127.0.0.1:8000",             # where this site's backend reaches Tawatur
    "API_KEY": os.environ["TAWATUR_API_KEY"],   # the site's secret key
    "PUBLIC_URL": "https://img.example.org",    # where readers reach its gate and widget
    "FIELDS": {                                 # the image fields, and which attributes say more
        "news.Photo.file": {"uploader": "author_id", "caption": "title"},
    },
    "UNREGISTERED": "show",     # "hide" shows no picture that could not be registered yet
    "TIMEOUT": 5.0,             # seconds, of one attempt
    "INTEGRITY": "",            # the widget's SRI hash, if you pin it
}
"""

from dataclasses import dataclass, field
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tawatur.client import Client

SAYS = ("uploader", "caption", "page_url", "external_id")
"""What an attribute of the instance may say of its picture."""


@dataclass(frozen=True)
class Conf:
    url: str
    api_key: str
    public_url: str
    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    unregistered: str = "show"
    timeout: float = 5.0
    integrity: str = ""


@cache
def conf() -> Conf:
    """Raises ImproperlyConfigured, naming what is missing or wrong."""
    said = dict(getattr(settings, "TAWATUR", {}))
    if missing := [name for name in ("URL", "API_KEY", "PUBLIC_URL") if not said.get(name)]:
        raise ImproperlyConfigured(f"The setting TAWATUR lacks {', '.join(missing)}.")
    if unknown := said.keys() - {name.upper() for name in Conf.__dataclass_fields__}:
        raise ImproperlyConfigured(f"The setting TAWATUR has unknown keys: {', '.join(sorted(unknown))}.")
    made = Conf(**{name.lower(): value for name, value in said.items()})
    if made.unregistered not in ("show", "hide"):
        raise ImproperlyConfigured(f'TAWATUR["UNREGISTERED"] is "show" or "hide", not {made.unregistered!r}.')
    for label, says in made.fields.items():
        if label.count(".") != 2 or (set(says) - set(SAYS)):
            raise ImproperlyConfigured(
                f'TAWATUR["FIELDS"] maps "app.Model.field" to any of {", ".join(SAYS)}; {label!r}: {says!r} is none.'
            )
    return made


@cache
def client() -> Client:
    """One for the process; it keeps its connections, and threads may share it. A reader waits for two attempts only."""
    now = conf()
    return Client(now.url, now.api_key, timeout=now.timeout, attempts=2)
