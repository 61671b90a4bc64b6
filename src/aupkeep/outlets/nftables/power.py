"""The powers `block_traffic` and `throttle`: sets of nftables that the kernel asks for each packet.

In: orders on addresses. Out: elements of a table of our own, and what its listing shows. What is
known of a sanction stands in the kernel beside the rule: nothing else has to agree with it. Each
element ends by a time-out some time after the sanction does, in case nobody is there to lift it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from aupkeep.base.clock import SECOND, format_instant
from aupkeep.base.errors import Fault, one_line
from aupkeep.outlets.nftables.layout import Layout
from aupkeep.outlets.nftables.table import Element, Table, elements
from aupkeep.outlets.nftables.target import Network, Target, inside, parse
from aupkeep.sanctions.power import Mark, Order, PowerFault, Seen

#: Comment of the elements that rules ask; one with another comment is a person's.
OURS = "aupkeep"
#: Seconds that an element outlives its sanction, which is lifted long before.
MARGIN = 3600
_SANCTION = re.compile(r"[0-9A-Za-z_-]{1,64}")
#: A time-out that differs by less than this many seconds is the same one.
_SAME = 60


def _now() -> int:
    return time.time_ns() // 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Nftables:
    """Stops or slows the traffic of addresses; see the module."""

    measure: str
    layout: Layout
    #: The addresses that it may act on at all.
    networks: tuple[Network, ...]
    #: Addresses among them that several customers share, or the provider needs.
    shared: tuple[Network, ...] = ()
    #: Name of the network namespace it acts in; empty: this one.
    netns: str = ""
    #: Seconds that one program may take.
    patience: float = 10.0
    clock: Callable[[], int] = _now
    reversible: bool = True

    def prepare(self) -> None:
        """Lay the table out where it is not; without elements its rules meet no packet."""
        self._sound()

    def carries(self, scope: str, target: str) -> str:
        """Return why it cannot act on `target`, or an empty string."""
        if scope != "address":
            return f"this power acts on an address, not on a {scope}"
        try:
            wanted = parse(target)
        except ValueError as error:
            return str(error)
        if wanted.port and self.layout.rate:
            return "this power slows all traffic of an address, not that of one port"
        if not inside(wanted.address, self.networks):
            return f"{wanted.address} is not among the networks that this power may act on"
        if inside(wanted.address, self.shared):
            return f"{wanted.address} is shared, so others would be met"
        return ""

    def plan(self, order: Order) -> str:
        """Return which sanctions stop it already; changes nothing."""
        target = self._target(order)
        listing = self._table.listing() or []
        self._refuse_foreign(target, elements(listing))
        return json.dumps({"held_by": sorted(_sanctions(target, elements(listing)))})

    def apply(self, order: Order) -> None:
        """Let the kernel stop or slow the target's packets."""
        target = self._target(order)
        if not _SANCTION.fullmatch(order.sanction):
            raise ValueError(f"`{order.sanction}` cannot be the id of a sanction here")
        there = self._sound()
        self._refuse_foreign(target, there)
        wanted = self._seconds(order)
        ours = [item for item in there if item.comment != _comment(order.sanction, target)]
        mine = _order_element(order.sanction, target, there)
        set_name, key = _place(target)
        standing = _find(set_name, key, there)
        last = _latest([wanted, *(item.expires for item in _orders_of(target, ours))])
        commands = []
        if mine is None or not _same(mine.expires, wanted):
            name, own = f"orders{target.family}", _order_key(order.sanction, target)
            commands += [self._table.delete(name, own)] if mine else []
            commands.append(self._table.add(name, own, _comment(order.sanction, target), wanted))
        if standing is None or not _same(standing.expires, last):
            commands += [self._table.delete(set_name, key)] if standing else []
            commands.append(self._table.add(set_name, key, OURS, last))
        if commands:
            self._table.change(commands)

    def look(self, order: Order) -> Seen:
        """Look whether the rules stand and the kernel would meet the target's next packet."""
        target = _parsed(order)
        listing = self._table.listing()
        where = f"table inet {self._table.name}" + (f" in {self.netns}" if self.netns else "")
        if listing is None:
            return Seen(in_force=False, how=f"{where} is not there")
        there = elements(listing)
        mine = _order_element(order.sanction, target, there)
        standing = _find(*_place(target), there)
        if mine is None or standing is None or standing.comment != OURS:
            how = f"{where} has no element for {target.text} and this sanction"
            ended = order.until is not None and order.until > self.clock()
            early = "; its time-out in the kernel, or a person, ended it early" if ended else ""
            return Seen(in_force=False, how=how + early)
        lacking = self.layout.lacks(listing)
        met = f"{standing.packets} packets ({standing.bytes} bytes) of {target.text} met it"
        how = "; ".join([f"{where} has {target.text}, {self._ends(order, mine)}", met, *lacking])
        return Seen(in_force=not lacking, how=how)

    def undo(self, order: Order) -> None:
        """Let the target's packets pass, as far as no other sanction stops them."""
        target = _parsed(order)
        there = elements(self._table.listing() or [])
        mine = _order_element(order.sanction, target, there)
        if mine is None:
            return
        set_name, key = _place(target)
        standing = _find(set_name, key, there)
        others = [item for item in _orders_of(target, there) if item is not mine]
        commands = [
            self._table.delete(f"orders{target.family}", _order_key(order.sanction, target))
        ]
        last = _latest([item.expires for item in others]) if others else None
        if standing is not None and standing.comment == OURS:
            if not others or not _same(standing.expires, last):
                commands.append(self._table.delete(set_name, key))
            if others and not _same(standing.expires, last):
                commands.append(self._table.add(set_name, key, OURS, last))
        self._table.change(commands)

    def marks(self) -> list[Mark]:
        """Return an entry for each sanction in the table, and for each element of people."""
        there = elements(self._table.listing() or [])
        found = [_mark(item) for item in there if item.set.startswith("orders")]
        asked = [item for item in there if item.set.startswith(("on", "ports"))]
        for item in asked:
            target = _target_of(item)
            if item.comment != OURS:
                what = f"element of set {item.set}, written by a person: {target}"
                found.append(Mark(sanction="", target=target, text=what))
            elif not _orders_of(parse(target), there):
                what = f"element of set {item.set} whose sanction has gone: {target}"
                found.append(Mark(sanction="", target=target, text=what))
        return found

    def troubles(self) -> list[str]:
        """Return why it could not work now, in plain words."""
        try:
            listing = self._table.listing()
        except PowerFault as fault:
            return [one_line(fault)]
        if listing is None:
            return [f"table inet {self._table.name} is not there yet; `aupkeep arm` makes it"]
        return self.layout.lacks(listing)

    @property
    def _table(self) -> Table:
        return Table(name=self.layout.name, netns=self.netns, patience=self.patience)

    def _sound(self) -> list[Element]:
        """Return the elements of the table, laid out (anew) where it was not."""
        listing = self._table.listing()
        if listing is None or self.layout.lacks(listing):
            self._table.lay_out(self.layout.text())
            listing = self._table.listing() or []
        return elements(listing)

    def _target(self, order: Order) -> Target:
        why = self.carries(order.scope, order.target)
        if why:
            raise PowerFault(Fault(code="target", what=why), retry=False)
        return _parsed(order)

    def _refuse_foreign(self, target: Target, there: list[Element]) -> None:
        name, key = _place(target)
        standing = _find(name, key, there)
        if standing is not None and standing.comment != OURS:
            what = f"set {name} has an element for {target.text} by a person, which stays"
            raise PowerFault(Fault(code="foreign-mark", what=what), retry=False)

    def _seconds(self, order: Order) -> int | None:
        """Return the kernel's time-out of an order; None: a person lifts it."""
        if order.until is None:
            return None
        return max(0, (order.until - self.clock()) // SECOND) + MARGIN

    def _ends(self, order: Order, mine: Element) -> str:
        if mine.expires is None:
            return "with no time-out"
        ends = self.clock() + mine.expires * SECOND
        early = order.until is None or ends < order.until - _SAME * SECOND
        note = ", which is before its end date" if early else ""
        return f"until {format_instant(ends)} at the latest{note}"


def _parsed(order: Order) -> Target:
    """Return the target of an order, also where the settings would refuse it by now."""
    try:
        return parse(order.target)
    except ValueError as error:
        raise PowerFault(Fault(code="target", what=str(error)), retry=False) from None


def _place(target: Target) -> tuple[str, tuple[object, ...]]:
    """Return the set that rules ask for `target`, and its key there."""
    if target.port:
        return f"ports{target.family}", (str(target.address), target.protocol, target.port)
    return f"on{target.family}", (str(target.address),)


def _order_key(sanction: str, target: Target) -> tuple[object, ...]:
    number = int.from_bytes(sha256(f"{sanction} {target.text}".encode()).digest()[:4])
    return (str(target.address), number)


def _comment(sanction: str, target: Target) -> str:
    return f"{sanction} {target.protocol} {target.port}" if target.port else sanction


def _order_element(sanction: str, target: Target, there: list[Element]) -> Element | None:
    comment = _comment(sanction, target)
    return next((item for item in _orders_of(target, there) if item.comment == comment), None)


def _orders_of(target: Target, there: list[Element]) -> list[Element]:
    """Return the elements of the sanctions that stop just `target`."""
    name, address = f"orders{target.family}", str(target.address)
    ports = [target.protocol, str(target.port)] if target.port else []
    return [
        item
        for item in there
        if item.set == name and item.key[0] == address and item.comment.split(" ")[1:] == ports
    ]


def _sanctions(target: Target, there: list[Element]) -> set[str]:
    return {item.comment.split(" ")[0] for item in _orders_of(target, there)}


def _find(name: str, key: tuple[object, ...], there: list[Element]) -> Element | None:
    return next((item for item in there if item.set == name and item.key == key), None)


def _latest(ends: list[int | None]) -> int | None:
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


def _same(one: int | None, other: int | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) < _SAME


def _target_of(item: Element) -> str:
    address = str(item.key[0])
    if not item.set.startswith("ports"):
        return address
    host = f"[{address}]" if ":" in address else address
    return f"{host}:{item.key[2]}/{item.key[1]}"


def _mark(item: Element) -> Mark:
    sanction, *ports = item.comment.split(" ")
    address = str(item.key[0])
    host = f"[{address}]" if ":" in address and ports else address
    target = f"{host}:{ports[1]}/{ports[0]}" if len(ports) == 2 else address  # noqa: PLR2004
    ends = "with no time-out" if item.expires is None else f"for {item.expires} s more at most"
    return Mark(sanction=sanction, target=target, text=f"set {item.set}: {target}, {ends}")
