"""Events that a base rule means, and events it does not, made from its own predicate.

In: a selection. Out: one event of each sort, tried on the columns themselves; None where none was
found. Every candidate is a row of one frame, so that trying hundreds costs little.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import polars as pl

from aupkeep.detection.fields import fields_of, is_number, is_text
from aupkeep.detection.importing.values import harmless, value_for
from aupkeep.detection.importing.ways import Way, ways
from aupkeep.detection.predicates import masks
from aupkeep.detection.rule import Leaf, Same, Selection
from aupkeep.detection.testing import NUMBER
from aupkeep.events.schema import Schema

#: So many ways are looked at, each with so many different texts.
_WAYS, _TURNS = 256, 6

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An event, and in a few words what it is."""

    name: str
    fields: Row


def meant(selection: Selection) -> Example | None:
    """Return an event that `selection` means."""
    rows = list(_rows(selection, holds=True))
    found = _first(selection, rows, wanted=True)
    return Example(name="an event that the rule means", fields=found) if found is not None else None


def not_meant(selection: Selection, near: Row, source: Row) -> Example | None:
    """Return an event that `selection` does not mean, as like `near` as can be.

    What `source` names says only which log it is, and is changed last.
    """
    first = [field for field in near if field not in source]
    order = [*first, *(field for field in near if field in source)]
    misses = [*_misses(near, order, fields_of(selection.kind))]
    found = _first(selection, [row for _, row in misses], wanted=False)
    for name, row in misses:
        if row is found:
            return Example(name=name, fields=row)
    found = _first(selection, list(_rows(selection, holds=False)), wanted=False)
    return (
        Example(name="an event that the rule lets be", fields=found) if found is not None else None
    )


def _first(selection: Selection, rows: Sequence[Row], *, wanted: bool) -> Row | None:
    rows = [row for row in rows if not any(NUMBER in str(value) for value in row.values())]
    if not rows:
        return None
    fields = fields_of(selection.kind)
    frame = pl.DataFrame([{**dict.fromkeys(fields), **row} for row in rows], schema=fields)
    held = masks(frame, [selection])[selection.id]
    return next((row for row, holds in zip(rows, held, strict=True) if bool(holds) is wanted), None)


def _rows(selection: Selection, *, holds: bool) -> Iterator[Row]:
    fields = fields_of(selection.kind)
    for way in islice(ways(selection.predicate, holds=holds), _WAYS):
        for turn in range(_TURNS):
            yield _row(way, fields, turn)


def _row(way: Way, fields: Schema, turn: int) -> Row:
    asked: dict[str, tuple[list[Leaf], list[Leaf]]] = {}
    pairs = [leaf for leaf, holds in way if isinstance(leaf, Same) and holds]
    for leaf, holds in way:
        if not isinstance(leaf, Same):
            asked.setdefault(leaf.field, ([], []))[not holds].append(leaf)
    row = {
        field: value_for(fields[field], holding, failing, turn)
        for field, (holding, failing) in asked.items()
    }
    for pair in pairs:
        row[pair.field] = row[pair.other] = row.get(pair.other) or _plain(fields[pair.field])
    return {field: value for field, value in row.items() if value is not None}


def _misses(near: Row, order: Sequence[str], fields: Schema) -> Iterator[tuple[str, Row]]:
    """Yield what `near` is with one field changed, then with one field missing."""
    for field in order:
        if is_text(fields[field]):
            yield f"the same with a harmless {field}", {**near, field: harmless(str(near[field]))}
        elif is_number(fields[field]):
            yield f"the same with another {field}", {**near, field: 0}
        else:
            yield f"the same with {field} the other way", {**near, field: not near[field]}
    for field in order:
        yield f"the same without {field}", {key: near[key] for key in near if key != field}


def _plain(data: pl.DataType) -> object:
    return harmless("") if is_text(data) else 1 if is_number(data) else True
