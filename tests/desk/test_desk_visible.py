"""What is hidden in text is made visible."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.desk.visible import visible

#: Signs of format that spelling needs: they join and part letters in Persian and in Indian scripts.
SPELLING = "\u200c\u200d"
_UNSEEN = {"Cc", "Cs", "Zl", "Zp"}

texts = st.text(st.characters(codec=None), max_size=60)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ann\u202ecod.exe", "ann[U+202E]cod.exe"),
        ("a\x00b", "a[U+0000]b"),
        ("a\u200bb", "a[U+200B]b"),
        ("\ud800", "[U+D800]"),
        ("\u2066x\u2069", "[U+2066]x[U+2069]"),
        ("\U000e0041", "[U+E0041]"),
        ("line\nnext\tcell", "line\nnext\tcell"),
        ("e\u0301", "e\u0301"),
        ("a" + "\u0301" * 40, "a" + "\u0301" * 4 + "[+36 marks]"),
        ("ک\u200cب", "ک\u200cب"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(texts)
def test_nothing_stays_hidden_and_everything_can_be_sent(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    for sign in shown:
        if sign not in "\t\n\r":
            assert unicodedata.category(sign) not in _UNSEEN, hex(ord(sign))
        bidirectional = unicodedata.bidirectional(sign)
        assert bidirectional not in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(texts)
def test_twice_is_once(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_signs_of_format_are_shown_but_those_that_spelling_needs() -> None:
    hidden = [
        chr(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) == "Cf" and visible(chr(code)) == chr(code)
    ]
    seen = {"ARABIC", "SYRIAC", "KAITHI", "EGYPTIAN", "SHORTHAND", "MUSICAL"}
    left = [sign for sign in hidden if unicodedata.name(sign).split()[0] not in seen]
    assert "".join(left) == SPELLING
