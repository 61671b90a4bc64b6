"""What offenders' servers do on the network, and what only looks as if somebody did it.

In: the plot of a brand. Out: flow records. Guilt lies with the role, not with the address in a
record: the spoofed neighbour and the customer whom a forged exporter blames did nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from random import Random

import numpy as np

from aupkeep.base.clock import MINUTE, SECOND
from aupkeep.demo.brand import Brand
from aupkeep.demo.dice import Draws, chance, dice
from aupkeep.demo.flows import ACK, RST, SYN, TCP, WHOLE, Column, Columns, Flows, number
from aupkeep.demo.names import outside_address
from aupkeep.demo.plot import Role
from aupkeep.demo.rhythm import paced

_SCANNED_PORTS = (22, 23, 445, 3389)
_EPHEMERAL = (32_768, 61_000)
#: Share of probes that are refused, and that are welcomed; the rest stays unanswered.
_REFUSED, _WELCOMED = 0.5, 0.015


class Attack:
    """One deed: who, when, with what luck, written into which flows."""

    def __init__(self, flows: Flows, seed: int, brand: Brand, role: Role) -> None:
        """Draw for the deed of `role` alone, so that others do not change it."""
        self.flows = flows
        self.brand = brand
        self.role = role
        self.roll: Random = dice(seed, brand.name, "attack", role.customer.id)
        self.draws = Draws(seed, brand.name, "attack", role.customer.id)
        self.address = number(role.customer.address)

    def probe(self, hosts: Column, ports: Column) -> None:
        """Send a SYN to each host and port, evenly over the time of the role."""
        role, count = self.role, len(hosts)
        step = (role.until - role.since) / count
        start = role.since + (np.arange(count) * step).astype(np.int64)
        luck = self.draws.fractions(count)
        packets = np.where(luck < _REFUSED, 1, self.draws.whole(1, 3, count))
        sport = self.draws.whole(*_EPHEMERAL, count)
        open_port = luck > 1 - _WELCOMED
        there: Columns = {
            "start": start,
            "end": start + (packets - 1) * SECOND,
            "src": self.address,
            "dst": hosts,
            "sport": sport,
            "dport": ports,
            "protocol": TCP,
            # A half-open scanner breaks off with RST as soon as a port greets it.
            "flags": np.where(open_port, SYN | RST, SYN),
            "packets": np.where(open_port, 2, packets),
            "octets": packets * 44,
        }
        self.flows.add(**there)
        answered = (luck < _REFUSED) | open_port
        self.flows.add(
            start=start[answered] + 20_000,
            end=start[answered] + 20_000,
            src=hosts[answered],
            dst=self.address,
            sport=ports[answered],
            dport=sport[answered],
            protocol=TCP,
            flags=np.where(open_port, SYN | ACK, RST | ACK)[answered],
            packets=1,
            octets=40,
        )


def vertical(attack: Attack) -> None:
    """Try hundreds of ports of one outside host."""
    count = attack.roll.randrange(150, 900)
    target = number(outside_address(attack.roll))
    low = attack.roll.choice((1, 1, 1_000))
    attack.probe(np.full(count, target), np.arange(low, low + count))


def horizontal(attack: Attack) -> None:
    """Try one port of hundreds of outside hosts."""
    count = attack.roll.randrange(250, 1_500)
    hosts = number(outside_address(attack.roll)) // 65_536 * 65_536 + 7 + np.arange(count) * 3
    attack.probe(hosts, np.full(count, attack.roll.choice(_SCANNED_PORTS)))


def own_systems(attack: Attack) -> None:
    """Try the ports of the provider's own machines."""
    count = attack.roll.randrange(200, 600)
    network = ip_network(attack.brand.infrastructure)
    target = int(network.network_address) + attack.roll.randrange(3, 9)
    attack.probe(np.full(count, target), np.arange(1, count + 1))


def ssh_guessing(attack: Attack) -> None:
    """Guess passwords of ssh servers: short whole conversations, one like the other."""
    role = attack.role
    many = chance(attack.roll, 0.5)
    count = (role.until - role.since) * attack.roll.randrange(60, 90) // (10 * MINUTE)
    start = np.asarray(paced(attack.roll, role.since, role.until - role.since, count), np.int64)
    first = number(outside_address(attack.roll)) // 256 * 256
    targets = first + (np.arange(count) % 200 if many else np.full(count, 9))
    packets = attack.draws.whole(12, 21, count)
    there: Columns = {
        "start": start,
        "end": start + attack.draws.whole(SECOND, 4 * SECOND, count),
        "src": attack.address,
        "dst": targets,
        "sport": attack.draws.whole(*_EPHEMERAL, count),
        "dport": 22,
        "protocol": TCP,
        "flags": WHOLE,
        "packets": packets,
        "octets": attack.draws.whole(2_000, 4_000, count),
    }
    attack.flows.talk(there, packets + 2, attack.draws.whole(2_400, 4_400, count))


#: Label of a role -> what its server really does.
DEEDS: dict[str, Callable[[Attack], None]] = {
    "vertical_scan": vertical,
    "horizontal_scan": horizontal,
    "own_systems_scan": own_systems,
    "ssh_flows": ssh_guessing,
    "spoofed_neighbour": vertical,
}


def forged(attack: Attack) -> None:
    """Write what a forged exporter says of an honest customer: a scan and guessed passwords."""
    vertical(attack)
    ssh_guessing(attack)
