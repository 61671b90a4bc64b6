from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.base.clock import DAY, SECOND, format_instant, parse_instant
from aupkeep.signals.formats.syslog import LineClock, Lines, read
from aupkeep.signals.parsed import KEPT_OF_REJECT, LONGEST_LINE

NOW = parse_instant("2026-08-14T12:00:00Z")


def clock(**kept: object) -> LineClock:
    return LineClock(**({"now": NOW} | kept))  # type: ignore[arg-type]  # keywords of the class


def cells(block: bytes, lines: Lines) -> list[tuple[str, bytes, bytes, int, bytes]]:
    """Return what each readable line says, as values."""
    return [
        (
            format_instant(int(lines.time[i])),
            block[lines.host[i] : lines.host_end[i]],
            block[lines.program[i] : lines.program_end[i]],
            int(lines.pid[i]),
            block[lines.body[i] : lines.end[i]],
        )
        for i in range(lines.start.size)
    ]


def one(line: bytes, **kept: object) -> tuple[str, bytes, bytes, int, bytes]:
    lines = read(line, clock(**kept))
    assert lines.start.size == 1, lines.rejects
    return cells(line, lines)[0]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        (b"2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        (b"2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.500000Z"),
        (b"2026-01-01T00:00:00.123456+01:00", "2025-12-31T23:00:00.123456Z"),
        (b"2026-01-01T00:00:00.123456789-0330", "2026-01-01T03:30:00.123456Z"),
        (b"2024-02-29T23:59:59+0000", "2024-02-29T23:59:59Z"),
        (b"2026-07-01T10:00:00", "2026-07-01T08:00:00Z"),
        (b"Jul  5 10:00:00", "2026-07-05T08:00:00Z"),
        (b"Jul 05 10:00:00", "2026-07-05T08:00:00Z"),
        (b"Jul 5 10:00:00", "2026-07-05T08:00:00Z"),
        (b"Jan 31 10:00:00.25", "2026-01-31T09:00:00.250000Z"),
        (b"Aug 15 11:00:00", "2026-08-15T09:00:00Z"),
        (b"Aug 16 11:00:00", "2025-08-16T09:00:00Z"),
        (b"Feb 29 11:00:00", "2024-02-29T10:00:00Z"),
    ],
)
def test_time_forms(text: bytes, instant: str) -> None:
    line = text + b" mx postfix/smtpd[12]: hello\n"
    assert one(line, zone="Europe/Zurich") == (instant, b"mx", b"postfix/smtpd", 12, b"hello")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"mx sshd: x", (b"mx", b"sshd", -1, b"x")),
        (b"mx sshd[7]: ", (b"mx", b"sshd", 7, b"")),
        (b"mx sshd[7]:x\r", (b"mx", b"sshd", 7, b"x")),
        (b"sshd[7]: x", (b"", b"sshd", 7, b"x")),
        (b"[sshd] x", (b"", b"sshd", -1, b"x")),
        (b"[sshd]: x", (b"", b"sshd", -1, b"x")),
        (
            b"mx postfix-out/submission/smtpd[1]: x: y",
            (b"mx", b"postfix-out/submission/smtpd", 1, b"x: y"),
        ),
        (b"mx sshd[7]: [ID 800047 auth.info] Failed", (b"mx", b"sshd", 7, b"Failed")),
        (b"192.0.2.1 kernel: [12.3] x", (b"192.0.2.1", b"kernel", -1, b"[12.3] x")),
    ],
)
def test_head_forms(head: bytes, expected: tuple[bytes, bytes, int, bytes]) -> None:
    for begin in (b"2026-01-01T00:00:00Z ", b"<22>2026-01-01T00:00:00Z ", b"Jan  1 00:00:00 "):
        assert one(begin + head)[1:] == expected


