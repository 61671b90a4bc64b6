"""The one door to events that were kept: faces and commands read them here and nowhere else.

In: what is looked for. Out: rows as plain mappings, and the files that had to be left out. Whoever
must answer for reading personal data is asked here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from aupkeep.base.clock import DAY
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.detection.finding import Finding
from aupkeep.flow.installation import Installation
from aupkeep.store.archive import catalog, look
from aupkeep.store.archive.files import Stored, read
from aupkeep.store.archive.look import Row, Wanted, parse_event
from aupkeep.store.database import unit

__all__ = ["Row", "Wanted", "events_of", "look_up", "parse_event", "verify"]

#: How long before a finding opens its events may lie: longer than any window.
REACH = 40 * DAY


@dataclass(slots=True)
class Found:
    """The rows of a look-up, to be read once; the faults are complete after the last row."""

    rows: Iterator[Row]
    faults: list[Fault] = field(default_factory=list)


def look_up(installation: Installation, wanted: Wanted) -> Found:
    """Return every row that is wanted, in the order of evaluation."""
    return look_in(installation.archive, wanted)


def look_in(folder: Path, wanted: Wanted) -> Found:
    """Return every row that is wanted of the archive in `folder`."""
    faults: list[Fault] = []

    def broken(item: Stored, fault: Fault) -> None:
        faults.append(fault)
        _say(item, fault.what)

    return Found(look.find(folder, wanted, broken), faults)


def events_of(installation: Installation, finding: Finding) -> tuple[dict[str, Row], list[Fault]]:
    """Return the rows of a finding by event id, and the files that were left out.

    A row that retention or erasure has taken is missing.
    """
    wanted = Wanted(
        provider=finding.provider,
        since=finding.first - REACH,
        until=finding.last + 1,
        events=tuple(parse_event(name) for name in finding.events),
    )
    found = look_up(installation, wanted)
    return {row["event"]: row for row in found.rows}, found.faults


@dataclass(frozen=True, slots=True)
class Verified:
    """What a look at every byte of the archive came to."""

    files: int
    rows: int
    faults: tuple[Fault, ...]


def verify(installation: Installation) -> Verified:
    """Read every file and compare bytes, rows and form with what was named."""
    listed = catalog.named()
    faults, rows = _read(installation.archive, listed)
    return Verified(len(listed), rows, tuple(faults))


def _read(folder: Path, listed: Sequence[Stored]) -> tuple[list[Fault], int]:
    faults: list[Fault] = []
    rows = 0
    for item in listed:
        try:
            read(folder, item)
        except AupkeepError as error:
            if item.path not in catalog.paths():
                # It was merged, swept or erased meanwhile.
                continue
            faults += error.faults
            _say(item, error.faults[0].what)
        else:
            rows += item.rows
            if item.trouble:
                _say(item, "")
    return faults, rows


def _say(item: Stored, what: str) -> None:
    """Remember what is wrong with a file, for `doctor`; who may only read finds out anew."""
    with suppress(AupkeepError), unit():
        catalog.say_trouble(item.path, what)
