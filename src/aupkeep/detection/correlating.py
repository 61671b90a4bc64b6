"""Correlations and metrics: documents that turn rows into values a key.

In: nodes of a rule file. Out: drafts, whose references are not yet resolved, and faults.
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.base.clock import SECOND
from aupkeep.detection.clauses import Block, read_block
from aupkeep.detection.rule import Threshold
from aupkeep.detection.selecting import ABOUT
from aupkeep.detection.shape import Shape
from aupkeep.policy.nodes import Node

_OPS = ("gt", "gte", "lt", "lte", "eq", "neq")
_TYPES = ("event_count", "value_count", "value_sum", "temporal")
_METRICS = ("ratio",)
#: Types that look at a field.
_OF_FIELD = frozenset({"value_count", "value_sum"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A correlation or metric as it stands in the file."""

    id: str
    name: str
    title: str
    version: str
    measure: str
    #: Nodes that name other rules; for a ratio the denominator.
    rules: tuple[Node, ...]
    numerator: Node | None
    group_by: tuple[Node, ...]
    timespan: int
    op: str
    threshold: Threshold
    least: int
    field: str
    block: Block | None
    node: Node

    @property
    def references(self) -> tuple[Node, ...]:
        """Every node that names another rule."""
        return (*self.rules, self.numerator) if self.numerator else self.rules


def read_draft(document: Node, shape: Shape) -> Draft:
    """Return the draft of a document with `correlation` or `aup_metric`."""
    metric = isinstance(document.value, dict) and "aup_metric" in document.value
    body = document.at("aup_metric" if metric else "correlation")
    what = "aup_metric" if metric else "correlation"
    shape.keys(document, ABOUT | {what, "aup", "version"}, ("title", "id"), f"a rule with {what}")
    allowed = {"type", "group-by", "timespan", "condition"}
    needed = ["type", "group-by", "timespan"]
    words: tuple[str, ...] = _TYPES
    if metric:
        allowed |= {"numerator", "denominator", "min_denominator"}
        needed += ["numerator", "denominator", "min_denominator"]
        words = _METRICS
    else:
        allowed.add("rules")
        needed.append("rules")
    shape.keys(body, allowed, needed, what)
    kind = shape.word(body.at("type"), words, "a type that is known here")
    return _draft(document, body, kind, shape)


def _draft(document: Node, body: Node, kind: str, shape: Shape) -> Draft:
    op, number, field = _condition(body, kind, shape)
    block = read_block(document.at("aup"), shape) if document.at("aup").value is not None else None
    ratio = kind == "ratio"
    return Draft(
        id=document.at("id").text,
        name=document.at("name").text or document.at("id").text,
        title=document.at("title").text,
        version=_version(document.at("version"), shape),
        measure=kind,
        rules=(body.at("denominator"),) if ratio else tuple(_rules(body, shape)),
        numerator=body.at("numerator") if ratio else None,
        group_by=tuple(shape.texts(body.at("group-by"), "group-by")),
        timespan=shape.duration(body.at("timespan"), "timespan", least=SECOND),
        op=op,
        threshold=_threshold(number, kind, block, shape),
        least=shape.whole(body.at("min_denominator"), "min_denominator", least=1) if ratio else 0,
        field=field,
        block=block,
        node=document,
    )


def _rules(body: Node, shape: Shape) -> list[Node]:
    rules = body.at("rules")
    return shape.texts(rules, "rules") if rules.value is not None else []


def _version(node: Node, shape: Shape) -> str:
    if node.value is None:
        return "1"
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        return str(node.value)
    return shape.text(node, "version")


def _condition(body: Node, kind: str, shape: Shape) -> tuple[str, int | float, str]:
    """Return operator, number and field of `condition`."""
    condition = body.at("condition")
    if kind in ("temporal", ""):
        if kind and condition.value is not None:
            shape.fault("condition", "temporal has no condition: every rule must hold", condition)
        return "gte", 0, ""
    allowed = (*_OPS, "field") if kind in _OF_FIELD else _OPS
    if not shape.keys(condition, allowed, (), "condition"):
        return "gte", 0, ""
    field = shape.text(condition.at("field"), "field") if kind in _OF_FIELD else ""
    given = [key for key, _ in condition.items() if key in _OPS]
    if len(given) != 1:
        shape.fault(
            "one-comparison",
            f"condition must have one of {', '.join(_OPS)}, not {len(given)}",
            condition,
        )
        return "gte", 0, field
    return given[0], shape.number(condition.at(given[0]), given[0]), field


def _threshold(number: float, kind: str, block: Block | None, shape: Shape) -> Threshold:
    if block is None or block.threshold is None:
        return Threshold(default=number)
    if kind == "temporal":
        shape.fault(
            "threshold", "temporal has no threshold: give it to the rules it joins", block.node
        )
    return block.threshold
