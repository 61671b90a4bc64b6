"""What counts against a customer beside the case: strikes and charges, as they were then.

In: nothing. Out: frozen values, handed to `decide` as plain arguments by the flow.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One fee that was charged and not credited."""

    at: int
    #: Whole minor units.
    amount: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a customer has behind them."""

    #: Breaches that were acted on, have not decayed, and were not overturned.
    strikes: int = 0
    charges: tuple[Charge, ...] = ()


NO_HISTORY = History()
