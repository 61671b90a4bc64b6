"""What a customer has behind them, as sanctions and the ledger say: for decisions.

In: a provider, a customer, an instant. Out: strikes and charges as they were then. A strike is an
occasion, at least a day from the one before, on which something was carried out that nobody took
back.
"""

from __future__ import annotations

from aupkeep.decisions.history import NO_HISTORY, Charge, History
from aupkeep.decisions.ladder import OCCASION
from aupkeep.policy.model import Measure, Policy
from aupkeep.sanctions.ledger import Kind, fee_of
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.store import fees, sanctions

#: States of what the customer was told, or that ended by itself.
_TOLD = frozenset({State.ANNOUNCED, State.EXPIRED})


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
    told = sanctions.sanctions_about(policy.provider, customer)
    return History(strikes=strikes(told, now=now, decay=policy.strike_decay), charges=charges)


def strikes(told: list[Sanction], *, now: int, decay: int) -> int:
    """Return how many strikes the sanctions of one customer make at `now`."""
    count, latest = 0, None
    instants = sorted(
        item.applied_at
        for item in told
        if item.state in _TOLD
        and item.measure != Measure.FEE
        and item.applied_at is not None
        and now - decay < item.applied_at <= now
    )
    for instant in instants:
        if latest is None or instant >= latest + OCCASION:
            count, latest = count + 1, instant
    return count
