"""One baseline at work: its state, its parameters, and the findings it holds open.

In: rows with codes, in order. Out: transitions, and a mark a row. The kernels are in `buckets`.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping
from typing import Any

import numpy as np

from aupkeep.detection import buckets, layout, ledger
from aupkeep.detection.codes import Codes, Values
from aupkeep.detection.evaluating import Bools, Number, Sheet, Transition
from aupkeep.detection.ledger import Bounds
from aupkeep.detection.rule import Baseline


class Baselines:
    """The present bucket and the past of every key of one rule."""

    def __init__(self, rule: Baseline, *, real: bool, cap: int, keys: Codes) -> None:
        """Start empty; `real` sums floats, `cap` is the most keys held at a time."""
        self.rule = rule
        self.keys = keys
        self.cap = cap
        plans = sorted(rule.threshold.plans)
        self.plans = {plan: i + 1 for i, plan in enumerate(plans)}
        self.numbers: tuple[Number, ...] = (
            rule.threshold.default,
            *(rule.threshold.plans[plan] for plan in plans),
        )
        self.real = real
        self._bounds = _bounds(rule, self.numbers, real=real, cap=cap)
        self._ledger = ledger.empty_ledger()
        self._thaw_at = 1024

    @property
    def refused(self) -> int:
        """Rows that were not evaluated because the rule held as many keys as it may."""
        return int(self._ledger.tally[ledger.N_REFUSED])

    def slots(self) -> list[int]:
        """Return the slots that keys own."""
        return ledger.used_slots(self._ledger)

    def key(self, slot: int) -> Values:
        """Return the key that owns `slot`."""
        return self.keys.values(int(self._ledger.slots[slot, ledger.CODE]))

    def last(self, slot: int) -> tuple[int, Number, Number | None]:
        """Return the instant of the last row of an open `slot`, its peak and its threshold."""
        slots, reals = self._ledger.slots[slot], self._ledger.reals[slot]
        peak = self._peak(int(slots[ledger.PEAK]), float(reals[ledger.REAL_PEAK]))
        return int(slots[ledger.TIME]), peak, float(reals[ledger.THRESHOLD])

    def run(self, sheet: Sheet) -> Iterator[Transition]:
        """Evaluate rows; yields what happened, in order. Their marks are filled on the way."""
        self._ledger = ledger.with_codes(self._ledger, self.keys.bound)
        done = 0
        while done < sheet.rows.picked.size:
            self._ledger = ledger.with_room(self._ledger)
            done = buckets.feed(self._ledger, self._bounds, sheet.rows, done)
            yield from self._drain()

    def settle(self, frontier: int, open_slots: list[int]) -> Iterator[Transition]:  # noqa: ARG002 - they end with their bucket
        """Notice what time alone ended by `frontier`."""
        self._ledger = ledger.with_room(self._ledger)
        buckets.settle(self._ledger, self._bounds, frontier)
        yield from self._drain()
        if self._ledger.tally[ledger.N_COOLING] > self._thaw_at:
            buckets.thaw(self._ledger, self._bounds, frontier)
            self._thaw_at = 2 * int(self._ledger.tally[ledger.N_COOLING]) + 1024

    def _drain(self) -> list[Transition]:
        count = int(self._ledger.tally[ledger.N_OUT])
        self._ledger.tally[ledger.N_OUT] = 0
        reals = self._ledger.out_reals[:count].tolist()
        outs = self._ledger.out[:count].tolist()
        return [self._transition(out, *real) for out, real in zip(outs, reals, strict=True)]

    def _transition(self, out: list[int], peak: float, threshold: float) -> Transition:
        what, instant, row, slot, whole = out
        opened = what == layout.OPENED_NOW
        weak = int(self._ledger.slots[slot, ledger.WEAK]) if opened else 0
        return Transition(
            what=what,
            instant=instant,
            row=row,
            slot=slot,
            peak=self._peak(whole, peak),
            threshold=threshold,
            key=self.key(slot) if opened else (),
            weak=bool(weak & layout.FAINT),
            forgeable=bool(weak & layout.FORGEABLE),
            kept=self._kept(slot) if opened else (),
            parts=self.parts(slot) if opened else (),
        )

    def value(self, slot: int) -> Number:
        """Return the value of `slot` after its last row."""
        whole = int(self._ledger.slots[slot, ledger.NUMBER])
        return float(self._ledger.reals[slot, ledger.TOTAL]) if self.real else whole

    def parts(self, slot: int) -> tuple[Number, ...]:
        """Return what is usual, and from how many buckets, where that had to be looked at."""
        slots = self._ledger.slots[slot]
        usual = float(self._ledger.reals[slot, ledger.USUAL])
        if not slots[ledger.KNOWN] or math.isnan(usual):
            return ()
        known = int(slots[ledger.LAST] - slots[ledger.FIRST_BUCKET])
        return usual, min(known, self._bounds.history)

    def _peak(self, whole: int, real: float) -> Number:
        return real if self.real else whole

    def _kept(self, slot: int) -> tuple[tuple[int, int, int], ...]:
        kept: list[tuple[int, int, int]] = []
        node = int(self._ledger.slots[slot, ledger.HEAD])
        while node >= 0:
            stream, position, part = self._ledger.nodes[node, : ledger.N_NEXT].tolist()
            kept.append((stream, position, part))
            node = int(self._ledger.nodes[node, ledger.N_NEXT])
        return tuple(kept)

    def live_keys(self, bound: int) -> Bools:
        """Return for each key code below `bound` whether it is held."""
        alive = np.zeros(bound, dtype=np.bool_)
        alive[np.flatnonzero(self._ledger.slot_of >= 0)] = True
        return alive

    def live_values(self, bound: int) -> Bools:
        """Return for each value code below `bound` whether it is held: none is."""
        return np.zeros(bound, dtype=np.bool_)

    def save(self) -> dict[str, Any]:
        """Return the state as plain values and bytes, with `order`: slot -> saved position."""
        return self._saved(self.slots())

    def forget(self, gone: Container[int]) -> dict[int, int]:
        """Let go of the slots in `gone`, as if their rows had never come.

        Returns where the other slots stand now, by where they stood.
        """
        body = self._saved([slot for slot in self.slots() if slot not in gone])
        moved: dict[int, int] = body.pop("order")
        self.restore(body)
        return moved

    def _saved(self, used: list[int]) -> dict[str, Any]:
        body = ledger.saved(self._ledger, used)
        body["keys"] = [one.to_list() for one in self.keys.series(body.pop("codes"))]
        body["count"] = len(used)
        body["order"] = {slot: position for position, slot in enumerate(used)}
        return body

    def restore(self, body: Mapping[str, Any]) -> None:
        """Take over what `save` returned for a rule with the same detection part."""
        self._ledger = ledger.loaded(body, self.keys.of_lists(body["keys"], body["count"]))


def _bounds(rule: Baseline, numbers: tuple[Number, ...], *, real: bool, cap: int) -> Bounds:
    aup = rule.aup
    return Bounds(
        real=real,
        counts=not rule.field,
        bucket=rule.bucket,
        history=rule.history,
        least=rule.least,
        top=rule.top if rule.usual == "mean_of_top" else 0,
        times=float(rule.times),
        most=aup.most if aup else 0,
        reports=aup is not None,
        cooldown=aup.cooldown if aup else 0,
        cap=cap,
        floor=np.array(numbers, dtype=np.float64),
    )
