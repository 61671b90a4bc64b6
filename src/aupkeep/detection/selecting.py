"""Base rules: one Sigma document with a `detection` becomes a `Selection`.

In: a node of a rule file. Out: the selection, and faults. pySigma reads the detection part and the
condition; what it lets pass and has no meaning here is refused.
"""

from __future__ import annotations

from typing import Any

from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from aupkeep.base.errors import Fault, unknown_word
from aupkeep.detection.conditions import Conversion, Refusal
from aupkeep.detection.exact import StandIns
from aupkeep.detection.guards import stages, unguarded
from aupkeep.detection.rule import Predicate, Selection
from aupkeep.detection.shape import Shape, short
from aupkeep.detection.unread import parts, place_of, unreadable
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
    for node in parts(detection):
        for key, child in node.items():
            _plain_value(key.split("|")[0], child, shape)
            for modifier in key.split("|")[1:]:
                _modifier(modifier, child, shape)


def _plain_value(field: str, node: Node, shape: Shape) -> None:
    within = node.value if isinstance(node.value, list) else [node.value]
    if any(isinstance(one, dict | list) for one in within):
        what = f"`{short(field)}` must have a value or a list of values, no further mappings"
        shape.fault("wrong-type", what, node)


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
        unreadable(str(error).strip(), detection, shape)
        return None
    conversion = Conversion(shape.fields_of(kind), numbers.meant)
    predicate = conversion.predicate(tree)
    for refusal in conversion.refusals:
        _refuse(refusal, detection, shape)
    return None if conversion.refusals else predicate


def _refuse(refusal: Refusal, detection: Node, shape: Shape) -> None:
    place = place_of(detection, refusal.field) if refusal.field else detection.at("condition")
    shape.fault(refusal.code, refusal.what, place, hint=refusal.hint)


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
