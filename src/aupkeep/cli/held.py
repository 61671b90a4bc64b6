"""The addresses that somebody of ours holds or held, as a thing to look in.

In: holdings. Out: a container of address texts. Who held an address at an instant is a question
for attribution; this only says whether an address is one of the provider's at all.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from ipaddress import ip_address, ip_network

from aupkeep.attribution.holdings import Holding

_KINDS = frozenset({"ip", "prefix"})


class HeldAddresses(Container[str]):
    """Every address of the holdings of kind `ip` and `prefix`, whenever held."""

    def __init__(self, holdings: Iterable[Holding]) -> None:
        """Index the blocks by version and length, so that a look-up takes a step a length."""
        self._blocks: dict[tuple[int, int], set[int]] = {}
        for holding in holdings:
            if holding.kind in _KINDS:
                block = ip_network(holding.value)
                key = (block.version, block.prefixlen)
                self._blocks.setdefault(key, set()).add(int(block.network_address))

    def __contains__(self, address: object) -> bool:
        """Say whether `address`, a text, is in one of the blocks."""
        try:
            wanted = ip_address(str(address))
        except ValueError:
            return False
        bits = wanted.max_prefixlen
        return any(
            int(wanted) >> (bits - length) << (bits - length) in starts
            for (version, length), starts in self._blocks.items()
            if version == wanted.version
        )
