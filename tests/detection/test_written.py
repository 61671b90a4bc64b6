"""Events that people write down, or that other commands print."""

from __future__ import annotations

from typing import Any

import pytest

from aupkeep.base.errors import AupkeepError, Place
from aupkeep.detection.written import START, Written, frames_of_events
from aupkeep.events.schema import KINDS

SECOND = 1_000_000


def written(*events: object) -> Written:
    placed = [(Place(file="e", line=i), event) for i, event in enumerate(events, 1)]
    return frames_of_events(placed, KINDS, provider="p")


def rows(*events: object, kind: str = "mail") -> list[dict[str, Any]]:
    return written(*events).frames[kind].to_dicts()


def test_an_event_of_a_rules_test() -> None:
    first, second = rows(
        {"kind": "mail", "at": "5s", "every": "1m", "repeat": 2, "login": "u{n}", "size": 7}
    )
    assert (first["event_time"], second["event_time"]) == (
        START + 5 * SECOND,
        START + 65 * SECOND,
    )
    assert (first["login"], second["login"], second["size"]) == ("u1", "u2", 7)
    assert (first["provider"], first["customer"], first["attribution"]) == ("p", "c1", "attributed")
    assert (first["position"], second["position"]) == (0, 1)


def test_a_time_of_its_own() -> None:
    at, time = rows(
        {"kind": "mail", "at": "2026-01-05T00:00:01Z"},
        {"kind": "mail", "time": "2026-01-05T01:00:02+01:00"},
    )
    assert [one["event_time"] - START for one in (at, time)] == [SECOND, 2 * SECOND]


def test_a_field_that_is_called_like_a_key_of_printed_lines_is_a_field() -> None:
    (row,) = rows({"kind": "login", "outcome": "failed"}, kind="login")
    assert row["outcome"] == "failed"


def test_what_events_lines_prints() -> None:
    line = {"file": "f", "offset": 17, "outcome": "row", "kind": "mail"}
    line |= {"time": "2026-01-05T00:00:00Z", "fields": {"status": "sent", "to": "x@y.example"}}
    found = written(line, line | {"outcome": "ignored"})
    (row,) = found.frames["mail"].to_dicts()
    assert (row["status"], row["position"], row["event_time"]) == ("sent", 17, START)
    assert found.notes == [
        "1 lines that became no row are left out",
        "no fields of an event, left out: to",
    ]


def test_what_archive_find_prints() -> None:
    (row,) = rows(
        {
            "event": "00000000000000ff:12.3",
            "kind": "mail",
            "time": "2026-01-05T00:00:00Z",
            "provider": "q",
            "customer": None,
            "service": None,
            "attribution": "unknown",
            "late": True,
            "fields": {"status": "sent", "observed_at": "2026-01-05T00:00:09Z"},
        }
    )
    assert (row["stream"], row["position"], row["part"]) == (255, 12, 3)
    assert (row["provider"], row["customer"], row["late"]) == ("q", None, True)
    assert row["observed_at"] - row["event_time"] == 9 * SECOND


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ("text", "an event is a mapping"),
        ({"kind": "mial"}, "`mial` is not a kind of event"),
        ({}, "`None` is not a kind of event"),
        ({"kind": ["mail"]}, "is not a kind of event"),
        ({"kind": "mail", "sise": 1}, "`sise` is not a field of mail"),
        ({"kind": "mail", "size": "big"}, "`size` of mail holds numbers"),
        ({"kind": "mail", "size": True}, "`size` of mail holds numbers"),
        ({"kind": "mail", "size": 2**63}, "`size` of mail holds numbers"),
        ({"kind": "mail", "status": 5}, "`status` of mail holds text"),
        ({"kind": "mail", "final": "yes"}, "`final` of mail holds true or false"),
        ({"kind": "mail", "at": "soon"}, "`at` is a time with a zone"),
        ({"kind": "mail", "at": "5 minutes"}, "`at` is a duration"),
        ({"kind": "mail", "every": "x"}, "`every` is a duration"),
        ({"kind": "mail", "time": "2026-01-05T00:00:00"}, "`time` is a time with a zone"),
        ({"kind": "mail", "repeat": 0}, "`repeat` is a number"),
        ({"kind": "mail", "repeat": 20_001}, "20000 rows are the most"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(event: object, why: str) -> None:
    with pytest.raises(AupkeepError, match=why) as refused:
        written({"kind": "mail"}, event)
    (fault,) = refused.value.faults
    assert fault.place is not None
    assert fault.place.line == 2
