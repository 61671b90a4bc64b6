"""Predicates cut into parts that read one column each; equal parts of several rules are one part.

In: predicates. Out: for each a small tree whose leaves are numbers of parts, and the parts. What a
predicate asks of one column side by side becomes one part, so that it is put together there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aupkeep.detection.expressions import read_fields
from aupkeep.detection.rule import All, Not, Predicate, Some

#: The truth of every row: one value for all, or one each.
Truth = bool | NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Part:
    """The truth of one part."""

    number: int


@dataclass(frozen=True, slots=True)
class Negated:
    """The opposite."""

    node: Node


@dataclass(frozen=True, slots=True)
class Joined:
    """All of several (`every`), or at least one of them."""

    every: bool
    nodes: tuple[Node, ...]


Node = Part | Negated | Joined


def cut(predicate: Predicate, parts: dict[Predicate, int]) -> Node:
    """Return the tree of `predicate`; new parts are numbered in `parts`."""
    if isinstance(predicate, All | Some):
        grouped = _grouped(predicate)
        if len(grouped) == 1 and grouped[0] == predicate:
            return Part(parts.setdefault(predicate, len(parts)))
        nodes = tuple(cut(one, parts) for one in grouped)
        return Joined(isinstance(predicate, All), nodes)
    if isinstance(predicate, Not) and len(read_fields(predicate)) != 1:
        return Negated(cut(predicate.part, parts))
    return Part(parts.setdefault(predicate, len(parts)))


def _grouped(predicate: All | Some) -> list[Predicate]:
    """Return the parts of `predicate`, those over one and the same column joined."""
    alone: dict[str, list[Predicate]] = {}
    others: list[Predicate] = []
    for part in predicate.parts:
        fields = read_fields(part)
        if len(fields) == 1:
            alone.setdefault(fields.pop(), []).append(part)
        else:
            others.append(part)
    same = [
        predicate if len(some) == len(predicate.parts) else _like(predicate, some)
        for some in alone.values()
    ]
    return [*same, *others]


def _like(predicate: All | Some, some: list[Predicate]) -> Predicate:
    if len(some) == 1:
        return some[0]
    return All(parts=tuple(some)) if isinstance(predicate, All) else Some(parts=tuple(some))


def truth(node: Node, answer: Callable[[int], Truth]) -> Truth:
    """Return the truth of `node`; parts that decide nothing any more are not asked."""
    if isinstance(node, Part):
        return answer(node.number)
    if isinstance(node, Negated):
        inner = truth(node.node, answer)
        return not inner if isinstance(inner, bool) else ~inner
    result: Truth = node.every
    for one in node.nodes:
        found = truth(one, answer)
        if isinstance(found, bool):
            if found is not node.every:
                return found
        elif isinstance(result, bool):
            result = found
        else:
            result = result & found if node.every else result | found
    return result
