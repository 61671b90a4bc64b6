"""What rules mean, in plain Python: every row is kept, every value is computed from scratch.

In: a rule set and rows as dictionaries (with `kind`). Out: findings as `Found`, one a change. This
is the definition that the compiled engine is held to; it is written to be read, not to be fast.
"""

from __future__ import annotations

import ipaddress
import math
import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aupkeep.base.ids import event_id
from aupkeep.detection import rule as ir
from aupkeep.policy.model import Tier

Row = dict[str, Any]
OPS = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
    "neq": operator.ne,
}
#: Group-by fields besides the customer that name a thing with one plan.
PARTS = {"login", "service", "client_ip", "actor_ip"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One change of one finding."""

    state: str
    rule: str
    key: tuple[str | None, ...]
    customer: str | None
    first: int
    last: int
    value: float
    threshold: float
    events: tuple[str, ...]
    tier: Tier
    forgeable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A row in the windows of a rule, and what the rule saw in it."""

    row: Row
    time: int
    #: Which weaknesses it has: `faint` supports strong at most, `forged` could name anybody.
    weak: frozenset[str]
    #: The joined rules that hold at the row; for a ratio: numerator and denominator.
    bits: frozenset[str] = frozenset()


def order(row: Row) -> tuple[int, int, int, int]:
    """Rows are evaluated in this order."""
    return (row["event_time"], row["stream"], row["position"], row["part"])


def visible(row: Row, provider: str) -> bool:
    return row["provider"] == provider and not row["late"] and row["attribution"] != "outsider"


def nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def clean(row: Row) -> Row:
    """Not-a-number is a missing value."""
    return {name: None if nan(value) else value for name, value in row.items()}


# --- predicates: two-valued -----------------------------------------------------------------------


def fold(value: Any, *, cased: bool) -> Any:
    return value.lower() if isinstance(value, str) and not cased else value


def matches(predicate: ir.Predicate, row: Row) -> bool:
    match predicate:
        case ir.All():
            return all(matches(part, row) for part in predicate.parts)
        case ir.Some():
            return any(matches(part, row) for part in predicate.parts)
        case ir.Not():
            return not matches(predicate.part, row)
    value = row.get(predicate.field)
    if isinstance(predicate, ir.Present):
        return (value is not None) == predicate.present
    return value is not None and leaf(predicate, value, row)


def leaf(predicate: ir.Leaf, value: Any, row: Row) -> bool:  # noqa: PLR0911 - one a kind of leaf
    match predicate:
        case ir.OneOf():
            wanted = [fold(one, cased=predicate.cased) for one in predicate.values]
            return fold(value, cased=predicate.cased) in wanted
        case ir.Glob():
            pattern = "".join(
                {ir.Wild.ANY: ".*", ir.Wild.ONE: "."}[piece]
                if isinstance(piece, ir.Wild)
                else re.escape(fold(piece, cased=predicate.cased))
                for piece in predicate.pieces
            )
            text = fold(value, cased=predicate.cased)
            return re.fullmatch(pattern, text, re.DOTALL) is not None
        case ir.Regex():
            flags = sum(getattr(re, flag.upper()) for flag in predicate.flags)
            return re.search(predicate.pattern, value, flags) is not None
        case ir.Cidr():
            return ipaddress.ip_address(value) in ipaddress.ip_network(predicate.network)
        case ir.Compare():
            return bool(OPS[predicate.op](value, predicate.number))
        case ir.Flag():
            return bool(value == predicate.value)
        case ir.Same():
            other = row.get(predicate.other)
            if other is None:
                return False
            left, right = fold(value, cased=False), fold(other, cased=False)
            if predicate.how == "equals":
                return bool(left == right)
            return bool(getattr(left, predicate.how)(right))
    raise TypeError(predicate)


# --- rules ----------------------------------------------------------------------------------------


class Oracle:
    """One provider's rules over all rows at once."""

    def __init__(self, rules: ir.RuleSet, provider: str) -> None:
        self.rules = rules
        self.provider = provider

    def run(self, rows: list[Row], frontier: int) -> tuple[list[Found], list[Found]]:
        """Return all changes up to `frontier`, and the findings open then."""
        seen = sorted((clean(row) for row in rows if visible(row, self.provider)), key=order)
        #: rule id -> the rows at which it holds, and the weaknesses in the window then.
        held: dict[str, dict[int, frozenset[str]]] = {}
        for one in self.rules.selections.values():
            held[one.id] = {
                at: weak(row)
                for at, row in enumerate(seen)
                if row["kind"] == one.kind and matches(one.predicate, row)
            }
        changes: list[Found] = []
        still: list[Found] = []
        for rule in self.rules.rules.values():
            held[rule.id] = {}
            for members in self._by_key(rule, seen, held):
                life = Life(rule, [member for _, member in members])
                changes += life.run(frontier)
                still += life.now()
                for (at, _), (holds, faint) in zip(members, life.marks, strict=True):
                    if holds:
                        held[rule.id][at] = faint
        return changes, still

    def _by_key(
        self, rule: ir.Rule, seen: list[Row], held: dict[str, dict[int, frozenset[str]]]
    ) -> list[list[tuple[int, Member]]]:
        parts = (*rule.rules, rule.numerator) if isinstance(rule, ir.Window) else rule.rules
        groups: dict[tuple[Any, ...], list[tuple[int, Member]]] = {}
        for at, row in enumerate(seen):
            bits = frozenset(part for part in parts if at in held.get(part, {}))
            field = rule.field if isinstance(rule, ir.Window) else ""
            if not bits or (field and row.get(field) is None):
                continue
            below = (held[part][at] for part in bits)
            faint = weak(row) if isinstance(rule, ir.Window) else frozenset().union(*below)
            member = Member(row=row, time=row["event_time"], weak=faint, bits=bits)
            groups.setdefault(key(rule, row), []).append((at, member))
        return list(groups.values())


def weak(row: Row) -> frozenset[str]:
    """A row of an unauthenticated source is faint, and so is one whose actor could be forged."""
    if row["forgeable"] is not False:
        return frozenset({"faint", "forged"})
    return frozenset() if row["authenticated"] else frozenset({"faint"})


def weaknesses(window: list[Member]) -> frozenset[str]:
    return frozenset().union(*(one.weak for one in window))


def key(rule: ir.Rule, row: Row) -> tuple[Any, ...]:
    """An unknown customer is told apart by the actor."""
    return tuple(
        "?" + (row["actor"] or "") if name == "customer" and row[name] is None else row.get(name)
        for name in rule.group_by
    )


class Life:
    """All that happens to one key of one rule."""

    def __init__(self, rule: ir.Rule, members: list[Member]) -> None:
        self.rule = rule
        self.members = members
        #: A row each: does the rule hold, which weaknesses are in the window.
        self.marks: list[tuple[bool, frozenset[str]]] = []
        self.open: dict[str, Any] | None = None
        self.ended: int | None = None

    def run(self, frontier: int) -> Iterator[Found]:
        for i, member in enumerate(self.members):
            yield from self._row(i, member)
            later = self.members[i + 1].time if i + 1 < len(self.members) else frontier
            yield from self._silence(i, later)

    def _row(self, i: int, member: Member) -> Iterator[Found]:
        window = self._window(i, member.time)
        holds = self._holds(i, window)
        self.marks.append((holds, weaknesses(window)))
        aup = self.rule.aup
        if aup is None:
            return
        if self.open is not None:
            self.open["last"] = member.time
            if not holds:
                yield self._end(member.time)
            else:
                yield from self._grow(i, window)
            return
        rested = self.ended is None or member.time - self.ended >= aup.cooldown
        if holds and rested:
            yield self._open(i, window)

    def _silence(self, i: int, later: int) -> Iterator[Found]:
        """An open finding ends at the first instant at which its condition fails."""
        if self.open is None:
            return
        for instant in self._instants(i):
            if instant > later:
                return
            if not self._holds(i, self._window(i, instant)):
                yield self._end(instant)
                return

    def _instants(self, i: int) -> Iterator[int]:
        """The instants after row `i` at which something leaves the window."""
        if isinstance(self.rule, ir.Conjunction):
            yield from sorted(m.time + self.rule.timespan for m in self.members[: i + 1])
            return
        pane = ir.pane_length(self.rule.timespan)
        now = self.members[i].time // pane
        yield from (step * pane for step in range(now + 1, now + ir.PANES + 1))

    def _window(self, i: int, instant: int) -> list[Member]:
        """The rows up to row `i` that are in the window at `instant`."""
        past = self.members[: i + 1]
        if isinstance(self.rule, ir.Conjunction):
            return [one for one in past if one.time > instant - self.rule.timespan]
        pane = ir.pane_length(self.rule.timespan)
        return [one for one in past if one.time // pane >= instant // pane - ir.PANES + 1]

    def _holds(self, i: int, window: list[Member]) -> bool:
        value = self._value(window)
        if value is None:
            return False
        return bool(OPS[self._op()](value, self._threshold(self.members[i].row)))

    def _op(self) -> str:
        return "gte" if isinstance(self.rule, ir.Conjunction) else self.rule.op

    def _value(self, window: list[Member]) -> Any:
        """The value of a window; None where it says nothing."""
        rule = self.rule
        if not window:
            return None
        if isinstance(rule, ir.Conjunction):
            return len(frozenset().union(*(one.bits for one in window)))
        if rule.measure == "event_count":
            return len(window)
        if rule.measure == "value_count":
            return len({one.row[rule.field] for one in window})
        if rule.measure == "value_sum":
            return self._sum(rule, window)
        below = sum(any(part in one.bits for part in rule.rules) for one in window)
        above = sum(rule.numerator in one.bits for one in window)
        return above / below if below and below >= rule.least else None

    def _sum(self, rule: ir.Window, window: list[Member]) -> Any:
        """Rows in order inside a pane, panes oldest to newest."""
        pane = ir.pane_length(rule.timespan)
        panes: dict[int, Any] = {}
        for one in window:
            at = one.time // pane
            panes[at] = panes.get(at, 0) + one.row[rule.field]
        total = 0
        for at in sorted(panes):
            total = total + panes[at]
        return total

    def _threshold(self, row: Row) -> Any:
        rule = self.rule
        if isinstance(rule, ir.Conjunction):
            return len(rule.rules)
        plans, default = rule.threshold.plans, rule.threshold.default
        if "customer" in rule.group_by and not PARTS.intersection(rule.group_by):
            held = [plans.get(plan, default) for plan in (row["plans"] or "").split("|")]
            return min(held) if rule.op in ("lt", "lte") else max(held)
        return plans.get(row["plan"], default)

    def _open(self, i: int, window: list[Member]) -> Found:
        aup = self.rule.aup
        assert aup is not None
        row = self.members[i].row
        value, threshold = self._value(window), self._threshold(row)
        others = [self._id(one.row) for one in self._kept(i, window) if one.row is not row]
        faint = weaknesses(window)
        self.open = {
            "rule": self.rule.id,
            "key": tuple(None if row.get(n) is None else text(row[n]) for n in self.rule.group_by),
            "customer": row["customer"],
            "first": row["event_time"],
            "last": row["event_time"],
            "value": value,
            "threshold": threshold,
            "events": (self._id(row), *others)[: aup.most],
            "tier": min(aup.tier, Tier.STRONG) if faint else aup.tier,
            "forgeable": "forged" in faint,
        }
        self.growth = threshold * 10.0
        while 0 < self.growth <= value:
            self.growth *= 10.0
        return Found(state="open", **self.open)

    def _kept(self, i: int, window: list[Member]) -> list[Member]:
        """The earliest rows of the window; of a conjunction only those first in their pane."""
        aup = self.rule.aup
        assert aup is not None
        if isinstance(self.rule, ir.Window):
            return window[: aup.most]
        pane = ir.pane_length(self.rule.timespan)
        first: dict[int, list[Member]] = {}
        for one in self.members[: i + 1]:
            in_pane = first.setdefault(one.time // pane, [])
            if len(in_pane) < aup.most:
                in_pane.append(one)
        kept = [one for in_pane in first.values() for one in in_pane]
        return [one for one in kept if one in window][: aup.most]

    def _id(self, row: Row) -> str:
        return event_id(row["stream"], row["position"], row["part"])

    def _grow(self, i: int, window: list[Member]) -> Iterator[Found]:
        assert self.open is not None
        value, peak = self._value(window), self.open["value"]
        graver = value < peak if self._op() in ("lt", "lte") else value > peak
        if not graver:
            return
        self.open["value"] = value
        self.open["threshold"] = self._threshold(self.members[i].row)
        rule = self.rule
        counts = isinstance(rule, ir.Window) and rule.measure != "ratio"
        if counts and self._op() in ("gt", "gte") and 0 < self.growth <= value:
            while self.growth <= value:
                self.growth *= 10.0
            yield Found(state="growing", **self.open)

    def _end(self, instant: int) -> Found:
        assert self.open is not None
        found = Found(state="ended", **{**self.open, "last": instant})
        self.open, self.ended = None, instant
        return found

    def now(self) -> list[Found]:
        """The finding that is still open, with its peak and its last row."""
        return [] if self.open is None else [Found(state="open", **self.open)]


def text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
