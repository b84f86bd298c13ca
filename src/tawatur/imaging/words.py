"""What stands where a picture is withheld, in the reader's language.

Each sentence is written in its language, not translated. French sets a no-break space before a colon.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, get_args

Language = Literal["ar", "en", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Situation(StrEnum):
    """Why the picture itself does not stand here."""

    REPORTED = "reported"  # blocked by reports, provisional
    COPY = "copy"  # blocked as a copy of a blocked image, provisional
    UPHELD = "upheld"  # blocked, and a person has looked
    MODERATOR = "moderator"  # blocked by a person without reports
    BANK = "bank"  # blocked by a list
    BLURRED = "blurred"
    UNAVAILABLE = "unavailable"


PROVISIONAL = frozenset({Situation.REPORTED, Situation.COPY})

_SENTENCES: dict[Situation, dict[Language, str]] = {
    Situation.REPORTED: {
        "ar": "صورة محجوبة: أبلغ عنها عدة أشخاص",
        "en": "Withheld: several people reported this image",
        "fr": "Image masquée\u00a0: plusieurs personnes l’ont signalée",
    },
    Situation.COPY: {
        "ar": "صورة محجوبة: نسخة من صورة أبلغ عنها عدة أشخاص",
        "en": "Withheld: a copy of an image that several people reported",
        "fr": "Image masquée\u00a0: copie d’une image signalée par plusieurs personnes",
    },
    Situation.UPHELD: {
        "ar": "صورة محجوبة: راجعها شخص وأيّد البلاغات",
        "en": "Withheld: a person has looked and agreed with the reports",
        "fr": "Image masquée\u00a0: une personne a vérifié et confirmé les signalements",
    },
    Situation.MODERATOR: {
        "ar": "صورة محجوبة بقرار من إدارة الموقع",
        "en": "Withheld by the people who run this site",
        "fr": "Image masquée par la modération du site",
    },
    Situation.BANK: {
        "ar": "صورة محجوبة: مدرجة في قائمة حجب",
        "en": "Withheld: this image is on a block list",
        "fr": "Image masquée\u00a0: elle figure sur une liste de blocage",
    },
    Situation.BLURRED: {
        "ar": "صورة مموّهة إلى أن يراجعها شخص",
        "en": "Blurred until a person has looked",
        "fr": "Image floutée en attendant qu’une personne l’examine",
    },
    Situation.UNAVAILABLE: {
        "ar": "الصورة غير متاحة",
        "en": "This image is not available",
        "fr": "Cette image n’est pas disponible",
    },
}

_NOTES: dict[Language, str] = {
    "ar": "حجب مؤقت إلى أن يراجعها شخص",
    "en": "For now, until a person has looked",
    "fr": "Provisoirement, avant examen par une personne",
}

# Reports are claims: before a person has looked, the line says what was claimed and nothing more.
_CLAIMED: dict[Language, str] = {
    "ar": "سبب البلاغات: {}",
    "en": "Reported for: {}",
    "fr": "Signalée pour\u00a0: {}",
}
_FOUND: dict[Language, str] = {"ar": "السبب: {}", "en": "Reason: {}", "fr": "Motif\u00a0: {}"}

_FAMILIES: dict[str, dict[Language, str]] = {
    "violence": {"ar": "عنف أو إرهاب", "en": "violence or terrorism", "fr": "violence ou terrorisme"},
    "danger": {"ar": "خطر على أشخاص", "en": "danger to people", "fr": "danger pour des personnes"},
    "sexual": {"ar": "محتوى جنسي", "en": "sexual content", "fr": "contenu sexuel"},
    "hate": {"ar": "كراهية أو مضايقة", "en": "hate or harassment", "fr": "haine ou harcèlement"},
    "privacy": {"ar": "انتهاك الخصوصية", "en": "someone’s privacy", "fr": "atteinte à la vie privée"},
    "deception": {"ar": "تضليل أو محتوى مزعج", "en": "deception or spam", "fr": "tromperie ou spam"},
    "goods": {"ar": "سلع ممنوعة", "en": "illegal goods", "fr": "produits illégaux"},
    "copyright": {"ar": "حقوق المؤلف", "en": "copyright", "fr": "droit d’auteur"},
    "other": {"ar": "مخالفة قواعد الموقع", "en": "breaking the site’s rules", "fr": "infraction aux règles du site"},
}

# In general terms only: "child_safety" on a stranger's picture would be an accusation of a crime.
_FAMILY_OF = {
    "terrorism": "violence",
    "violence": "violence",
    "child_safety": "danger",
    "self_harm": "danger",
    "sexual": "sexual",
    "hate": "hate",
    "harassment": "hate",
    "privacy": "privacy",
    "deception": "deception",
    "spam": "deception",
    "illegal_goods": "goods",
    "copyright": "copyright",
}


def sentence(situation: Situation, language: Language) -> str:
    """What happened to the picture, in one sentence without a full stop."""
    return _SENTENCES[situation][language]


def reason_line(situation: Situation, reason: str | None, language: Language) -> str | None:
    """The family of the reason, in general terms; `None` where there is none to give. An unknown reason is "other"."""
    if reason is None or situation is Situation.UNAVAILABLE:
        return None
    frame = _CLAIMED if situation in PROVISIONAL or situation is Situation.BLURRED else _FOUND
    return frame[language].format(_FAMILIES[_FAMILY_OF.get(reason, "other")][language])


def note(situation: Situation, language: Language) -> str | None:
    """That this is provisional, where it is."""
    return _NOTES[language] if situation in PROVISIONAL else None
