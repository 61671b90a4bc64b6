"""The values that the oracle speaks of: what is found, a row of a key, the threshold of a plan.

In: rows and rules. Out: plain values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from oracle_predicates import Row

from aupkeep.detection import rule as ir
from aupkeep.policy.model import Tier

#: Group-by fields besides the customer that name a thing with one plan.
PARTS = {"login", "service", "client_ip", "actor_ip"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One change of one finding."""

    state: str
    rule: str
    key: tuple[str | None, ...]
    customer: str | None
    service: str | None
    attribution: str
    actor: str
    first: int
    last: int
    observed_at: int
    value: float
    threshold: float
    events: tuple[str, ...]
    tier: Tier
    forgeable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A row of a key, and what the rule saw in it."""

    row: Row
    time: int
    #: Which weaknesses it has: `faint` supports strong at most, `forged` could name anybody.
    weak: frozenset[str]
    #: The parts of the rule that hold at the row and give it this key.
    bits: frozenset[str]
    #: The key as a finding names it.
    key: tuple[str | None, ...]


def shown(value: Any) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def weaknesses(members: list[Member]) -> frozenset[str]:
    return frozenset().union(*(one.weak for one in members))


def wrapped(total: Any) -> Any:
    """Whole numbers are added as 64-bit integers in two's complement."""
    return (total + 2**63) % 2**64 - 2**63 if isinstance(total, int) else total


def by_plan(rule: ir.Window | ir.Baseline, row: Row) -> float:
    """The threshold in force on a row: for a whole customer that of the most lenient plan."""
    plans, default = rule.threshold.plans, rule.threshold.default
    whole = "customer" in rule.group_by
    for name in rule.group_by:
        if PARTS.issuperset(rule.aliases.get(name, {"": name}).values()):
            whole = False
    if not whole:
        return plans.get(row["plan"], default)
    held = [plans.get(plan, default) for plan in (row["plans"] or "").split("|")]
    lenient = min if isinstance(rule, ir.Window) and rule.op in ("lt", "lte") else max
    return lenient(held)
