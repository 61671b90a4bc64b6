"""What a finding rests on beside its rows: the rule's parameters, the window, the condition.

In: a rule, the row at which its finding opened, its value and what that is made of. Out: plain
values that JSON can carry. The base rules' trees are made for all the openings of a rule in a feed
in one go, because a tree takes a look at its row by columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from aupkeep.base.clock import SECOND, format_duration, format_instant
from aupkeep.detection.batch import Batch
from aupkeep.detection.because import MOST_PARTS, Node, Trees, op_text, plain
from aupkeep.detection.layout import NEVER
from aupkeep.detection.merging import Merged
from aupkeep.detection.plans import PARTS
from aupkeep.detection.rule import (
    PANES,
    Absence,
    Baseline,
    Conjunction,
    Rule,
    RuleSet,
    Window,
    pane_length,
)
from aupkeep.detection.tables import Ints

Number = int | float
Parameters = dict[str, Any]

#: The plan named where the threshold is that of no plan.
DEFAULT = "default"


class Shown(NamedTuple):
    """A row at which a finding opened, and why it counts."""

    #: Field by field.
    row: Mapping[str, Any]
    #: The trees of the base rules that the row was shown to, by their ids.
    trees: Mapping[str, Node]


def unit(rule: Rule) -> str:
    """Return what the value of `rule` counts, in plain words."""
    match rule:
        case Conjunction():
            return "conditions in turn" if rule.ordered else "conditions at once"
        case Absence():
            return "rows that were awaited"
        case Baseline():
            return f"{rule.field} in all" if rule.field else "rows"
        case Window():
            return {
                "event_count": "rows",
                "value_count": f"different {rule.field}",
                "value_sum": f"{rule.field} in all",
                "value_avg": f"{rule.field} on average",
                "ratio": "as a share",
            }[rule.measure]


def parameters(rule: Rule) -> Parameters:
    """Return what shapes the windows of `rule`, durations as text."""
    aup = rule.aup
    said: Parameters = {"measure": measure(rule), "group_by": list(rule.group_by)}
    if rule.aliases:
        said["aliases"] = {name: dict(fields) for name, fields in rule.aliases.items()}
    match rule:
        case Window():
            said |= {"op": rule.op, "timespan": length(rule.timespan)}
            said |= {"field": rule.field} if rule.field else {}
            said |= {"least": rule.least} if rule.measure == "ratio" else {}
        case Conjunction():
            said["timespan"] = length(rule.timespan)
        case Baseline():
            said |= {"bucket": length(rule.bucket), "history": length(rule.history * rule.bucket)}
            said |= {"least": length(rule.least * rule.bucket), "usual": usual(rule)}
            said |= {"times": plain(rule.times)}
            said |= {"field": rule.field} if rule.field else {}
        case Absence():
            said |= {"timespan": length(rule.timespan), "forget": length(rule.forget)}
    if isinstance(rule, Window | Baseline):
        word = "threshold" if isinstance(rule, Window) else "floor"
        numbers = {DEFAULT: rule.threshold.default, **rule.threshold.plans}
        said[word] = {plan: plain(number) for plan, number in numbers.items()}
    if aup is not None:
        said |= {"cooldown": length(aup.cooldown)}
    return said


def measure(rule: Rule) -> str:
    """Return the word for what `rule` looks at, as in rule files."""
    match rule:
        case Window():
            return rule.measure
        case Conjunction():
            return "temporal_ordered" if rule.ordered else "temporal"
        case Baseline():
            return "baseline"
        case Absence():
            return "absence"


def usual(rule: Baseline) -> str:
    """Return how what is usual follows from the history, in words."""
    return "median" if rule.usual == "median" else f"mean of the top {rule.top}"


def length(micros: int) -> str:
    """Return a duration as rule files have it, or in microseconds where it is no whole second."""
    return format_duration(micros) if micros % SECOND == 0 else f"{micros}us"


def moment(instant: int) -> str:
    """Return an instant as text, also one that no calendar has."""
    try:
        return format_instant(instant)
    except OverflowError:
        return str(instant)


def window(rule: Rule, instant: int, since: int) -> tuple[int, int]:
    """Return from when to when the rows are that a finding opened at `instant` rests on.

    `since` is the time of the row with which the wait of an absence began.
    """
    match rule:
        case Window():
            pane = pane_length(rule.timespan)
            return (instant // pane - PANES + 1) * pane, instant
        case Conjunction():
            return instant - rule.timespan, instant
        case Baseline():
            return instant // rule.bucket * rule.bucket, instant
        case Absence():
            return min(since, instant), instant


def plan_of(rule: Rule, row: Mapping[str, Any], threshold: Number) -> str:
    """Return the plan whose threshold is in force on `row`."""
    if not isinstance(rule, Window | Baseline):
        return DEFAULT
    held = row.get("plans" if _whole(rule) else "plan") or ""
    numbers = rule.threshold.plans
    floor = threshold if isinstance(rule, Window) else None
    fitting = [
        plan for plan in held.split("|") if plan in numbers and floor in (None, numbers[plan])
    ]
    return max(fitting, default=DEFAULT)


def threshold_of(rule: Rule, row: Mapping[str, Any]) -> Number:
    """Return the threshold in force on `row`; of a baseline its floor."""
    if isinstance(rule, Conjunction):
        return len(rule.rules)
    if isinstance(rule, Absence):
        return 1
    sign = -1 if isinstance(rule, Window) and rule.op in ("lt", "lte") else 1
    numbers, default = rule.threshold.plans, rule.threshold.default
    text = row.get("plans" if _whole(rule) else "plan")
    if text is None:
        return default
    held = text.split("|") if _whole(rule) else [text]
    return sign * max(sign * numbers.get(plan, default) for plan in held)


def holds(rule: Rule, value: Number | None, threshold: Number, parts: Sequence[Number]) -> bool:
    """Return whether the condition of `rule` holds for a value."""
    if value is None or value != value:  # noqa: PLR0124  # not a number
        return False
    if isinstance(rule, Window) and rule.measure == "ratio" and parts[1] < max(rule.least, 1):
        return False
    limit = float(threshold) if isinstance(value, float) else threshold
    return {
        "gt": value > limit,
        "gte": value >= limit,
        "lt": value < limit,
        "lte": value <= limit,
        "eq": value == limit,
        "neq": value != limit,
    }[_op(rule)]


def _whole(rule: Window | Baseline) -> bool:
    """Whether the key of `rule` is a customer with everything the customer has."""
    return "customer" in rule.group_by and not PARTS.intersection(rule.group_by)


def condition(
    rule: Rule,
    row: Mapping[str, Any],
    *,
    value: Number | None,
    threshold: Number,
    parts: Sequence[Number],
    holds: bool,
) -> Node:
    """Return the root of the tree: value and threshold, and what the value is made of."""
    node: Node = {
        "text": _text(rule, value, threshold),
        "value": plain(value),
        "op": _op(rule),
        "threshold": plain(threshold),
        "plan": plan_of(rule, row, threshold),
        "holds": holds,
    }
    match rule:
        case Window() if rule.measure == "ratio" and parts:
            node |= {"numerator": plain(parts[0]), "denominator": plain(parts[1])}
            node |= {"least": rule.least}
        case Window() if rule.measure == "value_avg" and parts:
            node |= {"sum": plain(parts[0]), "rows": plain(parts[1])}
        case Baseline():
            numbers = rule.threshold.plans
            floor = numbers.get(node["plan"], rule.threshold.default)
            node |= {"times": plain(rule.times), "floor": plain(floor)}
            if parts:
                node |= {"usual": plain(parts[0]), "history": plain(parts[1])}
    return node


def joined(rule: Rule, parts: Sequence[Number], names: RuleSet) -> list[Node]:
    """Return one node a rule that `rule` refers to; of a conjunction with when it held last."""
    nodes: list[Node] = []
    for place, part in enumerate(referred(rule)):
        known = names.selections.get(part) or names.rules.get(part)
        node: Node = {"rule": known.name if known else part, "id": part}
        if isinstance(rule, Conjunction) and place < len(parts):
            last = int(parts[place])
            node["held_last"] = None if last == NEVER else moment(last)
        nodes.append(node)
    return nodes


def referred(rule: Rule) -> tuple[str, ...]:
    """Return the ids of the rules that `rule` is made of, each once."""
    also: tuple[str, ...] = ()
    if isinstance(rule, Window) and rule.numerator:
        also = (rule.numerator,)
    elif isinstance(rule, Absence):
        also = rule.after
    return tuple(dict.fromkeys((*rule.rules, *also)))


def shown(
    rule: Rule, rows: Batch | Merged, at: Ints, rules: RuleSet, compiled: dict[str, Trees]
) -> dict[int, Shown]:
    """Return the rows `at`, by their places, with the trees of what `rule` is made of.

    `compiled` keeps, by the id of a base rule, what the next call need not make again.
    """
    found: dict[int, Shown] = {}
    for kind, places, frame in _by_kind(rule, rows, at):
        made = {}
        for part in referred(rule):
            selection = rules.selections.get(part)
            if selection is not None and selection.kind == kind:
                if part not in compiled:
                    compiled[part] = Trees(selection, frame.schema)
                made[part] = compiled[part].of(frame)
        for number, row in enumerate(frame.iter_rows(named=True)):
            trees = {part: nodes[number] for part, nodes in made.items()}
            found[int(at[places[number]])] = Shown(row, trees)
    return found


def _by_kind(
    rule: Rule, rows: Batch | Merged, at: Ints
) -> Iterable[tuple[str, Ints, pl.DataFrame]]:
    """Yield each kind with the places in `at` of its rows, and those rows."""
    if not at.size:
        return ()
    if isinstance(rows, Merged):
        return ((kind, places, part) for kind, places, part in rows.by_kind(at) if part.height)
    kind = rule.kind if isinstance(rule, Window | Baseline) else rule.kinds[0]
    return [(kind, np.arange(at.size), rows.frame[at])]


def with_trees(nodes: Iterable[Node], made: Mapping[str, Node]) -> tuple[list[Node], int]:
    """Return the nodes with the trees of those that hold, the rest without, and how many are left.

    Those that hold come first where not all can be shown.
    """
    filled = []
    for node in nodes:
        tree = made.get(node["id"])
        if tree is None:
            filled.append(node)
        elif tree["holds"]:
            filled.append(node | {"holds": True, "tree": tree})
        else:
            filled.append(node | {"holds": False})
    if len(filled) > MOST_PARTS:
        filled.sort(key=lambda node: not node.get("holds", False))
    return filled[:MOST_PARTS], max(0, len(filled) - MOST_PARTS)


def _op(rule: Rule) -> str:
    match rule:
        case Window():
            return rule.op
        case Conjunction():
            return "gte"
        case Baseline():
            return "gt"
        case Absence():
            return "lt"


def _text(rule: Rule, value: Number | None, threshold: Number) -> str:
    """Return value and condition in one line."""
    if isinstance(rule, Absence):
        return f"nothing came within {length(rule.timespan)}"
    said = "no value" if value is None else f"{_short(value)} {unit(rule)}"
    said = "1 row" if said == "1 rows" else said
    asked = f"{op_text(_op(rule))} {_short(threshold)} wanted"
    if isinstance(rule, Baseline):
        return f"{said} since the start of this {length(rule.bucket)}, {asked}"
    return f"{said} within {length(rule.timespan)}, {asked}"


def _short(number: Number) -> str:
    return str(number) if isinstance(number, int) else f"{number:.6g}"
