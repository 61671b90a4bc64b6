"""What a rule could not see: rows of keys it had no room for, and flows of unknown sampling.

In: each feed's rows that a rule looks at, and how many it refused. Out: whether a finding that
opens at a row rests on everything the rule needs; since when and why a rule does not see it all. A
gap is over when the rule's window has passed since its last row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from aupkeep.detection.batch import Batch
from aupkeep.detection.evaluating import Evaluates, Sheet
from aupkeep.detection.fields import fields_of
from aupkeep.detection.rule import Absence, Baseline, Conjunction, Rule, RuleSet, Window
from aupkeep.detection.tables import Ints

#: A flow says in this column that one packet in so many was seen; null: nobody knows.
SAMPLING = "sampling"
#: What is counted wrongly where sampling is not known.
SAMPLED = frozenset({"packets", "bytes"})

_NONE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """One rule that could not see everything it needs."""

    provider: str
    #: Id and name of the rule.
    rule: str
    name: str
    why: str
    #: Instants of the first and the last row with which it was so.
    since: int
    last: int


@dataclass(slots=True)
class _Gap:
    since: int
    last: int


class Gaps:
    """The gaps of every rule of one provider."""

    def __init__(self, rules: RuleSet) -> None:
        """Begin without a gap."""
        self._rules = rules
        self._sampled = {one.id for one in rules.rules.values() if reads_sampling(one, rules)}
        #: Rule -> kind of gap -> from when to when.
        self._gaps: dict[str, dict[str, _Gap]] = {}
        self._refused: dict[str, int] = {}
        #: Rows of this feed without sampling, by rule, and their times.
        self._blind: dict[str, tuple[Ints, Ints]] = {}

    def begin(self, rule: Rule, sheet: Sheet) -> None:
        """Take note of the rows that `rule` is about to look at."""
        if rule.id not in self._sampled or not isinstance(sheet.source, Batch):
            return
        picked = sheet.rows.picked
        blind = picked[~sheet.source.given(SAMPLING)[picked]]
        if blind.size:
            self._blind[rule.id] = (blind, sheet.rows.time[blind])

    def end(self, rule: Rule, evaluator: Evaluates, sheet: Sheet) -> None:
        """Take note of what came of the rows."""
        _, times = self._blind.pop(rule.id, (_NONE, _NONE))
        if times.size:
            self._note(rule, "sampling", int(times[0]), int(times[-1]))
        if evaluator.refused > self._refused.get(rule.id, 0):
            picked = sheet.rows.picked
            first, last = sheet.rows.time[picked[0]], sheet.rows.time[picked[-1]]
            self._note(rule, "keys", int(first), int(last))
            self._refused[rule.id] = evaluator.refused

    def at(self, rule: Rule, evaluator: Evaluates, row: int, instant: int) -> bool:
        """Return whether what `rule` opens at a row rests on rows with a gap."""
        reach = _reach(rule)
        if any(gap.last > instant - reach for gap in self._gaps.get(rule.id, {}).values()):
            return True
        if evaluator.refused > self._refused.get(rule.id, 0):
            # Which rows of this feed were refused, nobody knows: nothing in it is sure.
            return True
        rows, times = self._blind.get(rule.id, (_NONE, _NONE))
        before = int(np.searchsorted(rows, row, side="right"))
        if before and int(times[before - 1]) > instant - reach:
            return True
        # What joins rules sees no more than they do.
        return isinstance(rule, Conjunction) and any(
            gap.last > instant - reach - _reach(self._rules.rules[part])
            for part in rule.rules
            if part in self._rules.rules
            for gap in self._gaps.get(part, {}).values()
        )

    def shortfalls(self, provider: str, evaluators: Mapping[str, Evaluates]) -> list[Shortfall]:
        """Return every gap there has been, by rule."""
        return [
            Shortfall(
                provider=provider,
                rule=rule,
                name=evaluators[rule].rule.name,
                why=_why(what, evaluators[rule]),
                since=gap.since,
                last=gap.last,
            )
            for rule, gaps in sorted(self._gaps.items())
            for what, gap in sorted(gaps.items())
        ]

    def save(self, rule: str) -> dict[str, Any]:
        """Return the gaps of `rule` as plain values."""
        gaps = self._gaps.get(rule, {})
        return {what: [gap.since, gap.last] for what, gap in gaps.items()}

    def restore(self, rule: str, saved: Mapping[str, Any], refused: int) -> None:
        """Take over what `save` returned, and how many rows had been refused."""
        if "keys" in saved:
            self._refused[rule] = refused
        for what, (since, last) in saved.items():
            self._gaps.setdefault(rule, {})[what] = _Gap(since, last)

    def _note(self, rule: Rule, what: str, first: int, last: int) -> None:
        gaps = self._gaps.setdefault(rule.id, {})
        if what in gaps:
            gaps[what].last = max(gaps[what].last, last)
        else:
            gaps[what] = _Gap(first, last)


def reads_sampling(rule: Rule, rules: RuleSet) -> bool:
    """Whether `rule` adds up what is only right where the sampling is known."""
    if not isinstance(rule, Window | Baseline) or rule.field not in SAMPLED:
        return False
    return SAMPLING in fields_of(rule.kind, rules.kinds)


def with_sampling(columns: dict[str, list[str]], rules: RuleSet) -> dict[str, list[str]]:
    """Return the columns that are kept of each kind, with the sampling where a rule needs it."""
    kinds = {
        one.kind
        for one in rules.rules.values()
        if isinstance(one, Window | Baseline) and reads_sampling(one, rules)
    }
    return {
        kind: sorted({*names, SAMPLING}) if kind in kinds else names
        for kind, names in columns.items()
    }


def _reach(rule: Rule) -> int:
    """Return how long a row is looked at by `rule`."""
    match rule:
        case Window() | Conjunction():
            return rule.timespan
        case Baseline():
            return (rule.history + 1) * rule.bucket
        case Absence():
            return rule.timespan + rule.forget


def _why(what: str, evaluator: Evaluates) -> str:
    if what == "sampling":
        return "flows whose sampling nobody knows, so their packets and bytes are not known either"
    return (
        f"{evaluator.refused} rows of new keys not evaluated: it holds {evaluator.cap} keys,"
        " which is the most"
    )
