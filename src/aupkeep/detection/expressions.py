"""Predicates as column expressions: each leaf in the words of Polars.

In: a predicate and the types of the columns. Out: an expression over the columns it reads, some of
them in lower case under another name (`folded` says which). A leaf on a missing field is false.
Text compares without case unless the leaf says `cased`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache

import polars as pl

from aupkeep.detection import numeric
from aupkeep.detection.lists import together
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
    Some,
    Wild,
)

Types = Mapping[str, pl.DataType]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"


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


def regex(pattern: str, flags: str) -> str:
    """Return a regular expression with its flags inside it."""
    return f"(?{flags}){pattern}" if flags else pattern


def fold(text: str) -> str:
    """Return `text` in lower case, by the same tables as columns."""
    return str(pl.Series([text], dtype=pl.String).str.to_lowercase()[0])


def lower_name(field: str) -> str:
    """Return the name of the column that holds `field` in lower case."""
    return f"~lower:{field}"


def folded(predicate: Predicate, types: Types) -> set[str]:
    """Return the fields whose text the expression of `predicate` wants in lower case."""
    return {name for leaf in leaves(predicate) for name in _folded(leaf, types)}


def _folded(leaf: Leaf, types: Types) -> tuple[str, ...]:
    if types[leaf.field] != pl.String:
        return ()
    if isinstance(leaf, Same):
        return (leaf.field, leaf.other)
    return (leaf.field,) if isinstance(leaf, OneOf | Glob) and not leaf.cased else ()


def expression(predicate: Predicate, types: Types) -> pl.Expr:
    """Return the truth of `predicate` a row, never null."""
    return _tree(predicate, types).fill_null(value=False)


def _tree(predicate: Predicate, types: Types) -> pl.Expr:
    """Return the truth of `predicate`, where null may stand for false.

    `and` and `or` are true with nulls exactly where they are true with false in their place, so
    that nulls need not be filled below them; below `not` they must be.
    """
    if isinstance(predicate, All | Some) and not predicate.parts:
        return pl.lit(isinstance(predicate, All))
    if isinstance(predicate, All):
        return pl.all_horizontal(_tree(part, types) for part in predicate.parts)
    if isinstance(predicate, Some):
        made, rest = together([_spelt(part) for part in predicate.parts])
        return pl.any_horizontal(*made, *(_tree(part, types) for part in rest))
    if isinstance(predicate, Not):
        return ~expression(predicate.part, types)
    return _leaf(predicate, types)


def _leaf(leaf: Leaf, types: Types) -> pl.Expr:
    match leaf:
        case OneOf():
            found = _one_of(leaf, types)
        case Glob():
            found = _glob(leaf)
        case Regex():
            found = pl.col(leaf.field).str.contains(regex(leaf.pattern, leaf.flags))
        case Cidr():
            found = _inside(leaf)
        case Compare():
            found = numeric.compare(leaf, types[leaf.field])
        case Flag():
            found = pl.col(leaf.field) == pl.lit(leaf.value)
        case Same():
            found = _same(leaf, types)
        case Present():
            column = pl.col(leaf.field)
            found = column.is_not_null() if leaf.present else column.is_null()
    return found


def _text(leaf: OneOf | Glob) -> pl.Expr:
    return pl.col(leaf.field if leaf.cased else lower_name(leaf.field))


def _one_of(leaf: OneOf, types: Types) -> pl.Expr:
    if types[leaf.field] != pl.String:
        return numeric.one_of(leaf, types[leaf.field])
    texts = pl.Series([str(value) for value in leaf.values], dtype=pl.String)
    texts = texts if leaf.cased else texts.str.to_lowercase()
    column = _text(leaf)
    return column == texts[0] if len(texts) == 1 else column.is_in(texts.unique().implode())


def pieces_of(leaf: Glob) -> list[str | Wild]:
    """Return the pieces of a pattern as they are compared."""
    return [
        piece if isinstance(piece, Wild) or leaf.cased else fold(piece) for piece in leaf.pieces
    ]


def _glob(leaf: Glob) -> pl.Expr:
    column, pieces = _text(leaf), pieces_of(leaf)
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


def _same(leaf: Same, types: Types) -> pl.Expr:
    if types[leaf.field] != pl.String:
        return pl.col(leaf.field) == pl.col(leaf.other)
    left, right = pl.col(lower_name(leaf.field)), pl.col(lower_name(leaf.other))
    if leaf.how == "startswith":
        return left.str.starts_with(right)
    if leaf.how == "endswith":
        return left.str.ends_with(right)
    return left == right


def _inside(leaf: Cidr) -> pl.Expr:
    network = ipaddress.ip_network(leaf.network, strict=False)
    column = pl.col(leaf.field)
    if isinstance(network, ipaddress.IPv4Network):
        return column.str.contains(_pattern(network))

    def look(addresses: pl.Series) -> pl.Series:
        # Only texts with a colon can be addresses of version 6.
        values = addresses.filter(addresses.str.contains(":", literal=True)).unique()
        inside = [value for value in values.to_list() if _contains(network, value)]
        return addresses.is_in(pl.Series(inside, dtype=pl.String).implode())

    return column.map_batches(look, return_dtype=pl.Boolean, is_elementwise=True)


def _spelt(part: Predicate) -> Predicate:
    """Return a network of version 4 as the regular expression it is asked as; else `part`."""
    if isinstance(part, Cidr):
        network = ipaddress.ip_network(part.network, strict=False)
        if isinstance(network, ipaddress.IPv4Network):
            return Regex(field=part.field, pattern=_pattern(network))
    return part


def _pattern(network: ipaddress.IPv4Network) -> str:
    """Return the regular expression that the addresses of `network` match, and no other text."""
    low, high = network.network_address.packed, network.broadcast_address.packed
    octets = []
    for first, last in zip(low, high, strict=True):
        if last - first == 255:  # noqa: PLR2004  # an octet that may be anything
            octets.append(_OCTET)
        else:
            octets.append("(?:" + "|".join(map(str, range(first, last + 1))) + ")")
    return "^" + "[.]".join(octets) + "$"


def _contains(network: ipaddress.IPv6Network, text: str) -> bool:
    address = _address(text)
    return address is not None and address.version == network.version and address in network


@lru_cache(maxsize=65_536)
def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
