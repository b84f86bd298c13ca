"""The house's colours, each for light and for dark: its pages, the widget and the newsroom all take them from here.

Whatever is written in one of them stands on paper; every one has the contrast there that WCAG's AA asks of text (4.5).
"""

from __future__ import annotations

from collections.abc import Iterable

COLOURS = {
    "paper": ("#fbfaf8", "#16181b"),
    "ink": ("#1d2126", "#e8e6e1"),
    "quiet": ("#6a7078", "#9aa1a9"),
    "line": ("#e3e0da", "#2b2f34"),
    "accent": ("#0b6b5e", "#4cc2ad"),
    "wait": ("#8f5a00", "#e5b04d"),  # provisional, blurred
    "stop": ("#a3262a", "#f08a86"),  # blocked
    "clear": ("#2d6a36", "#86c98f"),  # restored
}


def declared(selector: str, names: Iterable[str] = COLOURS) -> str:
    """CSS that gives what `selector` matches these colours, as `var(--paper)` and so on; light or dark is what the page
    says of itself (`color-scheme`), light where a browser knows no `light-dark()`. Raises KeyError for other names."""
    chosen = {name: COLOURS[name] for name in names}
    light = "".join(f"--{name}:{light};" for name, (light, _) in chosen.items())
    both = "".join(f"--{name}:light-dark({light},{dark});" for name, (light, dark) in chosen.items())
    return f"{selector}{{{light}}}@supports (color:light-dark(red,red)){{{selector}{{{both}}}}}"
