"""`{% load tawatur %}` and `{% tawatur_image photo.file alt="…" %}`."""

from typing import Any

from django import template
from django.db.models.fields.files import FieldFile
from django.forms.utils import flatatt
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language

from tawatur_django.conf import conf
from tawatur_django.models import RegisteredImage
from tawatur_django.registering import label_of

register = template.Library()

NOTICE = {
    "ar": "تُحجَب هذه الصورة تلقائيًا متى أبلغ عنها عدة أشخاص",
    "en": "This image is blocked automatically when several people report it",
    "fr": "Cette image est bloquée automatiquement dès que plusieurs personnes la signalent",
}


@register.inclusion_tag("tawatur_django/image.html")
def tawatur_image(image: FieldFile | None, alt: str = "", **attributes: Any) -> dict[str, Any]:
    """The picture through the gate, under it the notice, and the report button. More arguments (`class`, `width`,
    `loading`) become attributes of the `<img>`. A picture that is not registered yet comes without the notice, which
    would not be true of it."""
    now = conf()
    if not image:
        return {}
    found = RegisteredImage.objects.filter(field=label_of(image), name=image.name).values_list("image", flat=True)
    known = next(iter(found), "")
    language = (get_language() or "en")[:2]
    language = language if language in NOTICE else "en"
    return {
        "image": known,
        "public_url": now.public_url.rstrip("/"),
        "integrity": now.integrity,
        "plain": "" if known or now.unregistered == "hide" else image.url,
        "token_src": _token_src(),
        "alt": alt,
        "attributes": flatatt(attributes),
        "language": language,
        "direction": "rtl" if language == "ar" else "ltr",
        "notice": NOTICE[language],
    }


def _token_src() -> str:
    """Where members get their tokens, if the site has included `tawatur_django.urls`."""
    try:
        return reverse("tawatur_django:reporter_token")
    except NoReverseMatch:
        return ""
