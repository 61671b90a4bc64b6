"""Which threshold is in force on a row: by the plan of its service, or of its customer.

In: a rule and the plans of rows. Out: one level a row. The plan is the row's; where the key is
the whole customer, it is the most lenient of the plans the customer held then.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aupkeep.detection.codes import Column
from aupkeep.detection.rule import Baseline, Rule, Window
from aupkeep.detection.tables import Ids, Ints

Leveled = Window | Baseline

#: Group-by fields that name a part of a customer, which has one plan.
PARTS = frozenset(
    {
        "accused_host",
        "accused_ip",
        "accused_url",
        "actor",
        "actor_ip",
        "client_ip",
        "host",
        "login",
        "sender",
        "sender_domain",
        "service",
        "src_ip",
        "system_user",
        "user",
    }
)
_ONE = np.zeros(1, dtype=np.int64)


def whole_customer(rule: Rule) -> bool:
    """Return whether the key of `rule` is a customer with everything the customer has."""
    return "customer" in rule.group_by and not any(_is_part(rule, one) for one in rule.group_by)


def _is_part(rule: Rule, name: str) -> bool:
    """A name that stands for several fields is a part where all of them are."""
    fields = rule.aliases[name].values() if name in rule.aliases else (name,)
    return PARTS.issuperset(fields)


def plan_column(rule: Rule) -> str:
    """Return the column that has the plans which decide over `rule`."""
    return "plans" if whole_customer(rule) else "plan"


class Levels:
    """The level of every plan of a column, for one rule."""

    def __init__(self, rule: Leveled, plans: Mapping[str, int], column: Column) -> None:
        self._rule = rule
        self._plans = plans
        self._column = column
        self._edition = column.edition
        self._known = _ONE[:0]

    def of(self, ids: Ids) -> Ints:
        """Return the level of each plan by its number in the column."""
        if self._edition != self._column.edition:
            self._edition, self._known = self._column.edition, _ONE[:0]
        fresh = self._column.from_id(self._known.size)
        if fresh:
            levels = [_level(self._rule, self._plans, text) for text in fresh]
            self._known = np.concatenate([self._known, np.array(levels, dtype=np.int64)])
        return self._known[ids]


def _level(rule: Leveled, plans: Mapping[str, int], text: object) -> int:
    """Return the level of a plan, or of the most lenient of several joined by `|`."""
    if text is None:
        return 0
    held = str(text).split("|") if whole_customer(rule) else [str(text)]
    numbers = rule.threshold.plans
    sign = -1 if isinstance(rule, Window) and rule.op in ("lt", "lte") else 1
    known = [(sign * numbers.get(plan, rule.threshold.default), plan) for plan in held]
    return plans.get(max(known)[1], 0)
