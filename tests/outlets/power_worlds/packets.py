"""Packet filters: a router between a customer's two addresses and the world outside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from packet_room import CUSTOMER, NEIGHBOUR, OUTSIDE, Room, missing, room

from aupkeep.outlets.nftables.power import Nftables
from aupkeep.outlets.nftables.shape import NftablesShape
from power_worlds.world import Kind, Shared, World

_SETTINGS = {
    "provider": "jasmo",
    "by": "nftables",
    "networks": ["198.51.100.0/24", "2001:db8:1::/64"],
    "shared": ["198.51.100.1"],
}
FOREIGN = """
table inet admins {
    set blocked4 { type ipv4_addr; elements = { 192.0.2.66 } }
    chain forward { type filter hook forward priority 0; policy accept; ip saddr @blocked4 drop; }
}
"""


def opened(own: Room, **more: object) -> Nftables:
    told = {**_SETTINGS, "measure": "block_traffic", "netns": own.router, **more}
    power = NftablesShape.model_validate(told).opened(Path())
    return replace(power, patience=60.0)


def ruleset(own: Room) -> object:
    """Everything in the router's filter but counts and what time changes."""
    told = json.loads(own.nft("-j", "list", "ruleset"))["nftables"]
    # Which rates are followed is a count too, and ends by itself.
    counts = ("metainfo", "rates_")
    return [_steady(item) for item in told if not _kind(item).startswith(counts)]


def _kind(item: dict[str, dict[str, str]]) -> str:
    """The name of a set, else what it is."""
    ((kind, known),) = item.items()
    return known["name"] if kind == "set" else kind


def _steady(value: object) -> object:
    if isinstance(value, dict):
        changing = ("expires", "handle", "counter", "packets", "bytes")
        return {name: _steady(one) for name, one in value.items() if name not in changing}
    return [_steady(one) for one in value] if isinstance(value, list) else value


@contextmanager
def _block(shared: Shared, folder: Path, *, target: str, neighbour: str) -> Iterator[World]:  # noqa: ARG001
    with room() as own:
        own.nft("-f", "-", stdin=FOREIGN)
        power = opened(own)
        power.prepare()
        address, _, port = target.partition(":") if "/" in target else (target, "", "9/udp")
        to = int(port.partition("/")[0])

        def stopped() -> bool:
            passes = own.passes(NEIGHBOUR, (OUTSIDE, to))
            assert passes
            return not own.passes(address, (OUTSIDE, to))

        def person() -> None:
            name = "ports4" if "/" in target else "on4"
            key = "198.51.100.99 . udp . 9" if "/" in target else "198.51.100.99"
            own.nft(
                "add", "element", "inet", "aupkeep_block_traffic", name,
                f'{{ {key} comment "by hand" }}',
            )  # fmt: skip

        yield World(
            power=power,
            scope="address",
            target=target,
            neighbour=neighbour,
            state=lambda: ruleset(own),
            stopped=stopped,
            person=person,
            broken=[(opened(own, netns="nosuch-namespace"), True)],
            hostile=(
                "198.51.100.0/24", "198.51.100.1", "203.0.113.9", "198.51.100.7:0/tcp", "0.0.0.0",
                "198.51.100.7:99999/tcp", "198.51.100.7:25/icmp", "::ffff:198.51.100.7", "::1",
                "198.51.100.7:٢٥/tcp", "2001:db8:1::7:25/tcp", "fe80::1%eth0", "198.51.100.007",
            ),
        )  # fmt: skip


@contextmanager
def _address(shared: Shared, folder: Path) -> Iterator[World]:
    with _block(shared, folder, target=CUSTOMER, neighbour=NEIGHBOUR) as world:
        yield world


@contextmanager
def _port(shared: Shared, folder: Path) -> Iterator[World]:
    mine, other = f"{CUSTOMER}:53/udp", f"{CUSTOMER}:9/udp"
    with _block(shared, folder, target=mine, neighbour=other) as world:
        yield world


@contextmanager
def _throttle(shared: Shared, folder: Path) -> Iterator[World]:  # noqa: ARG001
    with room() as own:
        own.nft("-f", "-", stdin=FOREIGN)
        power = opened(own, measure="throttle", rate=50)
        power.prepare()

        def stopped() -> bool:
            # 200 kB at once: of a rate of 50 kB/s, the burst of one second passes.
            assert own.arriving(NEIGHBOUR, 200) == 200
            return own.arriving(CUSTOMER, 200) < 110

        yield World(
            power=power,
            scope="address",
            target=CUSTOMER,
            neighbour=NEIGHBOUR,
            state=lambda: ruleset(own),
            stopped=stopped,
            broken=[(opened(own, measure="throttle", rate=5, netns="nosuch-namespace"), True)],
            hostile=("198.51.100.7:25/tcp",),
        )


KINDS = {
    "an address": Kind(missing=missing, make=_address),
    "a port": Kind(missing=missing, make=_port),
    "throttle": Kind(missing=missing, make=_throttle),
}
