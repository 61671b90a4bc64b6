"""Inlets that are whole documents: captures of flow datagrams, and folders of reports.

In: globs of files. Out: datagrams and reports handed to the stream. A document is read once; its
name and size are remembered, and rows that were taken before are known by their ids anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aupkeep.events.frontier import NEVER
from aupkeep.flow.stream import Stream
from aupkeep.inlets.files.blocks import read_whole
from aupkeep.inlets.files.family import matching
from aupkeep.settings import InletSettings
from aupkeep.signals.formats.netflow5 import datagrams
from aupkeep.signals.formats.pcap import Datagram
from aupkeep.signals.formats.report import Reading, read_report, received_by
from aupkeep.signals.source import Source

#: Datagrams taken in one step: up to 30 flow records each.
DATAGRAMS_A_STEP = 4_000
#: Reports taken in one step.
REPORTS_A_STEP = 500


@dataclass(slots=True)
class _Capture:
    source: int
    name: str
    size: int
    waiting: list[Datagram]
    taken: int = 0


class FlowFiles:
    """Captures of NetFlow datagrams, read beside each other in the order of event time."""

    def __init__(self, saved: Mapping[str, Any]) -> None:
        """Go on from the saved numbers of datagrams taken of each file."""
        self._taken: dict[str, int] = {str(name): int(n) for name, n in saved.items()}
        self._open: list[_Capture] = []

    def add(self, inlet: InletSettings, folder: Path, stream: Stream) -> None:
        """Open the captures that `inlet` names."""
        for name in matching(folder / inlet.path):
            source = stream.source(
                Source(
                    name=name,
                    format="netflow5",
                    provider=inlet.provider,
                    authenticated=inlet.authenticated,
                    exporter=inlet.exporter,
                )
            )
            tally = stream.tallies[source]
            try:
                data, damage = read_whole(Path(name))
            except OSError as refused:
                tally.trouble = f"cannot read `{name}`: {refused.strerror or refused}"
                continue
            tally.trouble = f"`{name}`: {damage.what}" if damage else ""
            found, rejects = datagrams(data, inlet.exporter)
            taken = self._taken.get(name, 0)
            if taken == 0:
                tally.counts["lines"] += len(found) + len(rejects)
                for reject in rejects:
                    tally.reject(reject.reason, reject.offset, reject.head)
            self._open.append(_Capture(source, name, len(data), found[taken:], taken))

    def waiting(self) -> bool:
        """Whether some capture has datagrams left."""
        return any(item.waiting for item in self._open)

    def reach(self, stream: Stream) -> int:
        """Return the least event time that some capture with datagrams left has come to."""
        return min((self._at(item, stream) for item in self._open if item.waiting), default=NEVER)

    def frontier(self, stream: Stream) -> int:
        """Return the instant before which no flow row can still come."""
        return self.reach(stream)

    def step(self, stream: Stream, observed_at: int | None, now: int) -> bool:
        """Take datagrams of the capture that lies furthest back."""
        waiting = [item for item in self._open if item.waiting]
        if not waiting:
            return False
        chosen = min(waiting, key=lambda item: self._at(item, stream))
        taking = chosen.waiting[:DATAGRAMS_A_STEP]
        chosen.waiting = chosen.waiting[DATAGRAMS_A_STEP:]
        chosen.taken += len(taking)
        self._taken[chosen.name] = chosen.taken
        stream.take_datagrams(taking, chosen.source, observed_at)
        if not chosen.waiting:
            stream.settle(chosen.source, observed_at=observed_at, now=now)
        return True

    @staticmethod
    def _at(item: _Capture, stream: Stream) -> int:
        return stream.stamper.frontier(item.source, "flow").at

    def save(self) -> dict[str, int]:
        """Return how many datagrams of each file have been taken."""
        return dict(self._taken)


class ReportFiles:
    """Folders of reports; a file is taken once, when it first appears."""

    def __init__(self, saved: Mapping[str, Any]) -> None:
        """Go on from the saved names and sizes."""
        self._seen: dict[str, int] = {str(name): int(size) for name, size in saved.items()}
        self._inlets: list[tuple[str, int]] = []

    def add(self, inlet: InletSettings, folder: Path, stream: Stream) -> None:
        """Watch the files that `inlet` names: a glob, or a folder (a Maildir too)."""
        source = stream.source(
            Source(
                name=str(folder / inlet.path),
                format="report",
                provider=inlet.provider,
                authenticated=False,
            )
        )
        self._inlets.append((str(folder / inlet.path), source))

    def step(self, stream: Stream, observed_at: int | None) -> bool:
        """Take the reports that are new; True when there were any."""
        read: list[tuple[int, str, bytes, Reading, int]] = []
        for pattern, source in self._inlets:
            for path in _files(pattern):
                found = self._open(path, stream, source)
                if found is None:
                    continue
                data, written = found
                reading = read_report(data)
                received = _received(reading, written, stream, source, observed_at)
                read.append((received, str(path), data, reading, source))
                if len(read) >= REPORTS_A_STEP:
                    break
        for received, name, data, reading, source in sorted(read, key=lambda item: item[:2]):
            stream.take_report(data, reading, source, received, name=name, observed_at=observed_at)
        return bool(read)

    def _open(self, path: Path, stream: Stream, source: int) -> tuple[bytes, int] | None:
        """Return what the file holds and when it was written; None where there is nothing new."""
        try:
            state = path.stat()
            size = state.st_size
            if self._seen.get(str(path)) == size:
                return None
            data = path.read_bytes()
        except FileNotFoundError:
            # A mail reader moved it; it will be found under its new name.
            return None
        except OSError as refused:
            why = refused.strerror or str(refused)
            stream.tallies[source].trouble = f"cannot read `{path}`: {why}"
            return None
        self._seen[str(path)] = size
        return data, state.st_mtime_ns // 1000

    def save(self) -> dict[str, int]:
        """Return the names and sizes of the files that have been taken."""
        return dict(self._seen)


def _files(pattern: str) -> list[Path]:
    folder = Path(pattern)
    if folder.is_dir():
        deep = [folder / part for part in ("new", "cur") if (folder / part).is_dir()]
        return sorted(
            path for root in deep or [folder] for path in root.iterdir() if path.is_file()
        )
    return [Path(name) for name in matching(folder) if Path(name).is_file()]


def _received(
    reading: Reading, written: int, stream: Stream, source: int, observed_at: int | None
) -> int:
    """Return when a report reached us: by its own trace, else by what it accuses of.

    A report that is found after its time has been evaluated counts as received then: its receipt
    is when we took it, and none is ever lost for being late.
    """
    stated = reading.received
    if stated is None:
        stated = received_by(reading, written) if observed_at is None else observed_at
    return max(stated, stream.evaluated, stream.stamper.frontier(source, "report").at)
