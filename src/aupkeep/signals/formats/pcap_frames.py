"""One captured frame down to the UDP payload it carries.

In: the link type of a capture and the bytes of one frame. Out: the sender's address and the
payload, or why there is none to be had. Link types are those of the tcpdump.org registry; header
layouts follow IEEE 802.1Q, RFC 791, RFC 8200 and RFC 768.
"""

from __future__ import annotations

import ipaddress
import struct
from functools import lru_cache

#: What a frame was: (source address, UDP payload), the reason it could not be read, or None for
#: a whole frame that carries no UDP.
Carried = tuple[str, bytes] | str | None

_CUT = "frame cut short"
_IPV4, _IPV6 = 0x0800, 0x86DD
_VLAN_TAGS = frozenset({0x8100, 0x88A8, 0x9100})
_ETHERNET, _SLL, _SLL2 = 1, 113, 276
#: The link header is a 4-byte protocol family: in the writer's byte order (0), big endian (108).
_LOOPBACK = frozenset({0, 108})
#: The frame begins with the IP header.
_RAW = frozenset({12, 14, 101, 228, 229})
_UDP = 17
#: IPv6 extension headers that may stand before UDP: hop-by-hop, routing, destination options.
_EXTENSIONS = frozenset({0, 43, 60})
_FRAGMENT = 44

_U16 = struct.Struct(">H")


def udp(link: int, frame: bytes) -> Carried:
    """Return what `frame` of link type `link` carries (see `Carried`); never raises."""
    if link in _RAW:
        return _ip(frame, 0)
    if link in _LOOPBACK:
        return _ip(frame, 4)
    if link == _ETHERNET:
        return _tagged(frame, 12)
    if link == _SLL:
        return _tagged(frame, 14)
    if link == _SLL2:
        return _ip(frame, 20) if frame[:2] in (b"\x08\x00", b"\x86\xdd") else _short(frame, 20)
    return f"link type {link} is not read"


def _tagged(frame: bytes, at: int) -> Carried:
    """Read the EtherType at `at`, through any VLAN tags, and the packet after it."""
    while at + 2 <= len(frame):
        kind = _U16.unpack_from(frame, at)[0]
        if kind in (_IPV4, _IPV6):
            return _ip(frame, at + 2)
        if kind not in _VLAN_TAGS:
            return None
        at += 4
    return _CUT


def _short(frame: bytes, least: int) -> str | None:
    return _CUT if len(frame) < least else None


def _ip(frame: bytes, at: int) -> Carried:
    """Read the IP packet at `at`; the version nibble decides, whatever the link header said."""
    if at >= len(frame):
        return _CUT
    version = frame[at] >> 4
    if version == 4:  # noqa: PLR2004 - the number is the protocol's name
        return _ipv4(frame, at)
    if version == 6:  # noqa: PLR2004 - the number is the protocol's name
        return _ipv6(frame, at)
    return None


def _ipv4(frame: bytes, at: int) -> Carried:
    if at + 20 > len(frame):
        return _CUT
    if frame[at + 9] != _UDP:
        return None
    if _U16.unpack_from(frame, at + 6)[0] & 0x3FFF:
        return "UDP in IP fragments"
    header = (frame[at] & 15) * 4
    return _payload(frame, at + max(header, 20), frame[at + 12 : at + 16])


def _ipv6(frame: bytes, at: int) -> Carried:
    if at + 40 > len(frame):
        return _CUT
    source = frame[at + 8 : at + 24]
    following = frame[at + 6]
    at += 40
    while following in _EXTENSIONS:
        if at + 2 > len(frame):
            return _CUT
        following, length = frame[at], frame[at + 1]
        at += (length + 1) * 8
    if following == _FRAGMENT:
        return "UDP in IP fragments"
    return _payload(frame, at, source) if following == _UDP else None


def _payload(frame: bytes, at: int, source: bytes) -> Carried:
    if at + 8 > len(frame):
        return _CUT
    length = _U16.unpack_from(frame, at + 4)[0]
    # Zero is a jumbogram or a checksum offload: the payload then ends with the frame.
    end = at + length if length else len(frame)
    if end > len(frame) or end < at + 8:
        return _CUT
    return _text(source), frame[at + 8 : end]


@lru_cache(maxsize=4096)
def _text(address: bytes) -> str:
    """Return the text of a packed address; the cache is bounded, exporters are few."""
    return ipaddress.ip_address(address).compressed
