"""One rule at work: its state, its parameters, and the findings it holds open.

In: rows with codes, in order. Out: transitions, and a mark a row. Nothing here knows of frames or
policies; `watch` prepares the rows and turns transitions into findings.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping
from typing import Any

import numpy as np

from aupkeep.detection import layout, state, windows
from aupkeep.detection.codes import Codes, Values
from aupkeep.detection.evaluating import Number, Sheet, Transition
from aupkeep.detection.layout import Ints, Params
from aupkeep.detection.rule import PANES, Conjunction, Window, pane_length

Rule = Window | Conjunction

_MODES = {
    "event_count": layout.COUNT,
    "value_count": layout.DISTINCT,
    "value_sum": layout.SUM,
    "ratio": layout.RATIO,
}
_BOTTOM, _TOP = -(2**63) + 1, 2**63 - 1
#: Format of what `save` returns.
STATE_VERSION = 1


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
        return state.used_slots(self.store)

    def key(self, slot: int) -> Values:
        """Return the key that owns `slot`."""
        return self.keys.values(int(self.store.slots[slot, layout.CODE]))

    def last(self, slot: int) -> tuple[int, Number, Number | None]:
        """Return the instant of the last row of an open `slot`, its peak and its threshold."""
        slots, reals = self.store.slots, self.store.reals
        peak = self._peak(int(slots[slot, layout.PEAK]), float(reals[slot, layout.REAL_PEAK]))
        level = int(slots[slot, layout.PEAK_LEVEL])
        return int(slots[slot, layout.TIME]), peak, self._threshold(level)

    def run(self, sheet: Sheet) -> Iterator[Transition]:
        """Evaluate rows; yields what happened, in order. Their marks are filled on the way."""
        rows = sheet.rows
        self.store = state.with_codes(self.store, self.keys.bound)
        done = 0
        while done < rows.picked.size:
            self.store = state.with_room(self.store, self.params.span)
            done = windows.feed(self.store, self.params, rows, done)
            yield from self._drain()

    def settle(self, frontier: int, open_slots: list[int]) -> Iterator[Transition]:
        """Notice what time alone ended by `frontier`."""
        self.store = state.with_room(self.store, self.params.span)
        slots = np.array(open_slots, dtype=np.int64)
        windows.settle(self.store, self.params, frontier, slots)
        yield from self._drain()
        if self.store.tally[layout.N_COOLING] > self._thaw_at:
            windows.thaw(self.store, self.params, frontier)
            self._thaw_at = 2 * int(self.store.tally[layout.N_COOLING]) + 1024

    def _drain(self) -> list[Transition]:
        count = int(self.store.tally[layout.N_OUT])
        self.store.tally[layout.N_OUT] = 0
        peaks = self.store.out_peaks[:count].tolist()
        return [
            self._transition(out, peak)
            for out, peak in zip(self.store.out[:count].tolist(), peaks, strict=True)
        ]

    def _transition(self, out: list[int], real: float) -> Transition:
        what, instant, row, slot, peak, level = out
        opened = what == layout.OPENED_NOW
        return Transition(
            what=what,
            instant=instant,
            row=row,
            slot=slot,
            peak=self._peak(peak, real),
            threshold=self._threshold(level),
            key=self.key(slot) if opened else (),
            weak=opened and self._within(slot, layout.LOW),
            forgeable=opened and self._within(slot, layout.FORGED),
            kept=self._kept(slot) if opened else (),
            parts=self.parts(slot) if opened else (),
        )

    def parts(self, slot: int) -> tuple[Number, ...]:
        """Return what the value of `slot` is made of after its last row.

        Of a ratio the numerator's and the denominator's rows; of a conjunction the instant at which
        each rule held last, `layout.NEVER` where it did not; of the others nothing.
        """
        if self.mode == layout.RATIO:
            slots = self.store.slots
            return int(slots[slot, layout.NUM]), int(slots[slot, layout.DEN])
        if self.mode == layout.CONJUNCTION:
            return tuple(self.store.sums[slot].tolist())
        return ()

    def value(self, slot: int) -> Number | None:
        """Return the value of `slot` after its last row; None where there is none."""
        slots, store = self.store.slots, self.store
        if self.mode == layout.REAL_SUM:
            newest = int(slots[slot, layout.AT]) % PANES
            older = float(store.reals[slot, layout.OLDER])
            return older + float(store.real_sums[slot, newest])
        if self.mode == layout.RATIO:
            above, below = self.parts(slot)
            return float(above) / float(below) if below else None
        if self.mode == layout.CONJUNCTION:
            after = int(slots[slot, layout.TIME]) - self.params.span
            return sum(time > after for time in self.parts(slot))
        return int(slots[slot, layout.NUM])

    def _peak(self, whole: int, real: float) -> Number:
        if self.mode == layout.CONJUNCTION:
            return len(self.rule.rules)
        return real if self.mode in (layout.REAL_SUM, layout.RATIO) else whole

    def _threshold(self, level: int) -> Number | None:
        return self.numbers[level] if level >= 0 else None

    def _within(self, slot: int, column: int) -> bool:
        """Say whether the pane in `column` is in the window."""
        slots = self.store.slots
        return bool(slots[slot, column] > slots[slot, layout.AT] - self.params.span)

    def _kept(self, slot: int) -> tuple[tuple[int, int, int], ...]:
        kept: list[tuple[int, int, int]] = []
        node = int(self.store.slots[slot, layout.HEAD])
        while node >= 0 and len(kept) < self.params.most:
            stream, position, part = self.store.nodes[node, layout.N_STREAM : layout.N_NEXT]
            kept.append((int(stream), int(position), int(part)))
            node = int(self.store.nodes[node, layout.N_NEXT])
        return tuple(kept)

    def live_values(self, bound: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return for each value code below `bound` whether some window holds it."""
        return state.live_values(self.store, self.params.span, bound)

    def live_keys(self, bound: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return for each key code below `bound` whether it is held."""
        return state.live_keys(self.store, bound)

    def save(self) -> dict[str, Any]:
        """Return the state as plain values and bytes, with `order`: slot -> saved position."""
        return self._saved(state.used_slots(self.store))

    def forget(self, gone: Container[int]) -> dict[int, int]:
        """Let go of the slots in `gone`, as if their rows had never come.

        Returns where the other slots stand now, by where they stood.
        """
        body = self._saved([slot for slot in state.used_slots(self.store) if slot not in gone])
        moved: dict[int, int] = body.pop("order")
        self.restore(body)
        return moved

    def _saved(self, used: list[int]) -> dict[str, Any]:
        body = state.saved(self.store, self.params.span, used)
        codes = body.pop("codes")
        body["keys"] = [list(self.keys.values(code)) for code in codes]
        pairs = np.frombuffer(body["pairs"], dtype=np.int64).reshape(3, -1)
        held, places = np.unique(pairs[1], return_inverse=True)
        body["values"] = [list(self.values.values(code)) for code in held.tolist()]
        body["pairs"] = np.stack([pairs[0], places, pairs[2]]).tobytes()
        body["plans"] = list(self.plans)
        body["order"] = {slot: position for position, slot in enumerate(used)}
        return body

    def restore(self, body: Mapping[str, Any]) -> None:
        """Take over what `save` returned for a rule with the same detection part."""
        codes = [self.keys.code(tuple(key)) for key in body["keys"]]
        store = state.loaded(self._empty(), body, codes)
        values = np.array([self.values.code(tuple(v)) for v in body["values"]], dtype=np.int64)
        pairs = np.frombuffer(body["pairs"], dtype=np.int64).reshape(3, -1)
        if values.size:
            store = state.with_pairs(store, pairs[0], values[pairs[1]], pairs[2])
        self._relevel(store, body["plans"])
        self.store = store

    def _relevel(self, store: layout.Store, plans: list[str]) -> None:
        """Levels are positions among the plans named then: move them to those named now."""
        moved = [0, *(self.plans.get(plan, 0) for plan in plans)]
        levels = np.array(moved, dtype=np.int64)
        store.slots[:, layout.LEVEL] = levels[store.slots[:, layout.LEVEL]]
        store.slots[:, layout.PEAK_LEVEL] = -1


def _mode(rule: Rule, *, real: bool) -> int:
    if isinstance(rule, Conjunction):
        return layout.CONJUNCTION
    return layout.REAL_SUM if rule.measure == "value_sum" and real else _MODES[rule.measure]


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
        most=aup.most if aup else 0,
        reports=aup is not None,
        down=op in ("lt", "lte"),
        grows=op in ("gt", "gte") and mode not in (layout.RATIO, layout.CONJUNCTION),
        outside=op == "neq",
        cooldown=aup.cooldown if aup else 0,
        least=rule.least if isinstance(rule, Window) else 0,
        cap=cap,
        low=_ints([low for low, _ in whole]),
        high=_ints([high for _, high in whole]),
        real_low=np.array([low for low, _ in real]),
        real_high=np.array([high for _, high in real]),
        number=np.array(numbers, dtype=np.float64),
    )


def _ints(values: list[int]) -> Ints:
    return np.array([min(max(value, _BOTTOM), _TOP) for value in values], dtype=np.int64)


def _whole_bounds(op: str, number: Number) -> tuple[int, int]:
    """Return the whole numbers between which a condition holds (for neq: does not)."""
    below, above = math.floor(number), math.ceil(number)
    match op:
        case "gt":
            return below + 1, _TOP
        case "gte":
            return above, _TOP
        case "lt":
            return _BOTTOM, above - 1
        case "lte":
            return _BOTTOM, below
    return above, below


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
