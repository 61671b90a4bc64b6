"""Elements of SVG as text.

In: names, attributes and contents. Out: markup in which every value and every word is escaped.
Contents are markup of this module alone; words come in through `words`.
"""

from __future__ import annotations

from html import escape

from aupkeep.desk.visible import visible


def element(tag: str, content: str = "", /, **attributes: str | float) -> str:
    """Return one element; `class_` is written `class`, `font_size` is `font-size`."""
    named = "".join(f' {_name(name)}="{_value(value)}"' for name, value in attributes.items())
    return f"<{tag}{named}>{content}</{tag}>" if content else f"<{tag}{named}/>"


def words(text: str, most: int = 400) -> str:
    """Return strangers' `text` for use as content: escaped, on one line, at most so long."""
    line = " ".join(visible(text).split())
    shown = line if len(line) <= most else line[: most - 1] + "\u2026"
    return escape(shown)


def label(x: float, y: float, text: str, *, most: int = 400, **attributes: str | float) -> str:
    """Return a line of text at a place."""
    return element("text", words(text, most), x=x, y=y, fill="currentColor", **attributes)


def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return escape(value)
    return f"{value:.2f}".rstrip("0").rstrip(".")
