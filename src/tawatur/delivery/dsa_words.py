"""What a statement of reasons says in words, in the three languages of the house. It tells what happened and names
nobody: how many independent people reported is rounded, who they are, what links them and what they wrote is left out.
"""

from __future__ import annotations

import msgspec

LANGUAGES = ("ar", "en", "fr")
FEW = 3
"""Fewer independent voices than so many are told as "a few": a number so small says too much of who they are."""


class Words(msgspec.Struct, frozen=True):
    """One language. `reasons`: the rule's name and what breaks it."""

    few: str
    about: str
    reports: str
    measures: dict[str, str]
    copy: str
    list: str
    altered: str
    person: str
    found: dict[str, str]
    looked_before: str
    shown: dict[str, str]
    blurred: str
    rule: str
    considered: str
    reasons: dict[str, tuple[str, str]]


EN = Words(
    few="a few independent voices",
    about="about {voices} independent voices",
    reports="Readers of the site reported this image for “{reason}”. The reports were weighed automatically; people "
    "who act together count as one. They came to {voices}, which by the site’s rules is enough to {measure} it until a "
    "person has looked at it.",
    measures={"blur": "blur", "block": "withhold"},
    copy="The server recognised this image automatically as the same picture as one that the site withholds for "
    "“{reason}”; what holds for that picture holds for it.",
    list="This image automatically matched a list of pictures that the site withholds for “{reason}”.",
    altered="The server automatically took this image for an altered copy (cropped, framed or captioned) of one that "
    "is blocked for “{reason}”; a person is asked to look at it.",
    person="A person who moderates the site looked at this image and decided that it breaks the rule on “{reason}”.",
    found={
        "reports": "Readers had reported it.",
        "match": "It had been found automatically by its likeness to another picture.",
        "person": "The site found it by itself.",
    },
    looked_before="Before, it was withheld automatically until that look.",
    shown={
        "blur": "It is shown behind a blur that a reader can lift with a click.",
        "block": "It is kept and not shown.",
    },
    blurred="The image is shown behind a blur that a reader can lift with a click.",
    rule="The site’s rule on “{reason}”",
    considered="By the facts described, the image is considered to break the site’s rule on “{reason}”: {meaning}.",
    reasons={
        "terrorism": ("terrorism", "propaganda for terrorism or praise of an attack"),
        "violence": ("violence", "cruelty, or a call to hurt somebody"),
        "child_safety": ("child safety", "content that exploits or endangers a child"),
        "sexual": ("sexual content", "nudity or sexual acts"),
        "hate": ("hatred", "contempt for people because of their religion, origin, sex or the like"),
        "harassment": ("harassment", "humiliating or threatening somebody"),
        "privacy": ("privacy", "showing a person, their home or their papers without their consent"),
        "deception": ("deception", "a forged or generated picture, or one that is passed off as another event"),
        "self_harm": ("self-harm", "encouraging suicide or self-harm"),
        "illegal_goods": ("prohibited goods", "offering weapons, drugs or other goods that may not be sold"),
        "spam": ("spam", "unwanted advertising or misleading links"),
        "copyright": ("copyright", "a picture used without the consent of whoever holds the rights"),
        "other": ("other rules of the site", "content that the site does not allow"),
    },
)

FR = Words(
    few="quelques voix indépendantes",
    about="environ {voices} voix indépendantes",
    reports="Des lecteurs du site ont signalé cette image pour « {reason} ». Les signalements ont été pesés "
    "automatiquement ; des personnes qui agissent ensemble comptent pour une seule. Ils représentent {voices}, ce qui, "
    "selon les règles du site, suffit pour {measure} jusqu’à ce qu’une personne l’ait examinée.",
    measures={"blur": "la flouter", "block": "la masquer"},
    copy="Le serveur a reconnu automatiquement dans cette image la même photographie qu’une autre, restreinte par le "
    "site pour « {reason} » ; ce qui vaut pour l’une vaut pour l’autre.",
    list="Cette image correspond, selon une comparaison automatique, à une liste d’images que le site masque pour "
    "« {reason} ».",
    altered="Le serveur a pris automatiquement cette image pour une copie modifiée (recadrée, encadrée ou légendée) "
    "d’une image masquée pour « {reason} » ; une personne est appelée à l’examiner.",
    person="Une personne chargée de la modération du site a examiné cette image et décidé qu’elle enfreint la règle "
    "« {reason} ».",
    found={
        "reports": "Des lecteurs l’avaient signalée.",
        "match": "Elle avait été trouvée automatiquement par sa ressemblance avec une autre image.",
        "person": "Le site l’a trouvée de lui-même.",
    },
    looked_before="Auparavant, elle avait été restreinte automatiquement en attendant cet examen.",
    shown={
        "blur": "Elle est affichée derrière un flou que le lecteur peut lever d’un clic.",
        "block": "Elle est conservée et n’est plus affichée.",
    },
    blurred="L’image est affichée derrière un flou que le lecteur peut lever d’un clic.",
    rule="La règle du site « {reason} »",
    considered="D’après les faits décrits, l’image est considérée comme enfreignant la règle du site "
    "« {reason} » : {meaning}.",
    reasons={
        "terrorism": ("terrorisme", "propagande terroriste ou éloge d’un attentat"),
        "violence": ("violence", "cruauté, ou appel à blesser quelqu’un"),
        "child_safety": ("protection des mineurs", "contenu qui exploite un enfant ou le met en danger"),
        "sexual": ("contenus sexuels", "nudité ou actes sexuels"),
        "hate": ("haine", "mépris de personnes pour leur religion, leur origine, leur sexe ou un motif semblable"),
        "harassment": ("harcèlement", "humiliation ou menace d’une personne"),
        "privacy": ("vie privée", "personne, domicile ou documents montrés sans consentement"),
        "deception": ("tromperie", "image truquée ou générée, ou attribuée à un autre événement"),
        "self_harm": ("automutilation", "incitation au suicide ou à l’automutilation"),
        "illegal_goods": ("biens interdits", "offre d’armes, de drogues ou d’autres biens interdits à la vente"),
        "spam": ("contenus indésirables", "publicité indésirable ou liens trompeurs"),
        "copyright": ("droit d’auteur", "image utilisée sans l’accord du titulaire des droits"),
        "other": ("autres règles du site", "contenu que le site n’admet pas"),
    },
)

