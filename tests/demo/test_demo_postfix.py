from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime, timedelta
from random import Random

from aupkeep.base.clock import DAY, HOUR, MINUTE, to_datetime
from aupkeep.demo.delivery import attempts, delays, short
from aupkeep.demo.fortnight import Fortnight
from aupkeep.demo.queueids import LongIds, ShortIds

HEAD = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}-07:00) (\w+) (postfix/\w+|amavis)\[\d+\]: "
)
OLD_HEAD = re.compile(r"([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) (\w+) postfix/\w+\[\d+\]: ")
PARTS = ("jasmo/mail.log.2.gz", "jasmo/mail.log.1", "jasmo/mail.log")


def lines_of(fortnight: Fortnight, path: str) -> list[str]:
    data = fortnight.files[path]
    return (gzip.decompress(data) if path.endswith(".gz") else data).decode().splitlines()


def all_lines(fortnight: Fortnight) -> list[str]:
    return [line for path in (*PARTS, "injazat/mail.log") for line in lines_of(fortnight, path)]


def test_the_size_is_that_of_a_fortnight(fortnight: Fortnight) -> None:
    assert 100_000 < len(all_lines(fortnight)) < 300_000


def test_rotated_parts_follow_each_other_in_time(fortnight: Fortnight) -> None:
    previous = to_datetime(fortnight.start)
    for path in PARTS:
        for line in lines_of(fortnight, path):
            match = HEAD.match(line)
            assert match is not None, line
            moment = datetime.fromisoformat(match[1])
            assert previous <= moment < to_datetime(fortnight.end)
            previous = moment


def test_traditional_lines_cross_the_new_year_in_order(fortnight: Fortnight) -> None:
    source = next(s for s in fortnight.sources if s.path == "injazat/mail.log")
    year, previous = source.year, datetime(2025, 1, 1, tzinfo=UTC)
    for line in lines_of(fortnight, "injazat/mail.log"):
        match = OLD_HEAD.match(line)
        assert match is not None, line
        moment = datetime.strptime(f"{year} {match[1]} +0000", "%Y %b %d %H:%M:%S %z")
        if moment < previous - timedelta(days=300):
            year += 1
            moment = moment.replace(year=year)
        assert previous <= moment
        previous = moment
    assert (source.year, year) == (2025, 2026)
    assert previous - timedelta(hours=3) < to_datetime(fortnight.end)


def test_every_form_is_there(fortnight: Fortnight) -> None:
    text = "\n".join(all_lines(fortnight))
    for form in (
        r"smtpd\[\d+\]: \w+: client=unknown\[[\d.]+\], sasl_method=PLAIN, sasl_username=\S+@\S+$",
        r"smtpd\[\d+\]: NOQUEUE: reject: RCPT from .*: 550 5\.1\.1 <.*> proto=ESMTP helo=<",
        r"smtpd\[\d+\]: NOQUEUE: reject: RCPT from .*: 450 4\.2\.0 ",
        r"smtpd\[\d+\]: warning: .* SASL LOGIN authentication failed: UGFzc3dvcmQ6$",
        r"cleanup\[\d+\]: \w+: message-id=<[^>]+>$",
        r"qmgr\[\d+\]: \w+: from=<[^>]*>, size=\d+, nrcpt=\d+ \(queue active\)$",
        r"qmgr\[\d+\]: \w+: from=<[^>]+>, status=expired, returned to sender$",
        r"qmgr\[\d+\]: \w+: removed$",
        r"smtp\[\d+\]: \w+: to=<.*:25, delay=[\d.]+, delays=[\d./]+, dsn=2\.0\.0, status=sent \(",
        r"smtp\[\d+\]: .* dsn=5\.1\.1, status=bounced \(host .* \(in reply to RCPT TO command\)\)$",
        r"smtp\[\d+\]: .*relay=none, .* dsn=4\.4\.1, status=deferred \(connect to .* timed out\)$",
        r"smtp\[\d+\]: .*\[127\.0\.0\.1\]:10024, .* Ok: queued as \w+\)$",
        r"lmtp\[\d+\]: .*\[private/dovecot-lmtp\], .*status=sent \(250 2\.0\.0 .* Saved\)$",
        r"virtual\[\d+\]: .*relay=virtual, .* status=sent \(delivered to maildir\)$",
        r"bounce\[\d+\]: \w+: sender non-delivery notification: \w+$",
        r"pickup\[\d+\]: \w+: uid=\d+ from=<\w+>$",
        r"postsuper\[\d+\]: \w+: removed$",
        r"anvil\[\d+\]: statistics: max connection rate 1/60s for \(smtp:[\d.]+\) at ",
    ):
        assert re.search(form, text, re.MULTILINE), form


