"""A power that suspends something at a control panel.

In: orders. Out: one suspension a thing, however many sanctions want it, lifted with the last of
them. What somebody else has suspended is neither taken for ours nor lifted. The panel's word that
it did something is never believed: the thing is read again, also after it was taken back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aupkeep.base.errors import Fault
from aupkeep.outlets.panel.holders import Holders
from aupkeep.outlets.remit import Remit
from aupkeep.sanctions.power import Mark, Order, PowerFault, Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a panel says of one thing."""

    #: It knows such a thing.
    there: bool = True
    suspended: bool = False
    #: The reason that it shows is one of ours; None where it shows none.
    ours: bool | None = None
    how: str


class Door(Protocol):
    """A panel."""

    def unfit(self, name: str) -> str:
        """Return why `name` cannot be a thing of this panel, or an empty string."""
        ...

    def standing(self, name: str) -> Standing:
        """Read how `name` stands; raises `PowerFault`."""
        ...

    def suspend(self, name: str, sanction: str) -> None:
        """Ask that `name` be suspended; raises `PowerFault`."""
        ...

    def restore(self, name: str) -> None:
        """Ask that `name` be suspended no more; raises `PowerFault`."""
        ...

    def check(self) -> None:
        """Raise `PowerFault` where it could not be asked now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Carries a suspension out; see the module."""

    remit: Remit
    door: Door
    holders: Holders
    #: Target -> what the panel calls it, where that differs.
    names: Mapping[str, str] = field(default_factory=dict)
    reversible: bool = True

    @property
    def measure(self) -> str:
        """The measure it carries out."""
        return self.remit.measure

    def prepare(self) -> None:
        """Make the folder of the notes."""
        self.holders.prepare()

    def carries(self, scope: str, target: str) -> str:
        """Return why the panel is not asked about `target`, or an empty string."""
        return self.remit.carries(scope, target) or self.door.unfit(self._called(target))

    def plan(self, order: Order) -> str:
        """Return which sanctions hold the thing already; raises for what is not ours."""
        name = self._name(order)
        held = self.holders.of(name)
        self._refuse_foreign(self.door.standing(name), name, held)
        return json.dumps({"name": name, "held_by": held})

    def apply(self, order: Order) -> None:
        """Suspend the thing, where no sanction holds it yet."""
        self.remit.check_due(order)
        name = self._name(order)
        with self.holders.locked():
            now = self.door.standing(name)
            self._refuse_foreign(now, name, self.holders.of(name))
            self.holders.put(name, order.sanction)
            if not now.suspended:
                self.door.suspend(name, order.sanction)

    def look(self, order: Order) -> Seen:
        """Look whether the thing is suspended, and this sanction holds it."""
        name = self._name(order)
        now = self.door.standing(name)
        noted = order.sanction in self.holders.of(name)
        in_force = noted and now.suspended and now.ours is not False
        return Seen(in_force=in_force, how=f"{now.how}; our notes {_has(noted)} this sanction")

    def undo(self, order: Order) -> None:
        """Lift the suspension with the last sanction that holds the thing."""
        name = self._name(order)
        with self.holders.locked():
            held = self.holders.of(name)
            if order.sanction not in held:
                return
            if held == [order.sanction]:
                self._restore(name)
            self.holders.drop(name, order.sanction)

    def marks(self) -> list[Mark]:
        """Return what is suspended because of our sanctions.

        What the panel's people suspended is not listed: it is their everyday work.
        """
        found: list[Mark] = []
        for name, held in self.holders.every().items():
            now = self.door.standing(name)
            if now.suspended and now.ours is not False:
                found += [Mark(sanction=one, target=name, text=now.how) for one in held]
        return found

    def troubles(self) -> list[str]:
        """Return why it could not work now; the panel is asked."""
        try:
            self.holders.every()
            self.door.check()
        except PowerFault as fault:
            return [one.what for one in fault.faults]
        return []

    def _restore(self, name: str) -> None:
        now = self.door.standing(name)
        if not now.suspended or now.ours is False:
            return
        self.door.restore(name)
        now = self.door.standing(name)
        if now.suspended:
            what = f"it was asked to lift the suspension, but {now.how}"
            raise PowerFault(Fault(code="panel", what=what), retry=True)

    def _refuse_foreign(self, now: Standing, name: str, held: list[str]) -> None:
        if not now.there:
            raise PowerFault(Fault(code="vanished", what=now.how), retry=False)
        if now.suspended and (not held or now.ours is False):
            what = f"`{name}` is suspended by somebody else already, and that stays"
            raise PowerFault(Fault(code="foreign", what=what), retry=False)

    def _called(self, target: str) -> str:
        return self.names.get(target, target)

    def _name(self, order: Order) -> str:
        self.remit.check(order)
        name = self._called(order.target)
        if why := self.door.unfit(name):
            raise PowerFault(Fault(code="target", what=why), retry=False)
        return name


def _has(noted: bool) -> str:  # noqa: FBT001  # one thing to say
    return "have" if noted else "do not have"
