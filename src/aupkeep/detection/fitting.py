"""Whether a rule fits the events it is about: kinds, stages, fields and their types.

In: rules whose references are resolved, and their drafts for the places. Out: faults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aupkeep.detection.correlating import Draft
from aupkeep.detection.fields import is_number, word
from aupkeep.detection.guards import stages
from aupkeep.detection.reach import judge, judge_floor
from aupkeep.detection.rule import (
    Absence,
    Aliases,
    Baseline,
    Conjunction,
    Rule,
    Selection,
    Window,
)
from aupkeep.detection.shape import Shape
from aupkeep.policy.nodes import Node

#: Rules a conjunction may join: each is a bit of a whole number.
MOST_JOINED = 60
#: Id of a part -> the kinds of its rows.
KindsOf = Mapping[str, Sequence[str]]


def fit_window(
    window: Window, draft: Draft, parts: Sequence[Selection], kinds: KindsOf, shape: Shape
) -> None:
    """Check a window over `parts`."""
    if not _one_kind("a window", draft, parts, shape):
        return
    _measured(window, draft, shape)
    _common(window, draft, kinds, shape)
    judge(window, draft, shape)


def fit_baseline(
    baseline: Baseline, draft: Draft, parts: Sequence[Selection], kinds: KindsOf, shape: Shape
) -> None:
    """Check a baseline over `parts`."""
    if not _one_kind("a baseline", draft, parts, shape):
        return
    _measured(baseline, draft, shape)
    _common(baseline, draft, kinds, shape)
    judge_floor(baseline, draft, shape)


def fit_conjunction(
    conjunction: Conjunction,
    draft: Draft,
    parts: Sequence[Selection | Rule],
    kinds: KindsOf,
    shape: Shape,
) -> None:
    """Check a conjunction of `parts`."""
    count = len(conjunction.rules)
    if not 1 < count <= MOST_JOINED:
        shape.fault(
            "rules", f"{draft.type} joins 2 to {MOST_JOINED} rules, not {count}", draft.rules[0]
        )
    _generate(draft, parts, shape)
    _common(conjunction, draft, kinds, shape)


def fit_absence(absence: Absence, draft: Draft, kinds: KindsOf, shape: Shape) -> None:
    """Check an absence."""
    _common(absence, draft, kinds, shape)


def _generate(draft: Draft, parts: Sequence[Selection | Rule], shape: Shape) -> None:
    """`generate: false` wants joined rules to be silent; one with an `aup` block is not."""
    loud = [part.name for part in parts if not isinstance(part, Selection) and part.aup]
    if loud and not draft.generate:
        inside = draft.body.at("generate")
        node = inside if inside.value is not None else draft.node.at("generate")
        shape.fault(
            "generate",
            f"`generate: false`, but `{loud[0]}` has an `aup` block and opens findings of its own",
            node,
            hint="take that block away, or say `generate: true`",
        )


def _one_kind(what: str, draft: Draft, parts: Sequence[Selection], shape: Shape) -> bool:
    kinds = sorted({part.kind for part in parts})
    if len(kinds) > 1:
        shape.fault(
            "several-kinds",
            f"{what} is over rows of one kind, not of {' and '.join(kinds)}",
            draft.rules[0],
            hint="join rules over several kinds with `temporal`",
        )
        return False
    read = set().union(*(stages(part.predicate) for part in parts))
    if "stage" in shape.fields_of(kinds[0]) and len(read) > 1:
        shape.fault(
            "two-stages",
            f"the rules of {what} read both stages of mail: each message counts twice",
            draft.rules[0],
        )
    return True


def _measured(rule: Window | Baseline, draft: Draft, shape: Shape) -> None:
    """Check the field that is counted, summed or averaged."""
    if not rule.field:
        return
    node = draft.comparison.field_node
    fields = shape.fields_of(rule.kind)
    counts = isinstance(rule, Window) and rule.measure == "value_count"
    if rule.field not in fields:
        _unknown(node, rule.field, [rule.kind], shape)
    elif not counts and not is_number(fields[rule.field]):
        holds = word(fields[rule.field])
        shape.fault("wrong-type", f"`{rule.field}` holds {holds}, not numbers", node)
    elif counts and rule.field in _key_fields(rule):
        shape.fault(
            "never",
            f"`{rule.field}` is in group-by: each key has one value of it",
            node,
            hint="leave it out of group-by, or count rows with `event_count`",
        )


def _key_fields(rule: Window | Baseline) -> set[str]:
    """Return the fields that have one value in all rows of a key."""
    plain = {name for name in rule.group_by if name not in rule.aliases}
    return plain.union(
        *(
            set(fields.values())
            for fields in rule.aliases.values()
            if len(set(fields.values())) == 1
        )
    )


def _common(rule: Rule, draft: Draft, kinds: KindsOf, shape: Shape) -> None:
    for node in draft.group_by:
        _key(node, draft, rule.aliases, kinds, shape)
    if draft.block is None:
        return
    every = sorted({kind for several in kinds.values() for kind in several})
    known = set().union(*(shape.fields_of(kind) for kind in every))
    for name, node in draft.block.node.at("evidence").at("fields").words():
        if name not in known:
            _unknown(node, name, every, shape)


def _key(node: Node, draft: Draft, aliases: Aliases, kinds: KindsOf, shape: Shape) -> None:
    """Check one name in group-by: what it stands for exists everywhere and has one type."""
    name = node.text
    types = set()
    for part, several in kinds.items():
        field = aliases[name].get(part) if name in aliases else name
        if field is None:
            continue
        place = _alias_node(draft, name, field) if name in aliases else node
        for kind in several:
            fields = shape.fields_of(kind)
            if field in fields:
                types.add(str(fields[field]))
            else:
                _unknown(place, field, [kind], shape)
    if len(types) > 1:
        every = sorted({kind for several in kinds.values() for kind in several})
        what = f"`{name}` is not of one type in {', '.join(every)}"
        shape.fault("wrong-type", what, draft.body.at("aliases").at(name) if aliases else node)


def _alias_node(draft: Draft, name: str, field: str) -> Node:
    nodes = draft.aliases[name].values()
    return next(node for node in nodes if node.text == field)


def _unknown(node: Node, field: str, kinds: Sequence[str], shape: Shape) -> None:
    fields = shape.fields_of(kinds[0]) if len(kinds) == 1 else {}
    shape.unknown(field, fields, what=f"a field of {' or '.join(kinds)}", place=node.place)
