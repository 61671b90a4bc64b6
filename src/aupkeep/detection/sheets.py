"""What each rule looks at in one feed: its rows, with keys, values and levels.

In: batches by kind, and where selections and rules held. Out: one `Sheet` a rule. What several
rules need is made once: the columns and keys of the rows that any of them looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aupkeep.detection import layout
from aupkeep.detection.batch import Batch
from aupkeep.detection.codes import Codes, Column
from aupkeep.detection.dictionaries import Dictionaries
from aupkeep.detection.evaluating import Evaluates, Sheet
from aupkeep.detection.evaluator import Evaluator
from aupkeep.detection.layout import Rows
from aupkeep.detection.merging import Merged, merge, merge_by_rule
from aupkeep.detection.naming import key_fields, kinds_of, parts_of
from aupkeep.detection.plans import Levels, plan_column
from aupkeep.detection.rule import Absence, Baseline, Rule, RuleSet, Window
from aupkeep.detection.sharing import Deal
from aupkeep.detection.tables import Bools, Ints

#: Does some pieces of work, in any order or side by side, and returns what they returned.
Work = Callable[[Iterable[Callable[[], Any]]], list[Any]]
#: Rows of a batch that need the code of some columns.
_Wanted = tuple[Batch, Codes, tuple[str, ...], Bools]

_NO_WHOLE = np.zeros(1, dtype=np.int64)
_NO_REAL = np.zeros(1)
_NO_ROWS = np.zeros(0, dtype=np.int64)


class Marked:
    """Where a rule held: for each kind, one truth value a row, and how weak those rows are."""

    def __init__(self) -> None:
        self.holds: dict[str, Bools] = {}
        self.weak: dict[str, NDArray[np.uint8]] = {}


class Sheets:
    """The sheets of every rule in one feed."""

    def __init__(
        self,
        batches: Mapping[str, Batch],
        marked: Mapping[str, Marked],
        rules: RuleSet,
        evaluators: Mapping[str, Evaluates],
    ) -> None:
        self.batches = batches
        self.marked = marked
        self._rules = rules
        self._evaluators = evaluators
        self._picked: dict[str, Bools] = {}
        self._codes: dict[tuple[str, int], Ints] = {}

    def prepare(self, dictionaries: Dictionaries, work: Work) -> None:
        """Number keys, values and plans of all rows that windows look at."""
        wanted: dict[tuple[str, int], _Wanted] = {}
        plans: list[tuple[Batch, str, Column]] = []
        for rule in self._rules.rules.values():
            batch = self.batches.get(rule.kind) if isinstance(rule, Window | Baseline) else None
            if not isinstance(rule, Window | Baseline) or batch is None:
                continue
            rows = self._picked[rule.id] = self._rows_of(rule, batch)
            evaluator = self._evaluators[rule.id]
            if evaluator.plans:
                name = plan_column(rule)
                plans.append((batch, name, dictionaries.column(name, pl.String())))
            needed = [] if rule.aliases else [(evaluator.keys, key_fields(rule, ""))]
            if isinstance(evaluator, Evaluator) and evaluator.mode == layout.DISTINCT:
                needed.append((evaluator.values, (rule.field,)))
            for codes, names in needed:
                place = (rule.kind, id(codes))
                if place in wanted:
                    rows = wanted[place][3] | rows
                wanted[place] = (batch, codes, names, rows)
                rows = self._picked[rule.id]
        _number_columns(list(wanted.values()), plans, work)
        by_codes: dict[Codes, list[tuple[str, int]]] = {}
        for place, (_, codes, _, _) in wanted.items():
            by_codes.setdefault(codes, []).append(place)
        pieces = (self._coding([(at, wanted[at]) for at in places]) for places in by_codes.values())
        work(pieces)

    def _coding(self, wanted: list[tuple[tuple[str, int], _Wanted]]) -> Callable[[], None]:
        """Return the work of numbering the rows of one dictionary."""

        def code() -> None:
            for place, (batch, codes, names, picked) in wanted:
                ids = [batch.ids(name) for name in names]
                self._codes[place] = codes.of_ids(ids, np.flatnonzero(picked), len(batch))

        return code

    def _rows_of(self, rule: Window | Baseline, batch: Batch) -> Bools:
        """Return which rows of the rule's kind it looks at."""
        rows = self.any(rule.kind, parts_of(rule))
        return rows & batch.given(rule.field) if rule.field else rows

    def any(self, kind: str, ids: Iterable[str]) -> Bools:
        """Return the rows of `kind` at which one of `ids` holds."""
        masks = [self.marked[one].holds[kind] for one in ids]
        rows = masks[0]
        for mask in masks[1:]:
            rows = rows | mask
        return rows

    def of_kind(
        self, rule: Window | Baseline, levels: Levels | None, deal: Deal | None
    ) -> Sheet | None:
        """Return the rows of a rule that looks at one kind."""
        batch = self.batches.get(rule.kind)
        if batch is None:
            return None
        if rule.aliases:
            return self._aliased(rule, batch, levels, deal)
        index = np.flatnonzero(self._picked[rule.id])
        evaluator = self._evaluators[rule.id]
        code = self._codes.get((rule.kind, id(evaluator.keys)), _NO_ROWS)
        if deal is not None and index.size:
            index = index[deal.of(code[index])]
        if not index.size:
            return None
        rows = Rows(
            picked=index,
            time=batch.time,
            code=code,
            whole=self._whole(rule, evaluator, batch),
            real=self._real(rule, evaluator, batch),
            level=levels.of(batch.ids(plan_column(rule))) if levels else _NO_WHOLE,
            weak=batch.weak,
            stream=batch.stream,
            position=batch.position,
            part=batch.part,
            marks=np.zeros(index.size, dtype=np.uint8),
        )
        return Sheet(rows=rows, source=batch)

    def _whole(self, rule: Window | Baseline, evaluator: Evaluates, batch: Batch) -> Ints:
        mode = evaluator.mode if isinstance(evaluator, Evaluator) else -1
        if isinstance(evaluator, Evaluator) and mode == layout.DISTINCT:
            return self._codes[(rule.kind, id(evaluator.values))]
        if mode == layout.RATIO and isinstance(rule, Window):
            below = self.any(rule.kind, rule.rules)
            above = self.marked[rule.numerator].holds[rule.kind].astype(np.int64)
            return np.asarray(above + 2 * below, dtype=np.int64)
        if rule.field and not _adds_reals(evaluator, batch, rule):
            return batch.whole(rule.field)
        return _NO_WHOLE

    def _real(
        self, rule: Window | Baseline, evaluator: Evaluates, batch: Batch
    ) -> NDArray[np.float64]:
        adds = rule.field and _adds_reals(evaluator, batch, rule)
        return batch.real(rule.field) if adds else _NO_REAL

    def _aliased(
        self, rule: Window | Baseline, batch: Batch, levels: Levels | None, deal: Deal | None
    ) -> Sheet | None:
        """Return the rows of a rule whose selections name their keys each in its way."""
        picked = self._picked[rule.id]
        marked = {part: Marked() for part in parts_of(rule)}
        for part, own in marked.items():
            own.holds[rule.kind] = self.marked[part].holds[rule.kind] & picked
            own.weak[rule.kind] = batch.weak
        merged = self.joined(rule, marked)
        evaluator = self._evaluators[rule.id]
        whole, real = self._whole(rule, evaluator, batch), self._real(rule, evaluator, batch)
        if isinstance(rule, Window) and rule.numerator:
            bit = len(rule.rules)
            below = merged.bits & ((1 << bit) - 1) != 0
            whole = (merged.bits >> bit & 1) + 2 * below.astype(np.int64)
        elif whole.size > 1 or len(batch) == 1:
            whole = whole[merged.row_of]
        level = levels.of(batch.ids(plan_column(rule)))[merged.row_of] if levels else _NO_WHOLE
        return _sheet(
            merged,
            deal,
            whole=whole,
            real=real[merged.row_of] if real is not _NO_REAL else real,
            level=level,
        )

    def of_kinds(self, rule: Rule, deal: Deal | None) -> Sheet | None:
        """Return the merged rows of a rule that joins others; bits say which of them hold."""
        if not any(kind in self.batches for kind in kinds_of(rule)):
            return None
        merged = self.joined(rule, self.marked)
        bits = _awaited(rule, merged.bits) if isinstance(rule, Absence) else merged.bits
        return _sheet(merged, deal, whole=bits, real=_NO_REAL, level=_NO_WHOLE)

    def joined(self, rule: Rule, marked: Mapping[str, Marked]) -> Merged:
        """Return the rows at which a part of `rule` holds, once for each key that gives."""
        codes = self._evaluators[rule.id].keys
        parts = parts_of(rule)

        def coded(place: int, kind: str, rows: Ints) -> Ints:
            frame = self.batches[kind].frame
            names = key_fields(rule, parts[place])
            return codes.of_columns([frame[name][rows] for name in names], rows.size)

        held = [(marked[part].holds, marked[part].weak) for part in parts]
        way = merge_by_rule if rule.aliases else merge
        return way(self.batches, kinds_of(rule), held, coded)

    def mark(self, rule: Rule, sheet: Sheet | None) -> None:
        """Put the marks of the rows that a rule looked at back among all rows of their kinds."""
        for kind in kinds_of(rule):
            if kind not in self.batches:
                continue
            holds = np.zeros(len(self.batches[kind]), dtype=np.bool_)
            weak = np.zeros(len(self.batches[kind]), dtype=np.uint8)
            if sheet is not None:
                rows, marks = _back(sheet, kind)
                held = marks & 1 == 1
                holds[rows[held]] = True
                np.bitwise_or.at(weak, rows[held], marks[held] >> 1)
            self.marked[rule.id].holds[kind] = holds
            self.marked[rule.id].weak[kind] = weak


