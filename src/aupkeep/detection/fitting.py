"""Whether a rule fits the events it is about: kinds, stages, fields and their types.

In: rules whose references are resolved, and their drafts for the places. Out: faults.
"""

from __future__ import annotations

from collections.abc import Sequence

from aupkeep.base.errors import unknown_word
from aupkeep.detection.correlating import Draft
from aupkeep.detection.fields import is_number, word
from aupkeep.detection.guards import stages
from aupkeep.detection.rule import Conjunction, Selection, Window
from aupkeep.detection.shape import Shape
from aupkeep.policy.nodes import Node

#: Rules a conjunction may join: each is a bit of a whole number.
MOST_JOINED = 60


def fit_window(window: Window, draft: Draft, parts: Sequence[Selection], shape: Shape) -> None:
    """Check a window over `parts`."""
    kinds = sorted({part.kind for part in parts})
    if len(kinds) > 1:
        shape.fault(
            "several-kinds",
            f"a window is over rows of one kind, not of {' and '.join(kinds)}",
            draft.rules[0],
            hint="join rules over several kinds with `temporal`",
        )
        return
    read = set().union(*(stages(part.predicate) for part in parts))
    if "stage" in shape.fields_of(window.kind) and len(read) > 1:
        shape.fault(
            "two-stages",
            "the rules of one window read both stages of mail: each message counts twice",
            draft.rules[0],
        )
    _measured(window, draft, shape)
    _group_by(draft, kinds, shape)
    _evidence(draft, kinds, shape)


def fit_conjunction(conjunction: Conjunction, draft: Draft, shape: Shape) -> None:
    """Check a conjunction."""
    count = len(conjunction.rules)
    if not 1 < count <= MOST_JOINED:
        shape.fault(
            "rules", f"temporal joins 2 to {MOST_JOINED} rules, not {count}", draft.rules[0]
        )
    _group_by(draft, conjunction.kinds, shape)
    _evidence(draft, conjunction.kinds, shape)


def _measured(window: Window, draft: Draft, shape: Shape) -> None:
    """Check the field that is counted or summed."""
    if not window.field:
        return
    node = draft.node.at("correlation").at("condition").at("field")
    fields = shape.fields_of(window.kind)
    if window.field not in fields:
        _unknown(node, window.field, window.kind, shape)
    elif window.measure == "value_sum" and not is_number(fields[window.field]):
        holds = word(fields[window.field])
        shape.fault("wrong-type", f"`{window.field}` holds {holds}, not numbers", node)


def _group_by(draft: Draft, kinds: Sequence[str], shape: Shape) -> None:
    for node in draft.group_by:
        types = set()
        for kind in kinds:
            fields = shape.fields_of(kind)
            if node.text in fields:
                types.add(str(fields[node.text]))
            else:
                _unknown(node, node.text, kind, shape)
        if len(types) > 1:
            shape.fault(
                "wrong-type", f"`{node.text}` is not of one type in {', '.join(kinds)}", node
            )


def _evidence(draft: Draft, kinds: Sequence[str], shape: Shape) -> None:
    if draft.block is None:
        return
    known = set().union(*(shape.fields_of(kind) for kind in kinds))
    for name, node in draft.block.node.at("evidence").at("fields").words():
        if name not in known:
            _unknown(node, name, " or ".join(kinds), shape)


def _unknown(node: Node, field: str, kind: str, shape: Shape) -> None:
    fields = shape.fields_of(kind) if " " not in kind else {}
    shape.faults.append(
        unknown_word(field, sorted(fields), what=f"a field of {kind}", place=node.place)
    )
