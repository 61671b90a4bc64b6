"""Honest traffic of customers' servers, and what outsiders do to them.

In: the plot of a brand. Out: flow records. Among the honest are those that naive counting
convicts: busy servers that answer to many ports, probes of many hosts, a resolver, a mail server
that keeps knocking at dead ones, nightly backups.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aupkeep.base.clock import DAY, HOUR, MINUTE, SECOND
from aupkeep.demo.brand import Brand
from aupkeep.demo.dice import Draws, dice
from aupkeep.demo.flows import ACK, RST, SYN, TCP, UDP, WHOLE, Column, Columns, Flows, number
from aupkeep.demo.plot import Role
from aupkeep.demo.rhythm import Span, nightly

_OUTSIDE_LOW, _OUTSIDE_HIGH = number("100.64.1.0"), number("100.127.255.0")
_EPHEMERAL = (32_768, 61_000)
_PORTS_SERVED = (443, 443, 443, 80, 993, 8443)
_PORTS_CALLED = (443, 443, 443, 80)
#: Conversations of an ordinary server in a day: served and called.
_SERVED, _CALLED = 60, 10


class Traffic:
    """One server's view of the world; all columns of chance come from its own draws."""

    def __init__(self, flows: Flows, draws: Draws, span: Span) -> None:
        """Write into `flows` what happens inside `span`."""
        self.flows = flows
        self.draws = draws
        self.span = span

    def instants(self, count: int) -> Column:
        """Return `count` instants in the span, more of them by day."""
        days = (self.span.end - self.span.start) / DAY
        share = self.draws.fractions(count)
        wave = np.abs(self.draws.fractions(count) + self.draws.fractions(count) - 1) * 0.6
        moment = (share + (wave - 0.2) / max(days, 1)).clip(0, 0.9999)
        return np.asarray(
            self.span.start + moment * (self.span.end - self.span.start), dtype=np.int64
        )

    def strangers(self, count: int) -> Column:
        """Return `count` outside addresses."""
        return self.draws.whole(_OUTSIDE_LOW, _OUTSIDE_HIGH, count)

    def talks(  # a conversation has this many sides
        self,
        start: Column,
        src: Column | int,
        dst: Column | int,
        dport: Column | int,
        packets: tuple[int, int] = (6, 40),
        seconds: float = 20,
    ) -> None:
        """Add complete TCP conversations; an answer is larger than its question."""
        count = len(start)
        sent = self.draws.whole(*packets, count)
        length = (self.draws.fractions(count) * seconds * SECOND).astype(np.int64) + 80_000
        there: Columns = {
            "start": start,
            "end": start + length,
            "src": src,
            "dst": dst,
            "sport": self.draws.whole(*_EPHEMERAL, count),
            "dport": dport,
            "protocol": TCP,
            "flags": WHOLE,
            "packets": sent,
            "octets": sent * self.draws.whole(60, 190, count),
        }
        back = sent + self.draws.whole(0, 12, count)
        self.flows.talk(there, back, back * self.draws.whole(300, 1_300, count))

    def unanswered(self, start: Column, src: int, dst: Column | int, dport: Column | int) -> None:
        """Add SYNs that nobody answers."""
        count = len(start)
        packets = self.draws.whole(1, 3, count)
        self.flows.add(
            start=start,
            end=start + (packets - 1) * SECOND,
            src=src,
            dst=dst,
            sport=self.draws.whole(*_EPHEMERAL, count),
            dport=dport,
            protocol=TCP,
            flags=SYN,
            packets=packets,
            octets=packets * 60,
        )


def ordinary(traffic: Traffic, address: int, share: float) -> None:
    """Add what every server does: it serves, and it fetches a little."""
    days = max((traffic.span.end - traffic.span.start) / DAY, 0.1)
    count = int(_SERVED * days * share) + 1
    served = traffic.draws.pick(_PORTS_SERVED, count)
    traffic.talks(traffic.instants(count), traffic.strangers(count), address, served)
    count = int(_CALLED * days * share) + 1
    hosts = traffic.draws.pick(traffic.strangers(40), count)
    called = traffic.draws.pick(_PORTS_CALLED, count)
    traffic.talks(traffic.instants(count), address, hosts, called)


def _uptime(traffic: Traffic, address: int) -> None:
    """Probe 45 hosts an hour with whole handshakes; a few of them are down."""
    targets, down = traffic.strangers(45), traffic.strangers(4)
    for round_start in range(traffic.span.start, traffic.span.end - 10 * MINUTE, HOUR):
        start = round_start + traffic.draws.whole(0, 4 * MINUTE, len(targets))
        ports = traffic.draws.pick((80, 443), len(targets))
        traffic.talks(start, address, targets, ports, packets=(5, 9), seconds=0.4)
        start = round_start + traffic.draws.whole(0, 4 * MINUTE, len(down))
        traffic.unanswered(start, address, down, 443)