def _awaited(rule: Absence, bits: Ints) -> Ints:
    """Return for each row: bit 0, what was awaited came; bit 1, a wait begins."""
    came = bits & ((1 << len(rule.rules)) - 1) != 0
    begins = bits >> len(rule.rules) != 0 if rule.after else came
    return came.astype(np.int64) + 2 * begins.astype(np.int64)


def _back(sheet: Sheet, kind: str) -> tuple[Ints, NDArray[np.uint8]]:
    """Return rows of the batch of `kind`, and their marks."""
    picked, marks = sheet.rows.picked, sheet.rows.marks
    if not isinstance(sheet.source, Merged):
        return picked, marks
    spread = np.zeros(sheet.source.time.size, dtype=np.uint8)
    spread[picked] = marks
    places, rows = sheet.source.origin.get(kind, (_NO_ROWS, _NO_ROWS))
    return rows, spread[places]


def _sheet(merged: Merged, deal: Deal | None, **given: NDArray[Any]) -> Sheet | None:
    picked = np.arange(merged.time.size)
    if deal is not None and picked.size:
        picked = picked[deal.of(merged.code)]
    if not picked.size:
        return None
    rows = Rows(
        picked=picked,
        time=merged.time,
        code=merged.code,
        weak=merged.weak,
        stream=merged.stream,
        position=merged.position,
        part=merged.part,
        marks=np.zeros(picked.size, dtype=np.uint8),
        **given,
    )
    return Sheet(rows=rows, source=merged)


