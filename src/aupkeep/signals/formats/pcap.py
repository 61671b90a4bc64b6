"""Captures: UDP datagrams out of classic pcap and pcapng files.

In: the bytes of a capture file. Out: datagrams with receipt time and sender, and rejects for what
could not be read. A capture that breaks off gives all that stood before the break. File layouts:
draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from aupkeep.signals.formats import pcap_frames
from aupkeep.signals.parsed import KEPT_OF_REJECT, Reject

#: Classic captures: first four bytes -> byte order, ticks a second.
_CLASSIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000_000_000),
    b"\xa1\xb2\x3c\x4d": (">", 1_000_000_000),
}
_SECTION = b"\x0a\x0d\x0d\x0a"
_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 1, 2, 3, 6
#: No capture program writes longer packets (libpcap refuses them too).
_LONGEST_PACKET = 262_144
_LONGEST_BLOCK = 1 << 24
_MICROS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Datagram:
    """One UDP payload as it reached a collector."""

    #: Microseconds UTC; 0 where the capture does not say.
    received_at: int
    #: Address of the sender, lower case.
    exporter: str
    payload: bytes
    #: Byte offset of its record in the file, or its running number on a socket.
    offset: int


@dataclass(frozen=True, slots=True)
class _Interface:
    """What a pcapng section says about one interface: link type, clock, offset in seconds."""

    link: int
    ticks: int = _MICROS
    shift: int = 0


def is_capture(data: bytes) -> bool:
    """Say whether `data` begins as a classic pcap or a pcapng file does."""
    return data[:4] in _CLASSIC or (data[:4] == _SECTION and data[8:12] in _ORDERS)


def read(data: bytes) -> Iterator[Datagram | Reject]:
    """Yield the UDP datagrams of a capture in file order, and rejects in their places.

    Frames without UDP are passed over in silence. Never raises: junk ends in one `Reject`.
    """
    if data[:4] in _CLASSIC:
        return _classic(data)
    if is_capture(data):
        return _sections(data)
    return iter([reject(data, 0, "not a capture file")])


def reject(data: bytes, at: int, reason: str, *, end: int | None = None) -> Reject:
    """Return the reject of what stands from `at` to `end` (or goes on unread) in `data`."""
    kept = at + KEPT_OF_REJECT
    return Reject(at, data[at : kept if end is None else min(end, kept)], reason)


def _classic(data: bytes) -> Iterator[Datagram | Reject]:
    order, ticks = _CLASSIC[data[:4]]
    at = 24
    if len(data) < at:
        yield reject(data, 0, "capture header cut short")
        return
    link = int(struct.unpack_from(order + "I", data, 20)[0]) & 0xFFFF
    head = struct.Struct(order + "IIII")
    while at < len(data):
        if at + 16 > len(data):
            yield reject(data, at, "packet header cut short")
            return
        seconds, fraction, length, _ = head.unpack_from(data, at)
        start, end = at + 16, at + 16 + length
        if length > _LONGEST_PACKET:
            yield reject(data, at, "packet length out of range")
            return
        if end > len(data):
            yield reject(data, at, "packet cut short")
            return
        moment = seconds * _MICROS + fraction * _MICROS // ticks
        yield from _frame(link, data, (start, end), at, moment)
        at = end


def _frame(
    link: int, data: bytes, span: tuple[int, int], at: int, moment: int
) -> Iterator[Datagram | Reject]:
    carried = pcap_frames.udp(link, data[span[0] : span[1]])
    if isinstance(carried, str):
        yield reject(data, at, carried, end=span[1])
    elif carried is not None:
        exporter, payload = carried
        yield Datagram(received_at=moment, exporter=exporter, payload=payload, offset=at)


def _sections(data: bytes) -> Iterator[Datagram | Reject]:
    """Walk the blocks of a pcapng file; each section header sets the byte order anew."""
    at, order = 0, "<"
    interfaces: list[_Interface] = []
    while at < len(data):
        if data[at : at + 4] == _SECTION:
            order = _ORDERS.get(data[at + 8 : at + 12], "")
            interfaces = []
        if not order or at + 12 > len(data):
            yield reject(data, at, "block header cut short" if order else "unknown byte order")
            return
        kind, length = struct.unpack_from(order + "II", data, at)
        if length < 12 or length % 4 or length > _LONGEST_BLOCK:  # noqa: PLR2004 - least block
            yield reject(data, at, "block length out of range")
            return
        if at + length > len(data):
            yield reject(data, at, "block cut short")
            return
        body = (at + 8, at + length - 4)
        if kind == _INTERFACE:
            interfaces.append(_interface(data, body, order))
        else:
            yield from _block(kind, data, body, order, interfaces)
        at += length


def _block(
    kind: int, data: bytes, body: tuple[int, int], order: str, interfaces: list[_Interface]
) -> Iterator[Datagram | Reject]:
    """Read one packet block; blocks of other kinds say nothing about packets."""
    start, end = body
    least = {_PACKET: 20, _OLD_PACKET: 20, _SIMPLE_PACKET: 4}.get(kind)
    if least is None:
        return
    if start + least > end:
        yield reject(data, start - 8, "packet block cut short", end=end)
        return
    number, high, low, length = 0, 0, 0, 0
    if kind == _SIMPLE_PACKET:
        # It states only the original length; the block itself bounds what was kept.
        length = min(int(struct.unpack_from(order + "I", data, start)[0]), end - start - least)
    else:
        layout = "IIII" if kind == _PACKET else "HxxIII"
        number, high, low, length = struct.unpack_from(order + layout, data, start)
    if number >= len(interfaces):
        yield reject(data, start - 8, "packet of an interface that was not described", end=end)
        return
    if start + least + length > end:
        yield reject(data, start - 8, "packet block cut short", end=end)
        return
    interface = interfaces[number]
    moment = 0
    if kind != _SIMPLE_PACKET:
        moment = (high << 32 | low) * _MICROS // interface.ticks + interface.shift * _MICROS
    first = start + least
    yield from _frame(interface.link, data, (first, first + length), start - 8, moment)


def _interface(data: bytes, body: tuple[int, int], order: str) -> _Interface:
    """Read an interface description: link type, and the options for clock and offset."""
    at, end = body
    if at + 8 > end:
        return _Interface(link=0xFFFF)
    link = struct.unpack_from(order + "H", data, at)[0]
    ticks, shift = _MICROS, 0
    at += 8
    while at + 4 <= end:
        code, length = struct.unpack_from(order + "HH", data, at)
        at += 4
        if code == 0 or at + length > end:
            break
        if code == 9 and length == 1:  # noqa: PLR2004 - option if_tsresol
            power = data[at] & 0x7F
            ticks = 2**power if data[at] & 0x80 else 10**power
        elif code == 14 and length == 8:  # noqa: PLR2004 - option if_tsoffset
            shift = struct.unpack_from(order + "q", data, at)[0]
        at += length + -length % 4
    return _Interface(link=link, ticks=ticks, shift=shift)
