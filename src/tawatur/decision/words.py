"""An explanation in words, for a moderator: English, Arabic, French.

For moderators only. An uploader must not learn of links or weights, which would teach evasion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor
from typing import Any, NamedTuple

LANGUAGES = ("ar", "en", "fr")


class Noun(NamedTuple):
    """A counted noun. `one` and `two` are whole phrases, the others take the number; a language without a dual or a
    paucal repeats `other`. The six are the plural categories of Arabic in the Unicode CLDR.
    """

    zero: str
    one: str
    two: str
    few: str
    many: str
    other: str

    def of(self, number: int, lang: str) -> str:
        return getattr(self, plural(number, lang)).format(n=digits(number, lang))  # type: ignore[no-any-return]


class Texts(NamedTuple):
    reports: Noun
    reports_of: Noun
    reports_expected: Noun
    people_from: Noun
    views: Noun
    more_people: Noun
    nothing: str
    who: str
    who_exactly: str
    unknown_views: str
    some_views: str
    capped_views: str
    told_views: str
    expected: str
    up_to: str
    between: str
    none: str
    discounted: str
    whys: Mapping[str, str]
    ends: Mapping[str, str]
    shut: Mapping[str, str]
    with_record: str
    people: Noun
    silent: str


def _same(one: str, other: str, zero: str | None = None) -> Noun:
    return Noun(zero or other, one, other, other, other, other)


ENGLISH = Texts(
    reports=_same("1 report", "{n} reports", "no reports"),
    reports_of=_same("1 report", "{n} reports"),
    reports_expected=_same("1", "{n}"),
    people_from=_same("1 independent person", "{n} independent people"),
    views=_same("1 view", "{n} views", "no views"),
    more_people=_same("one more independent person", "{n} more independent people"),
    nothing="Nobody reports this image.",
    who="{reports} from about {people}",
    who_exactly="{reports} from {people}",
    unknown_views=", the number of views being unknown",
    some_views=" in {views}",
    capped_views=" in {views} (of which {counted} count)",
    told_views=" in {views} (which count as {counted})",
    expected="; for a violating image we would expect {violating}, for an ordinary one {fine}.",
    up_to="at most {most}",
    between="{least} to {most}",
    none="none",
    discounted="{reports} counted for less: {why}.",
    whys={
        "device": "the same device as an earlier one",
        "network": "the same network as an earlier one",
        "referrer": "sent by the same link as an earlier one",
        "cohort": "new accounts made at about the same time",
        "shared_errors": "people who were wrong together before",
        "co_reports": "people who often report the same images",
    },
    ends={
        "upheld": "A person upheld the block.",
        "block": "The image is blocked until a person has looked.",
        "blur": "The image is blurred until a person has looked.",
        "further": "It would take {people} to block it{record}.",
        "far": "No realistic number of further reports would block it.",
        "shadow_block": "The engine would block the image, but its policy is in shadow: it does nothing.",
        "shadow_blur": "The engine would blur the image, but its policy is in shadow: it does nothing.",
    },
    shut={
        "immunity": "A person rejected earlier reports, so further ones do not block it for now.",
        "breaker": "Far more images than usual were blocked in the last hour, so a person must decide.",
        "ahead": "Nobody has looked at what was blocked last, so a person must decide on this one first.",
        "trust": "Too many automatic blocks were wrong lately, so a person must decide.",
        "human": "A person decided that it may be shown; reports cannot block it.",
    },
    with_record=", and one of the reporters must have confirmed reports",
    people=_same("1 person", "{n} people"),
    silent="{people} known from reviewed images looked and stayed silent, which counts as {views}.",
)

FRENCH = Texts(
    reports=_same("1 signalement", "{n} signalements", "aucun signalement"),
    reports_of=_same("1 signalement", "{n} signalements"),
    reports_expected=_same("1", "{n}"),
    people_from=_same("1 personne indépendante", "{n} personnes indépendantes"),
    views=_same("1 vue", "{n} vues", "aucune vue"),
    more_people=_same("une personne indépendante de plus", "{n} personnes indépendantes de plus"),
    nothing="Personne ne signale cette image.",
    who="{reports} provenant d’environ {people}",
    who_exactly="{reports} provenant de {people}",
    unknown_views=" pour un nombre de vues inconnu",
    some_views=" pour {views}",
    capped_views=" pour {views} (dont {counted} comptent)",
    told_views=" pour {views} (qui comptent pour {counted})",
    expected="\u202f; nombre attendu\u00a0: {violating} pour une image contraire aux règles, {fine} "
    "pour une image ordinaire.",
    up_to="{most} au plus",
    between="de {least} à {most}",
    none="aucun",
    discounted="{reports} de moindre poids\u00a0: {why}.",
    whys={
        "device": "même appareil qu’un signalement précédent",
        "network": "même réseau qu’un signalement précédent",
        "referrer": "même lien d’appel qu’un signalement précédent",
        "cohort": "comptes récents créés à peu près en même temps",
        "shared_errors": "personnes qui se sont déjà trompées ensemble",
        "co_reports": "personnes qui signalent souvent les mêmes images",
    },
    ends={
        "upheld": "Une personne a confirmé le blocage.",
        "block": "L’image est bloquée jusqu’à ce qu’une personne l’examine.",
        "blur": "L’image est floutée jusqu’à ce qu’une personne l’examine.",
        "further": "Pour la bloquer, il faudrait {people}{record}.",
        "far": "Aucun nombre réaliste de nouveaux signalements ne la bloquerait.",
        "shadow_block": "Le moteur bloquerait l’image, mais sa politique est en observation\u00a0: il ne fait rien.",
        "shadow_blur": "Le moteur flouterait l’image, mais sa politique est en observation\u00a0: il ne fait rien.",
    },
    shut={
        "immunity": "Une personne a rejeté de précédents signalements\u00a0; pour l’instant, de nouveaux ne la "
        "bloquent pas.",
        "breaker": "Bien plus d’images que d’habitude ont été bloquées depuis une heure\u00a0; une personne doit "
        "trancher.",
        "ahead": "Personne n’a encore examiné ce qui a été bloqué en dernier\u00a0; une personne doit trancher.",
        "trust": "Trop de blocages automatiques étaient erronés ces derniers temps\u00a0; une personne doit trancher.",
        "human": "Une personne a décidé qu’elle peut être montrée\u00a0; les signalements ne peuvent pas la bloquer.",
    },
    with_record=", et l’une de celles qui signalent doit avoir déjà des signalements confirmés",
    people=_same("1 personne connue", "{n} personnes connues"),
    silent="Vue sans être signalée par {people} grâce à des images déjà examinées, ce qui compte pour {views}.",
)

ARABIC = Texts(
    reports=Noun("لا بلاغات", "بلاغ واحد", "بلاغان", "{n} بلاغات", "{n} بلاغًا", "{n} بلاغ"),
    reports_of=Noun("لا بلاغات", "بلاغ واحد", "بلاغين", "{n} بلاغات", "{n} بلاغًا", "{n} بلاغ"),
    reports_expected=Noun("لا بلاغات", "بلاغًا واحدًا", "بلاغين", "{n} بلاغات", "{n} بلاغًا", "{n} بلاغ"),
    people_from=Noun("لا أحد", "شخص واحد", "شخصين مستقلين", "{n} أشخاص مستقلين", "{n} شخصًا مستقلًا", "{n} شخص مستقل"),
    views=Noun("صفر من المشاهدات", "مشاهدة واحدة", "مشاهدتين", "{n} مشاهدات", "{n} مشاهدة", "{n} مشاهدة"),
    more_people=Noun(
        "أحد",
        "شخص مستقل آخر",
        "شخصين مستقلين آخرَين",
        "{n} أشخاص مستقلين آخرين",
        "{n} شخصًا مستقلًا آخر",
        "{n} شخص مستقل آخر",
    ),
    nothing="لم يُبلغ أحد عن هذه الصورة.",
    who="{reports} من نحو {people}",
    who_exactly="{reports} من {people}",
    unknown_views="، وعدد المشاهدات غير معروف",
    some_views=" مقابل {views}",
    capped_views=" مقابل {views} (يُحتسب منها {counted})",
    told_views=" مقابل {views} (تُحتسب {counted})",
    expected="؛ ولو كانت الصورة مخالفة لكان المتوقع {violating}، ولو كانت عادية لكان المتوقع {fine}.",
    up_to="{most} على الأكثر",
    between="من {least} إلى {most}",
    none="ألا يرد أي بلاغ",
    discounted="خُفِّض وزن {reports}: {why}.",
    whys={
        "device": "من جهاز سبق الإبلاغ منه",
        "network": "من شبكة سبق الإبلاغ منها",
        "referrer": "عبر رابط واحد مع بلاغ سابق",
        "cohort": "من حسابات جديدة أُنشئت في وقت متقارب",
        "shared_errors": "من أشخاص سبق أن أخطؤوا معًا",
        "co_reports": "من أشخاص كثيرًا ما يُبلغون عن الصور نفسها",
    },
    ends={
        "upheld": "أيّد أحد المشرفين حجب الصورة.",
        "block": "الصورة محجوبة ريثما يراجعها أحد المشرفين.",
        "blur": "الصورة مموَّهة ريثما يراجعها أحد المشرفين.",
        "further": "يتطلب حجبها بلاغات من {people}{record}.",
        "far": "لن يحجبها أي عدد معقول من البلاغات الإضافية.",
        "shadow_block": "كان المحرك ليحجب الصورة، لكن سياسته في وضع المراقبة، فلا يفعل شيئًا.",
        "shadow_blur": "كان المحرك ليموّه الصورة، لكن سياسته في وضع المراقبة، فلا يفعل شيئًا.",
    },
    shut={
        "immunity": "سبق أن رفض أحد المشرفين بلاغات عنها، فلا تحجبها البلاغات الجديدة في الوقت الحالي.",
        "breaker": "حُجبت في الساعة الأخيرة صور أكثر بكثير من المعتاد، فالقرار لأحد المشرفين.",
        "ahead": "لم يراجع أحد بعدُ ما حُجب تلقائيًا قبل هذه الصورة، فالقرار لأحد المشرفين.",
        "trust": "تبيّن مؤخرًا خطأ عدد كبير من عمليات الحجب التلقائي، فالقرار لأحد المشرفين.",
        "human": "قرر أحد المشرفين إبقاءها معروضة، فلا تحجبها البلاغات.",
    },
    with_record="، ويُشترط أن يكون بين المبلِّغين من سبق تأييد بلاغاته",
    people=Noun("لا أحد", "شخص واحد", "شخصان", "{n} أشخاص", "{n} شخصًا", "{n} شخص"),
    silent="رآها دون إبلاغ {people} ممن عُرفوا من صور سبقت مراجعتها، ويُحتسب ذلك {views}.",
)

TEXTS: Mapping[str, Texts] = {"ar": ARABIC, "en": ENGLISH, "fr": FRENCH}


def plural(number: int, lang: str) -> str:
    """The plural category of a whole number, as in the Unicode CLDR; English and French keep a word for none."""
    if number < 2:
        return ("zero", "one")[number]
    if lang != "ar":
        return "other"
    if number == 2:
        return "two"
    last = number % 100
    if 3 <= last <= 10:
        return "few"
    return "many" if last >= 11 else "other"


def digits(number: int, lang: str) -> str:
    """Thousands are parted by a comma, in French by a narrow no-break space."""
    return f"{number:,}".replace(",", "\u202f" if lang == "fr" else ",")


def in_words(explanation: Mapping[str, Any], lang: str) -> str:
    """The explanation of a verdict in a few sentences to a moderator; English when the language is not known."""
    lang = lang if lang in TEXTS else "en"
    texts = TEXTS[lang]
    if not explanation["supporters"]:
        ends = [texts.ends["upheld"]] if explanation["human"] == "upheld" else []
        return " ".join([texts.nothing, *ends])
    sentences = [_sentence_on_reports(explanation, texts, lang)]
    for part in explanation["discounted"]:
        reports = texts.reports_of.of(part["count"], lang)
        sentences.append(_capital(texts.discounted.format(reports=reports, why=texts.whys[part["why"]])))
    viewers = explanation.get("viewers")
    if viewers is not None and viewers["silent"]:
        views = texts.views.of(floor(viewers["silence_counts"] + 0.5), lang)
        sentences.append(_capital(texts.silent.format(people=texts.people.of(viewers["silent"], lang), views=views)))
    return " ".join([*sentences, _ending(explanation, texts, lang)])


def _sentence_on_reports(explanation: Mapping[str, Any], texts: Texts, lang: str) -> str:
    voices = explanation["voices"]
    people = max(1, floor(voices + 0.5))
    who = texts.who_exactly if abs(voices - people) < 0.01 else texts.who
    views, counted = explanation["views"], floor(explanation["views_counted"])
    if views is None:
        seen = texts.unknown_views
    elif explanation.get("viewers") is not None:
        seen = texts.told_views.format(views=texts.views.of(views, lang), counted=digits(counted, lang))
        seen = seen if views != counted else texts.some_views.format(views=texts.views.of(views, lang))
    elif views > counted:
        seen = texts.capped_views.format(views=texts.views.of(views, lang), counted=digits(counted, lang))
    else:
        seen = texts.some_views.format(views=texts.views.of(views, lang))
    expected = texts.expected.format(
        violating=_span(explanation["expected_if_violating"], texts, lang),
        fine=_span(explanation["expected_if_fine"], texts, lang),
    )
    reports = texts.reports.of(explanation["supporters"], lang)
    start = who.format(reports=reports, people=texts.people_from.of(people, lang))
    return start + seen + expected


def _span(span: Sequence[int], texts: Texts, lang: str) -> str:
    """A range of voices: "none", "at most 2", "3 to 7". An Arabic number carries its noun, as one and two have no
    digit."""
    least, most = span
    if most == 0:
        return texts.none
    if least == 0:
        return texts.up_to.format(most=texts.reports_expected.of(most, lang))
    if least == most:
        return texts.reports_expected.of(most, lang)
    start = texts.reports_of.of(least, lang) if lang == "ar" and least <= 2 else digits(least, lang)
    most_of = texts.reports_of.of(most, lang) if lang == "ar" else digits(most, lang)
    return texts.between.format(least=start, most=most_of)


def _ending(explanation: Mapping[str, Any], texts: Texts, lang: str) -> str:
    if explanation["human"] == "upheld":
        return texts.ends["upheld"]
    shadow = "shadow_" if explanation["shadow"] else ""
    if explanation["action"] == "block":
        return texts.ends[f"{shadow}block"]
    change = explanation["what_would_change_it"]["block"]
    if change["shut"]:
        closing = " ".join(texts.shut[name] for name in change["shut"])
    elif change["further_voices"] is None:
        closing = texts.ends["far"]
    else:
        people = texts.more_people.of(change["further_voices"], lang)
        closing = texts.ends["further"].format(people=people, record=texts.with_record if change["with_record"] else "")
    return f"{texts.ends[f'{shadow}blur']} {closing}" if explanation["action"] == "blur" else closing


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


_ALTERED = {
    "en": "It looks like an altered copy (a crop, a frame, a screenshot or the like) of a blocked image. "
    "The machine can be wrong: compare the two.",
    "ar": "تبدو هذه الصورة نسخة معدَّلة (مقصوصة أو مؤطَّرة أو لقطة شاشة أو ما شابه) من صورة محجوبة. "
    "قد تخطئ الآلة: قارن بين الصورتين.",
    "fr": "Elle ressemble à une copie modifiée (recadrée, encadrée, capture d’écran ou autre) d’une image bloquée. "
    "La machine peut se tromper : comparez les deux.",
}


def altered_in_words(lang: str) -> str:
    """Why an image was blurred that was taken for an altered copy."""
    return _ALTERED.get(lang, _ALTERED["en"])
