from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.signals.formats.headers import (
    clean,
    mail_address,
    message_id,
    split_fields,
    unfold_words,
)


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("Abuse <Abuse@Example.com>", "abuse@example.com"),
        ("looks@like.example\n    <real@example.com>", "real@example.com"),
        ('"a <x@forged.example>" <real@example.com>', "real@example.com"),
        ("plain@example.com (comment)", "plain@example.com"),
        ("<>", None),
        ("((((((((((", None),
        ("", None),
    ],
)
def test_the_address_of_a_from_field(value: str, address: str | None) -> None:
    assert mail_address(value) == address


def test_encoded_words() -> None:
    assert unfold_words("=?utf-8?q?gr=C3=BC=C3=9Fe?= all") == "grüße all"
    assert unfold_words("=?nonsense?b?YWJj?=") == "abc"
    assert unfold_words("=?utf-8?b?a?=") == "=?utf-8?b?a?="


def test_message_ids_lose_their_brackets() -> None:
    assert message_id(" <a@b> ") == "a@b"
    assert message_id("<>") is None


def test_clean_text_has_no_control_characters_and_a_cap() -> None:
    assert clean("a\x1b[2J\r\nb\ud800", 20) == "a [2J b"
    assert clean("x" * 50, 10) == "x" * 10


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_split_into_fields_without_line_ends_in_names(block: bytes) -> None:
    for name, value in split_fields(block):
        assert name == name.strip().lower()
        assert "\n" not in value
        mail_address(value)
        unfold_words(value).encode()
