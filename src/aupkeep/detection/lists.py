"""Long lists of patterns, asked together: one search for a thousand texts instead of a thousand.

In: the alternatives of a predicate. Out: expressions for those that can be put together, and the
rest. Texts anywhere become one search for all; beginnings and ends are looked up by their length;
regular expressions become alternatives of a few.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import polars as pl

from aupkeep.detection.rule import Glob, Predicate, Regex, Wild

#: Fewer alternatives of one sort than this are asked one by one.
FEWEST = 12
#: What regular expressions that are put together may weigh, by characters; a class such as `\\w`
#: stands for all of Unicode and weighs more.
_TOGETHER = 1000
_CLASS = 20
#: What a regular expression must not have to be one of several: repeats whose states add up, names
#: that would be given twice, and modes in which the rest of the line is a comment.
_ALONE = re.compile(r"\{|\(\?P?<|\(\?[a-zA-Z-]*x|#")

Sort = tuple[str, str, bool]


def together(
    parts: Sequence[Predicate],
) -> tuple[list[pl.Expr], list[Predicate]]:
    """Return expressions for many parts at once, and the parts that are asked one by one."""
    sorts: dict[Sort, list[str]] = {}
    members: dict[Sort, list[Predicate]] = {}
    rest: list[Predicate] = []
    for part in parts:
        found = _sort(part)
        if found is None:
            rest.append(part)
        else:
            sort, text = found
            sorts.setdefault(sort, []).append(text)
            members.setdefault(sort, []).append(part)
    made: list[pl.Expr] = []
    for sort, texts in sorts.items():
        if len(texts) < FEWEST:
            rest += members[sort]
        else:
            made += _asked(sort, texts)
    return made, rest


def _sort(part: Predicate) -> tuple[Sort, str] | None:
    """Return what a part can be put together with, and its text; None where it stands alone."""
    if isinstance(part, Regex):
        text = f"(?{part.flags}){part.pattern}" if part.flags else part.pattern
        alone = _ALONE.search(part.pattern) or _weight(text) > _TOGETHER
        return None if alone else ((part.field, "regex", True), text)
    if not isinstance(part, Glob):
        return None
    match part.pieces:
        case (Wild.ANY, str(text), Wild.ANY) if text:
            return (part.field, "contains", part.cased), text
        case (str(text), Wild.ANY) if text:
            return (part.field, "startswith", part.cased), text
        case (Wild.ANY, str(text)) if text:
            return (part.field, "endswith", part.cased), text
    return None


def _asked(sort: Sort, texts: list[str]) -> list[pl.Expr]:
    field, how, cased = sort
    if how == "regex":
        return [pl.col(field).str.contains(pattern) for pattern in _alternatives(texts)]
    wanted = pl.Series(texts, dtype=pl.String)
    wanted = (wanted if cased else wanted.str.to_lowercase()).unique(maintain_order=True)
    column = pl.col(field if cased else f"~lower:{field}")
    if how == "contains":
        return [column.str.contains_any(wanted.to_list())]
    lengths = wanted.str.len_chars()
    return [
        (column.str.head(size) if how == "startswith" else column.str.tail(size)).is_in(
            wanted.filter(lengths == size).implode()
        )
        for size in sorted(lengths.unique())
    ]


def _weight(pattern: str) -> int:
    return len(pattern) + _CLASS * pattern.count("\\")


def _alternatives(patterns: Iterable[str]) -> list[str]:
    """Return patterns that together match what any of `patterns` does."""
    groups: list[list[str]] = [[]]
    room = _TOGETHER
    for pattern in dict.fromkeys(patterns):
        weight = _weight(pattern)
        if weight > room:
            groups.append([])
            room = _TOGETHER
        groups[-1].append(f"(?:{pattern})")
        room -= weight
    return ["|".join(group) for group in groups if group]
