from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.base.clock import format_instant
from aupkeep.signals.formats.maildate import mail_time


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("Thu, 29 Apr 2015 23:34:45 +0900 (JST)", "2015-04-29T14:34:45Z"),
        ("Thu, 9 Apr 2006 23:34:45 JST", "2006-04-09T14:34:45Z"),
        ("Thu, 8 Mar 2005 17:40:36 EDT", "2005-03-08T21:40:36Z"),
        ("Sat, 16 Jan 2016 10:44:55 (MST)", "2016-01-16T17:44:55Z"),
        ("Thu, 29 Apr 2009 00:00:00 -0000 (EST)", "2009-04-29T00:00:00Z"),
        ("29 Apr 2009 00:00 GMT", "2009-04-29T00:00:00Z"),
        ("Fri, 31 Dec 99 23:59:60 UT", "1999-12-31T23:59:59Z"),
        ("1 Jan 26 00:00:00 +0330", "2025-12-31T20:30:00Z"),
        ("Thursday, 01-Jan-2026 10:00:00 CEST", "2026-01-01T08:00:00Z"),
        ("2025-01-11T09:21:23.5Z", "2025-01-11T09:21:23.500000Z"),
        ("2025-01-11T09:21:23+02:00", "2025-01-11T07:21:23Z"),
    ],
)
def test_times_as_they_are_written(text: str, instant: str) -> None:
    found = mail_time(text)
    assert found is not None
    assert format_instant(found) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "Thu, 29 Apr 2015 23:34:45",
        "Thu, 29 Apr 2015 23:34:45 IST",
        "Thu, 29 Apr 2015 23:34:45 LOCAL",
        "Thu, 29 Xyz 2015 23:34:45 +0000",
        "Thu, 31 Feb 2015 23:34:45 +0000",
        "Thu, 29 Apr 2015 25:34:45 +0000",
        "Thu, 29 Apr 2015 23:34:45 +9999",
        "Thu, 29 Apr 0000 23:34:45 +0000",
        "2025-01-11T09:21:23",
        "2025-01-11",
    ],
)
def test_a_time_without_a_zone_of_one_meaning_is_no_time(text: str) -> None:
    assert mail_time(text) is None


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 4_000_000_000), st.integers(-720, 840))
def test_what_the_standard_library_writes_is_read_back(second: int, east: int) -> None:
    moment = datetime.fromtimestamp(second, timezone(timedelta(minutes=east)))
    assert mail_time(format_datetime(moment)) == second * 1_000_000


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_gives_an_answer(text: str) -> None:
    assert mail_time(text) is None or isinstance(mail_time(text), int)