def _adds_reals(evaluator: Evaluates, batch: Batch, rule: Window | Baseline) -> bool:
    if isinstance(evaluator, Evaluator):
        return evaluator.mode in layout.ADDS_REALS
    return batch.frame.schema[rule.field].is_float()


def _number_columns(
    wanted: list[_Wanted],
    plans: list[tuple[Batch, str, Column]],
    work: Work,
) -> None:
    """Number the values of every column that is needed; one column is one piece of work."""
    needed: dict[Column, dict[tuple[int, str], tuple[Batch, Bools]]] = {}
    for batch, codes, names, picked in wanted:
        for name, column in zip(names, codes.columns, strict=True):
            rows = needed.setdefault(column, {})
            place = (id(batch), name)
            before = rows[place][1] | picked if place in rows else picked
            rows[place] = (batch, before)
    for batch, name, column in plans:
        every = np.ones(len(batch), dtype=np.bool_)
        needed.setdefault(column, {})[(id(batch), name)] = (batch, every)
    work(_numbering(column, rows) for column, rows in needed.items())


def _numbering(
    column: Column, rows: Mapping[tuple[int, str], tuple[Batch, Bools]]
) -> Callable[[], None]:
    def number() -> None:
        for (_, name), (batch, picked) in rows.items():
            batch.prepare(name, column, picked)

    return number
