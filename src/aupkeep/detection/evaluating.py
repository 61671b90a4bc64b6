"""What `watch` asks of the state of a rule, whatever the rule is.

In: rows of one feed, in order, and the frontier. Out: transitions, and a mark a row. An evaluator
knows nothing of policies and findings.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from aupkeep.detection.batch import Batch
from aupkeep.detection.codes import Codes, Values
from aupkeep.detection.layout import Rows
from aupkeep.detection.merging import Merged
from aupkeep.detection.rule import Rule

Number = int | float
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A finding opened, grew or ended."""

    #: A word of `layout`: OPENED_NOW, GREW, ENDED_NOW.
    what: int
    instant: int
    #: The row it happened at; -1 where time alone did it.
    row: int
    slot: int
    peak: Number
    #: The threshold in force at the peak; None where it was set before a change of thresholds.
    threshold: Number | None
    #: The key; only at an opening.
    key: Values = ()
    #: Whether a row in the window supports `strong` at most; only at an opening.
    weak: bool = False
    #: Whether the actor of a row in the window could have been forged; only at an opening.
    forgeable: bool = False
    #: (stream, position, part) of the earliest rows of the window; only at an opening.
    kept: tuple[tuple[int, ...], ...] = ()
    #: What the value is made of, as `Evaluates.parts` says; only at an opening.
    parts: tuple[Number, ...] = ()
    #: The row the finding opens with, field by field, where it is not the one at `row`.
    began: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The rows of one feed that a rule looks at, and where they come from."""

    rows: Rows
    source: Batch | Merged


class Evaluates(Protocol):
    """The state of one rule, key by key; a key that is held owns a slot."""

    @property
    def rule(self) -> Rule:
        """Whose state it is."""

    @property
    def numbers(self) -> tuple[Number, ...]:
        """The threshold of each level: the default first, then one a plan of `plans`."""

    @property
    def plans(self) -> Mapping[str, int]:
        """The level of each plan that has a threshold of its own."""

    @property
    def keys(self) -> Codes:
        """The dictionary of its keys, shared with rules that group by the same columns."""

    @property
    def refused(self) -> int:
        """Rows that were not evaluated because the rule held as many keys as it may."""

    @property
    def cap(self) -> int:
        """The most keys held at a time."""

    def slots(self) -> list[int]:
        """Return the slots that keys own."""

    def key(self, slot: int) -> Values:
        """Return the key that owns `slot`."""

    def last(self, slot: int) -> tuple[int, Number, Number | None]:
        """Return the instant of the last row of an open `slot`, its peak and its threshold."""

    def value(self, slot: int) -> Number | None:
        """Return the value of `slot` after its last row; None where there is none."""

    def parts(self, slot: int) -> tuple[Number, ...]:
        """Return what the value of `slot` is made of after its last row.

        Of a ratio the numerator's and the denominator's rows; of an average the sum and the rows;
        of a conjunction the instant at which each rule held last, `layout.NEVER` where it did not;
        of a baseline what is usual and how many buckets that rests on; of the others nothing.
        """

    def run(self, sheet: Sheet) -> Iterable[Transition]:
        """Evaluate rows; `sheet.rows.marks` is filled on the way."""

    def settle(self, frontier: int, open_slots: list[int]) -> Iterable[Transition]:
        """Notice what time alone did by `frontier`."""

    def live_keys(self, bound: int) -> Bools:
        """Return for each key code below `bound` whether it is held."""

    def live_values(self, bound: int) -> Bools:
        """Return for each value code below `bound` whether it is held."""

    def save(self) -> dict[str, Any]:
        """Return the state as plain values and bytes, with `order`: slot -> saved position."""

    def forget(self, gone: Container[int]) -> dict[int, int]:
        """Let go of the slots in `gone`, as if their rows had never come.

        Returns where the other slots stand now, by where they stood.
        """

    def restore(self, body: Mapping[str, Any]) -> None:
        """Take over what `save` returned for a rule with the same detection part."""
