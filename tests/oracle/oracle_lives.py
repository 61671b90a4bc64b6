"""What happens to one key of one rule: when a finding opens, grows and ends, in plain Python.

In: the rows of the key, in order, each with the parts of the rule that hold there. Out: `Found`,
one a change, and at which rows the rule held. `Life` is what all kinds of rules have in common;
then, for each kind, what its value is and what that is compared with.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Iterator
from typing import Any

from oracle_predicates import OPS
from oracle_values import Found, Member, by_plan, weaknesses, wrapped

from aupkeep.base.ids import event_id
from aupkeep.detection import rule as ir
from aupkeep.policy.model import Tier


class Life:
    """All that happens to one key; each kind of rule fills in the first four methods."""

    op = "gte"
    grows = False

    def __init__(self, rule: Any, members: list[Member]) -> None:
        self.rule = rule
        self.members = members
        #: A row each: does the rule hold, which weaknesses are in the window.
        self.marks: list[tuple[bool, frozenset[str]]] = []
        self.open: dict[str, Any] | None = None
        self.ended: int | None = None
        self.growth = 0.0

    def window(self, i: int, instant: int) -> list[Member]:
        """The rows up to row `i` that count at `instant`."""
        raise NotImplementedError

    def value(self, window: list[Member]) -> Any:
        """The value of a window that is not empty; None where it says nothing."""
        raise NotImplementedError

    def limit(self, i: int, instant: int) -> Any:
        """What the value is compared with; None where there is nothing to compare with."""
        raise NotImplementedError

    def instants(self, i: int) -> Iterator[int]:
        """The instants after row `i` at which something leaves the window."""
        raise NotImplementedError

    def kept(self, i: int, window: list[Member]) -> list[Member]:  # noqa: ARG002 - see JoinLife
        """The rows that a finding may name."""
        return window[: self.rule.aup.most]

    def run(self, frontier: int) -> Iterator[Found]:
        for i, member in enumerate(self.members):
            yield from self._row(i, member)
            later = self.members[i + 1].time if i + 1 < len(self.members) else frontier
            yield from self._silence(i, later)

    def holds(self, i: int, instant: int) -> bool:
        """Whether the condition holds; it does not for a number that is none."""
        window, limit = self.window(i, instant), self.limit(i, instant)
        value = self.value(window) if window else None
        if value is None or limit is None or math.isnan(value) or math.isnan(limit):
            return False
        return bool(OPS[self.op](value, limit))

    def _row(self, i: int, member: Member) -> Iterator[Found]:
        holds = self.holds(i, member.time)
        self.marks.append((holds, weaknesses(self.window(i, member.time))))
        if self.rule.aup is None:
            return
        if self.open is not None:
            self.open["last"] = member.time
            if holds:
                yield from self._grow(i, member.time)
            else:
                yield self.end(member.time)
        elif holds and (self.ended is None or member.time - self.ended >= self.rule.aup.cooldown):
            yield self._begin(i, member)

    def _silence(self, i: int, later: int) -> Iterator[Found]:
        """An open finding ends at the first instant at which its condition fails."""
        for instant in self.instants(i) if self.open else ():
            if instant > later:
                return
            if not self.holds(i, instant):
                yield self.end(instant)
                return

    def _begin(self, i: int, member: Member) -> Found:
        window = self.window(i, member.time)
        value, limit = self.value(window), self.limit(i, member.time)
        self.growth = limit * 10.0
        self._passed(value)
        others = [one for one in self.kept(i, window) if one is not member]
        return self.begin(member, member.time, value, limit, others, weaknesses(window))

    def begin(
        self,
        member: Member,
        instant: int,
        value: Any,
        limit: Any,
        others: list[Member],
        faint: frozenset[str],
    ) -> Found:
        aup, row = self.rule.aup, member.row
        named = [
            event_id(r["stream"], r["position"], r["part"]) for r in (one.row for one in others)
        ]
        self.open = {
            "state": "open",
            "rule": self.rule.id,
            "key": member.key,
            "customer": row["customer"],
            "service": row["service"],
            "attribution": row["attribution"],
            "actor": row["actor"] or "",
            "first": instant,
            "last": instant,
            "observed_at": row["observed_at"],
            "value": value,
            "threshold": limit,
            "events": (event_id(row["stream"], row["position"], row["part"]), *named)[: aup.most],
            "tier": min(aup.tier, Tier.STRONG) if faint else aup.tier,
            "forgeable": "forged" in faint,
        }
        return Found(**self.open)

    def _grow(self, i: int, instant: int) -> Iterator[Found]:
        """The peak follows the value; its first passing of the next power of ten is a change."""
        assert self.open is not None
        value, peak = self.value(self.window(i, instant)), self.open["value"]
        if not (value < peak if self.op in ("lt", "lte") else value > peak):
            return
        self.open["value"], self.open["threshold"] = value, self.limit(i, instant)
        if self.grows and self._passed(value):
            self.open["state"] = "growing"
            yield Found(**self.open)

    def _passed(self, value: Any) -> bool:
        """Whether `value` has reached the next growth, which is then put beyond it."""
        passed = False
        while 0 < self.growth <= value and self.growth < math.inf:
            self.growth *= 10.0
            passed = True
        return passed

    def end(self, instant: int) -> Found:
        assert self.open is not None
        found = Found(**{**self.open, "state": "ended", "last": instant})
        self.open, self.ended = None, instant
        return found

    def now(self) -> list[Found]:
        """The finding that is still open, with its peak and its last row."""
        return [] if self.open is None else [Found(**self.open)]


class WindowLife(Life):
    """A measure over the last sixty panes."""

    def __init__(self, rule: ir.Window, members: list[Member]) -> None:
        super().__init__(rule, members)
        self.op = rule.op
        counts = rule.measure in ("event_count", "value_count", "value_sum")
        self.grows = counts and rule.op in ("gt", "gte")
        self.pane = ir.pane_length(rule.timespan)

    def window(self, i: int, instant: int) -> list[Member]:
        oldest = instant // self.pane - ir.PANES + 1
        return [one for one in self.members[: i + 1] if one.time // self.pane >= oldest]

    def instants(self, i: int) -> Iterator[int]:
        now = self.members[i].time // self.pane
        yield from (step * self.pane for step in range(now + 1, now + ir.PANES + 1))

    def limit(self, i: int, instant: int) -> Any:  # noqa: ARG002 - rows alone change it
        return by_plan(self.rule, self.members[i].row)

    def value(self, window: list[Member]) -> Any:
        rule = self.rule
        match rule.measure:
            case "event_count":
                return len(window)
            case "value_count":
                return len({one.row[rule.field] for one in window})
            case "value_sum":
                return self._sum(window)
            case "value_avg":
                return float(self._sum(window)) / float(len(window))
        below = sum(not one.bits.isdisjoint(rule.rules) for one in window)
        above = sum(rule.numerator in one.bits for one in window)
        return above / below if below and below >= rule.least else None

    def _sum(self, window: list[Member]) -> Any:
        """Rows in order inside a pane, panes oldest to newest."""
        panes: dict[int, Any] = {}
        for one in window:
            at = one.time // self.pane
            panes[at] = panes.get(at, 0) + one.row[self.rule.field]
        total = 0
        for at in sorted(panes):
            total = total + panes[at]
        return wrapped(total)


class JoinLife(Life):
    """Several rules held not longer ago than `timespan`, by exact times."""

    def window(self, i: int, instant: int) -> list[Member]:
        return [one for one in self.members[: i + 1] if one.time > instant - self.rule.timespan]

    def instants(self, i: int) -> Iterator[int]:
        yield from sorted({one.time + self.rule.timespan for one in self.members[: i + 1]})

    def limit(self, i: int, instant: int) -> Any:  # noqa: ARG002 - nothing changes it
        return len(self.rule.rules)

    def value(self, window: list[Member]) -> Any:
        """How many of the rules held; ordered: how many of them one after the other."""
        if not self.rule.ordered:
            return len(frozenset().union(*(one.bits for one in window)))
        reached = 0
        for one in window:
            if reached < len(self.rule.rules) and self.rule.rules[reached] in one.bits:
                reached += 1
        return reached

    def kept(self, i: int, window: list[Member]) -> list[Member]:
        """The earliest rows of the window, of those that were the first in their pane."""
        pane, most = ir.pane_length(self.rule.timespan), self.rule.aup.most
        first: dict[int, list[Member]] = {}
        for one in self.members[: i + 1]:
            in_pane = first.setdefault(one.time // pane, [])
            if len(in_pane) < most:
                in_pane.append(one)
        return [one for one in window if one in first[one.time // pane]][:most]


class BaselineLife(Life):
    """The present bucket compared with what is usual in the buckets before."""

    op = "gt"
    grows = True

    def window(self, i: int, instant: int) -> list[Member]:
        return self._bucket(i, instant // self.rule.bucket)

    def instants(self, i: int) -> Iterator[int]:
        yield (self.members[i].time // self.rule.bucket + 1) * self.rule.bucket

    def value(self, window: list[Member]) -> Any:
        if not self.rule.field:
            return len(window)
        total = 0
        for one in window:
            total = total + one.row[self.rule.field]
        return wrapped(total)

    def limit(self, i: int, instant: int) -> Any:
        rule, bucket = self.rule, instant // self.rule.bucket
        start = max(self._first(i), bucket - rule.history)
        history = [float(self.value(self._bucket(i, at))) for at in range(start, bucket)]
        if not history or len(history) < rule.least or any(map(math.isnan, history)):
            return None
        if rule.usual == "median":
            usual = statistics.median(history)
        else:
            usual = 0.0
            for one in (top := sorted(history, reverse=True)[: rule.top]):
                usual += one
            usual /= len(top)
        above = float(rule.times) * usual
        floor = float(by_plan(rule, self.members[i].row))
        return above if math.isnan(above) else max(above, floor)

    def _bucket(self, i: int, bucket: int) -> list[Member]:
        return [one for one in self.members[: i + 1] if one.time // self.rule.bucket == bucket]

    def _first(self, i: int) -> int:
        """The first bucket of the key since it was let go: no row in the history of an instant."""
        buckets = sorted({one.time // self.rule.bucket for one in self.members[: i + 1]})
        first = buckets[0]
        for before, after in itertools.pairwise(buckets):
            if after - before > self.rule.history:
                first = after
        return first


class AbsenceLife(Life):
    """What should have come did not come. The one rule that time opens, not a row."""

    awaited: Member | None = None

    def run(self, frontier: int) -> Iterator[Found]:
        for member in self.members:
            yield from self._wait(member.time)
            yield from self._come(member)
        yield from self._wait(frontier)

    def _come(self, member: Member) -> Iterator[Found]:
        rule = self.rule
        came = not member.bits.isdisjoint(rule.rules)
        if came and self.open is not None:
            yield self.end(member.time)
        if came:
            self.awaited = None if rule.after else member
        begins = not member.bits.isdisjoint(rule.after)
        if begins and self.awaited is None and self.open is None:
            self.awaited = member

    def _wait(self, later: int) -> Iterator[Found]:
        """Time passes up to and with `later`, before any row of that instant."""
        while True:
            instant = self._next()
            if instant is None or instant > later:
                return
            if self.open is not None:
                yield self.end(instant)
                continue
            assert self.awaited is not None
            yield self.begin(self.awaited, instant, 0, 1, [], self.awaited.weak)
            self.awaited = None

    def _next(self) -> int | None:
        """The instant at which time itself opens or ends a finding."""
        if self.open is not None:
            return int(self.open["first"]) + int(self.rule.forget)
        if self.awaited is None or self.rule.aup is None:
            return None
        pane = ir.pane_length(self.rule.timespan)
        due = (self.awaited.time // pane + ir.PANES) * pane
        if self.ended is not None:
            rested = self.ended + self.rule.aup.cooldown
            due = max(due, -(-rested // pane) * pane)
        return due
