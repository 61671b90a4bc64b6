"""Correlations and metrics: documents that turn rows into values a key.

In: nodes of a rule file. Out: drafts, whose references are not yet resolved, and faults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aupkeep.base.clock import DAY, SECOND
from aupkeep.detection.clauses import Block, read_block
from aupkeep.detection.comparing import Comparison, joined_names, read_comparison
from aupkeep.detection.metrics import METRICS, Habit, metric_keys, read_habit
from aupkeep.detection.selecting import ABOUT
from aupkeep.detection.shape import Shape
from aupkeep.policy.nodes import Node

TYPES = ("event_count", "value_count", "value_sum", "value_avg", "temporal", "temporal_ordered")
#: Types that join rules; they have neither condition nor threshold of their own.
JOINS = frozenset({"temporal", "temporal_ordered"})
#: How long an absent key is remembered where the rule does not say.
_FORGET = 30 * DAY
_KEYS = frozenset({"type", "rules", "group-by", "timespan", "condition", "aliases", "generate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A correlation or metric as it stands in the file."""

    id: str
    name: str
    title: str
    version: str
    #: The word under `type`; empty where it has a fault.
    type: str
    #: Nodes that name other rules; for a ratio the denominator.
    rules: tuple[Node, ...]
    numerator: Node | None = None
    after: tuple[Node, ...] = ()
    group_by: tuple[Node, ...]
    #: Name in `group-by` -> word for a rule -> the node of the field.
    aliases: Mapping[str, Mapping[str, Node]] = field(default_factory=dict)
    timespan: int
    comparison: Comparison
    least: int = 0
    habit: Habit | None = None
    forget: int = 0
    #: False where the file says that joined rules open no findings of their own.
    generate: bool = True
    block: Block | None
    node: Node
    body: Node

    @property
    def references(self) -> tuple[Node, ...]:
        """Every node that names another rule."""
        return (*self.rules, *((self.numerator,) if self.numerator else ()), *self.after)


def read_draft(document: Node, shape: Shape) -> Draft:
    """Return the draft of a document with `correlation` or `aup_metric`."""
    metric = isinstance(document.value, dict) and "aup_metric" in document.value
    what = "aup_metric" if metric else "correlation"
    body = document.at(what)
    allowed = ABOUT | {what, "aup", "version", "generate"}
    shape.keys(document, allowed, ("title", "id"), f"a rule with {what}")
    word = body.at("type")
    words = METRICS if metric else TYPES
    kind = "" if word.value is None else shape.word(word, words, "a type that is known here")
    if metric:
        keys, needed = metric_keys(kind)
    else:
        keys = _KEYS
        needed = ("type", "group-by", "timespan", *(() if kind in JOINS else ("rules",)))
    shape.keys(body, keys, needed, what)
    return _draft(document, body, kind, shape)


def _draft(document: Node, body: Node, kind: str, shape: Shape) -> Draft:
    there = isinstance(document.value, dict) and "aup" in document.value
    block = read_block(document.at("aup"), shape) if there else None
    numerator, least, habit = body.at("numerator"), body.at("min_denominator"), None
    if kind == "baseline":
        habit = read_habit(body, shape)
    return Draft(
        id=document.at("id").text,
        name=document.at("name").text or document.at("id").text,
        title=document.at("title").text,
        version=_version(document.at("version"), shape),
        type=kind,
        rules=_rules(body, kind, shape),
        numerator=numerator if numerator.text else None,
        after=_listed(body.at("after"), "after", shape),
        group_by=_listed(body.at("group-by"), "group-by", shape),
        aliases=_aliases(body.at("aliases"), shape),
        timespan=_span(body.at("timespan"), "timespan", shape),
        comparison=read_comparison(body, kind, block, shape),
        least=1 if least.value is None else shape.whole(least, "min_denominator", least=1),
        habit=habit,
        forget=_span(body.at("forget"), "forget", shape) or _FORGET,
        generate=_generate(document, body, shape),
        block=block,
        node=document,
        body=body,
    )


def _rules(body: Node, kind: str, shape: Shape) -> tuple[Node, ...]:
    if kind == "ratio":
        for key in ("numerator", "denominator"):
            node = body.at(key)
            if node.value is not None:
                shape.text(node, key)
        return (body.at("denominator"),) if body.at("denominator").text else ()
    named = _listed(body.at("rules"), "rules", shape)
    return joined_names(body, named, shape) if kind in JOINS else named


def _listed(node: Node, what: str, shape: Shape) -> tuple[Node, ...]:
    return () if node.value is None else tuple(shape.texts(node, what))


def _span(node: Node, what: str, shape: Shape) -> int:
    return 0 if node.value is None else shape.duration(node, what, least=SECOND)


def _version(node: Node, shape: Shape) -> str:
    if node.value is None:
        return "1"
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        return str(node.value)
    return shape.name(node, "version")


def _aliases(node: Node, shape: Shape) -> dict[str, dict[str, Node]]:
    """Return the names with the field nodes of each rule; whether they fit is for `fitting`."""
    found: dict[str, dict[str, Node]] = {}
    if node.value is None:
        return found
    if not isinstance(node.value, dict) or not node.value:
        shape.fault("not-a-mapping", "aliases must map names in group-by to rules", node)
        return found
    for name, child in node.items():
        if not isinstance(child.value, dict) or not child.value:
            shape.fault("not-a-mapping", f"`{name}` must map rules to their fields", child)
            continue
        found[name] = {
            word: field
            for word, field in child.items()
            if shape.text(field, f"the field of `{word}`")
        }
    return found


def _generate(document: Node, body: Node, shape: Shape) -> bool:
    """Sigma's schema has `generate` beside `correlation`, pySigma inside; both are taken."""
    said = True
    for node in (document.at("generate"), body.at("generate")):
        if node.value is None:
            continue
        if isinstance(node.value, bool):
            said = said and node.value
        else:
            shape.fault("not-true-or-false", "generate must be true or false", node)
    if document.at("generate").value is not None and body.at("generate").value is not None:
        shape.fault(
            "twice",
            "`generate` is given beside and inside the body: give it once",
            body.at("generate"),
        )
    return said
