"""Base rules: one Sigma document with a `detection` becomes a `Selection`.

In: a node of a rule file. Out: the selection, and faults. pySigma reads the detection part and the
condition; what it lets pass and has no meaning here is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from aupkeep.base.errors import Fault, unknown_word
from aupkeep.detection.conditions import Conversion, Refusal
from aupkeep.detection.exact import StandIns
from aupkeep.detection.guards import stages, unguarded
from aupkeep.detection.rule import Predicate, Selection
from aupkeep.detection.shape import Shape
from aupkeep.policy.nodes import Node

#: Keys that say something about a document and change nothing.
ABOUT = frozenset(
    {
        "author",
        "custom",
        "date",
        "description",
        "falsepositives",
        "fields",
        "id",
        "level",
        "license",
        "modified",
        "name",
        "references",
        "related",
        "status",
        "tags",
        "taxonomy",
        "title",
    }
)

#: Modifiers that have a meaning here.
MODIFIERS = (
    "all",
    "base64",
    "base64offset",
    "cased",
    "cidr",
    "contains",
    "dotall",
    "endswith",
    "exists",
    "fieldref",
    "gt",
    "gte",
    "i",
    "ignorecase",
    "lt",
    "lte",
    "m",
    "multiline",
    "neq",
    "re",
    "s",
    "startswith",
    "utf16",
    "utf16be",
    "wide",
    "windash",
)
#: Modifiers of Sigma without a meaning here, and why.
NOT_TAKEN = {
    "expand": "write the values that the placeholder stands for",
    **dict.fromkeys(
        ("minute", "hour", "day", "week", "month", "year"),
        "instants are numbers, which have no such parts",
    ),
}


def read_selection(document: Node, shape: Shape) -> Selection | None:
    """Return the selection of a base rule; None where it has a fault, which `shape` then holds."""
    before = len(shape.faults)
    shape.keys(
        document,
        ABOUT | {"logsource", "detection"},
        ("title", "id", "logsource", "detection"),
        "a base rule",
    )
    source, detection = document.at("logsource"), document.at("detection")
    kind = ""
    if shape.keys(source, ("category",), (), "logsource"):
        kind = shape.word(source.at("category"), shape.kinds, "a kind of event")
    _detection_shape(detection, shape)
    if not kind or len(shape.faults) > before:
        return None
    predicate = _predicate(document, kind, shape)
    if predicate is None:
        return None
    _judge(predicate, kind, detection, shape)
    return Selection(
        id=document.at("id").text,
        name=document.at("name").text or document.at("id").text,
        title=document.at("title").text,
        kind=kind,
        predicate=predicate,
    )


def _detection_shape(detection: Node, shape: Shape) -> None:
    if not isinstance(detection.value, dict):
        shape.fault("not-a-mapping", "detection must be a mapping", detection)
        return
    if not detection.at("condition").text:
        shape.fault("missing-key", "detection has no `condition`, as one text", detection)
    for key, part in detection.items():
        if part.value in (None, [], {}):
            shape.fault("empty", f"`{key}` selects nothing", part)
    for node in _nodes(detection):
        for key, child in node.items():
            for modifier in key.split("|")[1:]:
                _modifier(modifier, child, shape)


def _modifier(modifier: str, node: Node, shape: Shape) -> None:
    if modifier in NOT_TAKEN:
        what = f"`{modifier}` is not taken: {NOT_TAKEN[modifier]}"
        shape.faults.append(Fault(code="modifier", what=what, place=node.key_place))
    elif modifier not in MODIFIERS:
        shape.faults.append(
            unknown_word(
                modifier, MODIFIERS, what="a modifier that is known here", place=node.key_place
            )
        )


def _nodes(detection: Node) -> Iterator[Node]:
    """Yield every mapping and list inside the selections, outermost first."""
    pending = [child for key, child in detection.items() if key != "condition"]
    while pending:
        node = pending.pop(0)
        yield node
        pending += [*node.entries(), *(child for _, child in node.items())]


def _predicate(document: Node, kind: str, shape: Shape) -> Predicate | None:
    """Return the predicate as pySigma reads it."""
    detection = document.at("detection")
    numbers = StandIns(detection.value)
    plain: dict[str, Any] = {
        "title": "rule",
        "logsource": {"category": kind},
        "detection": numbers.detection,
    }
    try:
        tree = SigmaRule.from_dict(plain).detection.parsed_condition[0].parsed
    except (SigmaError, RecursionError) as error:
        what = str(error).strip() or "the condition is nested too deeply"
        shape.fault("sigma", _lower(what), _place_of(detection, what))
        return None
    conversion = Conversion(shape.fields_of(kind), numbers.meant)
    predicate = conversion.predicate(tree)
    for refusal in conversion.refusals:
        _refuse(refusal, detection, shape)
    return None if conversion.refusals else predicate


def _refuse(refusal: Refusal, detection: Node, shape: Shape) -> None:
    place = _place_of(detection, refusal.field) if refusal.field else detection.at("condition")
    shape.fault(refusal.code, refusal.what, place, hint=refusal.hint)


def _place_of(detection: Node, about: str) -> Node:
    """Return the node of the first key, condition or modifier that `about` speaks of."""
    for node in _nodes(detection):
        for key, child in node.items():
            name, *modifiers = key.split("|")
            if name == about or any(f"'{word}'" in about for word in modifiers):
                return child
    return detection.at("condition")


def _lower(text: str) -> str:
    text = text.splitlines()[0].rstrip(".").replace("'", "`")
    return text[:1].lower() + text[1:]


def _judge(predicate: Predicate, kind: str, detection: Node, shape: Shape) -> None:
    condition = detection.at("condition")
    for field in sorted(unguarded(predicate)):
        shape.fault(
            "unguarded-not",
            f"`not` is true where `{field}` is missing: nothing beside it asks that it is given",
            condition,
            hint=f"add `{field}|exists: true` to a selection that must hold as well",
        )
    if "stage" in shape.fields_of(kind) and len(stages(predicate)) > 1:
        shape.fault(
            "two-stages",
            "a rule over mail must select one `stage`, or each message counts twice",
            detection,
            hint="add `stage: result` (what became of it) or `stage: attempt` (asked for)",
        )
