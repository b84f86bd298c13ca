"""What a label says: the network's value for a picture's state, and how an app should show values that are not built
into it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tawatur.log.events import rfc3339
from tawatur.store.families import BLOCKED, BLURRED

WARN, HIDE = "!warn", "!hide"

BLOCKED_FOR: Mapping[str, str] = {
    "terrorism": "extremist",
    "violence": "graphic-media",
    "sexual": "porn",
    "hate": "intolerant",
    "harassment": "rude",
    "deception": "misleading",
    "self_harm": "self-harm",
    "illegal_goods": "illicit",
    "spam": "spam",
}
"""Of all other reasons nothing is said but `!hide`. For `child_safety` on purpose: a public list of where such pictures
are would help who looks for them."""

_WORDS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "extremist": {
        "ar": ("إرهاب وتطرّف", "صورة تروّج لجماعة إرهابية أو متطرفة."),
        "en": ("Terrorism", "A picture that promotes a terrorist or extremist group."),
        "fr": ("Terrorisme", "Une image qui fait la promotion d’un groupe terroriste ou extrémiste."),
    },
    "intolerant": {
        "ar": ("كراهية", "صورة تحضّ على كراهية الناس لأصلهم أو دينهم أو جنسهم."),
        "en": ("Hate", "A picture that stirs up hatred against people for what they are."),
        "fr": ("Haine", "Une image qui incite à la haine envers des personnes pour ce qu’elles sont."),
    },
    "rude": {
        "ar": ("مضايقة", "صورة تُستعمل لمضايقة شخص أو إهانته."),
        "en": ("Harassment", "A picture that is used to harass or degrade somebody."),
        "fr": ("Harcèlement", "Une image utilisée pour harceler ou humilier quelqu’un."),
    },
    "misleading": {
        "ar": ("تضليل", "صورة مزيّفة أو تُعرض على غير حقيقتها."),
        "en": ("Misleading", "A picture that is forged or shown as what it is not."),
        "fr": ("Trompeur", "Une image falsifiée ou présentée pour ce qu’elle n’est pas."),
    },
    "self-harm": {
        "ar": ("إيذاء النفس", "صورة تُظهر إيذاء النفس أو تشجّع عليه."),
        "en": ("Self-harm", "A picture that shows self-harm or encourages it."),
        "fr": ("Automutilation", "Une image qui montre ou encourage l’automutilation."),
    },
    "illicit": {
        "ar": ("سلع محظورة", "صورة تعرض سلعًا يُمنع بيعها."),
        "en": ("Illegal goods", "A picture that offers goods that may not be sold."),
        "fr": ("Biens illicites", "Une image qui propose des biens dont la vente est interdite."),
    },
    "spam": {
        "ar": ("إزعاج", "صورة إعلانية مزعجة تُنشر مرارًا."),
        "en": ("Spam", "Unwanted advertising, posted again and again."),
        "fr": ("Spam", "Une publicité indésirable, publiée à répétition."),
    },
}


def value_of(status: str, reason: str | None) -> str | None:
    """The value for a picture in this state; None where nothing is said. A blur, on less evidence, never names the
    rule."""
    if status == BLURRED:
        return WARN
    return BLOCKED_FOR.get(reason or "", HIDE) if status == BLOCKED else None


def service_record(now: datetime) -> dict[str, Any]:
    """The record `app.bsky.labeler.service/self` that the labeler's account publishes, so that apps know its values."""
    return {
        "$type": "app.bsky.labeler.service",
        "policies": {
            "labelValues": [WARN, HIDE, *BLOCKED_FOR.values()],
            "labelValueDefinitions": [
                {
                    "identifier": value,
                    "severity": "alert",
                    "blurs": "media",
                    "defaultSetting": "warn",
                    "adultOnly": False,
                    "locales": [
                        {"lang": lang, "name": name, "description": text} for lang, (name, text) in words.items()
                    ],
                }
                for value, words in _WORDS.items()
            ],
        },
        "subjectTypes": ["record", "account"],
        "subjectCollections": ["app.bsky.feed.post", "app.bsky.actor.profile"],
        "createdAt": rfc3339(now),
    }
