"""The two kinds of text that may hold tags: rendered Markdown of policies, and our own charts.

In: Markdown as published, without any HTML of its own. Out: safe HTML. Raw HTML is shown as text,
pictures are left as their words, and headings are moved below the heading they stand under.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

_LOWEST = 6


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False})
    return parser.enable("table").disable("image")


_PARSER = _parser()


def markdown(text: str, *, below: int) -> SafeString:
    """Return `text` as HTML in which the highest heading stands one level under `below`."""
    tokens = _PARSER.parse(text)
    _move_headings(tokens, below)
    for token in tokens:
        for inner in token.children or ():
            if inner.type == "link_open":
                inner.attrSet("rel", "nofollow noopener noreferrer")
    html: str = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return mark_safe(html)  # noqa: S308  # the parser escapes all that it did not write itself


def picture(svg: str) -> SafeString:
    """Return a chart of `desk.chart` as it is."""
    return mark_safe(svg)  # noqa: S308  # the chart escapes every text it is given


def without_title(text: str) -> str:
    """Return Markdown without the title it begins with, which the page itself shows."""
    first, _, rest = text.lstrip().partition("\n")
    return rest if first.startswith("# ") else text


def is_mail(contact: str) -> bool:
    """Whether a policy's contact, a mail address or a URL, is the former."""
    return "://" not in contact


def _move_headings(tokens: Sequence[Token], below: int) -> None:
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    highest = min((int(token.tag[1]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1]) - highest + below + 1, _LOWEST)}"
