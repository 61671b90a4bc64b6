"""The rules of one provider at work: frames in, findings out.

In: attributed frames by kind, sorted, and the frontier. Out: findings, each with the place in time
and order at which it changed. Holds the state of every rule between feeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from aupkeep.detection import layout
from aupkeep.detection.absences import Absences
from aupkeep.detection.baselines import Baselines
from aupkeep.detection.batch import Batch, visible
from aupkeep.detection.because import Trees
from aupkeep.detection.bundle import Shown, moment, parameters, shown
from aupkeep.detection.dictionaries import Dictionaries
from aupkeep.detection.evaluating import Evaluates, Sheet, Transition
from aupkeep.detection.evaluator import Evaluator
from aupkeep.detection.fields import Catalogue, fields_of
from aupkeep.detection.finding import Finding
from aupkeep.detection.gaps import Gaps, Shortfall, with_sampling
from aupkeep.detection.merging import Merged
from aupkeep.detection.naming import levels_of, needed_columns, referred
from aupkeep.detection.opening import opened
from aupkeep.detection.plans import Levels, plan_column
from aupkeep.detection.predicates import Bools, Matcher
from aupkeep.detection.rule import Absence, Baseline, Conjunction, Rule, RuleSet, Window
from aupkeep.detection.sharing import Deal, groups
from aupkeep.detection.sheets import Marked, Sheets, Work
from aupkeep.events.schema import Schema

#: Instant, time alone before rows, event id, rule: findings are handed on in this order.
Position = tuple[int, int, int, int, int, str, str]
Placed = tuple[Position, Finding]
#: By kind the rows that rules may see, and for each selection which of them it means.
Look = list[tuple[str, Batch, dict[str, Bools]]]


def one_by_one(pieces: Iterable[Callable[[], Any]]) -> list[Any]:
    """Do pieces of work one after the other."""
    return [piece() for piece in pieces]


class Watch:
    """One provider's rules and their state."""

    def __init__(
        self,
        provider: str,
        rules: RuleSet,
        policy_version: str,
        cap: int,
        *,
        share: tuple[int, int] = (0, 1),
        work: Work = one_by_one,
    ) -> None:
        """Start with empty windows; `cap` is the most keys a rule holds at a time."""
        self.provider = provider
        self.rules = rules
        self.policy_version = policy_version
        self._work = work
        self._dictionaries = Dictionaries(rules)
        self.evaluators = {rule.id: self._evaluator(rule, cap) for rule in rules.rules.values()}
        #: Open findings of each rule by slot.
        self.open: dict[str, dict[int, Finding]] = {rule: {} for rule in rules.rules}
        #: What shapes the windows of each rule, as its findings state it.
        self.parameters: Mapping[str, Mapping[str, Any]] = {
            rule.id: parameters(rule) for rule in rules.rules.values()
        }
        self._trees: dict[str, Trees] = {}
        self._columns = with_sampling(needed_columns(rules), rules)
        self.gaps = Gaps(rules)
        self._matchers = {
            kind: Matcher(
                [one for one in rules.selections.values() if one.kind == kind],
                fields_of(kind, rules.kinds),
            )
            for kind in self._columns
        }
        self._turns = levels_of(rules)
        self._referred = referred(rules)
        self._levels = self._all_levels()
        self._deals = self._all_deals(share)

    def _evaluator(self, rule: Rule, cap: int) -> Evaluates:
        """Return the state of a rule, empty: the one place where a rule gets its evaluator."""
        keys, values = self._dictionaries.keys(rule), self._dictionaries.values(rule)
        match rule:
            case Window() | Conjunction():
                real = _is_real(rule, self.rules.kinds)
                return Evaluator(rule, real=real, cap=cap, keys=keys, values=values)
            case Baseline():
                return Baselines(rule, real=_is_real(rule, self.rules.kinds), cap=cap, keys=keys)
            case Absence():
                return Absences(rule, cap=cap, keys=keys, schemas=_schemas(rule, self.rules))

    def _sheet(self, rule: Rule, sheets: Sheets) -> Sheet | None:
        """Return the rows a rule looks at: the one place where a rule gets its rows."""
        deal = self._deals.get(rule.id)
        match rule:
            case Window() | Baseline():
                return sheets.of_kind(rule, self._levels.get(rule.id), deal)
            case Conjunction() | Absence():
                return sheets.of_kinds(rule, deal)

    def _all_levels(self) -> dict[str, Levels]:
        return {
            rule.id: Levels(rule, plans, self._dictionaries.column(plan_column(rule), pl.String()))
            for rule in self.rules.rules.values()
            if isinstance(rule, Window | Baseline) and (plans := self.evaluators[rule.id].plans)
        }

    def _all_deals(self, share: tuple[int, int]) -> dict[str, Deal]:
        """Return which keys of each rule are ours, where the work is shared."""
        if share[1] == 1:
            return {}
        deals = {}
        for rule, (head, fields) in groups(self.rules).items():
            names = self.rules.rules[rule].group_by
            places = tuple(names.index(field) for field in fields)
            deals[rule] = Deal(self.evaluators[rule].keys, places, head, share)
        return deals

    def feed(self, frames: Mapping[str, pl.DataFrame], frontier: int) -> list[Placed]:
        """Evaluate the rows of `frames`; return what changed up to `frontier`, unsorted."""
        return self.judge(self.look(frames), frontier)

    def look(self, frames: Mapping[str, pl.DataFrame], *, work: Work | None = None) -> Look:
        """Return the rows of `frames` that rules may see, and which of them are meant.

        Rests on no window and changes none, so that it may be done while an earlier feed is judged.
        """
        taken = (work or self._work)(
            partial(self._take, kind, columns, frame)
            for kind, columns in self._columns.items()
            if (frame := frames.get(kind)) is not None and frame.height
        )
        return [(kind, batch, held) for kind, batch, held in taken if batch is not None]

    def judge(self, look: Look, frontier: int) -> list[Placed]:
        """Evaluate the rows of `look`; return what changed up to `frontier`, unsorted."""
        batches: dict[str, Batch] = {}
        marked = {rule: Marked() for rule in (*self.rules.selections, *self.rules.rules)}
        for kind, batch, held in look:
            batches[kind] = batch
            for rule, mask in held.items():
                marked[rule].holds[kind] = mask
                marked[rule].weak[kind] = batch.weak
        placed: list[Placed] = []
        sheets = Sheets(batches, marked, self.rules, self.evaluators)
        if batches:
            sheets.prepare(self._dictionaries, self._work)
        for turn in self._turns:
            for found in self._work(self._pieces(turn, sheets, frontier)):
                placed += found
        self._dictionaries.clean(list(self.evaluators.values()))
        return placed

    def _take(
        self, kind: str, columns: list[str], frame: pl.DataFrame
    ) -> tuple[str, Batch | None, dict[str, Bools]]:
        """Return the rows of one kind that rules may see, and which of them are meant."""
        seen = visible(frame, self.provider, columns)
        if not seen.height:
            return kind, None, {}
        return kind, Batch(seen), self._matchers[kind].masks(seen)

    def _pieces(
        self, turn: list[Rule], sheets: Sheets, frontier: int
    ) -> Iterable[Callable[[], list[Placed]]]:
        """Yield the work of each rule of a turn; none of it touches what another one does."""
        for rule in turn:
            if isinstance(rule, Window | Baseline) and not rule.aliases:
                yield partial(self._evaluate, rule, sheets, frontier, None)
            else:
                # Its keys are numbered here, before the work begins.
                yield partial(self._evaluate, rule, sheets, frontier, self._sheet(rule, sheets))

    def _evaluate(
        self, rule: Rule, sheets: Sheets, frontier: int, sheet: Sheet | None
    ) -> list[Placed]:
        evaluator = self.evaluators[rule.id]
        if sheet is None and isinstance(rule, Window | Baseline) and not rule.aliases:
            sheet = self._sheet(rule, sheets)
        placed = []
        if sheet is not None:
            self.gaps.begin(rule, sheet)
            changes = list(evaluator.run(sheet))
            seen = self._shown(rule, changes, sheet.source)
            placed += [
                self._changed(evaluator, change, sheet.source, seen.get(change.row))
                for change in changes
            ]
            self.gaps.end(rule, evaluator, sheet)
        passed = evaluator.settle(frontier, list(self.open[rule.id]))
        placed += [self._changed(evaluator, change) for change in passed]
        if rule.id in self._referred:
            sheets.mark(rule, sheet)
        return placed

    def _shown(
        self, rule: Rule, changes: Iterable[Transition], rows: Batch | Merged
    ) -> dict[int, Shown]:
        """Return the rows at which findings opened, by their places, and why they count."""
        at = [one.row for one in changes if one.what == layout.OPENED_NOW and one.row >= 0]
        return shown(rule, rows, np.array(at, dtype=np.int64), self.rules, self._trees)

    def _changed(
        self,
        evaluator: Evaluates,
        change: Transition,
        rows: Batch | Merged | None = None,
        seen: Shown | None = None,
    ) -> Placed:
        """Turn a transition into the finding's new state and remember it."""
        rule = evaluator.rule
        found = self.open[rule.id]
        if change.what == layout.OPENED_NOW:
            finding = opened(self, evaluator, change, seen)
            if self.gaps.at(rule, evaluator, change.row, change.instant):
                finding = replace(finding, degraded=True)
            found[change.slot] = finding
        else:
            finding = found[change.slot]
            finding = replace(
                finding,
                state="growing" if change.what == layout.GREW else "ended",
                last=change.instant,
                value=change.peak,
                threshold=finding.threshold if change.threshold is None else change.threshold,
            )
            if change.what == layout.GREW:
                found[change.slot] = finding
            else:
                del found[change.slot]
        # At one instant: what time ended, what time opened, then what rows did.
        place = (1 if change.what == layout.OPENED_NOW else 0, 0, 0, 0)
        if change.row >= 0 and rows is not None:
            at = change.row
            place = (2, int(rows.stream[at]), int(rows.position[at]), int(rows.part[at]))
        return (change.instant, *place, rule.id, finding.id), finding

    def now(self, rule: str) -> dict[int, Finding]:
        """Return the open findings of a rule by slot, with peak and last row so far."""
        evaluator = self.evaluators[rule]
        found = {}
        for slot, finding in self.open[rule].items():
            last, peak, threshold = evaluator.last(slot)
            threshold = finding.threshold if threshold is None else threshold
            found[slot] = replace(finding, last=last, value=peak, threshold=threshold)
        return found

    def forget(self, clause: str, customer: str | None) -> list[Finding]:
        """Let the windows of `clause` begin anew, for one customer or for all (None).

        Returns the findings that were open and are open no more. Rules without the customer in
        their key let go of that customer's open findings.
        """
        gone: list[Finding] = []
        for rule in self._of_clause(clause):
            evaluator, found = self.evaluators[rule.id], self.now(rule.id)
            at = rule.group_by.index("customer") if "customer" in rule.group_by else None
            leaving = {
                slot
                for slot in evaluator.slots()
                if customer is None
                or (at is not None and evaluator.key(slot)[at] == customer)
                or (at is None and slot in found and found[slot].customer == customer)
            }
            gone += [found[slot] for slot in sorted(leaving & set(found))]
            moved = evaluator.forget(leaving)
            kept = self.open[rule.id].items()
            self.open[rule.id] = {moved[slot]: one for slot, one in kept if slot in moved}
        return gone

    def _of_clause(self, clause: str) -> list[Rule]:
        """Return the rules of `clause` and what they are made of."""
        rules = self.rules.rules
        wanted = [rule for rule in rules.values() if rule.aup and rule.aup.clause == clause]
        for rule in wanted:
            parts = (rules[one] for one in rule.rules if one in rules)
            wanted += [part for part in parts if part not in wanted]
        return wanted

    def present(self) -> list[Placed]:
        """Return every open finding with peak and last row so far, at its opening's place."""
        return [
            ((finding.first, 0, 0, 0, 0, rule, finding.id), finding)
            for rule in self.open
            for finding in self.now(rule).values()
        ]

    def degraded(self) -> list[str]:
        """Return a line for each rule that could not evaluate every row."""
        return [
            f"{one.provider}: {one.name}: {one.why}; since {moment(one.since)}, last"
            f" {moment(one.last)}"
            for one in self.shortfalls()
        ]

    def shortfalls(self) -> list[Shortfall]:
        """Return why and since when some rules could not see everything they need."""
        return self.gaps.shortfalls(self.provider, self.evaluators)


def _is_real(rule: Rule, kinds: Catalogue) -> bool:
    """Return whether a rule adds floats."""
    if not isinstance(rule, Window | Baseline) or not rule.field:
        return False
    return fields_of(rule.kind, kinds)[rule.field].is_float()


def _schemas(rule: Rule, rules: RuleSet) -> dict[str, Schema]:
    """Return the columns of each kind that a finding of `rule` may quote."""
    return {
        kind: {name: fields_of(kind, rules.kinds)[name] for name in columns}
        for kind, columns in needed_columns(rules.only(rule.id)).items()
    }
