"""Leaves about numbers: a number of a rule against a column of whole numbers or floats.

In: a leaf and the type of its column. Out: an expression. Numbers compare as numbers: one that the
column's type cannot hold is not bent into one that it can.
"""

from __future__ import annotations

import math

import polars as pl

from aupkeep.detection.rule import Compare, OneOf

Number = int | float

_LEAST, _MOST = -(2**63), 2**63 - 1


def one_of(leaf: OneOf, data: pl.DataType) -> pl.Expr:
    """Return where the column is one of the numbers of `leaf`."""
    given = [value for value in leaf.values if not isinstance(value, str)]
    whole = data.is_integer()
    numbers = [_as_held(value, whole=whole) for value in given if _can_be_held(value, whole=whole)]
    column = pl.col(leaf.field)
    if len(numbers) == 1:
        return column == pl.lit(numbers[0])
    kind = pl.Int64() if whole else pl.Float64()
    wanted = pl.Series(numbers, dtype=kind).implode()
    return column.cast(kind).is_in(wanted)


def _can_be_held(number: Number, *, whole: bool) -> bool:
    if whole:
        return _finite(number) and number == int(number) and _LEAST <= number <= _MOST
    return _near(number) == number


def _as_held(number: Number, *, whole: bool) -> Number:
    return int(number) if whole else float(number)


def compare(leaf: Compare, data: pl.DataType) -> pl.Expr:
    """Return where the column's number stands in the leaf's order to its number."""
    if data.is_integer():
        return _compare_whole(leaf)
    column, near = pl.col(leaf.field), _near(leaf.number)
    if math.isnan(near):
        return pl.lit(value=False)
    # A whole number that no float equals lies between two floats: the nearer one decides.
    above, upward = near > leaf.number, leaf.op in ("gt", "gte")
    closed = leaf.op in ("gte", "lte") if near == leaf.number else above == upward
    if upward:
        return column >= near if closed else column > near
    return column <= near if closed else column < near


def _finite(number: Number) -> bool:
    return isinstance(number, int) or math.isfinite(number)


def _near(number: Number) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _compare_whole(leaf: Compare) -> pl.Expr:
    """Compare whole numbers as such: a float in between moves to the next one."""
    column, upward = pl.col(leaf.field), leaf.op in ("gt", "gte")
    if not _finite(leaf.number):
        # Infinity; `not a number` is in no order with anything.
        always = leaf.number < 0 if upward else leaf.number > 0
        return column.is_not_null() & pl.lit(always)
    bound = math.ceil(leaf.number) if leaf.op in ("gte", "lt") else math.floor(leaf.number)
    if not _LEAST <= bound <= _MOST:
        return column.is_not_null() & pl.lit((bound < 0) == upward)
    match leaf.op:
        case "gt":
            return column > bound
        case "gte":
            return column >= bound
        case "lt":
            return column < bound
        case "lte":
            return column <= bound
