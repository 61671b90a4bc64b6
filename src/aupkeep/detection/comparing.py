"""What a value is compared with: `condition`, `floor` and the thresholds of the `aup` block.

In: the body of a correlation or metric. Out: a `Comparison`, and faults. Sigma's other forms of a
condition are taken where they mean the same, and refused with what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aupkeep.detection.clauses import Block
from aupkeep.detection.rule import Threshold
from aupkeep.detection.shape import Shape
from aupkeep.policy.nodes import Node

OPS = ("gt", "gte", "lt", "lte", "eq", "neq")
#: Measures that look at a field.
OF_FIELD = frozenset({"value_count", "value_sum", "value_avg"})
#: Names joined by `and`, as pySigma writes the condition of a `temporal`.
_JOINED = re.compile(r"\s*[^\s()]+(\s+(?i:and)\s+[^\s()]+)*\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """An operator, the numbers by plan, and the field that is measured."""

    op: str = "gte"
    threshold: Threshold
    #: Each number in force with its node.
    numbers: tuple[tuple[int | float, Node], ...] = ()
    field: str = ""
    field_node: Node


def read_comparison(body: Node, kind: str, block: Block | None, shape: Shape) -> Comparison:
    """Return what a draft of type `kind` compares with."""
    nothing = Comparison(threshold=Threshold(default=0), field_node=body.at("condition"))
    if kind in ("temporal", "temporal_ordered", "absence"):
        _no_threshold(kind, block, shape)
        return nothing
    if kind == "baseline":
        return _baseline(body, block, shape)
    condition = body.at("condition")
    if condition.value is None:
        if kind in ("event_count", *OF_FIELD):
            shape.fault(
                "missing-key",
                "correlation has no `condition`",
                body,
                hint="say from which value on it holds: `condition: {gte: 1}`",
            )
        return nothing
    return _window(condition, kind, block, shape) if kind else nothing


def _no_threshold(kind: str, block: Block | None, shape: Shape) -> None:
    if block is None or block.threshold is None:
        return
    hint = "" if kind == "absence" else "give it to the rules it joins"
    shape.fault("threshold", f"{kind} has no threshold", block.node.at("threshold"), hint=hint)


def _baseline(body: Node, block: Block | None, shape: Shape) -> Comparison:
    floor, field = body.at("floor"), body.at("field")
    number: int | float = 0
    if floor.value is not None:
        number = shape.number(floor, "floor")
    elif block is None or block.threshold is None:
        shape.fault(
            "missing-key",
            "aup_metric has no `floor`",
            body,
            hint="say below which value nothing is unusual, however little is usual",
        )
    threshold, numbers = _in_force(number, floor, block)
    return Comparison(
        op="gt",
        threshold=threshold,
        numbers=tuple(numbers),
        field="" if field.value is None else shape.text(field, "field"),
        field_node=field,
    )


def _window(condition: Node, kind: str, block: Block | None, shape: Shape) -> Comparison:
    allowed = (*OPS, "field") if kind in OF_FIELD else OPS
    nothing = Comparison(threshold=Threshold(default=0), field_node=condition.at("field"))
    if isinstance(condition.value, str):
        shape.fault(
            "condition",
            f"the condition of {kind} compares a number, it is no text",
            condition,
            hint="write it as `condition: {gte: 10}`",
        )
        return nothing
    if not shape.keys(condition, allowed, ("field",) if kind in OF_FIELD else (), "condition"):
        return nothing
    node = condition.at("field")
    field = shape.text(node, "field") if kind in OF_FIELD and node.value is not None else ""
    given = [key for key, _ in condition.items() if key in OPS]
    if len(given) != 1:
        shape.fault(
            "one-comparison",
            f"condition must have one of {', '.join(OPS)}, not {len(given)}",
            condition,
            hint="a range is two rules, or one of its ends" if given else "",
        )
        return nothing
    number = shape.number(condition.at(given[0]), given[0])
    threshold, numbers = _in_force(number, condition.at(given[0]), block)
    return Comparison(
        op=given[0], threshold=threshold, numbers=tuple(numbers), field=field, field_node=node
    )


def _in_force(
    number: float, node: Node, block: Block | None
) -> tuple[Threshold, list[tuple[int | float, Node]]]:
    """Return the threshold and its numbers; that of the `aup` block replaces the condition's."""
    if block is None or block.threshold is None:
        return Threshold(default=number), _given([(number, node)])
    return block.threshold, _given(_numbers(block.threshold, block.node.at("threshold")))


def _given(numbers: Iterable[tuple[int | float, Node]]) -> list[tuple[int | float, Node]]:
    """Leave out what stands in for a number that was wrong or missing: that is known already."""
    return [(number, node) for number, node in numbers if node.value == number]


def _numbers(threshold: Threshold, node: Node) -> Iterator[tuple[int | float, Node]]:
    by_plan = isinstance(node.value, dict)
    yield threshold.default, node.at("default") if by_plan else node
    for plan, number in threshold.plans.items():
        yield number, node.at(plan)


def joined_names(body: Node, named: tuple[Node, ...], shape: Shape) -> tuple[Node, ...]:
    """Return the nodes that name the rules a join joins.

    Every rule must hold. A condition that says so is taken: the names with `and` between them
    (which may stand for `rules`), or `gte` or `eq` with the number of rules.
    """
    condition = body.at("condition")
    if condition.value is None:
        if not named and body.at("rules").value is None:
            shape.fault("missing-key", "correlation has no `rules`", body)
        return named
    if isinstance(condition.value, str):
        return _by_text(condition, named, shape)
    given = dict(condition.items())
    number = given.get("gte", given.get("eq"))
    if len(given) != 1 or number is None or number.value != len(named):
        shape.fault(
            "condition",
            "every joined rule must hold: no other condition can be given",
            condition,
            hint="leave `condition` out",
        )
    return named


def _by_text(condition: Node, named: tuple[Node, ...], shape: Shape) -> tuple[Node, ...]:
    words = condition.text.split()[::2] if _JOINED.fullmatch(condition.text) else []
    listed = [node.text for node in named]
    if not words or (listed and sorted(words) != sorted(listed)):
        shape.fault(
            "condition",
            "every joined rule must hold: a condition can only name all of them, with `and`",
            condition,
            hint="leave `condition` out, or give an alternative a rule of its own",
        )
        return named
    if named:
        return named
    nodes = tuple(Node(value=word, marks=condition.marks, path=condition.path) for word in words)
    if len(set(words)) < len(words):
        shape.fault("twice", "the condition names a rule twice", condition)
    return nodes
