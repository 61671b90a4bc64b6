"""Rows waiting until every source has come past them, then handed on in the order of evaluation.

In: stamped rows of each kind, roughly in order. Out: rows before the least frontier, sorted by
(event time, stream, position, part). The law: however the rows arrive, the same sequence leaves.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import polars as pl

from aupkeep.events.frontier import ENDED
from aupkeep.events.schema import KINDS, ORDER, columns


class Buffer:
    """Waiting rows by kind."""

    def __init__(self) -> None:
        """Begin empty."""
        self._waiting: dict[str, list[pl.DataFrame]] = {kind: [] for kind in KINDS}

    def add(self, kind: str, rows: pl.DataFrame) -> None:
        """Let `rows` wait."""
        if rows.height:
            self._waiting[kind].append(rows)

    def release(self, frontier: int) -> dict[str, pl.DataFrame]:
        """Return the rows before `frontier` of each kind that has any, in order."""
        ready = {}
        for kind, frames in self._waiting.items():
            if not frames:
                continue
            rows = pl.concat(frames) if len(frames) > 1 else frames[0]
            if frontier == ENDED:
                leaving, staying = rows, rows.clear()
            else:
                before = pl.col("event_time") < frontier
                leaving, staying = rows.filter(before), rows.filter(~before)
            self._waiting[kind] = [staying] if staying.height else []
            if leaving.height:
                ready[kind] = leaving.sort(ORDER)
        return ready

    def __len__(self) -> int:
        """Return how many rows wait."""
        return sum(frame.height for frames in self._waiting.values() for frame in frames)

    def save(self) -> dict[str, bytes]:
        """Return the waiting rows by kind as Arrow IPC bytes."""
        return {
            kind: to_bytes(pl.concat(frames)) for kind, frames in self._waiting.items() if frames
        }

    @classmethod
    def restore(cls, saved: Mapping[str, bytes]) -> Buffer:
        """Return the buffer that was saved."""
        buffer = cls()
        for kind, data in saved.items():
            buffer.add(kind, from_bytes(data))
        return buffer


def to_bytes(rows: pl.DataFrame) -> bytes:
    """Return `rows` as Arrow IPC bytes."""
    out = io.BytesIO()
    rows.write_ipc(out, compression="zstd")
    return out.getvalue()


def from_bytes(data: bytes) -> pl.DataFrame:
    """Return the rows that `to_bytes` wrote."""
    return pl.read_ipc(io.BytesIO(data))


def in_schema(kind: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with exactly the columns of `kind`, in their order."""
    return rows.select(pl.col(name).cast(dtype) for name, dtype in columns(kind).items())