def test_rfc_5424_lines() -> None:
    line = b'<38>1 2026-01-01T00:00:00Z mx.example sshd 55 - [a b="x]\\"]"][c] \xef\xbb\xbfthe body'
    assert one(line)[1:] == (b"mx.example", b"sshd", 55, b"the body")
    line = b"<38>1 2026-01-01T00:00:00Z - postfix/smtp - ID1 - body"
    assert one(line)[1:] == (b"", b"postfix/smtp", -1, b"body")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"junk", "no time"),
        (b"\xff\xfe\x80 \x01", "no time"),
        (b"Jan", "no time"),
        (b"20", "no time"),
        (b"2026-01-01", "no time"),
        (b"2026-13-01T00:00:00Z mx a: b", "impossible time"),
        (b"2026-02-29T00:00:00Z mx a: b", "impossible time"),
        (b"2026-01-01T24:00:00Z mx a: b", "impossible time"),
        (b"2026-01-01T00:00:00+99:00 mx a: b", "impossible time"),
        (b"Feb 30 00:00:00 mx a: b", "impossible time"),
        (b"Feb  3 00:61:00 mx a: b", "impossible time"),
        (b"2026-01-01T00:00:00Z", "no process"),
        (b"2026-01-01T00:00:00Z mx", "no process"),
        (b"2026-01-01T00:00:00Z mx postf", "no process"),
        (b"2026-01-01T00:00:00Z mx postfix/smtp[1", "no process"),
        (b"2026-01-01T00:00:00Z mx postfix/smtp[x]: y", "no process"),
        (b"<38>1 2026-01-01T00:00:00Z mx sshd", "no process"),
        (b"2026-01-01T00:00:00Z mx a: \0", "binary"),
        (b"2026-01-01T00:00:00Z mx a: " + b"x" * 1_000_000, "too long"),
    ],
)
def test_rejects_are_kept_with_place_and_reason(line: bytes, reason: str) -> None:
    good = b"2026-01-01T00:00:00Z mx a: b\n"
    lines = read(good + line + b"\n" + good, clock())
    assert lines.lines == 3
    assert lines.start.tolist() == [0, len(good) + len(line) + 1]
    (reject,) = lines.rejects
    assert (reject.offset, reject.reason) == (len(good), reason)
    assert reject.head == line[:KEPT_OF_REJECT]


def test_the_longest_line_is_read() -> None:
    head = b"2026-01-01T00:00:00Z mx a: "
    assert one(head + b"x" * (LONGEST_LINE - len(head)))[4].startswith(b"xx")


def test_what_is_ignored_and_what_is_first() -> None:
    block = (
        b"\n  \n-- Boot 12 --\n2026-01-01T00:00:00Z mx -- MARK --\n"
        b"Jan  1 00:00:00 mx last message repeated 2 times\n"
        b"2026-01-01T00:00:00Z mx a: b\r\n2026-01-01T00:00:00Z mx a: c"
    )
    lines = read(block, clock())
    assert (lines.lines, lines.ignored, lines.rejects) == (7, 5, [])
    assert lines.first == b"2026-01-01T00:00:00Z mx a: b"


def test_an_empty_block_is_nothing() -> None:
    lines = read(b"", clock())
    assert (lines.lines, lines.ignored, lines.first, lines.start.size) == (0, 0, b"", 0)


def moments(text: str, **kept: object) -> list[str]:
    block = "".join(f"{line} mx a: b\n" for line in text.splitlines() if line).encode()
    return [format_instant(int(t)) for t in read(block, clock(**kept)).time]


def test_the_year_turns_with_the_lines() -> None:
    text = "Dec 31 23:59:59\nJan  1 00:00:01\nDec 31 23:59:58\nJan  1 00:00:02\nMar  3 00:00:00"
    expected = [
        *("2025-12-31T23:59:59Z", "2026-01-01T00:00:01Z", "2025-12-31T23:59:58Z"),
        *("2026-01-01T00:00:02Z", "2026-03-03T00:00:00Z"),
    ]
    assert moments(text) == expected
    earlier = [moment.replace("2026", "2013").replace("2025", "2012") for moment in expected]
    assert moments(text, year=2012) == earlier


def test_a_quiet_log_still_goes_forward() -> None:
    assert moments("Oct  1 00:00:00\nMar  1 00:00:00\nFeb 20 00:00:00") == [
        *("2025-10-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-02-20T00:00:00Z"),
    ]
    assert moments("Oct  1 00:00:00\nMar  1 00:00:00\nNov  5 00:00:00", year=2019) == [
        *("2019-10-01T00:00:00Z", "2020-03-01T00:00:00Z", "2020-11-05T00:00:00Z"),
    ]


