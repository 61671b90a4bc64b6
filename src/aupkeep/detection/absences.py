"""One absence at work: who is awaited, and the findings it holds open.

In: rows with codes, in order. Out: transitions. The kernels are in `waits`.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any

import numpy as np

from aupkeep.detection import waits
from aupkeep.detection.batch import Batch
from aupkeep.detection.began import Began
from aupkeep.detection.codes import Codes, Values
from aupkeep.detection.evaluating import Bools, Number, Sheet, Transition
from aupkeep.detection.layout import FAINT, FORGEABLE, OPENED_NOW, Ints
from aupkeep.detection.merging import Merged
from aupkeep.detection.rule import Absence, pane_length
from aupkeep.detection.waits import Terms
from aupkeep.events.schema import Schema


class Absences:
    """The waits for every key of one rule."""

    def __init__(
        self, rule: Absence, *, cap: int, keys: Codes, schemas: Mapping[str, Schema]
    ) -> None:
        """Start empty; `cap` is the most keys held, `schemas` what is kept of a row by kind."""
        self.rule = rule
        self.keys = keys
        self.cap = cap
        self.numbers: tuple[Number, ...] = (1,)
        self.plans: Mapping[str, int] = {}
        self._terms = Terms(
            pane=pane_length(rule.timespan),
            forget=rule.forget,
            cooldown=rule.aup.cooldown if rule.aup else 0,
            cap=cap,
        )
        self._schemas = schemas
        self._waits = waits.empty_waits()
        self._began = Began(schemas)
        self._thaw_at = 1024

    @property
    def refused(self) -> int:
        """Rows that were not evaluated because the rule held as many keys as it may."""
        return int(self._waits.tally[waits.N_REFUSED])

    def slots(self) -> list[int]:
        """Return the slots that keys own."""
        held, resting = self._used()
        return held + resting

    def key(self, slot: int) -> Values:
        """Return the key that owns `slot`."""
        return self.keys.values(int(self._waits.slots[slot, waits.CODE]))

    def last(self, slot: int) -> tuple[int, Number, Number | None]:
        """Return when the finding of an open `slot` opened, its peak and its threshold."""
        return int(self._waits.slots[slot, waits.OPENED]), 0, 1

    def value(self, slot: int) -> Number | None:
        """Return 0 where what `slot` waits for did not come in time; there is no value before."""
        return 0 if self._waits.slots[slot, waits.STATE] == waits.OPEN else None

    def parts(self, slot: int) -> tuple[Number, ...]:  # noqa: ARG002 - nothing is made of nothing
        """Return what the value of `slot` is made of."""
        return ()

    def run(self, sheet: Sheet) -> Iterator[Transition]:
        """Evaluate rows; yields what happened, in order. No rule asks for marks."""
        done = 0
        while done < sheet.rows.picked.size:
            self._waits = waits.with_room(self._waits, self.keys.bound)
            done = waits.feed(self._waits, self._terms, sheet.rows, done)
            yield from self._drain(sheet.source)
        self._remember(sheet.source)

    def settle(self, frontier: int, open_slots: list[int]) -> Iterator[Transition]:  # noqa: ARG002 - the heap knows
        """Notice what time alone did by `frontier`."""
        done = False
        while not done:
            done = waits.settle(self._waits, self._terms, frontier)
            yield from self._drain(None)
        if self._waits.tally[waits.N_RESTING] > self._thaw_at:
            waits.thaw(self._waits, self._terms, frontier)
            self._thaw_at = 2 * int(self._waits.tally[waits.N_RESTING]) + 1024

    def _drain(self, source: Batch | Merged | None) -> list[Transition]:
        count = int(self._waits.tally[waits.N_OUT])
        self._waits.tally[waits.N_OUT] = 0
        if self.rule.aup is None:
            return []
        out = self._waits.out[:count]
        opened = out[out[:, waits.O_WHAT] == OPENED_NOW]
        before = self._began.rows(opened[opened[:, waits.O_BEGAN] < 0, waits.O_SLOT])
        now = _rows(source, opened[opened[:, waits.O_BEGAN] >= 0, waits.O_BEGAN])
        return [
            self._transition(one, now if one[waits.O_BEGAN] >= 0 else before)
            for one in out.tolist()
        ]

    def _transition(self, out: list[int], rows: Mapping[int, Mapping[str, Any]]) -> Transition:
        what, instant, row, slot, began, weak = out
        if what != OPENED_NOW:
            return Transition(what=what, instant=instant, row=row, slot=slot, peak=0, threshold=1)
        return Transition(
            what=what,
            instant=instant,
            row=row,
            slot=slot,
            peak=0,
            threshold=1,
            key=self.key(slot),
            weak=bool(weak & FAINT),
            forgeable=bool(weak & FORGEABLE),
            began=rows[began if began >= 0 else slot],
        )

    def _remember(self, source: Batch | Merged) -> None:
        """Keep the rows that waits began with in this feed and that are still waited after."""
        slots, tally = self._waits.slots, self._waits.tally
        fresh = self._waits.fresh[: tally[waits.N_FRESH]]
        tally[waits.N_FRESH] = 0
        rows = slots[fresh, waits.ROW]
        slots[fresh, waits.ROW] = -1
        held = slots[fresh, waits.STATE] != waits.RESTING
        if isinstance(source, Merged):
            for kind, places, frame in source.by_kind(rows[held]):
                self._began.put(kind, fresh[held][places], frame)
        if self._began.crowded(int(tally[waits.N_HELD])):
            self._began.tidy(np.array(self._used()[0], dtype=np.int64))

    def _used(self) -> tuple[list[int], list[int]]:
        """Return the slots of keys that wait or have an open finding, and the other ones in use."""
        states = self._waits.slots[:, waits.STATE]
        held = (states == waits.AWAITED) | (states == waits.OPEN)
        resting = states == waits.RESTING
        return np.flatnonzero(held).tolist(), np.flatnonzero(resting).tolist()

    def live_keys(self, bound: int) -> Bools:
        """Return for each key code below `bound` whether it is held."""
        alive = np.zeros(bound, dtype=np.bool_)
        alive[np.flatnonzero(self._waits.slot_of >= 0)] = True
        return alive

    def live_values(self, bound: int) -> Bools:
        """Return for each value code below `bound` whether it is held: none is."""
        return np.zeros(bound, dtype=np.bool_)

    def save(self) -> dict[str, Any]:
        """Return the state as plain values and bytes, with `order`: slot -> saved position."""
        return self._saved(())

    def forget(self, gone: Container[int]) -> dict[int, int]:
        """Let go of the slots in `gone`, as if their rows had never come.

        Returns where the other slots stand now, by where they stood.
        """
        body = self._saved(gone)
        moved: dict[int, int] = body.pop("order")
        self.restore(body)
        return moved

    def _saved(self, gone: Container[int]) -> dict[str, Any]:
        held, resting = ([slot for slot in some if slot not in gone] for some in self._used())
        used = [*held, *resting]
        slots = self._waits.slots[used]
        codes = slots[:, waits.CODE].copy()
        slots[:, [waits.CODE, waits.DUE, waits.PLACE, waits.ROW]] = 0
        return {
            "keys": [one.to_list() for one in self.keys.series(codes)],
            "count": len(used),
            "refused": self.refused,
            "slots": slots.tobytes(),
            "began": self._began.save(np.array(held, dtype=np.int64)),
            "order": {slot: position for position, slot in enumerate(used)},
        }

    def restore(self, body: Mapping[str, Any]) -> None:
        """Take over what `save` returned for a rule with the same detection part."""
        slots = np.frombuffer(body["slots"], dtype=np.int64).reshape(-1, waits.SLOT_COLUMNS)
        codes = self.keys.of_lists(body["keys"], body["count"])
        self._waits = waits.loaded(slots, codes, body["refused"], self._terms)
        self._began = Began(self._schemas)
        self._began.restore(body["began"])


def _rows(source: Batch | Merged | None, at: Ints) -> dict[int, dict[str, Any]]:
    """Return rows of this feed by their number, field by field."""
    if not isinstance(source, Merged):
        return {}
    return {
        row: fields
        for _, places, frame in source.by_kind(at)
        for row, fields in zip(at[places].tolist(), frame.rows(named=True), strict=True)
    }
