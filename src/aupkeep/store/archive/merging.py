"""Many files as one sequence in the order of evaluation, in bounded memory.

In: files, each sorted by (event time, stream, position, part). Out: frames, one after another,
whose rows are in that order over all files. Only files whose times overlap are open together, and
of each only one group of rows is decoded. A broken file is told of and left out.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.events.schema import ORDER
from aupkeep.store.archive import files
from aupkeep.store.archive.columns import in_form
from aupkeep.store.archive.files import GROUP_ROWS, Stored

#: Told of a file that is left out, and why.
Broken = Callable[[Stored, Fault], None]
_NEVER_MORE = (1 << 63) - 1


@dataclass(slots=True)
class _Cursor:
    """One file, and how far it has been read."""

    item: Stored
    rest: Iterator[pl.DataFrame] | None = None
    waiting: list[pl.DataFrame] = field(default_factory=list)
    exhausted: bool = False

    @property
    def bound(self) -> int:
        """No row that is still to be read is earlier than this."""
        if self.exhausted:
            return _NEVER_MORE
        return int(self.waiting[-1]["event_time"][-1]) if self.waiting else self.item.first


def merged(
    folder: Path,
    listed: Sequence[Stored],
    broken: Broken,
    wanted: Callable[[str], pl.Expr] | None = None,
) -> Iterator[pl.DataFrame]:
    """Yield the rows of files of one kind, in order; of each kind only those `wanted`."""
    cursors = sorted(map(_Cursor, listed), key=lambda cursor: (cursor.item.first, cursor.item.path))
    while cursors:
        least = min(cursors, key=lambda cursor: cursor.bound)
        if not least.exhausted:
            _read_on(folder, least, broken, wanted)
        bound = min(cursor.bound for cursor in cursors)
        ready = [rows for cursor in cursors for rows in _before(cursor, bound)]
        if ready:
            rows = pl.concat(ready)
            yield rows.sort(ORDER) if len(ready) > 1 else rows
        cursors = [one for one in cursors if one.waiting or not one.exhausted]


def _read_on(
    folder: Path, cursor: _Cursor, broken: Broken, wanted: Callable[[str], pl.Expr] | None
) -> None:
    try:
        if cursor.rest is None:
            cursor.rest = groups(folder, cursor.item, wanted)
        rows = next(cursor.rest, None)
    except AupkeepError as error:
        for fault in error.faults:
            broken(cursor.item, fault)
        rows = None
    if rows is None:
        cursor.exhausted = True
        cursor.rest = None
    else:
        cursor.waiting.append(rows)


def _before(cursor: _Cursor, bound: int) -> list[pl.DataFrame]:
    """Take the rows out that nothing can come before any more."""
    ready: list[pl.DataFrame] = []
    staying: list[pl.DataFrame] = []
    if bound == _NEVER_MORE:
        ready, cursor.waiting = cursor.waiting, []
        return ready
    for rows in cursor.waiting:
        early = rows.filter(pl.col("event_time") < bound)
        if early.height:
            ready.append(early)
        if early.height < rows.height:
            staying.append(rows.tail(rows.height - early.height))
    cursor.waiting = staying
    return ready


def groups(
    folder: Path, item: Stored, wanted: Callable[[str], pl.Expr] | None = None
) -> Iterator[pl.DataFrame]:
    """Yield the rows of one file in its order, some at a time; none that is not `wanted`.

    Raises `BrokenFileError` where the file is not what was named.
    """
    data = files.read(folder, item)
    scan = pl.scan_parquet(io.BytesIO(data))
    if wanted is not None:
        rows = in_form(item.kind, scan.filter(wanted(item.kind)).collect())
        if rows.height:
            yield rows
        return
    for at in range(0, item.rows, GROUP_ROWS):
        yield in_form(item.kind, scan.slice(at, GROUP_ROWS).collect())
