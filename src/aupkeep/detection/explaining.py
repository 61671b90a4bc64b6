"""What a rule makes of some rows, one after another: for people who wonder why it found or did not.

In: a rule set and attributed frames. Out: one `Step` a row, in the order of evaluation: whether
rules see the row, which base rules hold and why, what each window came to, what opened and ended.
The rows go through the engine itself, one at a time, so nothing here can differ from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from aupkeep.base.ids import event_id
from aupkeep.detection import bundle
from aupkeep.detection.batch import visible
from aupkeep.detection.because import Node, trees
from aupkeep.detection.finding import Finding
from aupkeep.detection.naming import CUSTOMER
from aupkeep.detection.rule import Absence, Baseline, Conjunction, Rule, RuleSet, Window
from aupkeep.detection.watch import Watch
from aupkeep.events.schema import ORDER

#: Most keys a rule holds while rows are explained: far more than there are rows.
_CAP = 1_000_000

Row = Mapping[str, Any]
Number = int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row and what became of it."""

    kind: str
    #: Id of the event, and when it happened.
    event: str
    time: int
    #: Why no rule sees the row; empty where rules do.
    unseen: str = ""
    #: One node a base rule of the row's kind: rule, id, holds, tree.
    bases: list[Node] = field(default_factory=list)
    #: One node a rule that the row changed: rule, id, key, value, threshold ...
    windows: list[Node] = field(default_factory=list)
    #: Findings that opened, grew or ended since the row before, this row included.
    changes: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Everything there is to say about some rows."""

    steps: list[Step]
    #: What time alone changed after the last row.
    after: list[Finding]
    #: The findings that were open at the end.
    open: list[Finding]
    #: Why some rule could not evaluate every row.
    degraded: list[str]


def explain(
    rules: RuleSet,
    frames: Mapping[str, pl.DataFrame],
    until: int,
    *,
    provider: str,
    version: str,
) -> Told:
    """Return what `rules` make of the rows of `frames`, and of time until the instant `until`."""
    watch = Watch(provider, rules, version, _CAP)
    steps = [_step(watch, kind, frame) for kind, frame in _rows(frames)]
    last = max([until, *(step.time for step in steps)])
    return Told(
        steps=steps,
        after=_fed(watch, {}, last),
        open=[finding for _, finding in watch.present()],
        degraded=watch.degraded(),
    )


def _rows(frames: Mapping[str, pl.DataFrame]) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield every row as a frame with its kind, in the order of evaluation."""
    places = [
        (*place, kind, at)
        for kind, frame in frames.items()
        for at, place in enumerate(frame.select(ORDER).iter_rows())
    ]
    for *_, kind, at in sorted(places):
        yield kind, frames[kind][at : at + 1]


def _fed(watch: Watch, frames: Mapping[str, pl.DataFrame], frontier: int) -> list[Finding]:
    return [finding for _, finding in sorted(watch.feed(frames, frontier), key=lambda one: one[0])]


def _step(watch: Watch, kind: str, frame: pl.DataFrame) -> Step:
    (row,) = frame.iter_rows(named=True)
    unseen = _unseen(watch, kind, row)
    changes = _fed(watch, {kind: frame}, row["event_time"])
    step = Step(
        kind=kind,
        event=event_id(row["stream"], row["position"], row["part"]),
        time=row["event_time"],
        unseen=unseen,
        changes=changes,
    )
    if unseen:
        return step
    seen = visible(frame, watch.provider, frame.columns)
    bases = _bases(watch.rules, kind, seen)
    (shown,) = seen.iter_rows(named=True)
    held = {node["id"] for node in bases if node["holds"]}
    step.bases.extend(bases)
    for rule in watch.rules.rules.values():
        nodes = list(_windows(watch, rule, shown, held))
        step.windows.extend(nodes)
        if any(node["holds"] for node in nodes):
            held.add(rule.id)
    return step


def _unseen(watch: Watch, kind: str, row: Row) -> str:
    """Return why no rule sees the row, or an empty text."""
    kinds = sorted({one.kind for one in watch.rules.selections.values()})
    if row["provider"] != watch.provider:
        return f"it is of provider `{row['provider']}`; these rules are those of `{watch.provider}`"
    if row["late"]:
        return "it came too late: it was behind its source's frontier, so it is only kept"
    if row["attribution"] == "outsider":
        return "the actor is an outsider: not behind our networks, so no clause binds them"
    if kind not in kinds:
        return f"the rule reads {' and '.join(kinds)}, not {kind}"
    return ""


def _bases(rules: RuleSet, kind: str, row: pl.DataFrame) -> list[Node]:
    """Return one node for each base rule of this kind."""
    nodes = []
    for one in rules.selections.values():
        if one.kind == kind:
            (tree,) = trees(one, row)
            nodes.append({"rule": one.name, "id": one.id, "holds": tree["holds"], "tree": tree})
    return nodes


def _windows(watch: Watch, rule: Rule, row: Row, held: set[str]) -> Iterator[Node]:
    """Yield what the windows of `rule` came to at a row, one node a key that the row is of."""
    parts = [part for part in bundle.referred(rule) if part in held]
    if not parts or (isinstance(rule, Window | Baseline) and _lacks(rule, row)):
        return
    evaluator = watch.evaluators[rule.id]
    keys = {tuple(_text(row.get(name)) for name in _columns(rule, part)): part for part in parts}
    for slot in evaluator.slots():
        key = tuple(map(_text, evaluator.key(slot)))
        if key in keys:
            named = dict(zip(rule.group_by, key, strict=True))
            node = {"rule": rule.name, "id": rule.id, "key": named}
            threshold = bundle.threshold_of(rule, row)
            value, made = evaluator.value(slot), evaluator.parts(slot)
            yield node | _came_to(watch, rule, row, value, threshold, made)


def _came_to(
    watch: Watch, rule: Rule, row: Row, value: Number | None, threshold: Number, made: Any
) -> Node:
    if isinstance(rule, Absence):
        text = f"awaited: a finding opens when nothing comes within {bundle.length(rule.timespan)}"
        return {"text": text, "holds": False}
    if isinstance(rule, Baseline):
        # What is usual is looked at above the floor alone; where there is none, there is no value.
        if made:
            threshold = max(float(rule.times) * float(made[0]), float(threshold))
        elif value is not None and value > threshold:
            value = None
    holds = bundle.holds(rule, value, threshold, made)
    node = bundle.condition(rule, row, value=value, threshold=threshold, parts=made, holds=holds)
    if isinstance(rule, Conjunction):
        node["rules"] = bundle.joined(rule, made, watch.rules)
    return node


def _lacks(rule: Window | Baseline, row: Row) -> bool:
    """Whether the row has no value in the field that is counted, so that it is in no window."""
    return bool(rule.field) and row.get(rule.field) is None


def _columns(rule: Rule, part: str) -> Iterable[str]:
    """Return the fields that make the key of a row of the base rule `part`."""
    for name in rule.group_by:
        if name in rule.aliases:
            yield rule.aliases[name].get(part, name)
        else:
            yield CUSTOMER if name == "customer" else name


def _text(value: object) -> str | None:
    """Return a value as text, truth values as in JSON."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
