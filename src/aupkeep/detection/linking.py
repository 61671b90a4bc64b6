"""References between rules: resolved, ordered, and checked against the fields of the kinds.

In: selections and drafts. Out: rules, each after those it refers to, with the hash of its detection
part. Faults go to the shape.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TypeVar, cast

from aupkeep.base.errors import unknown_word
from aupkeep.detection import fingerprint
from aupkeep.detection.correlating import Draft
from aupkeep.detection.fitting import fit_conjunction, fit_window
from aupkeep.detection.rule import Conjunction, Measured, Op, Rule, Selection, Window
from aupkeep.detection.shape import Shape
from aupkeep.policy.nodes import Node

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
        self._known = {word for word in known if word}
        self._shape = shape
        self._done: dict[str, Rule | None] = {}
        self._open: list[str] = []
        self._hashes = {one.id: fingerprint.of_selection(one) for one in selections}

    def rules(self) -> dict[str, Rule]:
        """Return every rule without fault by id, in an order fit for evaluation."""
        for draft in self._all:
            self._rule(draft)
        return {key: rule for key, rule in self._done.items() if rule is not None}

    def _rule(self, draft: Draft) -> Rule | None:
        if draft.id in self._done:
            return self._done[draft.id]
        self._open.append(draft.id)
        before = len(self._shape.faults)
        joins = draft.measure == "temporal"
        rule: Rule | None = self._conjunction(draft) if joins else self._window(draft)
        self._open.pop()
        if len(self._shape.faults) > before:
            rule = None
        self._done[draft.id] = rule
        return rule

    def _selected(self, node: Node) -> Selection | None:
        found = self._selections.get(node.text)
        if found is None and node.text in self._drafts:
            self._shape.fault(
                "not-a-base-rule",
                f"`{node.text}` is no base rule: only `temporal` joins other rules",
                node,
            )
        elif found is None:
            self._missing(node)
        return found

    def _missing(self, node: Node) -> None:
        """Complain of a name that no rule has; one with faults of its own has said enough."""
        if node.text not in self._known:
            self._shape.faults.append(
                unknown_word(
                    str(node.value),
                    sorted(self._known),
                    what="the name of a rule",
                    place=node.place,
                )
            )

    def _window(self, draft: Draft) -> Window | None:
        found = [self._selected(node) for node in draft.references]
        parts = [one for one in found if one is not None]
        if not draft.measure or len(parts) < len(found) or not parts:
            return None
        below, above = parts[: len(draft.rules)], parts[len(draft.rules) :]
        window = Window(
            id=draft.id,
            name=draft.name,
            title=draft.title,
            version=draft.version,
            measure=cast("Measured", draft.measure),
            kind=parts[0].kind,
            rules=tuple(one.id for one in below),
            numerator=above[0].id if above else "",
            group_by=tuple(node.text for node in draft.group_by),
            timespan=draft.timespan,
            op=cast("Op", draft.op),
            threshold=draft.threshold,
            least=draft.least,
            field=draft.field,
            aup=draft.block.aup if draft.block else None,
            place=draft.node.place,
        )
        fit_window(window, draft, parts, self._shape)
        hashes = [self._hashes[one.id] for one in below]
        detection = fingerprint.of_window(
            window, hashes, self._hashes[above[0].id] if above else ""
        )
        self._hashes[draft.id] = detection
        return replace(window, detection=detection)

    def _conjunction(self, draft: Draft) -> Conjunction | None:
        found = [self._part(node) for node in draft.rules]
        parts = [one for one in found if one is not None]
        if len(parts) < len(found) or not parts:
            return None
        conjunction = Conjunction(
            id=draft.id,
            name=draft.name,
            title=draft.title,
            version=draft.version,
            rules=tuple(part.id for part in parts),
            kinds=tuple(sorted({kind for part in parts for kind in _kinds(part)})),
            group_by=tuple(node.text for node in draft.group_by),
            timespan=draft.timespan,
            aup=draft.block.aup if draft.block else None,
            place=draft.node.place,
        )
        fit_conjunction(conjunction, draft, self._shape)
        detection = fingerprint.of_conjunction(
            conjunction, [self._hashes[part.id] for part in parts]
        )
        self._hashes[draft.id] = detection
        return replace(conjunction, detection=detection)

    def _part(self, node: Node) -> Selection | Rule | None:
        selection = self._selections.get(node.text)
        if selection is not None:
            return selection
        draft = self._drafts.get(node.text)
        if draft is None:
            self._missing(node)
            return None
        if draft.id in self._open:
            self._shape.fault("circle", f"`{node.text}` refers to itself by way of this", node)
            return None
        return self._rule(draft)


def _named(items: Sequence[_Named]) -> dict[str, _Named]:
    """Return the items by id and by name."""
    return {word: item for item in items for word in (item.id, item.name)}


def _kinds(part: Selection | Rule) -> tuple[str, ...]:
    return part.kinds if isinstance(part, Conjunction) else (part.kind,)
