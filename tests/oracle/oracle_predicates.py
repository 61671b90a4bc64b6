"""Which rows a selection means: two-valued, in plain Python.

In: a predicate of the intermediate form and a row as a dictionary. Out: whether it holds.
"""

from __future__ import annotations

import ipaddress
import math
import operator
import re
from typing import Any

from aupkeep.detection import rule as ir

Row = dict[str, Any]
OPS = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
    "neq": operator.ne,
}


def clean(row: Row) -> Row:
    """Not-a-number is a missing value, and minus nought is nought."""
    return {
        name: number(value) if isinstance(value, float) else value for name, value in row.items()
    }


def number(value: float) -> float | None:
    return None if math.isnan(value) else value + 0.0


def fold(value: Any, *, cased: bool) -> Any:
    return value.lower() if isinstance(value, str) and not cased else value


def matches(predicate: ir.Predicate, row: Row) -> bool:
    match predicate:
        case ir.All():
            return all(matches(part, row) for part in predicate.parts)
        case ir.Some():
            return any(matches(part, row) for part in predicate.parts)
        case ir.Not():
            return not matches(predicate.part, row)
    value = row.get(predicate.field)
    if isinstance(predicate, ir.Present):
        return (value is not None) == predicate.present
    return value is not None and leaf(predicate, value, row)


def leaf(predicate: ir.Leaf, value: Any, row: Row) -> bool:  # noqa: PLR0911 - one a kind of leaf
    match predicate:
        case ir.OneOf():
            wanted = [fold(one, cased=predicate.cased) for one in predicate.values]
            return fold(value, cased=predicate.cased) in wanted
        case ir.Glob():
            pattern = "".join(
                {ir.Wild.ANY: ".*", ir.Wild.ONE: "."}[piece]
                if isinstance(piece, ir.Wild)
                else re.escape(fold(piece, cased=predicate.cased))
                for piece in predicate.pieces
            )
            text = fold(value, cased=predicate.cased)
            return re.fullmatch(pattern, text, re.DOTALL) is not None
        case ir.Regex():
            flags = sum(getattr(re, flag.upper()) for flag in predicate.flags)
            return re.search(predicate.pattern, value, flags) is not None
        case ir.Cidr():
            return inside(value, predicate.network)
        case ir.Compare():
            return bool(OPS[predicate.op](value, predicate.number))
        case ir.Flag():
            return bool(value == predicate.value)
        case ir.Same():
            other = row.get(predicate.other)
            if other is None:
                return False
            left, right = fold(value, cased=False), fold(other, cased=False)
            if predicate.how == "equals":
                return bool(left == right)
            return bool(getattr(left, predicate.how)(right))
    raise TypeError(predicate)


def inside(value: str, network: str) -> bool:
    """What is no address is inside no network."""
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(network)
    except ValueError:
        return False
