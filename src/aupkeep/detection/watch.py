"""The rules of one provider at work: frames in, findings out.

In: attributed frames by kind, sorted, and the frontier. Out: findings, each with the place in time
and order at which it changed. Holds the state of every rule between feeds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aupkeep.detection import layout
from aupkeep.detection.absences import Absences
from aupkeep.detection.baselines import Baselines
from aupkeep.detection.batch import CUSTOMER, Batch, visible
from aupkeep.detection.codes import Codes, Ints
from aupkeep.detection.evaluating import Evaluates, Sheet, Transition
from aupkeep.detection.evaluator import Evaluator
from aupkeep.detection.fields import Catalogue, fields_of
from aupkeep.detection.finding import Finding
from aupkeep.detection.layout import Rows
from aupkeep.detection.merging import Held, Merged, merge
from aupkeep.detection.opening import opened
from aupkeep.detection.plans import levels_for
from aupkeep.detection.predicates import masks, read_fields
from aupkeep.detection.rule import Absence, Baseline, Conjunction, Rule, RuleSet, Window
from aupkeep.events.schema import ATTRIBUTED, COMMON, Schema

#: Instant, time alone before rows, event id, rule: findings are handed on in this order.
Position = tuple[int, int, int, int, int, str, str]
Placed = tuple[Position, Finding]

_NO_WHOLE = np.zeros(1, dtype=np.int64)
_NO_REAL = np.zeros(1)
#: Dictionaries are cleaned when they hold this many codes more than twice those in use.
_SLACK = 4096


class Marked:
    """Where a rule held: for each kind, one truth value a row, and how weak those rows are."""

    def __init__(self) -> None:
        self.holds: dict[str, NDArray[np.bool_]] = {}
        self.weak: dict[str, NDArray[np.uint8]] = {}


class Watch:
    """One provider's rules and their state."""

    def __init__(self, provider: str, rules: RuleSet, policy_version: str, cap: int) -> None:
        """Start with empty windows; `cap` is the most keys a rule holds at a time."""
        self.provider = provider
        self.rules = rules
        self.policy_version = policy_version
        self._keys: dict[tuple[str, ...], Codes] = {}
        self._values: dict[str, Codes] = {}
        self.evaluators = {rule.id: self._evaluator(rule, cap) for rule in rules.rules.values()}
        #: Open findings of each rule by slot.
        self.open: dict[str, dict[int, Finding]] = {rule: {} for rule in rules.rules}
        self._columns = _columns(rules)
        self._referred = {
            part
            for rule in rules.rules.values()
            if isinstance(rule, Conjunction)
            for part in rule.rules
        }

    def _evaluator(self, rule: Rule, cap: int) -> Evaluates:
        """Return the state of a rule, empty: the one place where a rule gets its evaluator."""
        keys = self._keys.setdefault(_key_columns(rule), Codes())
        match rule:
            case Window():
                real = _is_real(rule, self.rules.kinds)
                values = self._values.setdefault(rule.field, Codes())
                return Evaluator(rule, real=real, cap=cap, keys=keys, values=values)
            case Conjunction():
                return Evaluator(rule, real=False, cap=cap, keys=keys, values=Codes())
            case Baseline():
                return Baselines(rule, real=_is_real(rule, self.rules.kinds), cap=cap, keys=keys)
            case Absence():
                return Absences(rule, cap=cap, keys=keys, schemas=_schemas(rule, self.rules))

    def feed(self, frames: Mapping[str, pl.DataFrame], frontier: int) -> list[Placed]:
        """Evaluate the rows of `frames`; return what changed up to `frontier`, unsorted."""
        batches = {}
        for kind, columns in self._columns.items():
            frame = frames.get(kind)
            if frame is not None and frame.height:
                seen = visible(frame, self.provider, columns)
                if seen.height:
                    batches[kind] = Batch(seen)
        placed = list(self._evaluate(batches))
        for rule, evaluator in self.evaluators.items():
            changes = evaluator.settle(frontier, list(self.open[rule]))
            placed.extend(self._changed(evaluator, change) for change in changes)
        self._clean()
        return placed

    def _evaluate(self, batches: dict[str, Batch]) -> Iterator[Placed]:
        marked = self._select(batches)
        codes = self._code(batches, marked)
        for rule in self.rules.rules.values():
            sheet = self._sheet(rule, batches, marked, codes)
            if sheet is not None:
                evaluator = self.evaluators[rule.id]
                for change in evaluator.run(sheet):
                    yield self._changed(evaluator, change, sheet.source)
            if rule.id in self._referred:
                _mark(marked[rule.id], rule, batches, sheet)

    def _sheet(
        self,
        rule: Rule,
        batches: dict[str, Batch],
        marked: dict[str, Marked],
        codes: dict[tuple[str, ...], Ints],
    ) -> Sheet | None:
        """Return the rows a rule looks at: the one place where a rule gets its rows."""
        match rule:
            case Window():
                return self._window(rule, batches, marked, codes)
            case Conjunction():
                return self._conjunction(rule, batches, marked)
            case Baseline():
                return self._baseline(rule, batches, marked, codes)
            case Absence():
                return self._absence(rule, batches, marked)

    def _select(self, batches: dict[str, Batch]) -> dict[str, Marked]:
        marked = {rule: Marked() for rule in (*self.rules.selections, *self.rules.rules)}
        for kind, batch in batches.items():
            wanted = [one for one in self.rules.selections.values() if one.kind == kind]
            for rule, mask in masks(batch.frame, wanted).items():
                marked[rule].holds[kind] = mask
                marked[rule].weak[kind] = batch.weak
        return marked

    def _code(
        self, batches: dict[str, Batch], marked: dict[str, Marked]
    ) -> dict[tuple[str, ...], Ints]:
        """Return key and value codes of every row that some window needs, by kind and columns."""
        picked: dict[tuple[str, ...], NDArray[np.bool_]] = {}
        for rule in self.rules.rules.values():
            if not isinstance(rule, Window | Baseline) or rule.kind not in batches:
                continue
            rows = _rows_of(rule, marked, batches[rule.kind])
            names = [(rule.kind, "key", *_key_columns(rule))]
            if isinstance(rule, Window) and rule.measure == "value_count":
                names.append((rule.kind, "value", rule.field))
            for name in names:
                picked[name] = picked[name] | rows if name in picked else rows
        return {
            name: batches[name[0]].codes(
                name[2:],
                self._keys[name[2:]] if name[1] == "key" else self._values[name[2]],
                rows,
            )
            for name, rows in picked.items()
        }

    def _window(
        self,
        rule: Window,
        batches: dict[str, Batch],
        marked: dict[str, Marked],
        codes: dict[tuple[str, ...], Ints],
    ) -> Sheet | None:
        batch = batches.get(rule.kind)
        index = np.flatnonzero(_rows_of(rule, marked, batch)) if batch else _NO_WHOLE[:0]
        evaluator = self.evaluators[rule.id]
        if batch is None or not index.size or not isinstance(evaluator, Evaluator):
            return None
        rows = Rows(
            picked=index,
            time=batch.time,
            code=codes[(rule.kind, "key", *_key_columns(rule))],
            whole=_whole(rule, evaluator, batch, marked, codes),
            real=batch.real(rule.field) if evaluator.mode == layout.REAL_SUM else _NO_REAL,
            level=levels_for(rule, evaluator.plans, batch),
            weak=batch.weak,
            stream=batch.stream,
            position=batch.position,
            part=batch.part,
            marks=np.zeros(index.size, dtype=np.uint8),
        )
        return Sheet(rows=rows, source=batch)

    def _baseline(
        self,
        rule: Baseline,
        batches: dict[str, Batch],
        marked: dict[str, Marked],
        codes: dict[tuple[str, ...], Ints],
    ) -> Sheet | None:
        batch = batches.get(rule.kind)
        index = np.flatnonzero(_rows_of(rule, marked, batch)) if batch else _NO_WHOLE[:0]
        if batch is None or not index.size:
            return None
        real = _is_real(rule, self.rules.kinds)
        rows = Rows(
            picked=index,
            time=batch.time,
            code=codes[(rule.kind, "key", *_key_columns(rule))],
            whole=batch.whole(rule.field) if rule.field and not real else _NO_WHOLE,
            real=batch.real(rule.field) if real else _NO_REAL,
            level=levels_for(rule, self.evaluators[rule.id].plans, batch),
            weak=batch.weak,
            stream=batch.stream,
            position=batch.position,
            part=batch.part,
            marks=np.zeros(index.size, dtype=np.uint8),
        )
        return Sheet(rows=rows, source=batch)

    def _conjunction(
        self, rule: Conjunction, batches: dict[str, Batch], marked: dict[str, Marked]
    ) -> Sheet | None:
        if not any(kind in batches for kind in rule.kinds):
            return None
        held = [(marked[part].holds, marked[part].weak) for part in rule.rules]
        merged = merge(batches, rule.kinds, held, _key_columns(rule))
        count = merged.time.size
        if not count:
            return None
        rows = Rows(
            picked=np.arange(count),
            time=merged.time,
            code=self.evaluators[rule.id].keys.of_rows(merged.frame, _key_columns(rule)),
            whole=merged.bits,
            real=_NO_REAL,
            level=_NO_WHOLE,
            weak=merged.weak,
            stream=merged.stream,
            position=merged.position,
            part=merged.part,
            marks=np.zeros(count, dtype=np.uint8),
        )
        return Sheet(rows=rows, source=merged)

    def _absence(
        self, rule: Absence, batches: dict[str, Batch], marked: dict[str, Marked]
    ) -> Sheet | None:
        if not any(kind in batches for kind in rule.kinds):
            return None
        held = [_either(ids, batches, marked) for ids in (rule.rules, rule.after or rule.rules)]
        merged = merge(batches, rule.kinds, held, _key_columns(rule))
        count = merged.time.size
        if not count:
            return None
        rows = Rows(
            picked=np.arange(count),
            time=merged.time,
            code=self.evaluators[rule.id].keys.of_rows(merged.frame, _key_columns(rule)),
            whole=merged.bits,
            real=_NO_REAL,
            level=_NO_WHOLE,
            weak=merged.weak,
            stream=merged.stream,
            position=merged.position,
            part=merged.part,
            marks=np.zeros(count, dtype=np.uint8),
        )
        return Sheet(rows=rows, source=merged)

    def _changed(
        self, evaluator: Evaluates, change: Transition, rows: Batch | Merged | None = None
    ) -> Placed:
        """Turn a transition into the finding's new state and remember it."""
        rule = evaluator.rule
        found = self.open[rule.id]
        if change.what == layout.OPENED_NOW:
            finding = opened(self, evaluator, change, rows)
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
            f"{self.provider}: {one.rule.name}: {one.refused} rows of new keys not evaluated:"
            f" it holds {one.cap} keys, which is the most"
            for one in self.evaluators.values()
            if one.refused
        ]

    def _clean(self) -> None:
        """Free the codes that no rule holds, now and then."""
        for codes in self._keys.values():
            users = [one for one in self.evaluators.values() if one.keys is codes]
            _keep(codes, [one.live_keys for one in users])
        for codes in self._values.values():
            users = [
                one
                for one in self.evaluators.values()
                if isinstance(one, Evaluator)
                and one.values is codes
                and one.mode == layout.DISTINCT
            ]
            _keep(codes, [one.live_values for one in users])


