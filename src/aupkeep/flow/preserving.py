"""The power `preserve`: a hold on what the archive has of a customer, for one case.

In: orders. Out: a legal hold a sanction, which neither retention nor erasure passes. It is a power
of the flow, like letters: a door may not touch the database. There is nothing to set up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.base.ids import make_id
from aupkeep.flow import holding
from aupkeep.flow.installation import Installation
from aupkeep.policy.model import Measure
from aupkeep.sanctions.power import Mark, Order, PowerFault, Seen
from aupkeep.store.archive import catalog
from aupkeep.store.archive.standing import Hold

#: Who places these holds, as `aupkeep archive hold list` shows it.
BY = "aupkeep"
#: What their reasons begin with; behind it stands the sanction.
_REASON = "preserve, sanction "
#: Seconds to wait for whoever rewrites the archive; the hand tries again later.
_PATIENCE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Preserver:
    """Carries `preserve` out; see the module."""

    installation: Installation
    clock: Callable[[], int]
    measure: str = Measure.PRESERVE.value
    reversible: bool = True

    def prepare(self) -> None:
        """Need nothing."""

    def carries(self, scope: str, target: str) -> str:  # noqa: ARG002  # whatever the case is about, its customer's rows are kept
        """Return an empty string: evidence can be kept about anything."""
        return ""

    def plan(self, order: Order) -> str:
        """Return an empty string: a hold changes no row."""
        _customer(order)
        return ""

    def apply(self, order: Order) -> None:
        """Place the hold where none of this sanction is in force."""
        customer = _customer(order)
        if _in_force(order) is not None:
            return
        wanted = Hold(
            id=_next_id(order),
            provider=order.provider,
            customer=customer,
            reason=f"{_REASON}{order.sanction}, case {order.case}",
            by=BY,
            at=self.clock(),
        )
        with _Plainly():
            holding.place(self.installation, wanted, patience=_PATIENCE)

    def look(self, order: Order) -> Seen:
        """Look for the hold in the archive's catalogue."""
        found = _in_force(order)
        if found is None:
            return Seen(in_force=False, how="no hold of this sanction is in force")
        kept = f"hold {found.id[:12]} keeps what the archive has of {found.customer}"
        return Seen(in_force=found.customer == order.customer, how=kept)

    def undo(self, order: Order) -> None:
        """Release the hold of this sanction; whoever else holds the same rows still does."""
        found = _in_force(order)
        if found is not None:
            with _Plainly():
                holding.release(
                    self.installation, found.id, now=self.clock(), by=BY, patience=_PATIENCE
                )

    def marks(self) -> list[Mark]:
        """Return every hold that a sanction placed; those of people are their own business."""
        return [
            Mark(sanction=_sanction(hold), target=hold.customer, text=hold.reason)
            for hold in catalog.holds()
            if _ours(hold)
        ]

    def troubles(self) -> list[str]:
        """Return nothing: the archive is a part of the program."""
        return []


class _Plainly:
    """Makes what the archive refuses a fault of the power: time heals it."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, AupkeepError) and error.faults:
            raise PowerFault(error.faults[0], retry=True) from error


def _customer(order: Order) -> str:
    if not order.customer:
        what = "no customer is named whose rows would be kept"
        raise PowerFault(Fault(code="no-customer", what=what), retry=False)
    return order.customer


def _in_force(order: Order) -> Hold | None:
    """Return the hold of this sanction that is in force."""
    return next(
        (
            hold
            for hold in catalog.holds()
            if _ours(hold) and hold.provider == order.provider and _sanction(hold) == order.sanction
        ),
        None,
    )


def _next_id(order: Order) -> str:
    """Return the id of the next hold of this sanction: one that was released stays so."""
    there = {hold.id for hold in catalog.holds(every=True)}
    ids = (make_id("preserve", order.provider, order.sanction, number) for number in count())
    return next(one for one in ids if one not in there)


def _ours(hold: Hold) -> bool:
    return hold.by == BY and hold.reason.startswith(_REASON)


def _sanction(hold: Hold) -> str:
    return hold.reason.removeprefix(_REASON).partition(",")[0]
