"""Flow records as columns, before any exporter has packed them.

In: conversations. Out: a structured array, one row a direction, sorted by the end of the flow.
A conversation that lasts longer than the exporter's active timeout is cut into several records,
as a router does it.
"""

from __future__ import annotations

from ipaddress import ip_address

import numpy as np
from numpy.typing import NDArray

from aupkeep.base.clock import MINUTE

Column = NDArray[np.int64]
#: Columns of records by name; a number stands for a column of equal numbers.
Columns = dict[str, Column | int]
Table = NDArray[np.void]

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
#: A TCP conversation that opened, carried something and closed.
WHOLE = FIN | SYN | PSH | ACK
TCP, UDP = 6, 17

#: A record is cut after this, whether its flow is over or not.
ACTIVE_TIMEOUT = 5 * MINUTE

_NAMES = (
    "start",
    "end",
    "src",
    "dst",
    "sport",
    "dport",
    "protocol",
    "flags",
    "packets",
    "octets",
)
_ROW = np.dtype([(name, np.int64) for name in _NAMES])


def number(address: str) -> int:
    """Return an IPv4 address as a number."""
    return int(ip_address(address))


class Flows:
    """Gathers flow records; every argument may be one number or a column of them."""

    def __init__(self) -> None:
        """Begin without records."""
        self._parts: list[Table] = []

    def add(self, **columns: Column | int) -> None:
        """Add records in one direction; the names are those of the columns of the table."""
        count = max(len(np.atleast_1d(column)) for column in columns.values())
        part = np.zeros(count, dtype=_ROW)
        for name, column in columns.items():
            part[name] = column
        self._parts.append(part)

    def talk(self, there: Columns, packets: Column, octets: Column) -> None:
        """Add conversations in both directions.

        Args:
            there: The columns of the opening direction, packets and octets included.
            packets: Packets of the answers.
            octets: Octets of the answers.
        """
        self.add(**there)
        back = dict(there)
        for one, other in (("src", "dst"), ("sport", "dport")):
            back[one], back[other] = there[other], there[one]
        self.add(**(back | {"packets": packets, "octets": octets}))

    def table(self) -> Table:
        """Return all records by end, long ones cut, equal ends in the order they were added."""
        if not self._parts:
            return np.zeros(0, dtype=_ROW)
        rows = _cut(np.concatenate(self._parts))
        return rows[np.argsort(rows["end"], kind="stable")]


def _cut(rows: Table) -> Table:
    """Cut the records that outlast the active timeout: the handshake in the first, the end last."""
    length = rows["end"] - rows["start"]
    pieces = length // ACTIVE_TIMEOUT + 1
    if not (pieces > 1).any():
        return rows
    place = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    cut = np.repeat(rows, pieces)
    count = np.repeat(pieces, pieces)
    cut["start"] += place * ACTIVE_TIMEOUT
    last = place == count - 1
    cut["end"] = np.where(last, cut["end"], cut["start"] + ACTIVE_TIMEOUT - 1_000)
    for name in ("packets", "octets"):
        cut[name] = np.maximum(cut[name] // count, 1)
    tcp = cut["protocol"] == TCP
    many = count > 1
    cut["flags"] = np.where(tcp & many & (place > 0), cut["flags"] & ~SYN, cut["flags"])
    cut["flags"] = np.where(tcp & many & ~last, cut["flags"] & ~FIN, cut["flags"])
    return cut