def _keep(codes: Codes, live: list[Any]) -> None:
    if len(codes) <= 2 * codes.held + _SLACK:
        return
    alive = np.zeros(codes.bound, dtype=np.bool_)
    for one in live:
        alive |= one(codes.bound)
    codes.keep(alive)


def _is_real(rule: Window | Baseline, kinds: Catalogue) -> bool:
    data = fields_of(rule.kind, kinds).get(rule.field)
    return data is not None and data.is_float()


def _key_columns(rule: Rule) -> tuple[str, ...]:
    return tuple(CUSTOMER if name == "customer" else name for name in rule.group_by)


def _columns(rules: RuleSet) -> dict[str, list[str]]:
    """Return the columns that must be kept of each kind that a rule reads."""
    needed: dict[str, set[str]] = {}
    for selection in rules.selections.values():
        columns = needed.setdefault(selection.kind, {*COMMON, *ATTRIBUTED})
        columns |= read_fields(selection.predicate)
    for rule in rules.rules.values():
        for kind in kinds_of(rule):
            names = {*rule.group_by, *(rule.aup.fields if rule.aup else ())}
            if isinstance(rule, Window | Baseline) and rule.field:
                names.add(rule.field)
            needed[kind] |= names & set(fields_of(kind, rules.kinds))
    return {kind: sorted(columns) for kind, columns in needed.items()}


