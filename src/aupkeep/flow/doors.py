"""All inlets of an installation, read in the order of event time while they catch up.

In: settings and the saved places. Out: input handed to the stream, one block a step, and the
frontier of everything that is read. A silent live source does not hold up the others: the clock
speaks for it once it has shown that it is live.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from aupkeep.base.clock import HOUR, SECOND
from aupkeep.events.frontier import ENDED, NEVER
from aupkeep.flow.documents import FlowFiles, ReportFiles
from aupkeep.flow.following import Following
from aupkeep.flow.lines import LineReader, Place
from aupkeep.flow.merging import drain
from aupkeep.flow.stream import Stream
from aupkeep.inlets.files.blocks import Block
from aupkeep.inlets.files.family import families
from aupkeep.inlets.journal.follow import Journal
from aupkeep.settings import InletSettings, Settings
from aupkeep.signals.formats import LINE_FORMATS
from aupkeep.signals.formats.lineclock import LineClock
from aupkeep.signals.source import Source

#: Disorder of lines (DESIGN section 4): rows of a source may be this far out of order.
LINE_DISORDER = 2 * SECOND


class LineInput(Protocol):
    """Whatever feeds a line reader: files that are followed, or the journal."""

    def step(self) -> bool:
        """Read on; False when there is nothing more at this moment."""

    def close(self) -> None:
        """Let go of what is open."""


class JournalInput:
    """The journal feeding a line reader; positions are bytes since the first line read.

    A restart goes on after the last block all of whose lines were joined: the cursors of younger
    blocks are remembered until then.
    """

    def __init__(self, reader: LineReader, names: list[str], saved: dict[str, Any]) -> None:
        """Go on after the saved cursor."""
        self._reader = reader
        self.offset = int(saved.get("offset", 0))
        self._cursors = [(self.offset, str(saved.get("cursor", "")))]
        if saved.get("stream"):
            reader.stream = int(saved["stream"])
            place = reader.places.get(reader.stream)
            if place is not None:
                reader.clock = LineClock.restore(place.clock)
        self._journal = Journal(names, cursor=self._cursors[0][1])

    def step(self) -> bool:
        """Read on; False when the journal has nothing more at this moment."""
        found = self._journal.poll()
        if found is None:
            return False
        self._reader.read(Block(self.offset, found.data))
        self.offset += len(found.data)
        self._cursors.append((self.offset, found.cursor))
        return True

    def save(self) -> dict[str, Any]:
        """Return the place to go on from."""
        waiting = [segment.start for segment in self._reader.queue]
        joined = min(waiting, default=self.offset)
        passed = [item for item in self._cursors if item[0] <= joined]
        self._cursors = passed[-1:] + self._cursors[len(passed) :]
        offset, cursor = self._cursors[0]
        return {"offset": offset, "cursor": cursor, "stream": self._reader.stream or 0}

    def to_end(self) -> None:
        """Read what the journal has and no more."""
        self._journal.to_end()

    def close(self) -> None:
        """End the reading of the journal."""
        self._journal.close()


@dataclass(slots=True)
class LineDoor:
    """One source of lines: its reader and what feeds it."""

    name: str
    format: str
    reader: LineReader
    input: LineInput
    idle: bool = False
    #: It has delivered lines as they happened, so the clock may speak for it.
    live: bool = False


@dataclass(slots=True)
class Doors:
    """Every door that is open."""

    lines: list[LineDoor] = field(default_factory=list)
    flows: FlowFiles | None = None
    reports: ReportFiles | None = None
    #: Streams of rotated files that were read to their end.
    done: dict[int, int] = field(default_factory=dict)

    def step(self, stream: Stream, observed_at: int | None, now: int) -> bool:
        """Read one piece where the least is known; False when every door is silent."""
        progressed = self.reports.step(stream, observed_at) if self.reports else False
        awake = [door for door in self.lines if not door.idle]
        flows = self.flows if self.flows and self.flows.waiting() else None
        if flows and all(flows.reach(stream) <= door.reader.reach for door in awake):
            return flows.step(stream, observed_at, now) or progressed
        if awake:
            chosen = min(awake, key=lambda door: door.reader.reach)
            progressed = self._read(chosen, stream, observed_at, now) or progressed
            # This door may have come to its end while others have not.
            return progressed or any(not door.idle for door in self.lines)
        for door in self.lines:
            progressed = self._read(door, stream, observed_at, now) or progressed
        return progressed

    def _read(self, door: LineDoor, stream: Stream, observed_at: int | None, now: int) -> bool:
        door.reader.silent_until = NEVER
        progressed = door.input.step()
        door.idle = not progressed
        if progressed and observed_at is not None:
            door.reader.tally.last_read = observed_at
            door.live = door.live or abs(door.reader.largest - observed_at) <= HOUR
        if door.idle:
            floor = ENDED if observed_at is None or not door.live else observed_at
            door.reader.silent_until = floor
        readers = [item.reader for item in self.lines if item.format == door.format]
        drained = drain(readers, stream.joins[door.format], LINE_FORMATS[door.format].rank)
        quiet = all(item.idle for item in self.lines if item.format == door.format)
        stream.collect(door.format, observed_at, silent=quiet)
        if door.idle and not door.reader.queue:
            stream.settle(door.reader.source, observed_at=observed_at, now=now)
        return progressed or drained

    def frontier(self, stream: Stream, floor: int | None) -> int:
        """Return the instant before which no row can still come; `floor` is what silence means."""
        bounds = []
        for door in self.lines:
            if door.idle and not door.reader.queue:
                if door.live and floor is not None:
                    bounds.append(max(door.reader.largest - LINE_DISORDER, floor))
            else:
                bounds.append(door.reader.bound() - LINE_DISORDER)
        if self.flows and self.flows.waiting():
            bounds.append(self.flows.frontier(stream))
        return min(bounds, default=ENDED)

    def save(self) -> dict[str, Any]:
        """Return the places from which every door goes on after a restart."""
        return {
            "places": {
                f"{door.name}\n{door.format}": {
                    str(stream): [place.position, place.clock]
                    for stream, place in door.reader.places.items()
                }
                for door in self.lines
            },
            "journals": {
                f"{door.name}\n{door.format}": door.input.save()
                for door in self.lines
                if isinstance(door.input, JournalInput)
            },
            "done": {str(stream): 1 for stream in self.done},
            "flows": self.flows.save() if self.flows else {},
            "reports": self.reports.save() if self.reports else {},
        }

    def to_end(self) -> None:
        """Nothing is followed: whatever is there now is all there is."""
        for door in self.lines:
            if isinstance(door.input, JournalInput):
                door.input.to_end()

    def close(self) -> None:
        """Let go of every file."""
        for door in self.lines:
            door.input.close()


def open_doors(
    settings: Settings, folder: Path, stream: Stream, saved: dict[str, Any], now: int
) -> Doors:
    """Open every inlet of `settings` at its saved place; raises `AupkeepError`."""
    doors = Doors(done={int(item): 1 for item in saved.get("done", {})})
    for inlet in settings.inlet:
        if inlet.format in LINE_FORMATS:
            doors.lines += _line_doors(inlet, folder, stream, doors.done, saved, now)
        elif inlet.format == "netflow5":
            doors.flows = doors.flows or FlowFiles(saved.get("flows", {}))
            doors.flows.add(inlet, folder, stream)
        else:
            doors.reports = doors.reports or ReportFiles(saved.get("reports", {}))
            doors.reports.add(inlet, folder, stream)
    return doors


def _line_doors(
    inlet: InletSettings,
    folder: Path,
    stream: Stream,
    done: dict[int, int],
    saved: dict[str, Any],
    now: int,
) -> list[LineDoor]:
    names = (
        [f"journal:{','.join(inlet.journal)}"]
        if inlet.journal
        else [str(family.path) for family in families(inlet.path, folder)]
    )
    doors = []
    for name in names:
        reader = _reader(inlet, name, stream, saved, now)
        source: LineInput
        if inlet.journal:
            key = f"{name}\n{inlet.format}"
            source = JournalInput(reader, inlet.journal, saved.get("journals", {}).get(key, {}))
        else:
            family = next(f for f in families(inlet.path, folder) if str(f.path) == name)
            source = Following(family, reader, done)
        doors.append(LineDoor(name, inlet.format, reader, source))
    return doors


def _reader(
    inlet: InletSettings, name: str, stream: Stream, saved: dict[str, Any], now: int
) -> LineReader:
    index = stream.source(
        Source(
            name=name,
            format=inlet.format,
            provider=inlet.provider,
            authenticated=inlet.authenticated,
            zone=inlet.zone,
            year=inlet.year,
        )
    )
    places = saved.get("places", {}).get(f"{name}\n{inlet.format}", {})
    return LineReader(
        source=index,
        parse=LINE_FORMATS[inlet.format].parse,
        clock=LineClock(zone=inlet.zone, year=inlet.year, now=now),
        tally=stream.tallies[index],
        taken=stream.taken,
        places={int(key): Place(position, clock) for key, (position, clock) in places.items()},
    )
