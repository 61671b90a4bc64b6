"""What the books say from one provider's point of view.

In: all holdings and networks, and a provider. Out: `Scope`. A provider's own books come first.
Where they say nothing, another provider's do, but only about things that mean the same
everywhere: never about system users, short logins, file paths or private addresses.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from aupkeep.attribution.addresses import OUTSIDE, AddressBook, Block, Claim
from aupkeep.attribution.coding import Ints
from aupkeep.attribution.holders import OUTSIDER, Holders
from aupkeep.attribution.holdings import Holding
from aupkeep.attribution.names import Name, NameBook, NameClaim
from aupkeep.attribution.values import Network

#: Address space that every network may use for itself (RFC 1918, 3927, 4193, 4291, 6598).
_PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)
#: The machine itself: inside, and held by nobody unless the books say so.
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))

# Ranks: the lower decides. Own books before foreign ones, a range of ports before the whole
# address, an address before a prefix, a longer prefix before a shorter one.
_FOREIGN = 1000
_PORT_RANGE = 0
_ADDRESS = 1
_PREFIX = 2


class Entry(NamedTuple):
    """A holding, read once for all scopes."""

    holding: Holding
    holder: int
    #: Of the kinds `ip` and `prefix`.
    network: Network | None

    #: The value means the same thing to every provider.
    travels: bool


def read_entry(holding: Holding, holder: int) -> Entry:
    """Prepare a holding; raises `ValueError` where it should have an address and has none."""
    if holding.kind in {"ip", "prefix"}:
        network = ipaddress.ip_network(holding.value)
        return Entry(
            holding=holding, holder=holder, network=network, travels=not _is_private(network)
        )
    match holding.kind:
        case "user":
            travels = False
        case "login":
            travels = "@" in holding.value
        case "path":
            travels = not holding.value.startswith("/")
        case _:
            travels = True
    return Entry(holding=holding, holder=holder, network=None, travels=travels)


class Scope:
    """The books as one provider sees them; immutable once built."""

    def __init__(
        self,
        provider: str,
        entries: Iterable[Entry],
        networks: Mapping[str, Sequence[Network]],
        holders: Holders,
    ) -> None:
        """Index what `provider` may use; an empty name sees only what travels."""
        blocks: dict[Block, list[Claim]] = defaultdict(list)
        names: dict[Name, list[NameClaim]] = defaultdict(list)
        #: The provider's networks or addresses are known, so others are outside.
        self.knows_addresses = bool(networks.get(provider))
        for entry in entries:
            own = entry.holding.provider == provider
            if not own and not entry.travels:
                continue
            if entry.network is None:
                names[entry.holding.kind, entry.holding.value].append(_name_claim(entry, own=own))
            else:
                blocks[_block(entry.network)].append(_claim(entry, entry.network, own=own))
                self.knows_addresses |= own
        for owner, prefixes in networks.items():
            for network in prefixes:
                if owner == provider or not _is_private(network):
                    blocks.setdefault(_block(network), [])
        for network in _LOOPBACK:
            blocks.setdefault(_block(network), [])
        self.addresses = AddressBook(blocks, holders)
        self.names = NameBook(names, holders)

    def clients(self, addresses: pl.Series, ports: Ints, times: Ints) -> tuple[Ints, Ints]:
        """Answer each row by the address that acted; null addresses find nobody.

        Returns the answers (`OUTSIDER` for an address of others, where it is known which are
        ours) and since when their owner has been the same.
        """
        slots = self.addresses.locate(addresses)
        answers, settled = self.addresses.at(slots, ports, times)
        outside = (slots == OUTSIDE) & self.knows_addresses
        return np.where(outside, OUTSIDER, answers), settled


def _is_private(network: Network) -> bool:
    return any(
        network.version == private.version
        and int(network.network_address) <= int(private.broadcast_address)
        and int(private.network_address) <= int(network.broadcast_address)
        for private in _PRIVATE
    )


def _block(network: Network) -> Block:
    return network.version, int(network.network_address), int(network.broadcast_address)


def _claim(entry: Entry, network: Network, *, own: bool) -> Claim:
    holding = entry.holding
    first, last = holding.port_from, holding.port_to
    ports = None if first is None or last is None else (first, last)
    if holding.kind == "prefix":
        rank = _PREFIX + network.max_prefixlen - network.prefixlen
    else:
        rank = _ADDRESS if ports is None else _PORT_RANGE
    return Claim(
        rank=rank if own else rank + _FOREIGN,
        holder=entry.holder,
        since=holding.since,
        until=holding.until,
        ports=ports,
    )


def _name_claim(entry: Entry, *, own: bool) -> NameClaim:
    return NameClaim(
        rank=0 if own else _FOREIGN,
        holder=entry.holder,
        since=entry.holding.since,
        until=entry.holding.until,
    )
