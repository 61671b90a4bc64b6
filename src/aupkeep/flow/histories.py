"""What a customer has behind them, as sanctions and the ledger say: for decisions.

In: a provider, a customer, an instant. Out: strikes and charges as they were then. Half a strike is
no strike yet.
"""

from __future__ import annotations

from aupkeep.cases.disposition import WHOLE
from aupkeep.decisions.history import NO_HISTORY, Charge, History
from aupkeep.flow.case_standing import strikes_of
from aupkeep.policy.model import Policy
from aupkeep.sanctions.ledger import Kind, fee_of
from aupkeep.store import fees


def history_of(policy: Policy, customer: str | None, now: int) -> History:
    """Return what `customer` had behind them at `now`, by the decay of strikes in `policy`."""
    if customer is None or policy.fees is None:
        return NO_HISTORY
    bookings = fees.bookings_about(policy.provider, customer)
    credited = {item.sanction for item in bookings if item.kind is Kind.CREDITED}
    charges = tuple(
        Charge(at=item.at, amount=fee_of([item]).amount, currency=item.currency)
        for item in bookings
        if item.kind is Kind.CHARGED and item.at <= now and item.sanction not in credited
    )
    strikes = strikes_of(policy.provider, policy, now=now, customer=customer)
    return History(strikes=strikes.halves // WHOLE, charges=charges)
