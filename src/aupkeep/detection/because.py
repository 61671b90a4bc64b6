"""Why a rule holds at a row: its condition as a tree of plain values, with the actual ones.

In: selections and rows. Out: nodes, which are dicts that JSON can carry: `text` says a leaf in
words, `field`, `wanted` and `actual` show what was compared, `holds` says how it came out; `all`
and `some` list parts, `not` has one. Every leaf is judged by `predicates.masks`, as the engine
judges the whole, so that a tree's root is the engine's answer. Sizes are bounded: long texts and
lists are cut, and `more` counts what was left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import polars as pl

from aupkeep.detection.expressions import Types, read_fields
from aupkeep.detection.predicates import Matcher, leaves
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

Node = dict[str, Any]

#: Characters of a text, values of a list, parts of a node and nodes of a tree that are shown.
MOST_TEXT = 200
MOST_VALUES = 20
MOST_PARTS = 20
MOST_NODES = 60
#: How deep a tree is shown.
MOST_DEPTH = 8

_OPS = {
    "gt": "more than",
    "gte": "at least",
    "lt": "less than",
    "lte": "at most",
    "eq": "exactly",
    "neq": "anything but",
}
_SAME = {"equals": "equals", "startswith": "starts with", "endswith": "ends with"}
_LARGEST = 2**63


class Trees:
    """The trees of one selection; its leaves are compiled once."""

    def __init__(self, selection: Selection, types: Types) -> None:
        """Compile; `types` are those of the columns that the frames will have."""
        self._predicate = selection.predicate
        self._fields = sorted(read_fields(selection.predicate))
        self._leaves = list(map(_fixed, leaves(selection.predicate)))
        asked = [
            Selection(id=str(place), name="", title="", kind=selection.kind, predicate=leaf)
            for place, leaf in enumerate(leaves(selection.predicate))
        ]
        self._matcher = Matcher(asked, types)

    def of(self, frame: pl.DataFrame) -> list[Node]:
        """Return the tree for every row of `frame`."""
        if not frame.height:
            return []
        # A frame without columns would have no rows either.
        narrow = frame.select(self._fields) if self._fields else frame
        columns = [mask.tolist() for mask in self._matcher.masks(narrow).values()]
        made = []
        for at, row in enumerate(narrow.iter_rows(named=True)):
            found = zip(self._leaves, (column[at] for column in columns), strict=True)
            made.append(_Tree(row).node(_judge(self._predicate, found)))
        return made


def trees(selection: Selection, frame: pl.DataFrame) -> list[Node]:
    """Return the tree of `selection` for every row of `frame`, which has the columns it reads."""
    return Trees(selection, frame.schema).of(frame)


class _Judged(NamedTuple):
    """A predicate and how it came out at one row."""

    predicate: Predicate
    holds: bool
    parts: tuple[_Judged, ...] = ()
    #: Of a leaf, what its node says whatever the row.
    fixed: _Fixed | None = None


def _judge(predicate: Predicate, found: Iterator[tuple[_Fixed, bool]]) -> _Judged:
    """Judge `predicate`; its leaves take what was found for them from the front."""
    if isinstance(predicate, Not):
        part = _judge(predicate.part, found)
        return _Judged(predicate, not part.holds, (part,))
    if isinstance(predicate, All | Some):
        parts = tuple(_judge(part, found) for part in predicate.parts)
        joined = all if isinstance(predicate, All) else any
        return _Judged(predicate, joined(part.holds for part in parts), parts)
    fixed, holds = next(found)
    return _Judged(predicate, holds, fixed=fixed)


class _Tree:
    """One tree in the making, with the nodes it may still have."""

    def __init__(self, row: dict[str, object]) -> None:
        self._row = row
        self._left = MOST_NODES

    def node(self, judged: _Judged, depth: int = 0) -> Node:
        """Return the node of what was judged."""
        self._left -= 1
        predicate, holds = judged.predicate, judged.holds
        if judged.fixed is not None:
            return _leaf(judged.fixed, self._row, holds=holds)
        if depth >= MOST_DEPTH:
            return {"text": "a condition nested too deep to be shown", "holds": holds}
        if isinstance(predicate, Not):
            return {"not": self.node(judged.parts[0], depth + 1), "holds": holds}
        shown = judged.parts
        room = max(1, min(MOST_PARTS, self._left))
        if len(shown) > room:
            # Those that decide the outcome come first where not all can be shown.
            shown = tuple(sorted(shown, key=lambda part: part.holds is not holds))[:room]
        self._left -= len(shown)
        parts = []
        for part in shown:
            self._left += 1
            parts.append(self.node(part, depth + 1))
        word = "all" if isinstance(predicate, All) else "some"
        node: Node = {word: parts, "holds": holds}
        more = len(judged.parts) - len(parts)
        return node | {"more": more} if more else node


class _Fixed(NamedTuple):
    """What the node of a leaf says at every row."""

    text: str
    field: str
    wanted: object
    #: The field whose value is wanted instead.
    other: str
    more: int


def _fixed(leaf: Leaf) -> _Fixed:
    more = len(leaf.values[MOST_VALUES:]) if isinstance(leaf, OneOf) else 0
    other = leaf.other if isinstance(leaf, Same) else ""
    return _Fixed(cut(leaf_text(leaf)), leaf.field, _wanted(leaf), other, more)


def _leaf(fixed: _Fixed, row: dict[str, object], *, holds: bool) -> Node:
    node: Node = {
        "text": fixed.text,
        "field": fixed.field,
        "wanted": plain(row.get(fixed.other)) if fixed.other else fixed.wanted,
        "actual": plain(row.get(fixed.field)),
        "holds": holds,
    }
    return node | {"more": fixed.more} if fixed.more else node


def _wanted(leaf: Leaf) -> object:
    """Return what the field is compared with, where that does not depend on the row."""
    wanted: object = None
    match leaf:
        case OneOf():
            wanted = [plain(value) for value in leaf.values[:MOST_VALUES]]
        case Glob():
            wanted = cut(pattern(leaf))
        case Regex():
            wanted = cut(leaf.pattern)
        case Cidr():
            wanted = leaf.network
        case Compare():
            wanted = plain(leaf.number)
        case Flag():
            wanted = leaf.value
        case Present():
            wanted = "a value" if leaf.present else None
    return wanted


def leaf_text(leaf: Leaf) -> str:
    """Return what `leaf` asks, in words."""
    match leaf:
        case OneOf():
            said = f"is {_listed(leaf.values)}{_case(cased=leaf.cased)}"
        case Glob():
            said = f"{_glob(leaf)}{_case(cased=leaf.cased)}"
        case Regex():
            flags = f" with {leaf.flags}" if leaf.flags else ""
            said = f"matches the regular expression `{leaf.pattern}`{flags}"
        case Cidr():
            said = f"is an address inside {leaf.network}"
        case Compare():
            said = f"is {_OPS[leaf.op]} {leaf.number}"
        case Flag():
            said = "is true" if leaf.value else "is false"
        case Present():
            said = "has a value" if leaf.present else "has no value"
        case Same():
            said = f"{_SAME[leaf.how]} {leaf.other}"
    return f"{leaf.field} {said}"


def op_text(op: str) -> str:
    """Return a comparison in words: `at least`, `more than` ..."""
    return _OPS[op]


def _case(*, cased: bool) -> str:
    return " (case counts)" if cased else ""


def _listed(values: Sequence[str | int | float]) -> str:
    if len(values) == 1:
        return _quoted(values[0])
    shown = ", ".join(_quoted(value) for value in values[:5])
    more = f" and {len(values) - 5} more" if len(values) > 5 else ""  # noqa: PLR2004  # as above
    return f"one of {shown}{more}"


def _quoted(value: str | float) -> str:
    return f"`{cut(value, 60)}`" if isinstance(value, str) else str(value)


def _glob(leaf: Glob) -> str:
    match leaf.pieces:
        case [str(text), Wild.ANY]:
            return f"starts with `{text}`"
        case [Wild.ANY, str(text)]:
            return f"ends with `{text}`"
        case [Wild.ANY, str(text), Wild.ANY]:
            return f"contains `{text}`"
    return f"matches `{pattern(leaf)}`"


def pattern(leaf: Glob) -> str:
    """Return a pattern as it is written in a rule: `*` for any text, `?` for one character."""
    return "".join(
        ("*" if piece is Wild.ANY else "?")
        if isinstance(piece, Wild)
        else piece.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")
        for piece in leaf.pieces
    )


def plain(value: object) -> object:
    """Return `value` as JSON can carry it: long texts cut, numbers that it lacks as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_LARGEST <= value < _LARGEST else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return cut(str(value))


def cut(text: str, most: int = MOST_TEXT) -> str:
    """Return `text`, or its beginning and how many characters more there are."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= most else f"{text[:most]}... ({len(text) - most} characters more)"
