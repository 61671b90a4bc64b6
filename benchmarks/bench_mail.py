"""Throughput of the mail path: raw Postfix lines to mail rows, in CPU time.

Prints lines a second of one core, best of five, and the ratio to a fixed calibration loop, which
makes figures of different machines comparable. Usage: python benchmarks/bench_mail.py [LINES]
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Callable, Iterator

from aupkeep.base.clock import format_instant, parse_instant
from aupkeep.events.mail import MailJoin
from aupkeep.signals.formats.postfix import parse
from aupkeep.signals.formats.syslog import LineClock

START = parse_instant("2026-01-01T00:00:00Z")
BLOCK = 4 << 20
ID_DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"


def messages(seed: int) -> Iterator[list[tuple[str, str]]]:
    """Yield the lines (program, body) of one message after the other, five each and more."""
    chance = random.Random(seed)
    while True:
        queue_id = "4" + "".join(chance.choices(ID_DIGITS, k=10)) + "z"
        login = f"user{chance.randrange(4000)}@customer{chance.randrange(400)}.example"
        there = f"person{chance.randrange(90000)}@host{chance.randrange(9000)}.example"
        client = f"client.example[198.51.{chance.randrange(99)}.{chance.randrange(250)}]"
        relay = f"mx.example[203.0.113.{chance.randrange(250)}]:25"
        to = f"{queue_id}: to=<{there}>, relay={relay}, delay=0.42, delays=0.1/0/0.2/0.12"
        sent = f"{to}, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 7C{chance.randrange(9**9)})"
        late = f"{to}, dsn=4.7.1, status=deferred (host {relay[:-3]} said: 450 4.7.1 later)"
        yield [
            (
                "submission/smtpd",
                f"{queue_id}: client={client}, sasl_method=PLAIN, sasl_username={login}",
            ),
            ("cleanup", f"{queue_id}: message-id=<{chance.randrange(10**15)}@customer.example>"),
            ("qmgr", f"{queue_id}: from=<{login}>, size=4711, nrcpt=1 (queue active)"),
            *([("smtp", late)] * (chance.random() < 0.1)),
            ("smtp", sent),
            ("qmgr", f"{queue_id}: removed"),
        ]


def write_log(lines: int) -> Iterator[bytes]:
    """Yield a log of so many lines, in blocks of whole lines."""
    block: list[str] = []
    size = written = 0
    for message in messages(1):
        for program, body in message:
            moment = format_instant(START + written * 10_000 + 1)
            line = f"{moment[:26]}+00:00 mx1 postfix/{program}[{100 + written % 50}]: {body}\n"
            block.append(line)
            size += len(line)
            written += 1
        if size > BLOCK or written >= lines:
            yield "".join(block).encode()
            block, size = [], 0
        if written >= lines:
            return


def read_log(blocks: list[bytes]) -> int:
    """Read blocks to rows; return how many lines there were."""
    clock, join = LineClock(now=START), MailJoin()
    lines = position = 0
    for block in blocks:
        parsed = parse(block, clock)
        join.take(parsed.records, parsed.times, parsed.offsets + position, source=0, stream=1)
        assert join.rows().height
        lines += parsed.lines
        position += len(block)
    return lines


def calibrate() -> None:
    """Do a fixed amount of work in the interpreter."""
    table: dict[str, int] = {}
    for i in range(300_000):
        key = f"key{i % 5000}"
        table[key] = table.get(key, 0) + len(key.split("y"))


def best(work: Callable[[], object], times: int = 5) -> float:
    """Return the least CPU time of several runs, in seconds."""
    taken = []
    for _ in range(times):
        begin = time.process_time()
        work()
        taken.append(time.process_time() - begin)
    return min(taken)


def main() -> None:
    """Print the figures."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    blocks = list(write_log(wanted))
    lines = read_log(blocks)
    loop = best(calibrate)
    seconds = best(lambda: read_log(blocks))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"mail: {lines / seconds:,.0f} lines/s, {lines} lines in {seconds:.3f} s CPU")
    print(f"calibration loop {loop:.3f} s; lines a loop {lines / seconds * loop:,.0f}")
    print(f"peak memory {peak} MiB, log included")


if __name__ == "__main__":
    main()
