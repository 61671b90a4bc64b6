"""What `doctor` says of late, doubled and disordered rows."""

from __future__ import annotations

from aupkeep.cli.standing import exception_lines, order_lines, order_of_sources
from aupkeep.flow.tally import Tally

SECOND = 1_000_000
LATE = "    late: 4 (2 % of its rows), the latest of 1970-01-01T00:00:05Z: kept, but not evaluated"


def saved(tally: Tally) -> dict[str, object]:
    return {"sources": [["log", "postfix", "p"]], "tallies": [tally.save()]}


def test_a_source_in_good_order_needs_no_word() -> None:
    tally = Tally()
    tally.counts["events"] = 10
    tally.disorder = 2 * SECOND
    item = order_of_sources(saved(tally))["log", "postfix"]
    assert (item["late"], item["last_late"], item["late_share"]) == (0, None, 0.0)
    assert order_lines(item) == []


def test_late_doubled_and_disordered_rows_are_told_with_share_and_time() -> None:
    tally = Tally()
    tally.counts |= {"events": 200, "duplicates": 50}
    tally.late(3, 5 * SECOND)
    tally.late(1, 4 * SECOND)
    tally.disorder = 90 * SECOND
    item = order_of_sources(saved(Tally.restore(tally.save())))["log", "postfix"]
    assert order_lines(item) == [
        LATE,
        "    duplicates: 50 (20 % of what was read): read before, so not evaluated again",
        "    disorder: rows up to 90s behind others; 2s are waited for",
    ]


def test_the_state_of_an_older_program_is_read() -> None:
    old = Tally().save()
    del old["last_late"], old["disorder"]
    assert order_of_sources({"sources": [["log", "sshd", "p"]], "tallies": [old]})
    assert order_of_sources({}) == {}


def test_exceptions_are_counted() -> None:
    assert exception_lines([]) == []
    (line,) = exception_lines([{"findings": 2, "until": "2026-01-01T00:00:00Z"}])
    assert line.startswith("exceptions: 1 in force or to come, 2 findings covered by them;")
