"""Logins: sshd's lines in, one row an attempt out.

In: records of `signals.formats.sshd` in the order of the lines. Out: rows with the id of the line
that told of the attempt first. Several lines of one process can tell of the same attempt (the
user is unknown; PAM says no; the password failed; the connection is ended): each such line has a
later stage than the one before, and only the first makes a row. A stage that does not rise is the
next attempt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from aupkeep.base.clock import SECOND
from aupkeep.events.schema import LOGIN

#: Lines of one attempt lie no further apart: sshd ends a log-in that takes longer (LoginGraceTime).
ONE_ATTEMPT = 120 * SECOND
#: Processes remembered; the one longest silent is forgotten first.
MOST_PROCESSES = 50_000
_VERSION = 1
_FAILED = "failed"
_NOTE = "note"

#: Columns of the join's frame: identity, then the login schema.
SCHEMA: dict[str, pl.DataType] = {
    "event_time": pl.Int64(),
    "stream": pl.Int64(),
    "position": pl.Int64(),
    "part": pl.Int64(),
    "source": pl.Int32(),
    **LOGIN,
}

#: The machine and the process.
_Process = tuple[str, int]
#: The attempt a process told of last: user, client, stage, time.
_Told = tuple[str | None, str | None, int, int]


class LoginJoin:
    """Counts each attempt once; holds the last one of every process between batches."""

    def __init__(self, *, trace: list[tuple[int, str]] | None = None) -> None:
        """Begin without memory; `trace` receives (position, "row" or "part") for each record."""
        self.trace = trace
        self._told: dict[_Process, _Told] = {}
        self._rows: list[tuple[object, ...]] = []

    def take(
        self,
        records: Iterable[tuple[Any, ...]],
        times: Iterable[int],
        positions: Iterable[int],
        *,
        source: int,
        stream: int,
    ) -> None:
        """Take records of one source in their order, with instants (µs) and byte positions."""
        for record, time, position in zip(records, times, positions, strict=True):
            parts = self._new_attempts(record, int(time))
            head = (int(time), stream, int(position))
            host, _, program, outcome, _, user, address, name, port, method, reason, _ = record
            said = (host or None, program, user, address, name, port, outcome, method, reason)
            self._rows.extend((*head, part, source, *said) for part in range(parts))
            if self.trace is not None:
                self.trace.append((int(position), "row" if parts else "part"))

    def rows(self) -> pl.DataFrame:
        """Return the rows since the last call, in the order of the lines."""
        rows, self._rows = self._rows, []
        return pl.DataFrame(rows, schema=SCHEMA, orient="row")

    def settle(self) -> None:
        """No more lines come for now: nothing waits here."""

    def save(self) -> dict[str, Any]:
        """Return the memory as plain values; rows must have been fetched before."""
        return {"version": _VERSION, "told": [[*who, *what] for who, what in self._told.items()]}

    @classmethod
    def restore(
        cls, saved: Mapping[str, Any], *, trace: list[tuple[int, str]] | None = None
    ) -> LoginJoin:
        """Return a join that goes on from what `save` returned.

        Raises `ValueError` on the state of another version of the program.
        """
        if saved["version"] != _VERSION:
            raise ValueError(f"login join state has version {saved['version']}, not {_VERSION}")
        join = cls(trace=trace)
        join._told = {
            (host, pid): (user, client, stage, time)
            for host, pid, user, client, stage, time in saved["told"]
        }
        return join

    def _new_attempts(self, record: tuple[Any, ...], time: int) -> int:
        """Return how many attempts the line tells of that no line before it told of."""
        host, pid, _, outcome, stage, user, _, name, _, _, _, times = record
        if outcome == _NOTE:
            return 0
        process = (host, pid)
        before = self._told.pop(process, None)
        if outcome != _FAILED:
            return int(times)
        if pid >= 0:
            self._told[process] = (user, name, stage, time)
            if len(self._told) > MOST_PROCESSES:
                del self._told[next(iter(self._told))]
        known = before is not None and _goes_on(before, (user, name, stage, time))
        return int(times) - 1 if known else int(times)


def _goes_on(before: _Told, now: _Told) -> bool:
    """Say whether two lines of one process tell of the same attempt; a line may name no user."""
    same_user = now[0] is None or before[0] is None or before[0] == now[0]
    return (
        same_user
        and before[1] == now[1]
        and now[2] > before[2]
        and (abs(now[3] - before[3]) <= ONE_ATTEMPT)
    )
