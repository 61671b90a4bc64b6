"""Which threshold is in force on a row: by the plan of its service, or of its customer.

In: a rule and a batch. Out: one level a row. The plan is the row's; where the key is the whole
customer, it is the most lenient of the plans the customer held then.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aupkeep.detection.batch import Batch
from aupkeep.detection.codes import Ints
from aupkeep.detection.rule import Baseline, Window

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


def whole_customer(rule: Window | Baseline) -> bool:
    """Return whether the key of `rule` is a customer with everything the customer has."""
    return "customer" in rule.group_by and not PARTS.intersection(rule.group_by)


def levels_for(rule: Window | Baseline, plans: Mapping[str, int], batch: Batch) -> Ints:
    """Return the level in force on each row, or one level for all."""
    if not plans:
        return _ONE
    name = "plans" if whole_customer(rule) else "plan"
    level = {text: _level(rule, plans, text) for text in batch.texts(name)}
    return batch.levels(name, level)


def _level(rule: Window | Baseline, plans: Mapping[str, int], text: str | None) -> int:
    """Return the level of a plan, or of the most lenient of several joined by `|`."""
    if text is None:
        return 0
    held = text.split("|") if whole_customer(rule) else [text]
    numbers = rule.threshold.plans
    sign = -1 if isinstance(rule, Window) and rule.op in ("lt", "lte") else 1
    known = [(sign * numbers.get(plan, rule.threshold.default), plan) for plan in held]
    return plans.get(max(known)[1], 0)
