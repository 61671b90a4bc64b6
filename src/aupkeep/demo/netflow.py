"""NetFlow version 5 datagrams as a router sends them, bare or in a capture.

In: a table of flow records and the exporter. Out: datagrams with their export instants, and the
bytes of a file. A header is 24 octets (version, count, uptime ms, seconds, nanoseconds, sequence,
engine type and id, sampling) and a record 48, big endian (Cisco NetFlow Export Datagram Format).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from aupkeep.base.clock import SECOND
from aupkeep.demo.flows import Table, number

#: Records a datagram holds at most.
MOST = 30
PORT = 2055
#: A flow is exported this long after its end at the earliest (inactive timeout) ...
INACTIVE_TIMEOUT = 15 * SECOND
#: ... and records wait this long for others to fill a datagram.
FLUSH = 30 * SECOND
_MILLI = 1_000

_HEADER = struct.Struct(">HHIIIIBBH")
_CAPTURE = struct.Struct("<IHHiIII")
_PACKET = struct.Struct("<IIII")
_IPV4 = struct.Struct(">BBHHHBBHII")
_UDP = struct.Struct(">HHHH")
_ETHERNET = bytes.fromhex("02000000002a02000000000a0800")
_RECORD = np.dtype(
    [
        ("src", ">u4"),
        ("dst", ">u4"),
        ("hop", ">u4"),
        ("input", ">u2"),
        ("output", ">u2"),
        ("packets", ">u4"),
        ("octets", ">u4"),
        ("first", ">u4"),
        ("last", ">u4"),
        ("sport", ">u2"),
        ("dport", ">u2"),
        ("pad", "u1"),
        ("flags", "u1"),
        ("protocol", "u1"),
        ("service", "u1"),
        ("src_as", ">u2"),
        ("dst_as", ">u2"),
        ("src_mask", "u1"),
        ("dst_mask", "u1"),
        ("pad2", ">u2"),
    ]
)

Datagram = tuple[int, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """An exporter and the collector it sends to."""

    address: str
    collector: str
    #: Instant of its last start, whole milliseconds.
    boot: int
    engine: int = 0
    #: First sequence number of the fortnight: flows exported since the start.
    sequence: int = 0


def datagrams(table: Table, router: Router) -> list[Datagram]:
    """Return (export instant, bytes) for all records of `table`, which is sorted by end."""
    window = table["end"] // FLUSH
    breaks = np.flatnonzero(np.diff(window, prepend=-1))
    place = np.arange(len(table)) - np.repeat(breaks, np.diff(breaks, append=len(table)))
    starts = [int(start) for start in np.flatnonzero(place % MOST == 0)]
    body = _records(table, router).tobytes()
    found, previous = [], 0
    for start, end in pairwise([*starts, len(table)]):
        ready = (int(window[start]) + 1) * FLUSH + INACTIVE_TIMEOUT
        previous = max(previous + _MILLI, ready)
        head = _head(router, previous, start, end - start)
        found.append((previous, head + body[start * _RECORD.itemsize : end * _RECORD.itemsize]))
    return found


def _head(router: Router, at: int, sent: int, count: int) -> bytes:
    seconds, micros = divmod(at, SECOND)
    uptime = (at - router.boot) // _MILLI
    sequence = (router.sequence + sent) % (1 << 32)
    return _HEADER.pack(5, count, uptime, seconds, micros * 1_000, sequence, 0, router.engine, 0)


def _records(table: Table, router: Router) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    records = np.zeros(len(table), dtype=_RECORD)
    for name in ("src", "dst", "sport", "dport", "flags", "protocol", "packets"):
        records[name] = table[name]
    records["octets"] = np.minimum(table["octets"], (1 << 32) - 1)
    records["first"] = (table["start"] - router.boot) // _MILLI
    records["last"] = (table["end"] - router.boot) // _MILLI
    records["hop"] = number(router.address)
    records["input"], records["output"] = 1, 2
    records["src_mask"] = records["dst_mask"] = 24
    return records


def capture(sent: Iterable[Datagram], router: Router) -> bytes:
    """Return a classic capture file (microseconds, Ethernet) of the datagrams on their way."""
    parts = [_CAPTURE.pack(0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)]
    source, target = number(router.address), number(router.collector)
    for place, (at, payload) in enumerate(sent):
        udp = _UDP.pack(PORT, PORT, 8 + len(payload), 0)
        frame = _ETHERNET + _ipv4(source, target, 28 + len(payload), place % 65_536) + udp + payload
        seconds, micros = divmod(at + 350, SECOND)
        parts.append(_PACKET.pack(seconds, micros, len(frame), len(frame)) + frame)
    return b"".join(parts)


def _ipv4(source: int, target: int, length: int, place: int) -> bytes:
    words = (0x4500, length, place, 0x4000, 0x4011, source >> 16, source, target >> 16, target)
    total = sum(word & 0xFFFF for word in words)
    total = (total & 0xFFFF) + (total >> 16)
    check = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return _IPV4.pack(0x45, 0, length, place, 0x4000, 0x40, 17, check, source, target)
