"""One rule at work: its state, its parameters, and the findings it holds open.

In: rows with codes, in order. Out: transitions, and a mark a row. Nothing here knows of frames or
policies; `watch` prepares the rows and turns transitions into findings.
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from typing import Any

import numpy as np
import polars as pl

from aupkeep.detection import layout, saving, state, windows
from aupkeep.detection.codes import Codes, Values
from aupkeep.detection.evaluating import Bools, Number, Sheet, Transition
from aupkeep.detection.layout import Ids, Ints, Params
from aupkeep.detection.rule import PANES, Conjunction, Window, pane_length

Rule = Window | Conjunction

_MODES = {
    "event_count": layout.COUNT,
    "value_count": layout.DISTINCT,
    "value_sum": layout.SUM,
    "value_avg": layout.MEAN,
    "ratio": layout.RATIO,
}
_OF_REALS = {layout.SUM: layout.REAL_SUM, layout.MEAN: layout.REAL_MEAN}
_GROWING = (layout.COUNT, layout.DISTINCT, layout.SUM, layout.REAL_SUM)
_BOTTOM, _TOP = -(2**63), 2**63 - 1
#: Version of what `save` returns; without a number it is of the first.
STATE_VERSION = 2


class Evaluator:
    """The windows of one rule, key by key."""

    def __init__(self, rule: Rule, *, real: bool, cap: int, keys: Codes, values: Codes) -> None:
        """Start empty; `real` sums floats, `cap` is the most keys held at a time."""
        self.rule = rule
        self.keys = keys
        self.values = values
        self.numbers = _numbers(rule)
        self.plans = {plan: i + 1 for i, plan in enumerate(_plans(rule))}
        self.mode = _mode(rule, real=real)
        self.params = _params(rule, self.mode, self.numbers, cap)
        self.store = self._empty()
        self._thaw_at = 1024
        self._passed = layout.NEVER

    def _empty(self) -> layout.Store:
        return state.empty_store(self.mode, rules=len(self.rule.rules))

    @property
    def refused(self) -> int:
        """Rows that were not evaluated because the rule held as many keys as it may."""
        return int(self.store.tally[layout.N_REFUSED])

    @property
    def cap(self) -> int:
        """The most keys held at a time."""
        return self.params.cap

    def slots(self) -> list[int]:
        """Return the slots that keys own."""
        return [int(slot) for slot in state.used_slots(self.store)]

    def key(self, slot: int) -> Values:
        """Return the key that owns `slot`."""
        return self.keys.values(int(self.store.tags[slot, layout.CODE]))

    def last(self, slot: int) -> tuple[int, Number, Number | None]:
        """Return the instant of the last row of an open `slot`, its peak and its threshold."""
        store = self.store
        peak = self._peak(int(store.peaks[slot]), float(store.reals[slot, layout.REAL_PEAK]))
        level = int(store.tags[slot, layout.PEAK_LEVEL])
        return int(store.slots[slot, layout.TIME]), peak, self._threshold(level)

    def run(self, sheet: Sheet) -> list[Transition]:
        """Evaluate rows; return what happened, in order. Their marks are filled on the way."""
        rows = sheet.rows
        found: list[Transition] = []
        self.store = state.with_codes(self.store, self.keys.bound)
        done = 0
        while done < rows.picked.size:
            self.store = state.with_room(self.store, self.params.span, self.params.most)
            done = windows.feed(self.store, self.params, rows, done)
            found += self._drain()
        return found

    def settle(self, frontier: int, open_slots: list[int]) -> list[Transition]:
        """Notice what time alone ended by `frontier`."""
        pane = frontier // self.params.keep_pane
        if pane <= self.store.tally[layout.NOW] and not open_slots:
            return []
        self._passed = frontier
        self.store = state.with_room(self.store, self.params.span, self.params.most)
        slots = np.array(open_slots, dtype=np.int64)
        windows.settle(self.store, self.params, frontier, slots)
        if self.store.tally[layout.N_COOLING] > self._thaw_at:
            self._thaw()
            self._thaw_at = 2 * int(self.store.tally[layout.N_COOLING]) + 1024
        return self._drain()

    def _thaw(self) -> None:
        if self._passed != layout.NEVER:
            windows.thaw(self.store, self.params, self._passed)

    def _drain(self) -> list[Transition]:
        store = self.store
        count, told = int(store.tally[layout.N_OUT]), int(store.tally[layout.N_TOLD])
        if not count:
            return []
        store.tally[[layout.N_OUT, layout.N_TOLD]] = 0
        out = store.out[:count]
        fresh = out[:, layout.O_WHAT] == layout.OPENED_NOW
        keys = iter(self._keys(out[fresh, layout.O_CODE]))
        rows = list(map(tuple, store.told[:told].tolist()))
        reals, times = store.out_reals[:count].tolist(), store.out_times[:count].tolist()
        changes = zip(out.tolist(), reals, times, fresh.tolist(), strict=True)
        return [
            self._opened(one, real, held, next(keys), rows) if new else self._moved(one, real[0])
            for one, real, held, new in changes
        ]

    def _keys(self, codes: Ints) -> list[Values]:
        """Return the keys that have `codes`."""
        if not codes.size:
            return []
        columns = [column.to_list() for column in self.keys.series(codes)]
        return list(zip(*columns, strict=True)) if columns else [()] * codes.size

    def _moved(self, out: list[int], real: float) -> Transition:
        """Return the transition of a finding that grew or ended."""
        what, instant, row, slot, peak, level = out[: layout.O_CODE]
        return Transition(
            what=what,
            instant=instant,
            row=row,
            slot=slot,
            peak=self._peak(peak, real),
            threshold=self._threshold(level),
        )

    def _opened(
        self,
        out: list[int],
        reals: list[float],
        times: list[int],
        key: Values,
        rows: list[tuple[int, ...]],
    ) -> Transition:
        """Return the transition of a finding that opened; `rows` are those it may tell of."""
        what, instant, row, slot, peak, level = out[: layout.O_CODE]
        told, weak = out[layout.O_TOLD], out[layout.O_WEAK]
        return Transition(
            what=what,
            instant=instant,
            row=row,
            slot=slot,
            peak=self._peak(peak, reals[0]),
            threshold=self._threshold(level),
            key=key,
            weak=bool(weak & layout.FAINT),
            forgeable=bool(weak & layout.FORGEABLE),
            kept=tuple(rows[told : told + out[layout.O_KEPT]]),
            parts=self._made_of(out, reals[1], times),
        )

    def _made_of(self, out: list[int], total: float, times: list[int]) -> tuple[Number, ...]:
        """Return what the value was made of when the finding opened, as `parts` says."""
        if self.mode in layout.JOINS:
            return tuple(times)
        if self.mode == layout.REAL_MEAN:
            return total, out[layout.O_DEN]
        return (out[layout.O_NUM], out[layout.O_DEN]) if self.mode in layout.IS_SHARE else ()

    def parts(self, slot: int) -> tuple[Number, ...]:
        """Return what the value of `slot` is made of after its last row."""
        num, den = self.store.slots[slot, [layout.NUM, layout.DEN]].tolist()
        if self.mode in layout.JOINS:
            return tuple(self.store.times[slot].tolist())
        if self.mode == layout.REAL_MEAN:
            return self._total(slot), den
        return (num, den) if self.mode in layout.IS_SHARE else ()

    def value(self, slot: int) -> Number | None:
        """Return the value of `slot` after its last row; None where there is none."""
        num = int(self.store.slots[slot, layout.NUM])
        if self.mode in layout.JOINS:
            after = int(self.store.slots[slot, layout.TIME]) - self.params.span
            return sum(time > after for time in self.parts(slot))
        if self.mode in layout.IS_SHARE:
            above, below = self.parts(slot)
            return float(above) / float(below) if below else None
        return self._total(slot) if self.mode in layout.ADDS_REALS else num

    def _total(self, slot: int) -> float:
        """Return the sum of floats in the window of `slot`."""
        return float(self.store.reals[slot, layout.OLDER]) + windows.latest(self.store, slot)

    def _peak(self, whole: int, real: float) -> Number:
        if self.mode in layout.JOINS:
            return len(self.rule.rules)
        return real if self.mode in layout.IS_REAL else whole

    def _threshold(self, level: int) -> Number | None:
        return self.numbers[level] if level >= 0 else None

    def live_values(self, bound: int) -> Bools:
        """Return for each value code below `bound` whether some window holds it."""
        self.store, alive = state.live_values(self.store, self.params.span, bound)
        return alive

    def live_keys(self, bound: int) -> Bools:
        """Return for each key code below `bound` whether it is held."""
        return state.live_keys(self.store, bound)

    def save(self) -> dict[str, Any]:
        """Return the state as plain values and bytes, with `order`: slot -> saved position."""
        self._thaw()
        body, used = self._saved(state.used_slots(self.store))
        body["order"] = self._order(used)
        return body

    def forget(self, gone: Container[int]) -> dict[int, int]:
        """Let go of the slots in `gone`, as if their rows had never come.

        Returns where the other slots with open findings stand now, by where they stood.
        """
        left = [slot for slot in self.slots() if slot not in gone]
        body, used = self._saved(np.array(left, dtype=np.int32))
        moved = self._order(used)
        self.restore(body)
        return moved

    def _order(self, used: Ids) -> dict[int, int]:
        places = np.flatnonzero(self.store.tags[used, layout.OPEN])
        return dict(zip(used[places].tolist(), places.tolist(), strict=True))

    def _saved(self, used: Ids) -> tuple[dict[str, Any], Ids]:
        """Return the state of the slots `used`, and those in the order of their keys."""
        codes = self.store.tags[used, layout.CODE].astype(np.int64)
        if self.keys.columns:
            used = used[_sorted(self.keys.series(codes))]
        body = saving.saved(self.store, self.params.span, used)
        body["keys"] = [one.to_list() for one in self.keys.series(body.pop("codes"))]
        slots, values, panes = body.pop("pairs")
        held, places = np.unique(values, return_inverse=True)
        (texts,) = self.values.series(held) if held.size else (pl.Series([], dtype=pl.Int64),)
        rank = _sorted([texts])
        places = np.argsort(rank)[places] if held.size else places
        order = np.lexsort((places, slots))
        body["version"] = STATE_VERSION
        body["count"] = int(used.size)
        body["values"] = texts[rank].to_list()
        body["pairs"] = np.stack([slots, places, panes])[:, order].tobytes()
        body["plans"] = list(self.plans)
        return body, used

    def restore(self, body: Mapping[str, Any]) -> None:
        """Take over what `save` returned for a rule with the same detection part."""
        if body.get("version", 1) == 1:
            body = saving.from_version_1(body, self.mode, self.params.keep_pane)
        codes = self.keys.of_lists(body["keys"], body["count"])
        store = saving.loaded(self._empty(), self.params.hold, body, codes)
        slots, places, panes = np.frombuffer(body["pairs"], dtype=np.int64).reshape(3, -1)
        if places.size:
            values = self.values.of_lists([body["values"]], len(body["values"]))
            store = saving.with_pairs(store, slots, values[places], panes)
        self._relevel(store, body["plans"])
        self.store = store

    def _relevel(self, store: layout.Store, plans: list[str]) -> None:
        """Levels are positions among the plans named then: move them to those named now."""
        moved = [0, *(self.plans.get(plan, 0) for plan in plans)]
        levels = np.array(moved, dtype=np.int32)
        store.tags[:, layout.LEVEL] = levels[store.tags[:, layout.LEVEL]]
        store.tags[:, layout.PEAK_LEVEL] = -1


def _sorted(columns: list[pl.Series]) -> Ints:
    """Return the order of rows by `columns`."""
    frame = pl.DataFrame([one.alias(str(i)) for i, one in enumerate(columns)])
    return frame.select(pl.arg_sort_by(frame.columns)).to_series().to_numpy().astype(np.int64)


def _mode(rule: Rule, *, real: bool) -> int:
    if isinstance(rule, Conjunction):
        return layout.ORDERED if rule.ordered else layout.CONJUNCTION
    mode = _MODES[rule.measure]
    return _OF_REALS.get(mode, mode) if real else mode


def _plans(rule: Rule) -> list[str]:
    return sorted(rule.threshold.plans) if isinstance(rule, Window) else []


def _numbers(rule: Rule) -> tuple[Number, ...]:
    if isinstance(rule, Conjunction):
        return (len(rule.rules),)
    return (rule.threshold.default, *(rule.threshold.plans[plan] for plan in _plans(rule)))


def _params(rule: Rule, mode: int, numbers: tuple[Number, ...], cap: int) -> Params:
    exact = isinstance(rule, Conjunction)
    pane = pane_length(rule.timespan)
    op = "gte" if isinstance(rule, Conjunction) else rule.op
    aup = rule.aup
    whole = [_whole_bounds(op, number) for number in numbers]
    real = [_real_bounds(op, float(number)) for number in numbers]
    return Params(
        mode=mode,
        pane=1 if exact else pane,
        span=rule.timespan if exact else PANES,
        keep_pane=pane,
        # A pane longer for exact times: a row at the start of its pane may count that long.
        hold=PANES + 1 if exact else PANES,
        most=aup.most if aup else 0,
        reports=aup is not None,
        down=op in ("lt", "lte"),
        grows=op in ("gt", "gte") and mode in _GROWING,
        outside=op == "neq",
        cooldown=aup.cooldown if aup else 0,
        least=rule.least if isinstance(rule, Window) else 0,
        cap=cap,
        low=np.array([low for low, _ in whole], dtype=np.int64),
        high=np.array([high for _, high in whole], dtype=np.int64),
        real_low=np.array([low for low, _ in real]),
        real_high=np.array([high for _, high in real]),
        number=np.array(numbers, dtype=np.float64),
    )


def _bounded(low: int, high: int) -> tuple[int, int]:
    """Return bounds that 64 bits can hold; the first above the second where nothing is inside."""
    low, high = max(low, _BOTTOM), min(high, _TOP)
    return (low, high) if low <= high else (1, 0)


def _whole_bounds(op: str, number: Number) -> tuple[int, int]:
    """Return the whole numbers between which a condition holds (for neq: does not)."""
    if math.isinf(number):
        inside = op in (("lt", "lte") if number > 0 else ("gt", "gte"))
        return (_BOTTOM, _TOP) if inside else (1, 0)
    below, above = math.floor(number), math.ceil(number)
    match op:
        case "gt":
            return _bounded(below + 1, _TOP)
        case "gte":
            return _bounded(above, _TOP)
        case "lt":
            return _bounded(_BOTTOM, above - 1)
        case "lte":
            return _bounded(_BOTTOM, below)
    return _bounded(above, below)


def _real_bounds(op: str, number: float) -> tuple[float, float]:
    """Return the floats between which a condition holds (for neq: does not), both included."""
    match op:
        case "gt":
            return math.nextafter(number, math.inf), math.inf
        case "gte":
            return number, math.inf
        case "lt":
            return -math.inf, math.nextafter(number, -math.inf)
        case "lte":
            return -math.inf, number
    return number, number
