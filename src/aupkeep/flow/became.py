"""What every line of a file became, for people who wonder why a line has no effect.

In: one file in one format. Out: each line (or datagram, or report) in order, with what it became
and the fields it states. It reads by the same parsers and joins as the stream; only the words come
from the format's full reading of the line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.events.flow import FlowIntake
from aupkeep.events.joins import JOINS
from aupkeep.inlets.files.blocks import open_bytes, read_blocks, read_whole, stdin_bytes
from aupkeep.signals.formats import FORMATS, LINE_FORMATS
from aupkeep.signals.formats.lineclock import LineClock
from aupkeep.signals.formats.netflow5 import datagrams
from aupkeep.signals.formats.report import read_report
from aupkeep.signals.formats.syslog import read as read_heads
from aupkeep.signals.source import Source


@dataclass(frozen=True, slots=True)
class Became:
    """One line and what it became: row, part, ignored or reject."""

    file: str
    offset: int
    outcome: str
    kind: str
    time: int | None
    fields: dict[str, object]


@dataclass(slots=True)
class Shown:
    """The lines of one file; faults stand here once `items` has been read to its end."""

    read: Callable[[list[Fault]], Iterator[Became]]
    faults: list[Fault] = field(default_factory=list)

    def items(self) -> Iterator[Became]:
        """Yield every line in order."""
        return self.read(self.faults)


def show(path: Path, source: Source, now: int) -> Shown:
    """Return what the lines of `path` become."""
    if source.format in LINE_FORMATS:
        return Shown(lambda faults: _lines(path, source, now, faults))
    if source.format == "netflow5":
        return Shown(lambda faults: _datagrams(path, source, faults))
    return Shown(lambda faults: _report(path, source, faults))


def counts(shown: Shown) -> dict[str, int]:
    """Return how many lines became what."""
    return dict(Counter(item.outcome for item in shown.items()))


def _lines(path: Path, source: Source, now: int, faults: list[Fault]) -> Iterator[Became]:
    form = LINE_FORMATS[source.format]
    trace: list[tuple[int, str]] = []
    join = JOINS[source.format](trace=trace)
    clock = LineClock(zone=source.zone, year=source.year, now=now)
    heads_clock = LineClock(zone=source.zone, year=source.year, now=now)
    try:
        opened = stdin_bytes() if str(path) == "-" else open_bytes(path)
        for block in read_blocks(opened, str(path)):
            parsed = form.parse(block.data, clock)
            positions = parsed.offsets + block.offset
            join.take(parsed.records, parsed.times, positions, source=0, stream=1)
            join.rows()
            outcomes = dict(trace)
            trace.clear()
            rejected = {item.offset: item.reason for item in parsed.rejects}
            heads = read_heads(block.data, heads_clock)
            for line in _each(block.data, heads):
                yield _became(line, block.offset, source, outcomes, rejected)
    except OSError as refused:
        why = refused.strerror or str(refused)
        faults.append(Fault(code="unreadable", what=f"cannot read `{path}`: {why.lower()}"))
    except AupkeepError as broken:
        faults += broken.faults


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    data: bytes
    time: int | None
    program: str
    body: str


def _each(data: bytes, heads: Any) -> Iterator[_Line]:
    """Yield every line of the block; those with a readable head have time, program and body."""
    known = {int(start): index for index, start in enumerate(heads.start)}
    start = 0
    while start < len(data):
        newline = data.find(b"\n", start)
        end = len(data) if newline < 0 else newline
        index = known.get(start)
        if index is None:
            yield _Line(start, data[start:end], None, "", "")
        else:
            program = data[int(heads.program[index]) : int(heads.program_end[index])]
            body = data[int(heads.body[index]) : int(heads.end[index])]
            yield _Line(
                start,
                data[start:end],
                int(heads.time[index]),
                program.decode("utf-8", "replace"),
                body.decode("utf-8", "replace"),
            )
        start = end + 1


def _became(
    line: _Line,
    offset: int,
    source: Source,
    outcomes: dict[int, str],
    rejected: dict[int, str],
) -> Became:
    position = offset + line.start
    fields: dict[str, object] = {}
    if line.start in rejected:
        outcome = "reject"
        head = line.data[:200].decode("utf-8", "backslashreplace")
        fields = {"reason": rejected[line.start], "head": head}
    else:
        outcome = outcomes.get(position, "ignored")
        if line.time is not None:
            fields = LINE_FORMATS[source.format].fields(line.program, line.body)
    kind = FORMATS[source.format]
    return Became(source.name, position, outcome, kind, line.time, fields)


def _datagrams(path: Path, source: Source, faults: list[Fault]) -> Iterator[Became]:
    data = _whole(path, faults)
    if data is None:
        return
    found, rejects = datagrams(data, source.exporter)
    for reject in rejects:
        yield _rejected(source, reject.offset, reject.reason, reject.head)
    intake = FlowIntake()
    for datagram in found:
        intake.take([datagram], source=0, exporters={})
        for reject in intake.rejects():
            yield _rejected(source, datagram.offset, reject.reason, reject.head)
        for row in intake.rows().iter_rows(named=True):
            time = row["event_time"]
            stated = {name: value for name, value in row.items() if value is not None}
            yield Became(source.name, datagram.offset, "row", "flow", time, stated)


def _report(path: Path, source: Source, faults: list[Fault]) -> Iterator[Became]:
    data = _whole(path, faults)
    if data is None:
        return
    reading = read_report(data)
    if reading.outcome == "noise":
        why: dict[str, object] = {"reason": reading.reason}
        yield Became(source.name, 0, "ignored", "report", reading.received, why)
    elif reading.outcome == "review":
        yield Became(source.name, 0, "reject", "report", None, {"reason": reading.reason})
    for item in reading.accusations:
        stated = {name: value for name, value in asdict(item).items() if value is not None}
        yield Became(source.name, 0, "row", "report", reading.received, stated)


def _whole(path: Path, faults: list[Fault]) -> bytes | None:
    try:
        data, damage = read_whole(path)
    except OSError as refused:
        why = refused.strerror or str(refused)
        faults.append(Fault(code="unreadable", what=f"cannot read `{path}`: {why.lower()}"))
        return None
    faults += [damage] if damage else []
    return data


def _rejected(source: Source, offset: int, reason: str, head: bytes) -> Became:
    fields: dict[str, object] = {
        "reason": reason,
        "head": head[:200].decode("utf-8", "backslashreplace"),
    }
    return Became(source.name, offset, "reject", FORMATS[source.format], None, fields)
