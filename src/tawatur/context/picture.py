"""The brief as a small picture (SVG): countries on a line, movements as arcs, kinds in words. Nothing is loaded.

Words are left whole to the reader's browser, which joins and orders Arabic letters itself. In Arabic the line begins on
the right. Colour is never alone: each kind stands in words under its country.
"""

from __future__ import annotations

from collections import Counter
from xml.sax.saxutils import escape

from tawatur.context.brief import Brief
from tawatur.context.lexicon import country_name, words

_STEP, _MARGIN, _TOP, _LINE = 150, 90, 60, 18  # pixels
_MOST = 12  # countries drawn
_ARC = "#0b6b5e"


def picture(brief: Brief, language: str) -> str:
    """The SVG text. `language` is `ar`, `en` or `fr`."""
    said = words("brief")
    shown = [country for country in brief.countries if country.threats][:_MOST]
    codes = [country.code for country in shown]
    moves: Counter[tuple[str, str, str]] = Counter()
    for country in shown:
        for threat in country.threats:
            start, end = threat.come_from, threat.go_to or country.code
            if start is not None and start != end:
                moves[start, end, threat.kind] += 1
    codes += [code for pair in moves for code in pair[:2] if code not in codes]
    codes = list(dict.fromkeys(codes))
    right = language == "ar"
    width = 2 * _MARGIN + _STEP * max(0, len(codes) - 1)
    at = {code: width - _MARGIN - _STEP * n if right else _MARGIN + _STEP * n for n, code in enumerate(codes)}
    highest = max((abs(at[a] - at[b]) // 2 for a, b, _ in moves), default=0)
    base = _TOP + min(highest, 240)
    kinds = {country.code: Counter(threat.kind for threat in country.threats) for country in shown}
    rows = max((len(found) for found in kinds.values()), default=0)
    title = said["table"]["title"][language]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {base + 50 + _LINE * rows}" role="img" '
        f'lang="{language}" direction="{"rtl" if right else "ltr"}" font-family="Vazirmatn,sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0 8 4 0 8z" fill="{_ARC}"/></marker></defs>',
        '<rect width="100%" height="100%" fill="#fbfaf8"/>',
        f'<text x="{width / 2:g}" y="24" text-anchor="middle" font-weight="bold" fill="#1d2126">{escape(title)}</text>',
    ]
    for (start, end, kind), count in moves.items():
        tip = f"{country_name(start, language)} → {country_name(end, language)}: {said['kinds'][kind][language]}"
        height = min(abs(at[start] - at[end]) // 2, 240)
        sign = 1 if at[end] > at[start] else -1
        lines.append(
            f'<path d="M{at[start] + 8 * sign} {base - 8} Q{(at[start] + at[end]) / 2:g} {base - 2 * height + 10} '
            f'{at[end] - 8 * sign} {base - 10}" fill="none" stroke="{_ARC}" stroke-width="{1 + min(count, 4)}" '
            f'stroke-opacity="0.7" marker-end="url(#end)"><title>{escape(tip)}</title></path>'
        )
    for code, x in at.items():
        fill = "#a3262a" if kinds.get(code) else "#6a7078"
        lines.append(f'<circle cx="{x}" cy="{base}" r="7" fill="{fill}"/>')
        texts = [country_name(code, language)]
        texts += [f"{said['kinds'][kind][language]} ({count})" for kind, count in kinds.get(code, Counter()).items()]
        for row, text in enumerate(texts):
            weight = ' font-weight="bold"' if row == 0 else ""
            lines.append(
                f'<text x="{x}" y="{base + 26 + _LINE * row}" text-anchor="middle" fill="#1d2126"{weight}>'
                f"{escape(text)}</text>"
            )
    return "\n".join([*lines, "</svg>", ""])
