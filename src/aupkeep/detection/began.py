"""The rows that waits began with, kept until a finding opens with one or nobody waits any more.

In: slots and rows. Out: single rows, and all of them as bytes. Rows lie in one frame a kind; new
ones are put behind the others, and the frame is made anew when half of it is of no use any more.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from aupkeep.detection.layout import Ints
from aupkeep.events.schema import Schema

#: Rows of no use that are put up with, beside as many as are of use.
_SLACK = 4096
#: Pieces a frame may be in before it is made whole.
_PIECES = 64


class Began:
    """One row a slot, of any of several kinds."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        """`schemas` has the columns that are kept of each kind."""
        self._schemas = dict(sorted(schemas.items()))
        self._kinds = list(self._schemas)
        self._frames = {kind: pl.DataFrame(schema=schema) for kind, schema in schemas.items()}
        self._kind = np.zeros(0, dtype=np.int64)
        self._place = np.zeros(0, dtype=np.int64)

    def rows(self, slots: Ints) -> dict[int, dict[str, Any]]:
        """Return the row of each of `slots`, field by field."""
        return {
            slot: row
            for some, frame in self._of(slots).values()
            for slot, row in zip(some.tolist(), frame.rows(named=True), strict=True)
        }

    def put(self, kind: str, slots: Ints, rows: pl.DataFrame) -> None:
        """Keep `rows` of `kind`, one for each of `slots`, instead of what they had."""
        bound = int(slots.max(initial=-1)) + 1
        if bound > self._kind.size:
            more = np.zeros(max(bound, 2 * self._kind.size) - self._kind.size, dtype=np.int64)
            self._kind = np.concatenate([self._kind, more])
            self._place = np.concatenate([self._place, more])
        held = self._frames[kind]
        self._kind[slots] = self._kinds.index(kind)
        self._place[slots] = held.height + np.arange(slots.size)
        self._frames[kind] = held.vstack(_fitted(rows, self._schemas[kind]))

    def crowded(self, used: int) -> bool:
        """Say whether to tidy up, where `used` slots have a row that is still needed."""
        rows = sum(frame.height for frame in self._frames.values())
        pieces = max(frame.n_chunks() for frame in self._frames.values())
        return rows > 2 * used + _SLACK or pieces > _PIECES

    def tidy(self, used: Ints) -> None:
        """Drop the rows that no slot of `used` needs."""
        for kind, (slots, frame) in self._of(used).items():
            self._frames[kind] = frame.clear()
            self.put(kind, slots, frame)

    def _of(self, used: Ints) -> dict[str, tuple[Ints, pl.DataFrame]]:
        """Return the slots of each kind among `used`, with their rows."""
        found = {}
        for number, kind in enumerate(self._kinds):
            slots = used[self._kind[used] == number] if used.size else used
            found[kind] = (slots, self._frames[kind][self._place[slots]])
        return found

    def save(self, used: Ints) -> dict[str, Any]:
        """Return the rows of the slots `used`; a slot is named by its position among them."""
        position = np.zeros(int(used.max(initial=-1)) + 1, dtype=np.int64)
        position[used] = np.arange(used.size)
        return {
            kind: {"slots": position[slots].tobytes(), "rows": _written(frame)}
            for kind, (slots, frame) in self._of(used).items()
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take over what `save` returned into an empty one."""
        for kind, body in saved.items():
            if kind in self._schemas:
                slots = np.frombuffer(body["slots"], dtype=np.int64)
                self.put(kind, slots, pl.read_ipc(io.BytesIO(body["rows"])))


def _fitted(rows: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Return `rows` with exactly the columns of `schema`; null where it has none of a name."""
    fitted = rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None, dtype=data)).cast(data).alias(name)
        for name, data in schema.items()
    )
    # Texts are written anew: picked rows would keep all texts of their batch in memory.
    return fitted.with_columns(pl.col(pl.String) + pl.lit(""))


def _written(frame: pl.DataFrame) -> bytes:
    target = io.BytesIO()
    frame.rechunk().write_ipc(target)
    return target.getvalue()