def test_the_log_tells_of_as_many_recipients_as_were_meant(fortnight: Fortnight) -> None:
    meant = sum(
        any(fate == "unknown" for _, fate in sending.fates)
        and sum(fate == "unknown" for _, fate in sending.fates)
        for sending in fortnight.sendings
    )
    told = sum("dsn=5.1.1, status=bounced" in line for line in all_lines(fortnight))
    assert told == meant


def test_a_message_that_entered_the_queue_leaves_it_once(fortnight: Fortnight) -> None:
    begun: dict[str, int] = {}
    for path in PARTS:
        for line in lines_of(fortnight, path):
            if begin := re.search(r"cleanup\[\d+\]: (\w+): message-id", line):
                begun[begin[1]] = begun.get(begin[1], 0) + 1
            elif end := re.search(r"(?:qmgr|postsuper)\[\d+\]: (\w+): removed", line):
                begun[end[1]] -= 1
    assert set(begun.values()) <= {0, 1}
    assert sum(begun.values()) < len(begun) // 50


def test_short_ids_come_again_but_never_while_in_use(fortnight: Fortnight) -> None:
    busy: dict[tuple[str, str], bool] = {}
    again = 0
    for line in lines_of(fortnight, "injazat/mail.log"):
        match = re.match(r".{15} (\w+) postfix/(\w+)\[\d+\]: ([0-9A-F]{6,}): (.*)", line)
        if match is None:
            continue
        key = (match[1], match[3])
        if match[2] == "cleanup":
            assert not busy.get(key), line
            again += key in busy
            busy[key] = True
        elif match[4] == "removed":
            assert busy[key], line
            busy[key] = False
    assert again > 20


def test_long_ids_hold_their_time() -> None:
    ids = LongIds(Random(1))
    at = 1_767_000_000_123_456
    queue = ids.new(at)
    digits = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
    value = 0
    for letter in queue[:6]:
        value = value * 52 + digits.index(letter)
    assert value == at // 1_000_000
    assert queue[10] == "z"
    assert ids.new(at) != queue


def test_a_busy_short_id_is_not_given_out() -> None:
    ids = ShortIds(Random(1))
    assert len({ids.new(5) for _ in range(3_000)}) == 3_000


def test_delays_are_shortened_as_postfix_does() -> None:
    assert [short(v) for v in (0, 4_000, 120_000, 1_249_000, 30_010_000, 305_400_000)] == [
        "0",
        "0",
        "0.12",
        "1.2",
        "30",
        "305",
    ]
    assert delays(100_000, 900_000) == "delay=1, delays=0.1/0.01/0.3/0.6"


def test_a_message_that_nobody_takes_is_given_up_after_a_day() -> None:
    tries = attempts(Random(1), "a@dead.example", "expired")
    assert {one.status for one in tries} == {"deferred"}
    assert DAY - 2 * HOUR < tries[-1].after < DAY + 2 * HOUR
    assert tries[1].after == 5 * MINUTE
    assert [one.status for one in attempts(Random(1), "a@b.example", "greylisted")] == [
        "deferred",
        "sent",
    ]
