"""NetFlow v5 records as rows of the flow schema, a column at a time.

In: the decoded records of a batch and, for each datagram, where it stands and who sent it. Out: a
frame without the columns that attribution sets, and which records cannot be true. Flow times are
milliseconds of uptime; they are taken relative to the header's own uptime, so a wrap between the
two does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aupkeep.events.schema import FLOW
from aupkeep.signals.formats import netflow5

_ICMP, _TCP, _UDP = 1, 6, 17
_SYN, _ACK = 0x02, 0x10
_WELL_KNOWN = 1024
#: A connection attempt that nobody answered is the SYN and at most two repetitions.
MOST_HALF_OPEN = 3
#: SYN, the ACK of the answer, and one more packet that made use of it.
LEAST_HANDSHAKE = 3
#: ICMP types that ask: echo, time stamp, information, address mask (RFC 792, RFC 950).
_ASKING = np.array([8, 13, 15, 17])
#: A record may end this little after its datagram was stamped: some exporters write the header
#: first. Anything beyond is a wrong clock.
_SLACK_MS = 1000

_PAIRS = pl.Series([f"{high}.{low}" for high in range(256) for low in range(256)])
_PAIRS_DOT = pl.Series([f"{high}.{low}." for high in range(256) for low in range(256)])
_PROTOCOLS = pl.Series(
    [{_ICMP: "icmp", _TCP: "tcp", _UDP: "udp"}.get(number, str(number)) for number in range(256)]
)

#: Columns of the intake's frame: identity, then the flow schema.
SCHEMA: dict[str, pl.DataType] = {
    "event_time": pl.Int64(),
    "stream": pl.Int64(),
    "position": pl.Int64(),
    "part": pl.Int64(),
    "source": pl.Int32(),
    "authenticated": pl.Boolean(),
    **FLOW,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What is known of each datagram of a batch, one entry a datagram."""

    stream: NDArray[np.int64]
    position: NDArray[np.int64]
    exporter: list[str]
    authenticated: NDArray[np.bool_]
    guarded: NDArray[np.bool_]
    #: Configured sampling, 0 where the header is to be believed.
    sampling: NDArray[np.int64]


def future(decoded: netflow5.Decoded) -> NDArray[np.bool_]:
    """Return which records end after the export that tells of them: no clock can be right."""
    return _age(decoded) < -_SLACK_MS


def rows(
    decoded: netflow5.Decoded, placed: Placed, keep: NDArray[np.bool_], *, source: int
) -> pl.DataFrame:
    """Return the records in `keep` as rows of `SCHEMA`, in their order."""
    chosen = slice(None) if keep.all() else keep
    records, owner = decoded.records[chosen], decoded.owner[chosen]
    ended = netflow5.export_times(decoded.headers)[owner] - _age(decoded)[chosen] * 1000
    length = _unsigned(records, "last") - _unsigned(records, "first") & 0xFFFFFFFF
    # A start after the end (some exporters write 0) says nothing about when the flow began.
    started = pl.Series("started", ended - length * 1000).set(pl.Series(length >= 1 << 31), None)
    frame = pl.DataFrame(
        {
            "event_time": ended,
            "stream": placed.stream[owner],
            "position": placed.position[owner] + decoded.index[chosen],
            "authenticated": placed.authenticated[owner],
            "guarded": placed.guarded[owner],
            "exporter": pl.Series(placed.exporter, dtype=pl.String).gather(owner),
            "sampling": _sampling(decoded.headers, placed.sampling).gather(owner),
            "started": started,
            **_record_columns(records),
        }
    )
    absent = [
        pl.lit(None, dtype=kind).alias(name)
        for name, kind in FLOW.items()
        if name not in frame.columns
    ]
    constant = [pl.lit(0, pl.Int64).alias("part"), pl.lit(source, pl.Int32).alias("source")]
    return frame.with_columns(*constant, *absent).select(list(SCHEMA))


def _record_columns(records: NDArray[np.void]) -> dict[str, pl.Series | NDArray[np.generic]]:
    """Return the columns that follow from the records alone."""
    src_port, dst_port = _unsigned(records, "src_port"), _unsigned(records, "dst_port")
    flags, packets = _unsigned(records, "flags"), _unsigned(records, "packets")
    protocol = records["protocol"]
    tcp = protocol == _TCP
    syn, ack = flags & _SYN != 0, flags & _ACK != 0
    half_open = tcp & syn & ~ack & (packets <= MOST_HALF_OPEN)
    to_service = (dst_port < _WELL_KNOWN) & (src_port >= _WELL_KNOWN) | (dst_port < src_port)
    asking = (protocol == _ICMP) & np.isin(dst_port >> 8, _ASKING)
    opened = half_open | tcp & syn & to_service | (protocol == _UDP) & (dst_port < src_port)
    return {
        "src_ip": _address(records["src"]),
        "dst_ip": _address(records["dst"]),
        "src_port": src_port,
        "dst_port": dst_port,
        "protocol": _PROTOCOLS.gather(protocol.astype(np.uint32)),
        "tcp_flags": flags,
        "packets": packets,
        "bytes": _unsigned(records, "octets"),
        "half_open": half_open,
        "initiated": opened | asking,
        "handshake": tcp & syn & ack & (packets >= LEAST_HANDSHAKE),
    }


def _age(decoded: netflow5.Decoded) -> NDArray[np.int64]:
    """Return how many ms before its export each flow ended; negative where it ends after it.

    The difference of two 32-bit uptimes, read as the nearest to zero: within 24.8 days.
    """
    uptime = _unsigned(decoded.headers, "uptime")[decoded.owner]
    apart = uptime - _unsigned(decoded.records, "last")
    return (apart + (1 << 31) & 0xFFFFFFFF) - (1 << 31)


def _sampling(headers: NDArray[np.void], configured: NDArray[np.int64]) -> pl.Series:
    """Return one packet in how many was seen, a datagram: configured, else the header's word.

    The top two bits are the mode, the rest the interval. Neither set means every packet was
    seen; a mode without an interval is unknown (null).
    """
    stated = _unsigned(headers, "sampling")
    interval = stated & 0x3FFF
    value = np.where(configured > 0, configured, np.where(stated == 0, 1, interval))
    return pl.Series(value).set(pl.Series(value == 0), None)


def _address(numbers: NDArray[np.generic]) -> pl.Series:
    """Return the dotted text of packed IPv4 addresses."""
    native = numbers.astype(np.uint32)
    return _PAIRS_DOT.gather(native >> 16) + _PAIRS.gather(native & 0xFFFF)


def _unsigned(array: NDArray[np.void], name: str) -> NDArray[np.int64]:
    """Return a big-endian column as native 64-bit integers."""
    column: NDArray[np.int64] = array[name].astype(np.int64)
    return column
