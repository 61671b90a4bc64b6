"""Many predicates over one frame, what they have in common done once.

In: selections of one kind, compiled once, and frames of it. Out: one truth value a row for each.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aupkeep.detection.asking import Asked
from aupkeep.detection.expressions import Types, expression, folded, lower_name, read_fields
from aupkeep.detection.parts import Truth, cut, truth
from aupkeep.detection.rule import Predicate, Selection

Bools = NDArray[np.bool_]

#: In frames with fewer rows, asking at all costs more than the answers.
SMALL = 4096


class Matcher:
    """The predicates of selections of one kind."""

    def __init__(
        self, selections: Iterable[Selection], types: Types, *, small: int = SMALL
    ) -> None:
        """Compile; `types` are those of the columns that the frames will have.

        Frames with fewer than `small` rows are not prepared for: each rule is asked once, whole.
        """
        self._small = small
        chosen = {one.id: one.predicate for one in selections}
        lowered = sorted(set().union(*(folded(one, types) for one in chosen.values())))
        self._lower = [pl.col(name).str.to_lowercase().alias(lower_name(name)) for name in lowered]
        self._whole = [expression(one, types).alias(key) for key, one in chosen.items()]
        parts: dict[Predicate, int] = {}
        self._trees = {key: cut(one, parts) for key, one in chosen.items()}
        groups: dict[tuple[str, ...], list[Predicate]] = {}
        #: The group and the place in it of each part.
        self._where: list[tuple[tuple[str, ...], int]] = []
        for part in parts:
            fields = tuple(sorted(read_fields(part)))
            group = groups.setdefault(fields if len(fields) == 1 else (), [])
            self._where.append((fields if len(fields) == 1 else (), len(group)))
            group.append(part)
        self._asked = {fields: Asked(group, types) for fields, group in groups.items()}

    def masks(self, frame: pl.DataFrame) -> dict[str, Bools]:
        """Return for each selection id which rows of `frame` it means."""
        if not self._trees:
            return {}
        if frame.height < self._small:
            return self._one_by_one(frame)
        answers = {fields: asked.answers(frame) for fields, asked in self._asked.items()}

        def answer(number: int) -> Truth:
            fields, place = self._where[number]
            return answers[fields].at(place)

        return {key: _rows(truth(tree, answer), frame.height) for key, tree in self._trees.items()}

    def _one_by_one(self, frame: pl.DataFrame) -> dict[str, Bools]:
        wide = frame.with_columns(self._lower) if self._lower else frame
        told = wide.select(self._whole)
        return {
            column.name: _stretched(column.to_numpy(), frame.height)
            for column in told.get_columns()
        }


def _rows(held: Truth, height: int) -> Bools:
    return np.broadcast_to(np.bool_(held), (height,)) if isinstance(held, bool) else held


def _stretched(mask: Bools, height: int) -> Bools:
    """A predicate without columns gives one row for all."""
    return mask if mask.size == height else np.broadcast_to(mask, (height,))
