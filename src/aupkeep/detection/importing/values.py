"""A value for one column that several leaves ask something of.

In: the leaves that must hold and those that must not. Out: a value to be tried, or None for no
value. What the leaves ask is met where it can be met by putting pieces together; whether it was
shows when the row is tried.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

import polars as pl

from aupkeep.detection.fields import is_number, is_text
from aupkeep.detection.importing.patterns import example
from aupkeep.detection.rule import Cidr, Compare, Flag, Glob, Leaf, OneOf, Present, Regex, Wild

#: What stands between pieces, by turns.
_BETWEEN = (" ", "", "/", "-x ")
#: Texts and addresses that hardly any rule means.
_HARMLESS = ("harmless", "203.0.113.9", "8.8.8.8", "2001:db8::9", "/srv/harmless", "-")


def value_for(
    data: pl.DataType, holding: Sequence[Leaf], failing: Sequence[Leaf], turn: int
) -> object:
    """Return a value of type `data`; `turn` asks for another one."""
    wanted = [leaf for leaf in holding if not isinstance(leaf, Present)]
    given = any(isinstance(leaf, Present) and leaf.present for leaf in holding)
    given |= any(isinstance(leaf, Present) and not leaf.present for leaf in failing)
    if not wanted and not given:
        return None
    if is_text(data):
        return _text(wanted, turn) if wanted else _HARMLESS[turn % len(_HARMLESS)]
    if is_number(data):
        return _number(wanted, failing)
    flags = [leaf.value for leaf in wanted if isinstance(leaf, Flag)]
    refused = [leaf.value for leaf in failing if isinstance(leaf, Flag)]
    return flags[0] if flags else not refused[0] if refused else True


def harmless(text: str) -> str:
    """Return a text of the same sort as `text` that hardly any rule means."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _HARMLESS[0]
    return _HARMLESS[3] if ":" in text else _HARMLESS[1]


def _text(wanted: Sequence[Leaf], turn: int) -> str:
    start, parts, end = "", [], ""
    for leaf in wanted:
        if isinstance(leaf, OneOf):
            return str(leaf.values[turn % len(leaf.values)])
        if isinstance(leaf, Cidr):
            return _inside(leaf.network)
        head, middle, tail = _regex(leaf, turn) if isinstance(leaf, Regex) else _glob(leaf)
        start = max(start, head, key=len)
        end = max(end, tail, key=len)
        parts += middle
    if end.startswith("/") and not start and not parts and turn % 2 == 0:
        start = "/usr" if end.startswith("/bin/") else "/usr/bin"
        return start + end
    if end.startswith(".") and not start and not parts and turn % 2 == 0:
        return "example" + end
    between = _BETWEEN[turn % len(_BETWEEN)]
    return _put(start, _needed(parts, start + "\n" + end), end, between)


def _put(start: str, parts: Iterable[str], end: str, between: str) -> str:
    inner = between.join(parts)
    if start and end and not inner and start.endswith(end):
        return start
    return between.join(piece for piece in (start, inner, end) if piece)


def _needed(parts: Iterable[str], there: str) -> list[str]:
    """Return the parts that are not inside another one."""
    kept: list[str] = []
    for part in sorted(dict.fromkeys(parts), key=len, reverse=True):
        if part.lower() not in there.lower() and not any(part in other for other in kept):
            kept.append(part)
    order = {part: place for place, part in enumerate(parts)}
    return sorted(kept, key=lambda part: order[part])


def _glob(leaf: Leaf) -> tuple[str, list[str], str]:
    """Return what a pattern wants at the start, inside and at the end."""
    pieces = leaf.pieces if isinstance(leaf, Glob) else ()
    runs: list[str] = [""]
    for piece in pieces:
        if piece is Wild.ANY:
            runs.append("")
        else:
            runs[-1] += "x" if piece is Wild.ONE else str(piece)
    if len(runs) == 1:
        return runs[0], [], runs[0]
    inner = "-".join(run for run in runs[1:-1] if run)
    return runs[0], [inner] if inner else [], runs[-1]


def _regex(leaf: Regex, turn: int) -> tuple[str, list[str], str]:
    text = example(leaf.pattern, turn)
    first, last = leaf.pattern.startswith("^"), leaf.pattern.endswith("$")
    if first or last:
        return text if first else "", [], text if last else ""
    return "", [text] if text else [], ""


def _inside(network: str) -> str:
    block = ipaddress.ip_network(network, strict=False)
    return str(block[1] if block.num_addresses > 1 else block[0])


def _number(wanted: Sequence[Leaf], failing: Sequence[Leaf]) -> int | float:
    """Return the number near one that a leaf names which meets most of them."""
    named: list[int | float] = [1]
    for leaf in (*wanted, *failing):
        if isinstance(leaf, Compare):
            named.append(leaf.number)
        elif isinstance(leaf, OneOf):
            named += [one for one in leaf.values if not isinstance(one, str)]
    tried = [number + step for number in reversed(named) for step in (0, 1, -1)]
    return max(
        tried,
        key=lambda number: (
            sum(_meets(leaf, number) for leaf in wanted)
            - sum(_meets(leaf, number) for leaf in failing)
        ),
    )


def _meets(leaf: Leaf, number: float) -> bool:
    if isinstance(leaf, OneOf):
        return number in leaf.values
    if isinstance(leaf, Compare):
        compared = {
            "gt": number > leaf.number,
            "gte": number >= leaf.number,
            "lt": number < leaf.number,
            "lte": number <= leaf.number,
        }
        return compared[leaf.op]
    return False