AR = Words(
    few="بضعة أصوات مستقلة",
    about="نحو {voices} من الأصوات المستقلة",
    reports="أبلغ قرّاء الموقع عن هذه الصورة لسبب هو «{reason}». ووُزنت البلاغات آليًا، ومن يتصرفون معًا يُحسبون "
    "واحدًا، فبلغت {voices}، وهذا يكفي بحسب قواعد الموقع لكي {measure} إلى أن يراجعها شخص.",
    measures={"blur": "تُموَّه", "block": "تُحجَب"},
    copy="تعرّف الخادم آليًا في هذه الصورة على صورة أخرى يحجبها الموقع أو يموّهها بسبب «{reason}»، وهما صورة واحدة، "
    "فيسري عليها ما يسري على تلك.",
    list="طابقت هذه الصورة آليًا قائمة صور يحجبها الموقع بسبب «{reason}».",
    altered="عدّ الخادم هذه الصورة آليًا نسخة معدّلة (مقصوصة أو مؤطّرة أو مضافًا إليها نص) من صورة محجوبة بسبب "
    "«{reason}»، والمطلوب أن يراجعها شخص.",
    person="راجع هذه الصورة أحد المشرفين على الموقع وقرّر أنها تخالف القاعدة الخاصة بـ«{reason}».",
    found={
        "reports": "وكان قرّاء قد أبلغوا عنها.",
        "match": "وكانت قد عُثر عليها آليًا لشبهها بصورة أخرى.",
        "person": "وقد عثر عليها الموقع من تلقاء نفسه.",
    },
    looked_before="وكانت قبل ذلك مقيَّدة آليًا في انتظار هذه المراجعة.",
    shown={
        "blur": "وهي تظهر خلف تمويه يستطيع القارئ رفعه بنقرة.",
        "block": "وهي محفوظة ولا تُعرَض.",
    },
    blurred="تظهر الصورة خلف تمويه يستطيع القارئ رفعه بنقرة.",
    rule="قاعدة الموقع الخاصة بـ«{reason}»",
    considered="بناءً على الوقائع المذكورة تُعَدّ الصورة مخالفة لقاعدة الموقع الخاصة بـ«{reason}»: {meaning}.",
    reasons={
        "terrorism": ("الإرهاب", "دعاية للإرهاب أو تمجيد لهجماته"),
        "violence": ("العنف", "قسوة، أو تحريض على إيذاء أحد"),
        "child_safety": ("سلامة الأطفال", "محتوى يستغل طفلًا أو يعرّضه للخطر"),
        "sexual": ("المحتوى الجنسي", "عُري أو أفعال جنسية"),
        "hate": ("الكراهية", "ازدراء الناس لدينهم أو أصلهم أو جنسهم أو ما شابه"),
        "harassment": ("المضايقة", "إذلال شخص أو تهديده"),
        "privacy": ("الخصوصية", "إظهار إنسان أو بيته أو وثائقه بغير إذنه"),
        "deception": ("التضليل", "صورة مزوّرة أو مولّدة أو منسوبة إلى غير حدثها"),
        "self_harm": ("إيذاء النفس", "تشجيع على الانتحار أو إيذاء النفس"),
        "illegal_goods": ("السلع الممنوعة", "عرض سلاح أو مخدرات أو غيرها مما لا يجوز بيعه"),
        "spam": ("المحتوى المزعج", "إعلان غير مرغوب فيه أو روابط خادعة"),
        "copyright": ("حقوق المؤلف", "صورة مستعملة بغير إذن صاحب الحق"),
        "other": ("سائر قواعد الموقع", "محتوى لا يسمح به الموقع"),
    },
)

WORDS = {"ar": AR, "en": EN, "fr": FR}


def rounded(voices: float) -> int:
    """As exact as a stranger needs: whole voices, fives from ten on, tens from fifty on."""
    step = 1 if voices < 10 else 5 if voices < 50 else 10
    return int(step * round(voices / step))


def facts(words: Words, by: str, found: str, automation: str, measure: str, reason: str, voices: float) -> str:
    """The facts and circumstances of a restriction; its terms are those of store/restrictions.py."""
    name = words.reasons[reason][0]
    if by == "reports":
        count = words.few if voices < FEW else words.about.format(voices=rounded(voices))
        first = words.reports.format(reason=name, voices=count, measure=words.measures[measure])
        return f"{first} {words.shown[measure]}"
    said = [
        {"copy": words.copy, "list": words.list, "altered": words.altered}.get(by, words.person).format(reason=name)
    ]
    if by == "person":
        said.append(words.found[found])
        if automation == "partly":
            said.append(words.looked_before)
    return " ".join([*said, words.shown[measure]])