def _backup(traffic: Traffic, address: int, nights: list[int]) -> None:
    """Send some gigabytes to one host every night, for up to an hour."""
    target = traffic.strangers(1)[0]
    for night in nights:
        start = np.asarray([night], dtype=np.int64)
        seconds = 1_200 + int(traffic.draws.whole(0, 2_400, 1)[0])
        packets = np.asarray([seconds * 900], dtype=np.int64)
        there: Columns = {
            "start": start,
            "end": start + seconds * SECOND,
            "src": address,
            "dst": int(target),
            "sport": traffic.draws.whole(*_EPHEMERAL, 1),
            "dport": 22,
            "protocol": TCP,
            "flags": WHOLE,
            "packets": packets,
            "octets": packets * 1_400,
        }
        traffic.flows.talk(there, packets // 2, packets * 30)


def _resolver(traffic: Traffic, address: int) -> None:
    """Ask very many name servers, by UDP."""
    count = 5_000
    start = traffic.instants(count)
    there: Columns = {
        "start": start,
        "end": start + traffic.draws.whole(5_000, 200_000, count),
        "src": address,
        "dst": traffic.strangers(count),
        "sport": traffic.draws.whole(1_024, 65_000, count),
        "dport": 53,
        "protocol": UDP,
        "flags": 0,
        "packets": 1,
        "octets": traffic.draws.whole(60, 90, count),
    }
    ones = np.ones(count, dtype=np.int64)
    traffic.flows.talk(there, ones, traffic.draws.whole(90, 500, count))


def _mail_server(traffic: Traffic, address: int) -> None:
    """Deliver to many exchangers; knock in vain at a dozen dead ones every hour."""
    count = 2_400
    traffic.talks(traffic.instants(count), address, traffic.strangers(count), 25, packets=(12, 60))
    dead = traffic.strangers(12)
    for round_start in range(traffic.span.start, traffic.span.end - 10 * MINUTE, 2 * HOUR):
        start = round_start + traffic.draws.whole(0, 3 * MINUTE, len(dead))
        traffic.unanswered(start, address, dead, 25)


def _direct_mail(traffic: Traffic, address: int, role: Role) -> None:
    """Deliver mail straight to many exchangers, as long as the role lasts."""
    start = role.since + np.sort(traffic.draws.whole(0, role.until - role.since, 800))
    traffic.talks(start, address, traffic.strangers(800), 25, packets=(12, 30))


def _attacked(traffic: Traffic, address: int, role: Role) -> None:
    """Add a scan of the server from outside, and a flood of SYNs from forged addresses.

    The server answers both, to ephemeral ports: it refuses what is closed and greets the rest.
    """
    scanner = int(traffic.strangers(1)[0])
    _inbound(traffic, np.full(700, scanner), address, np.arange(1, 701), role.since, RST | ACK)
    count = 3_000
    source = traffic.strangers(count)
    start = role.since + 2 * MINUTE
    _inbound(traffic, source, address, np.full(count, 443), start, SYN | ACK)


def _inbound(  # both sides of an attack
    traffic: Traffic, source: Column, address: int, ports: Column, since: int, answer: int
) -> None:
    count = len(source)
    start = since + np.sort(traffic.draws.whole(0, 2 * MINUTE, count))
    there: Columns = {
        "start": start,
        "end": start,
        "src": source,
        "dst": address,
        "sport": traffic.draws.whole(*_EPHEMERAL, count),
        "dport": ports,
        "protocol": TCP,
        "flags": SYN,
        "packets": 1,
        "octets": 44,
    }
    traffic.flows.add(**there)
    back: Columns = {"src": address, "dst": source, "sport": ports, "dport": there["sport"]}
    traffic.flows.add(
        **(there | back | {"start": start + 1_000, "end": start + 1_000} | {"flags": answer})
    )


_TRADES: dict[str, Callable[[Traffic, int], None]] = {
    "uptime": _uptime,
    "resolver": _resolver,
    "mail_server": _mail_server,
}


def honest_traffic(flows: Flows, seed: int, brand: Brand, span: Span, role: Role) -> None:
    """Add the honest traffic of one customer's server, while the customer holds the address."""
    customer = role.customer
    held = Span(
        start=max(span.start, customer.opened), end=min(span.end, customer.closed or span.end)
    )
    roll = dice(seed, brand.name, "traffic", customer.id)
    traffic = Traffic(flows, Draws(seed, brand.name, "traffic", customer.id), held)
    address = number(customer.address)
    ordinary(traffic, address, 0.5 + roll.random())
    if role.label in _TRADES:
        _TRADES[role.label](traffic, address)
    elif role.label == "backup":
        _backup(traffic, address, nightly(roll, held.inner(0, 2 * HOUR), brand, 2.5))
    elif role.label == "victim":
        _attacked(traffic, address, role)
    elif role.label == "spam_complaints":
        _direct_mail(traffic, address, role)


def own_machines(flows: Flows, seed: int, brand: Brand, span: Span) -> None:
    """Add what the provider's own mail host does: it delivers, and retries dead exchangers."""
    traffic = Traffic(flows, Draws(seed, brand.name, "machines"), span)
    count = 1_500
    hosts = traffic.strangers(count)
    traffic.talks(traffic.instants(count), number(brand.mail_address), hosts, 25, packets=(12, 60))
    dead = traffic.strangers(8)
    for day in range(span.start, span.end - DAY, 3 * HOUR):
        start = day + traffic.draws.whole(0, 3 * MINUTE, len(dead))
        traffic.unanswered(start, number(brand.mail_address), dead, 25)