def _rows_of(rule: Window | Baseline, marked: dict[str, Marked], batch: Batch) -> NDArray[np.bool_]:
    """Return which rows of the rule's kind it looks at."""
    numerator = rule.numerator if isinstance(rule, Window) else ""
    ids = (*rule.rules, numerator) if numerator else rule.rules
    rows = _any(rule.kind, ids, marked)
    return rows & batch.given(rule.field) if rule.field else rows


def _any(kind: str, ids: tuple[str, ...], marked: dict[str, Marked]) -> NDArray[np.bool_]:
    rows = marked[ids[0]].holds[kind]
    for one in ids[1:]:
        rows = rows | marked[one].holds[kind]
    return rows


def _either(ids: tuple[str, ...], batches: dict[str, Batch], marked: dict[str, Marked]) -> Held:
    """Return where one of the selections `ids` holds, by kind, and how weak those rows are."""
    holds: dict[str, NDArray[np.bool_]] = {}
    for one in ids:
        for kind, mask in marked[one].holds.items():
            holds[kind] = holds[kind] | mask if kind in holds else mask
    return holds, {kind: batches[kind].weak for kind in holds}


def _schemas(rule: Rule, rules: RuleSet) -> dict[str, Schema]:
    """Return the columns of each kind that a finding of `rule` may quote."""
    return {
        kind: {name: fields_of(kind, rules.kinds)[name] for name in columns}
        for kind, columns in _columns(rules.only(rule.id)).items()
    }


