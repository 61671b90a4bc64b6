"""Which addresses may be looked at: those of the provider's own networks.

In: a host out of a stranger's report. Out: an address to connect to, or why there is none. Whoever
writes a report could name any host, so nothing outside is ever called.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Why a host is not looked at."""

    why: str


@dataclass(frozen=True, slots=True)
class Inside:
    """The networks of one provider."""

    #: Prefixes such as `198.51.100.0/24`.
    networks: tuple[str, ...]

    def has(self, address: str) -> bool:
        """Whether `address` is in one of the networks."""
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in ip_network(text, strict=False) for text in self.networks)

    def address(self, host: str) -> str | Outside:
        """Return the address to connect to for `host`, whose every address must be inside."""
        try:
            found = _addresses(host)
        except (OSError, UnicodeError):
            return Outside(why=f"{host} has no address")
        if not found or not all(self.has(address) for address in found):
            return Outside(why=f"{host} is not in this provider's networks")
        return found[0]


def _addresses(host: str) -> list[str]:
    known: Iterable[str] = (
        str(item[4][0]) for item in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    )
    return list(dict.fromkeys(known))
