"""References between rules: resolved, ordered, and checked against the fields of the kinds.

In: selections and drafts. Out: rules, each after those it refers to, with the hash of its detection
part. Faults go to the shape.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from aupkeep.detection import fingerprint
from aupkeep.detection.aliases import read_aliases
from aupkeep.detection.assembling import Parts, assemble
from aupkeep.detection.correlating import JOINS, Draft
from aupkeep.detection.rule import Absence, Conjunction, Rule, Selection
from aupkeep.detection.shape import Shape
from aupkeep.policy.nodes import Node

#: Longest chain of rules of which each joins the next.
MOST_CHAINED = 30

_Named = TypeVar("_Named", Selection, Draft)


class Links:
    """One resolution of all references."""

    def __init__(
        self,
        selections: Sequence[Selection],
        drafts: Sequence[Draft],
        known: Collection[str],
        shape: Shape,
    ) -> None:
        """`known` are all names and ids in the files, those of rules with faults included."""
        self._selections = _named(selections)
        self._drafts = _named(drafts)
        self._all = list(drafts)
        self._known = sorted({word for word in known if word})
        self._shape = shape
        self._done: dict[str, Rule | None] = {}
        self._open: list[Draft] = []
        self._hashes = {one.id: fingerprint.of_selection(one) for one in selections}

    def rules(self) -> dict[str, Rule]:
        """Return every rule without fault by id, in an order fit for evaluation."""
        for draft in self._all:
            self._rule(draft)
        return {key: rule for key, rule in self._done.items() if rule is not None}

    def _rule(self, draft: Draft) -> Rule | None:
        if draft.id in self._done:
            return self._done[draft.id]
        self._open.append(draft)
        before = len(self._shape.faults)
        rule = self._assembled(draft)
        self._open.pop()
        if len(self._shape.faults) > before:
            rule = None
        self._done[draft.id] = rule
        return rule

    def _assembled(self, draft: Draft) -> Rule | None:
        """Return the rule of `draft`; None where it or what it refers to has a fault."""
        nodes = draft.references
        find = self._part if draft.type in JOINS else self._selected
        found = [find(node) for node in nodes]
        parts = [one for one in found if one is not None]
        self._once([one.id if one else "" for one in found], nodes)
        if not draft.type or len(parts) < len(found) or not draft.rules or not draft.group_by:
            return None
        kinds = {part.id: _kinds(part) for part in parts}
        words = {part.id: (part.id, part.name) for part in parts}
        aliases = read_aliases(draft, words, self._shape)
        sorted_out = Parts.of(draft, parts, kinds, aliases)
        rule = assemble(draft, sorted_out, self._hashes, self._shape)
        if rule is not None:
            self._hashes[draft.id] = rule.detection
        return rule

    def _once(self, ids: Sequence[str], nodes: Sequence[Node]) -> None:
        """Complain of a rule that one list names twice, by its name and by its id."""
        seen: dict[tuple[object, ...], set[str]] = {}
        for key, node in zip(ids, nodes, strict=True):
            there = seen.setdefault(node.path[:-1], set())
            if key and key in there:
                self._shape.fault("twice", f"`{node.text}` is a rule that stands here twice", node)
            there.add(key)

    def _selected(self, node: Node) -> Selection | None:
        found = self._selections.get(node.text)
        if found is None and node.text in self._drafts:
            self._shape.fault(
                "not-a-base-rule",
                f"`{node.text}` is no base rule",
                node,
                hint="only `temporal` and `temporal_ordered` join other rules",
            )
        elif found is None:
            self._missing(node)
        return found

    def _part(self, node: Node) -> Selection | Rule | None:
        selection = self._selections.get(node.text)
        if selection is not None:
            return selection
        draft = self._drafts.get(node.text)
        if draft is None:
            self._missing(node)
        elif draft in self._open:
            self._circle(draft, node)
        elif draft.type == "absence":
            self._shape.fault(
                "absence",
                f"`{node.text}` is an absence, which holds at no row: it cannot be joined",
                node,
            )
        elif len(self._open) >= MOST_CHAINED:
            self._shape.fault(
                "too-deep", f"a chain of rules may have {MOST_CHAINED} links at most", node
            )
        else:
            return self._rule(draft)
        return None

    def _circle(self, draft: Draft, node: Node) -> None:
        around = [one.name for one in self._open[self._open.index(draft) :]]
        shown = " -> ".join([*around, draft.name])
        self._shape.fault("circle", f"these rules refer to each other in a circle: {shown}", node)

    def _missing(self, node: Node) -> None:
        """Complain of a name that no rule has; one with faults of its own has said enough."""
        if node.text not in self._known:
            self._shape.unknown(
                str(node.value), self._known, what="the name of a rule", place=node.place
            )


def _named(items: Sequence[_Named]) -> dict[str, _Named]:
    """Return the items by id and by name."""
    return {word: item for item in items for word in (item.id, item.name)}


def _kinds(part: Selection | Rule) -> tuple[str, ...]:
    return part.kinds if isinstance(part, Conjunction | Absence) else (part.kind,)