def _whole(
    rule: Window,
    evaluator: Evaluator,
    batch: Batch,
    marked: dict[str, Marked],
    codes: dict[tuple[str, ...], Ints],
) -> Ints:
    match evaluator.mode:
        case layout.DISTINCT:
            return codes[(rule.kind, "value", rule.field)]
        case layout.SUM:
            return batch.whole(rule.field)
        case layout.RATIO:
            below = _any(rule.kind, rule.rules, marked)
            above = marked[rule.numerator].holds[rule.kind].astype(np.int64)
            return np.asarray(above + 2 * below, dtype=np.int64)
    return _NO_WHOLE


def kinds_of(rule: Rule) -> tuple[str, ...]:
    """Return the kinds of the rows that `rule` looks at."""
    return (rule.kind,) if isinstance(rule, Window | Baseline) else rule.kinds


def _mark(marked: Marked, rule: Rule, batches: dict[str, Batch], sheet: Sheet | None) -> None:
    """Put the marks of the rows that a rule looked at back among all rows of their kinds."""
    for kind in kinds_of(rule):
        if kind not in batches:
            continue
        holds = np.zeros(len(batches[kind]), dtype=np.bool_)
        weak = np.zeros(len(batches[kind]), dtype=np.uint8)
        if sheet is not None:
            picked, marks = sheet.rows.picked, sheet.rows.marks
            if isinstance(sheet.source, Merged):
                places, picked = sheet.source.origin.get(kind, (_NO_WHOLE[:0], _NO_WHOLE[:0]))
                marks = marks[places]
            holds[picked] = marks & 1 == 1
            weak[picked] = marks >> 1
        marked.holds[kind] = holds
        marked.weak[kind] = weak
