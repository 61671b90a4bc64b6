"""What strangers may write, and a reader of pages that keeps what could do harm."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "image": '"><img src=x onerror=alert(1)>',
    "attribute": "' onmouseover='alert(1)",
    "template": "{{7*7}}{% debug %}{{ settings.SECRET_KEY }}",
    "comment": "--><!-- </textarea></title></svg></style>",
    "override": "ann\u202ecod.exe\u2066x",
    "nothing": "a\x00b\x1b[31m\x07",
    "width": "a\u200bb\ufeffc\u00ad",
    "long": "x" * 3000,
    "tower": "z" + "\u0301" * 500,
    "lines": "one\r\ntwo\u2028three\x0bfour",
    "entity": "&lt;b&gt; &amp; &#x3c;",
    "link": "javascript:alert(1)",
    "right": "שלום עולם مرحبا",
    "format": "%s %n {0} ${x} $(id) `id`",
}
HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069\u2028\ufeff]")
#: Elements that pages of the desk are made of; the chart's are SVG.
_PLAIN = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "link",
        "body",
        "a",
        "header",
        "nav",
        "span",
        "form",
        "input",
        "button",
        "main",
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "section",
        "ul",
        "ol",
        "li",
        "div",
        "label",
        "select",
        "option",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "time",
        "strong",
        "em",
        "b",
        "code",
        "dl",
        "dt",
        "dd",
        "article",
        "details",
        "summary",
        "textarea",
        "figure",
        "footer",
        "bdi",
        "br",
        "pre",
        "svg",
        "g",
        "path",
        "rect",
        "line",
        "text",
        "desc",
        "defs",
        "pattern",
        "tspan",
        "circle",
        "use",
        "polygon",
        "wbr",
    ]
)
_ATTRIBUTES = re.compile(r"on\w+|style|srcdoc|formaction")


class _Reader(HTMLParser):
    """Reads a page as a browser would, and keeps what could do harm."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.strange: list[str] = []
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _PLAIN:
            self.strange.append(tag)
        for name, value in attrs:
            if _ATTRIBUTES.fullmatch(name):
                self.strange.append(f"{tag} {name}")
            if name in ("href", "src", "action") and not re.match(
                r"(/|#|\?|mailto:|https?://)", value or ""
            ):
                self.strange.append(f"{tag} {name}={value}")
            self.said.append(value or "")

    def handle_comment(self, data: str) -> None:
        self.strange.append(f"comment {data}")

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def read_page(answer: Any) -> _Reader:
    assert answer.status_code < 500, answer.content
    reader = _Reader()
    reader.feed(answer.content.decode("utf-8"))
    reader.close()
    return reader
