"""Which language a request is answered in."""

from __future__ import annotations

from babel import negotiate_locale
from starlette.requests import Request

LANGUAGES = ("ar", "en", "fr")


def language(request: Request) -> str:
    """The reader's language among those of the house: `?lang=`, else Accept-Language, else Arabic."""
    asked = request.query_params.get("lang", "").lower()[:2]
    if asked in LANGUAGES:
        return asked
    wanted = []
    for part in request.headers.get("accept-language", "").split(",")[:20]:
        tag, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((float(weight or 1), tag.replace("-", "_")))
        except ValueError:
            continue
    wanted.sort(key=lambda entry: -entry[0])
    return negotiate_locale([tag.split("_")[0].lower() for weight, tag in wanted if weight > 0], LANGUAGES) or "ar"
