"""The power `fee` at a WHMCS: an item on the client's next invoice, taken back by a credit.

In: orders that state an amount. Out: a charge found under the sanction's id, later a credit. It is
no mark in force: a fee stays on its invoice, and what was given back is another line.
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.base.errors import Fault
from aupkeep.outlets.whmcs.billing import Billing
from aupkeep.policy.model import Measure
from aupkeep.sanctions.power import Mark, Order, PowerFault, Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """Carries `fee` out; see the module."""

    billing: Billing
    measure: str = Measure.FEE.value
    #: A credit gives the money back and leaves both lines.
    reversible: bool = False

    def prepare(self) -> None:
        """Need nothing: notes are made with the first charge."""

    def carries(self, scope: str, target: str) -> str:  # noqa: ARG002  # a fee is the customer's whatever it is for
        """Return an empty string: what it is for does not matter to the bill."""
        return ""

    def plan(self, order: Order) -> str:
        """Return an empty string, having seen that the fee could be charged."""
        self._stated(order)
        self.billing.client(order.customer)
        return ""

    def apply(self, order: Order) -> None:
        """Charge the fee, if it has not been."""
        self._stated(order)
        text = f"Fee, case {order.case[:12]}"
        bill = (order.sanction, order.customer, order.amount, order.currency)
        self.billing.charge(*bill, text)

    def look(self, order: Order) -> Seen:
        """Look for the charge, and for a credit that took it back."""
        bill = (order.sanction, order.customer, order.currency)
        found = self.billing.find(*bill)
        if found is None:
            return Seen(in_force=False, how="no invoice of the client has it")
        back = self.billing.credited(*bill)
        how = f"invoice {found.invoice} has it"
        how += "" if found.due else " and is void"
        return Seen(in_force=found.due and not back, how=how + (", credited" if back else ""))

    def undo(self, order: Order) -> None:
        """Give back what was charged, once."""
        self._stated(order)
        text = f"Credit of a fee, case {order.case[:12]}"
        bill = (order.sanction, order.customer, order.amount, order.currency)
        self.billing.credit(*bill, text)

    def marks(self) -> list[Mark]:
        """Return nothing: a fee leaves no mark in force."""
        return []

    def troubles(self) -> list[str]:
        """Return why nothing could be charged now; WHMCS is asked."""
        try:
            self.billing.whmcs.check()
        except PowerFault as fault:
            return [one.what for one in fault.faults]
        return []

    def _stated(self, order: Order) -> None:
        if order.amount <= 0 or not order.currency:
            what = "the order states no amount"
            raise PowerFault(Fault(code="amount", what=what), retry=False)
