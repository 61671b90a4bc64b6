"""Ids: the same parts give the same id, other parts another."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.base.ids import ID_LENGTH, event_id, make_id, stream_id

PART = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
PARTS = st.lists(PART | st.lists(PART, max_size=2), max_size=4)


@settings(max_examples=200, deadline=None)
@given(PARTS, PARTS)
def test_ids_are_the_same_where_the_parts_are(one: list[object], two: list[object]) -> None:
    same = repr(one) == repr(two)
    assert (make_id(*one) == make_id(*two)) == same
    assert (stream_id(*one) == stream_id(*two)) == same


@settings(max_examples=100, deadline=None)
@given(PARTS)
def test_ids_have_one_form(parts: list[object]) -> None:
    assert re.fullmatch(r"[0-9a-f]+", make_id(*parts))
    assert len(make_id(*parts)) == ID_LENGTH
    assert 0 <= stream_id(*parts) < 2**63


@settings(max_examples=200, deadline=None)
@given(*[st.integers(0, 2**63 - 1), st.integers(0, 2**40), st.integers(0, 9)] * 2)
def test_events_never_share_an_id(a: int, b: int, c: int, d: int, e: int, f: int) -> None:
    assert (event_id(a, b, c) == event_id(d, e, f)) == ((a, b, c) == (d, e, f))


def test_ids_never_change() -> None:
    """They are stored: another form would make every case anew."""
    assert make_id("case", "jasmo", 1, None) == "64eab4fc0bbeac0503447288a832ef7b"
    assert stream_id("lines", "ab") == 1834915467272364975
    assert event_id(255, 17) == "00000000000000ff:17"
    assert event_id(255, 17, 2) == "00000000000000ff:17.2"
