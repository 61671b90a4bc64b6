"""Syslog lines: where each one's time, host, program, process id and body are.

In: a block of whole lines and the clock of its log. Out: `Lines`, numbers into the block, and the
lines that could not be read. Time forms: RFC 3339 (with a colon in the zone or without) and the
yearless one of RFC 3164; heads after RFC 3164 or RFC 5424, with or without priority, host, pid.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from aupkeep.signals.formats import syslog_kernel as kernel
from aupkeep.signals.formats.lineclock import LineClock
from aupkeep.signals.formats.lineclock_kernel import UNKNOWN
from aupkeep.signals.parsed import KEPT_OF_REJECT, LONGEST_LINE, Reject

__all__ = ["REASONS", "LineClock", "Lines", "read"]

Places = NDArray[np.int64]

#: Reason words of rejects.
REASONS: dict[int, str] = {
    kernel.NO_TIME: "no time",
    kernel.BAD_TIME: "impossible time",
    kernel.NO_PROCESS: "no process",
    kernel.BINARY: "binary",
    kernel.TOO_LONG: "too long",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The readable lines of a block, as arrays of one entry a line, in order.

    Places are offsets into the block; an end is the place after the last byte. `host` and
    `host_end` are equal where the line names no host.
    """

    #: First byte of the line, and the place after its last (line end and CR excluded).
    start: Places
    end: Places
    #: Microseconds UTC.
    time: Places
    host: Places
    host_end: Places
    program: Places
    program_end: Places
    #: -1 where the line states none.
    pid: Places
    body: Places
    #: All lines of the block.
    lines: int
    #: Blank lines, marks, repetition notes of the daemon, notes of journalctl.
    ignored: int
    #: The first readable line, without its end; empty if there is none.
    first: bytes
    rejects: list[Reject] = field(default_factory=list)


def read(block: bytes, clock: LineClock) -> Lines:
    """Read the heads of all lines of `block` (whole lines; the last may lack its end).

    Moves `clock` on by the lines that state no year or no zone. The result does not depend on how
    a log is cut into blocks at line ends.
    """
    data = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(data == ord("\n")).astype(np.int64)
    if len(block) and not block.endswith(b"\n"):
        ends = np.append(ends, np.int64(len(block)))
    starts = np.concatenate([np.zeros(1, dtype=np.int64), ends[:-1] + 1]) if ends.size else ends
    rows = kernel.scan_heads(data, starts, ends, LONGEST_LINE)
    status = rows[:, kernel.STATUS]
    if b"\0" in block:
        _mark_binary(data, starts, ends, status)
    _tell_time(rows, status, clock)
    taken = rows[status <= kernel.YEARLESS]
    columns = [np.ascontiguousarray(taken[:, i]) for i in range(kernel.COLUMNS)]
    return Lines(
        start=columns[kernel.START],
        end=columns[kernel.END],
        time=columns[kernel.TIME],
        host=columns[kernel.HOST],
        host_end=columns[kernel.HOST_END],
        program=columns[kernel.PROGRAM],
        program_end=columns[kernel.PROGRAM_END],
        pid=columns[kernel.PID],
        body=columns[kernel.BODY],
        lines=int(ends.size),
        ignored=int(((status == kernel.BLANK) | (status == kernel.CHATTER)).sum()),
        first=block[taken[0, kernel.START] : taken[0, kernel.END]] if len(taken) else b"",
        rejects=_rejects(block, rows, status),
    )


def _mark_binary(data: NDArray[np.uint8], starts: Places, ends: Places, status: Places) -> None:
    """Mark the lines that hold a NUL byte, which no syslog daemon writes into text."""
    owners = np.searchsorted(starts, np.flatnonzero(data == 0), side="right") - 1
    owners = owners[ends[owners] - starts[owners] <= LONGEST_LINE]
    status[owners] = kernel.BINARY


def _tell_time(rows: NDArray[np.int64], status: Places, clock: LineClock) -> None:
    """Turn local and yearless times into instants, in place."""
    local = np.flatnonzero((status == kernel.LOCAL) | (status == kernel.YEARLESS))
    if not local.size:
        return
    yearless = np.flatnonzero(status == kernel.YEARLESS)
    if yearless.size:
        moments = clock.give_years(
            np.ascontiguousarray(rows[yearless, kernel.DATE]),
            np.ascontiguousarray(rows[yearless, kernel.TIME]),
        )
        rows[yearless, kernel.TIME] = moments
        status[yearless[moments == UNKNOWN]] = kernel.BAD_TIME
        local = local[status[local] <= kernel.YEARLESS]
    if local.size:
        rows[local, kernel.TIME] = clock.to_utc(np.ascontiguousarray(rows[local, kernel.TIME]))


def _rejects(block: bytes, rows: NDArray[np.int64], status: Places) -> list[Reject]:
    found = []
    for i in np.flatnonzero(status >= kernel.NO_TIME).tolist():
        start, end = int(rows[i, kernel.START]), int(rows[i, kernel.END])
        head = block[start : min(end, start + KEPT_OF_REJECT)]
        found.append(Reject(offset=start, head=head, reason=REASONS[int(status[i])]))
    return found
