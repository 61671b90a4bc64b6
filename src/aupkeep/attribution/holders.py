"""Answers to "who held it": a customer with service and plan, or a word why there is none.

In: holdings. Out: a number for each distinct answer, and the columns behind the numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from aupkeep.attribution.holdings import Holding
from aupkeep.attribution.timeline import NONE

#: Several customers held it: the program does not choose.
AMBIGUOUS = -2
#: The actor is not behind our networks.
OUTSIDER = -3

#: What the numbers below zero are called in the column `attribution`.
WORDS = {NONE: "unknown", AMBIGUOUS: "ambiguous", OUTSIDER: "outsider"}

#: provider, customer, service, plan; empty service or plan = not stated, or several.
Holder = tuple[str, str, str, str]


class Holders:
    """The distinct holders, numbered from 0; grows while a ground is built, then stays."""

    def __init__(self) -> None:
        self.rows: list[Holder] = []
        #: Number of the (provider, customer) of each holder.
        self.customers: list[int] = []
        self._numbers: dict[Holder, int] = {}
        self._customers: dict[tuple[str, str], int] = {}

    def number(self, holder: Holder) -> int:
        """Return the number of `holder`, a new one if it has none."""
        known = self._numbers.get(holder)
        if known is None:
            known = self._numbers[holder] = len(self.rows)
            self.rows.append(holder)
            customer = self._customers.setdefault(holder[:2], len(self._customers))
            self.customers.append(customer)
        return known

    def of(self, holding: Holding) -> int:
        """Return the number of the holder that `holding` names."""
        return self.number((holding.provider, holding.customer, holding.service, holding.plan))

    def owner(self, answer: int) -> int:
        """Return the customer's number of an answer; answers without a customer stay themselves."""
        return self.customers[answer] if answer >= 0 else answer

    def merge(self, numbers: Collection[int]) -> int:
        """Return the one answer for holders who held the same thing at one instant.

        Several customers are `AMBIGUOUS`. Several services or plans of one customer leave the
        customer, without that service or plan.
        """
        if len(numbers) == 1:
            return next(iter(numbers))
        if len({self.customers[number] for number in numbers}) > 1:
            return AMBIGUOUS
        held = [self.rows[number] for number in numbers]
        return self.number((*held[0][:2], _only(held, 2), _only(held, 3)))


def _only(held: Sequence[Holder], field: int) -> str:
    texts = {row[field] for row in held}
    return texts.pop() if len(texts) == 1 else ""
