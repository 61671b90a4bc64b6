"""Mail that came back: which letter, for good or for now; and mail that only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.signals.formats.bounce import read_bounce
from bounces import ID, report

OTHER = "f" * 32


def test_what_comes_back_names_its_letter_by_its_message_id() -> None:
    found = read_bounce(report())
    assert found is not None
    assert (found.letters, found.addresses, found.permanent) == ((ID,), ("owner@c.example",), True)


def test_the_return_path_names_it_where_the_text_does_not() -> None:
    found = read_bounce(report(f"bounces+{ID.upper()}-2@jasmo.example", name="else"))
    assert found is not None
    assert found.letters == (f"{ID}-2",)
    both = read_bounce(report(f"bounces+{OTHER}@jasmo.example"))
    assert both is not None
    assert both.letters == (OTHER, ID)


def test_what_may_pass_is_not_for_good() -> None:
    found = read_bounce(report(action="delayed", status="4.4.1"))
    assert found is None or not found.permanent


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"Subject: Out of office\nAuto-Submitted: auto-replied\n\nI am away until Monday.\n",
        f"Subject: Re: held\nIn-Reply-To: <{ID}@jasmo.example>\n\nWhy?\n".encode(),
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_bounce(text: bytes) -> None:
    assert read_bounce(text) is None


@given(cut=st.integers(0, 900), junk=st.binary(max_size=60))
def test_nothing_a_stranger_writes_breaks_it(cut: int, junk: bytes) -> None:
    data = report()
    found = read_bounce(data[:cut] + junk + data[cut:])
    assert found is None or found.addresses


@given(st.binary(max_size=300))
def test_no_bytes_break_it(data: bytes) -> None:
    read_bounce(b"Content-Type: multipart/report; boundary=b\n\n--b\n" + data)
