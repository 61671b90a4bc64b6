"""The rows of one commit, on their way to disk.

In: attributed frames as the stream hands them on, late ones too. Out: the files that hold them,
which the engine's transaction names. What was erased of the past does not come back in.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from aupkeep.base.clock import DAY
from aupkeep.events.schema import ORDER
from aupkeep.store.archive import files
from aupkeep.store.archive.columns import in_form
from aupkeep.store.archive.files import Stored
from aupkeep.store.archive.standing import Erasure, Hold, erased, held

_DAY = "aupkeep_day"


class Batch:
    """Rows that wait for the next commit, by kind."""

    def __init__(self) -> None:
        """Begin empty."""
        self._waiting: dict[str, list[pl.DataFrame]] = {}

    def see(self, kind: str, rows: pl.DataFrame) -> None:
        """Take attributed rows of one kind."""
        self._waiting.setdefault(kind, []).append(rows)

    def clear(self) -> None:
        """Let the rows go: a transaction has named their files."""
        self._waiting = {}

    def write(
        self,
        folder: Path,
        number: int,
        sources: Sequence[str],
        erasures: Sequence[Erasure],
        holds: Sequence[Hold],
    ) -> list[Stored]:
        """Write and sync the rows that wait; `sources` are the names behind their numbers.

        Raises `AupkeepError` where the disk refuses; what was written is removed then.
        """
        latest = erasures[-1].id if erasures else 0
        names = pl.Series(sources, dtype=pl.String)
        written: list[Stored] = []
        try:
            for kind, frames in self._waiting.items():
                rows = pl.concat(frames)
                rows = rows.with_columns(source=names.gather(rows["source"]))
                if erasures:
                    rows = rows.filter(~erased(erasures, kind) | held(holds, kind))
                for part in _parts(in_form(kind, rows)):
                    name = f"e{number:012d}-{len(written)}"
                    written.append(files.write(folder, name, part, kind, erased=latest))
            files.sync(folder, written)
        except BaseException:
            files.remove(folder, [item.path for item in written])
            raise
        return written


def _parts(rows: pl.DataFrame) -> list[pl.DataFrame]:
    """Return the rows of each provider and day, sorted."""
    if rows.height == 0:
        return []
    days = rows["event_time"] // DAY
    if rows["provider"].n_unique() == 1 and days.min() == days.max():
        return [rows.sort(ORDER)]
    ordered = rows.with_columns(days.alias(_DAY)).sort(ORDER)
    return [part.drop(_DAY) for part in ordered.partition_by("provider", _DAY, maintain_order=True)]
