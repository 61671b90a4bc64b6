"""Predicates as columns: each selection becomes one two-valued expression over a frame.

In: selections of one kind and a frame of it. Out: one truth value a row. A leaf on a missing field
is false. Text compares without case unless the leaf says `cased`; each column is lower-cased once.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aupkeep.detection.rule import (
    All,
    Cidr,
    Compare,
    Flag,
    Glob,
    Leaf,
    Not,
    OneOf,
    Predicate,
    Present,
    Regex,
    Same,
    Selection,
    Some,
    Wild,
)

_LOWER = "~lower:"
Bools = NDArray[np.bool_]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def leaves(predicate: Predicate) -> Iterable[Leaf]:
    """Yield the leaves of `predicate`."""
    if isinstance(predicate, All | Some):
        for part in predicate.parts:
            yield from leaves(part)
    elif isinstance(predicate, Not):
        yield from leaves(predicate.part)
    else:
        yield predicate


def read_fields(predicate: Predicate) -> set[str]:
    """Return the fields that `predicate` looks at."""
    found = set()
    for leaf in leaves(predicate):
        found.add(leaf.field)
        if isinstance(leaf, Same):
            found.add(leaf.other)
    return found


def masks(frame: pl.DataFrame, selections: Sequence[Selection]) -> dict[str, Bools]:
    """Return for each selection id which rows of `frame` it means."""
    lowered = {
        name
        for selection in selections
        for leaf in leaves(selection.predicate)
        for name in _folded(leaf, frame.schema)
    }
    wide = frame.lazy().with_columns(
        pl.col(name).str.to_lowercase().alias(_LOWER + name) for name in sorted(lowered)
    )
    picked = wide.select(
        _expression(selection.predicate, frame.schema).alias(selection.id)
        for selection in selections
    ).collect()
    return {
        selection.id: _stretched(picked[selection.id].to_numpy(), frame.height)
        for selection in selections
    }


def _stretched(mask: Bools, height: int) -> Bools:
    """A predicate without columns gives one row for all."""
    return mask if mask.size == height else np.broadcast_to(mask, (height,))


def _folded(leaf: Leaf, schema: Mapping[str, pl.DataType]) -> list[str]:
    if isinstance(leaf, Same) and schema[leaf.field] == pl.String:
        return [leaf.field, leaf.other]
    if isinstance(leaf, OneOf | Glob) and not leaf.cased and schema[leaf.field] == pl.String:
        return [leaf.field]
    return []


def _expression(predicate: Predicate, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    if isinstance(predicate, All | Some) and not predicate.parts:
        return pl.lit(isinstance(predicate, All))
    if isinstance(predicate, All):
        return pl.all_horizontal(_expression(part, schema) for part in predicate.parts)
    if isinstance(predicate, Some):
        return pl.any_horizontal(_expression(part, schema) for part in predicate.parts)
    if isinstance(predicate, Not):
        return ~_expression(predicate.part, schema)
    return _leaf(predicate, schema).fill_null(value=False)


def _leaf(leaf: Leaf, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    match leaf:
        case OneOf():
            found = _one_of(leaf, schema)
        case Glob():
            found = _glob(leaf)
        case Regex():
            found = pl.col(leaf.field).str.contains(regex(leaf.pattern, leaf.flags))
        case Cidr():
            found = _inside(leaf)
        case Compare():
            found = _compare(leaf, schema)
        case Flag():
            found = pl.col(leaf.field) == pl.lit(leaf.value)
        case Same():
            found = _same(leaf, schema)
        case Present():
            column = pl.col(leaf.field)
            found = column.is_not_null() if leaf.present else column.is_null()
    return found


def regex(pattern: str, flags: str) -> str:
    """Return a regular expression with its flags inside it."""
    return f"(?{flags}){pattern}" if flags else pattern


def fold(text: str) -> str:
    """Return `text` in lower case, by the same tables as columns."""
    return str(pl.Series([text], dtype=pl.String).str.to_lowercase()[0])


def _text(leaf: OneOf | Glob) -> pl.Expr:
    return pl.col(leaf.field if leaf.cased else _LOWER + leaf.field)


def _one_of(leaf: OneOf, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    kind = schema[leaf.field]
    if kind == pl.String:
        texts = pl.Series([str(value) for value in leaf.values], dtype=pl.String)
        texts = texts if leaf.cased else texts.str.to_lowercase()
        column = _text(leaf)
        return column == texts[0] if len(texts) == 1 else column.is_in(texts.unique().implode())
    numbers = [value for value in leaf.values if not isinstance(value, str)]
    if kind.is_integer():
        numbers = [int(value) for value in numbers if value == int(value)]
    return pl.col(leaf.field).is_in(pl.Series(numbers, dtype=kind).implode())


def _glob(leaf: Glob) -> pl.Expr:
    column = _text(leaf)
    pieces = [p if isinstance(p, Wild) or leaf.cased else fold(p) for p in leaf.pieces]
    simple = _simple_glob(column, pieces)
    if simple is not None:
        return simple
    pattern = "".join(
        (".*" if piece is Wild.ANY else ".") if isinstance(piece, Wild) else pl.escape_regex(piece)
        for piece in pieces
    )
    return column.str.contains(f"(?s)^{pattern}$")


def _simple_glob(column: pl.Expr, pieces: list[str | Wild]) -> pl.Expr | None:
    match pieces:
        case [Wild.ANY]:
            return column.is_not_null()
        case [str(text), Wild.ANY]:
            return column.str.starts_with(text)
        case [Wild.ANY, str(text)]:
            return column.str.ends_with(text)
        case [Wild.ANY, str(text), Wild.ANY]:
            return column.str.contains(text, literal=True)
    return None


def _compare(leaf: Compare, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    column, number = pl.col(leaf.field), leaf.number
    if schema[leaf.field].is_integer():
        # Whole numbers are compared as such: a float in between moves to the next one.
        number = math.ceil(number) if leaf.op in ("gte", "lt") else math.floor(number)
    match leaf.op:
        case "gt":
            return column > number
        case "gte":
            return column >= number
        case "lt":
            return column < number
        case "lte":
            return column <= number


def _same(leaf: Same, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    if schema[leaf.field] != pl.String:
        return pl.col(leaf.field) == pl.col(leaf.other)
    left, right = pl.col(_LOWER + leaf.field), pl.col(_LOWER + leaf.other)
    if leaf.how == "startswith":
        return left.str.starts_with(right)
    if leaf.how == "endswith":
        return left.str.ends_with(right)
    return left == right


def _inside(leaf: Cidr) -> pl.Expr:
    network = ipaddress.ip_network(leaf.network, strict=False)

    def look(column: pl.Series) -> pl.Series:
        values = column.drop_nulls().unique()
        inside = [value for value in values.to_list() if _contains(network, value)]
        return column.is_in(pl.Series(inside, dtype=pl.String).implode())

    return pl.col(leaf.field).map_batches(look, return_dtype=pl.Boolean, is_elementwise=True)


def _contains(network: Network, text: str) -> bool:
    address = _address(text)
    return address is not None and address.version == network.version and address in network


@lru_cache(maxsize=65_536)
def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
