"""Who held an address and port at an instant: longest match first, then the narrower ports.

In: blocks of addresses with their holdings. Out: `AddressBook`, which places whole columns of
addresses and answers (place, port, instant). Blocks are prefixes, so two of them are nested or
apart; the address space is cut once into stretches that lie in the same blocks.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from aupkeep.attribution.coding import Ints, encode
from aupkeep.attribution.holders import AMBIGUOUS, Holders
from aupkeep.attribution.timeline import Stretch, Timeline, build_timeline
from aupkeep.attribution.values import parse_address

#: An address outside every block.
OUTSIDE = -1
#: No address at all.
UNREADABLE = -2

_PORTS = 65_536
_V4 = 4
_V6 = 6
#: Stands after every real port: what is known when the port is not.
_UNKNOWN_PORT = _PORTS
_PORT_STRIDE = 2 * _PORTS
#: Lengths of the decimal numbers 0 to 255.
_DIGITS = np.array([len(str(number)) for number in range(256)], dtype=np.int64)
_OCTETS = 4

#: (IP version, first address, last address).
Block = tuple[int, int, int]


class Claim(NamedTuple):
    """One holding of a block; `ports` is None for all ports."""

    #: The lowest rank that holds at an instant decides.
    rank: int
    holder: int
    since: int
    until: int | None
    ports: tuple[int, int] | None = None


class _Item(NamedTuple):
    rank: int
    holder: int
    #: It is known that some port of the address is meant, not that this range is.
    perhaps: bool


class AddressBook:
    """Immutable once built."""

    def __init__(self, blocks: Mapping[Block, Sequence[Claim]], holders: Holders) -> None:
        """Index `blocks`; a block without claims is inside, but held by nobody."""
        slots: dict[tuple[Block, ...], int] = {}
        self._v4_starts, v4_slots = _cut(_V4, blocks, slots)
        self._v6_starts, v6_slots = _cut(_V6, blocks, slots)
        self._v4_array = np.array(self._v4_starts, dtype=np.int64)
        self._v4_slots = np.array(v4_slots, dtype=np.int64)
        self._v6_slots = v6_slots
        gates: list[int] = []

        def histories() -> Iterable[list[Stretch[_Item]]]:
            for slot, chain in enumerate(slots):
                claims = [claim for block in chain for claim in blocks[block]]
                for port, history in _by_port(claims):
                    gates.append(slot * _PORT_STRIDE + port)
                    yield history

        self._timeline: Timeline = build_timeline(histories(), _decider(holders), holders.owner)
        self._gates = np.array(gates, dtype=np.int64)

    def locate(self, values: pl.Series) -> Ints:
        """Return the slot of each address, `OUTSIDE`, or `UNREADABLE` (null and other text)."""
        distinct, codes = encode(values)
        return np.append(self._slots_of(distinct), UNREADABLE)[codes]

    def at(self, slots: Ints, ports: Ints, times: Ints) -> tuple[Ints, Ints]:
        """Return each row's answer and since when its owner has been the same.

        Args:
            slots: what `locate` returned.
            ports: port of each row; anything that is no port counts as not known.
            times: instants in microseconds UTC.
        """
        known = (ports >= 0) & (ports < _PORTS)
        place = slots * _PORT_STRIDE + np.where(known, ports, _UNKNOWN_PORT)
        gates = np.searchsorted(self._gates, place, side="right") - 1
        return self._timeline.at(np.where(slots >= 0, gates, OUTSIDE), times)

    def _slots_of(self, texts: pl.Series) -> Ints:
        if texts.is_empty():
            return np.empty(0, dtype=np.int64)
        numbers = _parse_v4(texts)
        slots = np.full(len(texts), OUTSIDE, dtype=np.int64)
        if self._v4_starts:
            found = np.searchsorted(self._v4_array, numbers, side="right") - 1
            inside = (numbers >= 0) & (found >= 0)
            slots[inside] = self._v4_slots[found[inside]]
        for index in np.flatnonzero(numbers < 0).tolist():
            slots[index] = self._slot_of(texts[index])
        return slots

    def _slot_of(self, text: str) -> int:
        address = parse_address(text)
        if address is None:
            return UNREADABLE
        starts = self._v4_starts if address.version == _V4 else self._v6_starts
        found = bisect_right(starts, int(address)) - 1
        if found < 0:
            return OUTSIDE
        return int(self._v4_slots[found]) if address.version == _V4 else self._v6_slots[found]


def _parse_v4(texts: pl.Series) -> Ints:
    """Return dotted quads as numbers, and -1 for every other text."""
    parts = texts.str.splitn(".", _OCTETS).struct.unnest()
    octets = parts.select(pl.all().cast(pl.UInt8, strict=False).cast(pl.Int64).fill_null(-1))
    fields = octets.to_numpy().astype(np.int64, copy=False).reshape(len(texts), _OCTETS)
    # A sign or a leading zero makes the text longer than the quad that was read.
    digits = _DIGITS[fields].sum(axis=1) + _OCTETS - 1
    lengths = texts.str.len_bytes().to_numpy()
    numbers = fields @ np.array([1 << 24, 1 << 16, 1 << 8, 1], dtype=np.int64)
    good = (fields >= 0).all(axis=1) & (digits == lengths)
    return np.where(good, numbers, -1)


def _cut(
    version: int, blocks: Iterable[Block], slots: dict[tuple[Block, ...], int]
) -> tuple[list[int], list[int]]:
    """Cut the addresses of one version where a block begins or ends.

    Returns the first address of each piece and its slot; pieces in the same blocks share one.
    """
    pieces: dict[int, int] = {}
    chain: list[Block] = []

    def begin(address: int) -> None:
        pieces[address] = slots.setdefault(tuple(chain), len(slots)) if chain else OUTSIDE

    mine = [block for block in blocks if block[0] == version]
    for block in sorted(mine, key=lambda block: (block[1], -block[2])):
        while chain and chain[-1][2] < block[1]:
            begin(chain.pop()[2] + 1)
        chain.append(block)
        begin(block[1])
    while chain:
        begin(chain.pop()[2] + 1)
    return list(pieces), list(pieces.values())


def _by_port(claims: Sequence[Claim]) -> Iterable[tuple[int, list[Stretch[_Item]]]]:
    """Yield the history from each port on at which the claims change, and for no known port."""
    ranged = [claim.ports for claim in claims if claim.ports is not None]
    cuts = {0} | {first for first, _ in ranged} | {last + 1 for _, last in ranged}
    for port in sorted(cuts - {_PORTS}):
        yield port, [_stretch(claim) for claim in claims if _covers(claim, port)]
    if ranged:
        yield _UNKNOWN_PORT, [_stretch(claim, unknown_port=True) for claim in claims]


def _covers(claim: Claim, port: int) -> bool:
    return claim.ports is None or claim.ports[0] <= port <= claim.ports[1]


def _stretch(claim: Claim, *, unknown_port: bool = False) -> Stretch[_Item]:
    perhaps = unknown_port and claim.ports is not None
    # Without a port, a range of ports is no narrower than the whole address beside it.
    rank = claim.rank + 1 if perhaps else claim.rank
    return claim.since, claim.until, _Item(rank, claim.holder, perhaps)


def _decider(holders: Holders) -> Callable[[Sequence[_Item]], int]:
    def decide(items: Sequence[_Item]) -> int:
        rank = min(item.rank for item in items)
        deciding = [item for item in items if item.rank == rank]
        if all(item.perhaps for item in deciding):
            return AMBIGUOUS
        return holders.merge({item.holder for item in deciding})

    return decide
