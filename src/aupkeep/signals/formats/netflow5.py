"""NetFlow version 5: datagrams out of files, and their records as columns.

In: a capture, or bare datagrams one after another, or datagrams from a socket. Out: the headers
and flow records of all readable datagrams as two structured arrays, and rejects. The layout is
Cisco's "NetFlow Export Datagram Format": a 24-byte header and at most 30 records of 48 bytes, all
big endian, flow times as milliseconds of the exporter's uptime.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aupkeep.signals.formats import pcap
from aupkeep.signals.formats.pcap import Datagram
from aupkeep.signals.parsed import KEPT_OF_REJECT, Reject

#: Fields of the header: uptime in ms, export time in seconds and residual nanoseconds.
HEADER = np.dtype(
    [
        ("version", ">u2"),
        ("count", ">u2"),
        ("uptime", ">u4"),
        ("seconds", ">u4"),
        ("nanoseconds", ">u4"),
        ("sequence", ">u4"),
        ("engine_type", "u1"),
        ("engine_id", "u1"),
        ("sampling", ">u2"),
    ]
)
RECORD = np.dtype(
    [
        ("src", ">u4"),
        ("dst", ">u4"),
        ("next_hop", ">u4"),
        ("input", ">u2"),
        ("output", ">u2"),
        ("packets", ">u4"),
        ("octets", ">u4"),
        ("first", ">u4"),
        ("last", ">u4"),
        ("src_port", ">u2"),
        ("dst_port", ">u2"),
        ("pad1", "u1"),
        ("flags", "u1"),
        ("protocol", "u1"),
        ("tos", "u1"),
        ("src_as", ">u2"),
        ("dst_as", ">u2"),
        ("src_mask", "u1"),
        ("dst_mask", "u1"),
        ("pad2", ">u2"),
    ]
)
MOST_RECORDS = 30
_VERSION = 5
_HEAD = 24
_EACH = 48
_COUNTS = struct.Struct(">HH")
_EXPORT = struct.Struct(">II")
_SECOND = 1_000_000_000
_MARK = b"\x00\x05\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The readable datagrams of a batch, in their order.

    `headers` has one entry a datagram, `records` one a flow; `owner` is the number of the flow's
    datagram and `index` its place inside it.
    """

    datagrams: list[Datagram]
    headers: NDArray[np.void]
    records: NDArray[np.void]
    owner: NDArray[np.int64]
    index: NDArray[np.int64]
    rejects: list[Reject]


def datagrams(data: bytes, exporter: str) -> tuple[list[Datagram], list[Reject]]:
    """Return the datagrams of a file and what could not be read.

    A capture is known by its first bytes and names its exporters itself. Anything else is taken
    as bare NetFlow v5 datagrams of `exporter`, whose receipt is their export time.
    """
    if not pcap.is_capture(data):
        return _bare(data, exporter)
    found: list[Datagram] = []
    rejects: list[Reject] = []
    for item in pcap.read(data):
        if isinstance(item, Reject):
            rejects.append(item)
        else:
            found.append(item)
    return found, rejects


def decode(batch: list[Datagram]) -> Decoded:
    """Return headers and records of `batch` as columns; what does not fit becomes a reject."""
    kept: list[Datagram] = []
    rejects: list[Reject] = []
    heads: list[bytes] = []
    bodies: list[bytes] = []
    for datagram in batch:
        payload = datagram.payload
        reason = fault(payload)
        if reason:
            rejects.append(Reject(datagram.offset, payload[:KEPT_OF_REJECT], reason))
            continue
        kept.append(datagram)
        heads.append(payload[:_HEAD])
        bodies.append(payload[_HEAD : _HEAD + _EACH * payload[3]])
    headers = np.frombuffer(b"".join(heads), dtype=HEADER)
    records = np.frombuffer(b"".join(bodies), dtype=RECORD)
    counts = headers["count"].astype(np.int64)
    owner = np.repeat(np.arange(len(kept), dtype=np.int64), counts)
    begins = np.cumsum(counts) - counts
    index = np.arange(len(records), dtype=np.int64) - begins[owner]
    return Decoded(
        datagrams=kept, headers=headers, records=records, owner=owner, index=index, rejects=rejects
    )


def fault(payload: bytes) -> str:
    """Return why `payload` is no NetFlow v5 datagram, or an empty text."""
    if len(payload) < _HEAD:
        return "shorter than a NetFlow header"
    version, count = _COUNTS.unpack_from(payload)
    if version != _VERSION:
        return f"version {version}, not NetFlow 5"
    if not 1 <= count <= MOST_RECORDS:
        return f"a NetFlow 5 datagram has 1 to 30 records, this says {count}"
    if len(payload) < _HEAD + _EACH * count:
        return f"cut short: {count} records do not fit"
    return ""


def export_time(payload: bytes) -> int:
    """Return the instant (µs UTC) at which a whole datagram says it was sent."""
    seconds, residual = _EXPORT.unpack_from(payload, 8)
    return int(seconds) * 1_000_000 + (int(residual) // 1000 if residual < _SECOND else 0)


def export_times(headers: NDArray[np.void]) -> NDArray[np.int64]:
    """Return the export instants (µs UTC); a residual of a second or more is no residual."""
    residual = headers["nanoseconds"].astype(np.int64)
    residual[residual >= _SECOND] = 0
    return headers["seconds"].astype(np.int64) * 1_000_000 + residual // 1000


def _bare(data: bytes, exporter: str) -> tuple[list[Datagram], list[Reject]]:
    found: list[Datagram] = []
    rejects: list[Reject] = []
    at = 0
    while at < len(data):
        count = data[at + 3] if at + _HEAD <= len(data) else 0
        end = at + _HEAD + _EACH * count
        payload = data[at:end]
        reason = fault(payload)
        if reason:
            rejects.append(pcap.reject(data, at, reason))
            at = _resume(data, at + 1)
            continue
        found.append(
            Datagram(
                received_at=export_time(payload), exporter=exporter, payload=payload, offset=at
            )
        )
        at = end
    return found, rejects


def _resume(data: bytes, at: int) -> int:
    """Return where the next whole datagram begins that another, or the end, follows."""
    while True:
        at = data.find(_MARK, at)
        if at < 0 or at + _HEAD > len(data):
            return len(data)
        end = at + _HEAD + _EACH * min(data[at + 3], MOST_RECORDS)
        if not fault(data[at:end]) and (end == len(data) or data[end : end + 3] == _MARK):
            return at
        at += 1
