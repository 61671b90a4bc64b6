"""What traffic is meant: an address, or one port of it.

In: the text of a target, `198.51.100.7`, `198.51.100.7:25/tcp` or `[2001:db8::7]:53/udp`. Out: its
parts, or why it is none. Only single addresses are: a prefix would fall on other customers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: `re.ASCII`: other scripts have digits too.
_PORT = re.compile(r"(?:\[([^\]]+)\]|([^:\[\]]+)):(\d{1,5})/(tcp|udp)", re.ASCII)
_LARGEST_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address, or one port of it."""

    address: Address
    #: 0: all traffic of the address.
    port: int = 0
    protocol: str = ""

    @property
    def family(self) -> str:
        """The ending of the names of the sets that it stands in."""
        return str(self.address.version)

    @property
    def text(self) -> str:
        """The one spelling of it."""
        if not self.port:
            return str(self.address)
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)  # noqa: PLR2004
        return f"{host}:{self.port}/{self.protocol}"


def parse(text: str) -> Target:
    """Return the target that `text` names; raises `ValueError` in plain words."""
    match = _PORT.fullmatch(text)
    if match is None:
        return Target(address=_address(text))
    port = int(match[3])
    if not 0 < port <= _LARGEST_PORT:
        raise ValueError(f"a port is a number from 1 to {_LARGEST_PORT}")
    address = _address(match[1] or match[2])
    if (address.version == 6) != bool(match[1]):  # noqa: PLR2004
        raise ValueError("an address of version 6 with a port stands in brackets, no other does")
    return Target(address=address, port=port, protocol=match[4])


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return prefixes; raises `ValueError` for what is none."""
    return tuple(ip_network(text) for text in texts)


def inside(address: Address, among: Iterable[Network]) -> bool:
    """Whether `address` is in one of the prefixes."""
    return any(address.version == one.version and address in one for one in among)


def _address(text: str) -> Address:
    try:
        address = ip_address(text)
    except ValueError:
        raise ValueError("this is no single address, and no ADDRESS:PORT/tcp or /udp") from None
    if isinstance(address, IPv6Address) and (address.scope_id or address.ipv4_mapped):
        raise ValueError("an address with a zone, or one of version 4 in another guise, is refused")
    if address.is_loopback or address.is_multicast or address.is_unspecified:
        raise ValueError("no customer has a loopback, multicast or unspecified address")
    if address.is_link_local:
        raise ValueError("a link-local address names no one customer")
    return address