def test_lines_in_no_order_are_all_in_the_past() -> None:
    text = "Jun 25 10:00:00\nNov 11 10:00:00\nFeb  3 10:00:00\nDec 24 10:00:00\nJul  1 10:00:00"
    years = [moment[:4] for moment in moments(text)]
    assert years == ["2026", "2025", "2026", "2025", "2026"]


def test_a_followed_log_outlives_its_present() -> None:
    days = [datetime.fromtimestamp((NOW + i * DAY) / SECOND, UTC) for i in range(0, 700, 5)]
    text = "\n".join(day.strftime("%b %e %H:%M:%S") for day in days)
    expected = [day.strftime("%Y-%m-%dT%H:%M:%SZ") for day in days]
    assert moments(text) == expected


def test_the_repeated_hour_is_told_by_the_lines_around_it() -> None:
    text = "Oct 25 01:59:59\nOct 25 02:30:00\nOct 25 02:59:59\nOct 25 02:00:01\nOct 25 02:40:00"
    assert moments(text + "\nOct 25 03:00:00", zone="Europe/Zurich", year=2026) == [
        *("2026-10-24T23:59:59Z", "2026-10-25T00:30:00Z", "2026-10-25T00:59:59Z"),
        *("2026-10-25T01:00:01Z", "2026-10-25T01:40:00Z", "2026-10-25T02:00:00Z"),
    ]


def test_a_skipped_hour_goes_on_with_the_offset_before() -> None:
    text = "Mar 29 01:59:59\nMar 29 02:30:00\nMar 29 03:00:00"
    assert moments(text, zone="Europe/Zurich", year=2026) == [
        *("2026-03-29T00:59:59Z", "2026-03-29T01:30:00Z", "2026-03-29T01:00:00Z"),
    ]


def test_a_half_hour_shift_is_exact() -> None:
    text = "2026-04-05T01:29:00\n2026-04-05T01:31:00\n2026-04-05T02:01:00"
    assert moments(text, zone="Australia/Lord_Howe") == [
        *("2026-04-04T14:29:00Z", "2026-04-04T14:31:00Z", "2026-04-04T15:31:00Z"),
    ]


def test_an_unknown_zone_is_an_error() -> None:
    with pytest.raises(KeyError):
        clock(zone="Europe/Nowhere")


STAMPS = st.one_of(
    st.datetimes(datetime(2023, 1, 1), datetime(2026, 12, 31)).map(  # noqa: DTZ001 - local times
        lambda moment: moment.strftime("%b %e %H:%M:%S")
    ),
    st.sampled_from(["2026-01-01T00:00:00Z", "2026-03-29T02:30:00", "Feb 29 00:00:00", "junk", ""]),
)
BODIES = st.sampled_from(["mx a: b", "a[1]: b", "mx", "", "last message repeated 1 times"])


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(STAMPS, BODIES), max_size=12), st.data())
def test_blocks_may_be_cut_anywhere_between_lines(
    drawn: list[tuple[str, str]], data: st.DataObject
) -> None:
    lines = [f"{stamp} {body}\n".encode() for stamp, body in drawn]
    whole = read(b"".join(lines), first := clock(zone="Europe/Zurich"))
    cut = data.draw(st.integers(0, len(lines)))
    second = clock(zone="Europe/Zurich")
    head = read(b"".join(lines[:cut]), second)
    second = LineClock.restore(second.save())
    tail = read(b"".join(lines[cut:]), second)
    assert whole.time.tolist() == head.time.tolist() + tail.time.tolist()
    assert whole.lines == head.lines + tail.lines
    assert whole.ignored == head.ignored + tail.ignored
    assert [r.head for r in whole.rejects] == [r.head for r in head.rejects + tail.rejects]
    assert first.save() == second.save()


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from(
        [b"", b"2026-01-01T00:00:00Z ", b"Jan  1 00:00:00 ", b"<1>1 2026-01-01T00:00:00Z "]
    ),
)
def test_any_bytes_are_accounted_for(junk: bytes, head: bytes) -> None:
    block = head + junk
    lines = read(block, clock())
    assert lines.lines == lines.start.size + lines.ignored + len(lines.rejects)
    for i in range(lines.start.size):
        places = [lines.start, lines.host, lines.host_end, lines.program, lines.program_end]
        ordered = [int(column[i]) for column in [*places, lines.body, lines.end]]
        assert ordered == sorted(ordered)
        assert ordered[-1] <= len(block)
