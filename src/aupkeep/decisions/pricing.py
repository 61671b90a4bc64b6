"""What a fee costs: the schedule of the policy, what came before, and what is left of the cap.

In: a schedule, a clause and step, a customer's history, an instant. Out: an amount in minor units,
or in plain words why nothing is charged.
"""

from __future__ import annotations

from aupkeep.base.clock import format_duration
from aupkeep.decisions.history import History
from aupkeep.policy.model import Fees
from aupkeep.policy.money import written


def price(fees: Fees | None, clause: str, step: str, history: History, now: int) -> tuple[int, str]:
    """Return (amount, why none); one of the two is empty."""
    amount = fees.amounts.get((clause, step), 0) if fees is not None else 0
    if fees is None or not amount:
        return 0, "the policy names no amount for it"
    if history.strikes < fees.free_strikes:
        had = "strike" if history.strikes == 1 else "strikes"
        return 0, (
            f"the customer had {history.strikes} {had} before, and the first {fees.free_strikes} "
            "cost nothing"
        )
    charged = sum(
        item.amount
        for item in history.charges
        if item.currency == fees.currency and item.at > now - fees.period
    )
    left = fees.cap - charged
    if left <= 0:
        return 0, (
            f"the customer was charged {written(charged, fees.currency)} within "
            f"{format_duration(fees.period)}, and the policy's cap is "
            f"{written(fees.cap, fees.currency)}"
        )
    return min(amount, left), ""
