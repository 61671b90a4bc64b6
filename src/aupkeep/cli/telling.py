"""A rule's tree and what its windows came to, as lines for people and as JSON.

In: steps and findings. Out: lines, and plain values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from aupkeep.cases.excepting import PolicyException, said
from aupkeep.decisions.words import number
from aupkeep.detection.because import Node
from aupkeep.detection.bundle import moment
from aupkeep.detection.explaining import Step, Told
from aupkeep.detection.finding import Finding
from aupkeep.sanctions.wording import one_line

_STATES = {"open": "opened", "growing": "grew", "ended": "ended"}
#: Steps of a failed test that are told row by row.
_MOST_ROWS = 2_000


def step_lines(
    number_of: int, step: Step, why: Mapping[str, str], before: Step | None
) -> Iterator[str]:
    """Yield one event with everything that became of it; `why` says what an exception is for.

    Trees that are those of the event `before` are not shown again.
    """
    yield one_line(f"{number_of}. {moment(step.time)} {step.kind} {step.event}")
    if step.unseen:
        yield one_line(f"   not seen: {step.unseen}")
    same = {node["id"]: node for node in before.bases} if before else {}
    for base in step.bases:
        again = base == same.get(base["id"])
        yield one_line(f"   {base['rule']}: {_verdict(base)}{', as before' if again else ''}")
        if not again:
            yield from tree_lines(base["tree"], 2)
    for window in step.windows:
        yield one_line(f"   {window['rule']}{_key(window)}: {window['text']}: {_window(window)}")
    yield from change_lines(step.changes, why)


def tree_lines(node: Node, depth: int) -> Iterator[str]:
    """Yield a tree, one line a leaf, parts indented below what joins them."""
    margin = "   " * depth + ("yes " if node["holds"] else "no  ")
    for word, said_as in (("all", "all of"), ("some", "one of"), ("not", "not")):
        if word not in node:
            continue
        parts = node[word] if isinstance(node[word], list) else [node[word]]
        yield f"{margin}{said_as}:" if parts else f"{margin}{said_as} nothing"
        for part in parts:
            yield from tree_lines(part, depth + 1)
        if node.get("more"):
            yield "   " * (depth + 1) + f"    and {node['more']} more"
        return
    actual = f"; it is {_actual(node['actual'])}" if "actual" in node else ""
    yield one_line(f"{margin}{node['text']}{actual}")


def change_lines(changes: Iterable[Finding], why: Mapping[str, str]) -> Iterator[str]:
    """Yield what opened, grew and ended."""
    for one in changes:
        at = moment(one.first if one.state == "open" else one.last)
        covered = f"; {why[one.exception]}" if one.suppressed and one.exception in why else ""
        yield one_line(
            f"   => finding {one.id[:12]} of {one.called} {_STATES[one.state]} at {at}:"
            f" {number(one.value)} {one.unit}, threshold {number(one.threshold)}{covered}"
        )


def finding_node(one: Finding, listed: Sequence[PolicyException]) -> dict[str, Any]:
    """Return what happened to a finding as plain values."""
    why = {item.id: said(item) for item in listed}
    return {
        "finding": one.id,
        "rule": one.rule,
        "what": _STATES[one.state],
        "at": moment(one.first if one.state == "open" else one.last),
        "key": dict(one.key),
        "customer": one.customer,
        "value": one.value,
        "threshold": one.threshold,
        "suppressed": why.get(one.exception) if one.suppressed else None,
    }


def short(told: Told) -> list[str]:
    """Return in a few lines how far a rule came: for a test that failed."""
    lines = []
    unseen = [step for step in told.steps if step.unseen]
    if unseen:
        lines.append(f"{len(unseen)} of {len(told.steps)} rows are not seen: {unseen[0].unseen}")
    bases: dict[str, list[Node]] = {}
    windows: dict[str, list[Node]] = {}
    for step in told.steps:
        for base in step.bases:
            bases.setdefault(base["rule"], []).append(base)
        for window in step.windows:
            windows.setdefault(window["rule"], []).append(window)
    for name, nodes in bases.items():
        held = sum(node["holds"] for node in nodes)
        lines.append(f"`{name}` holds for {held} of {len(nodes)} rows")
        if not held:
            lines += list(tree_lines(nodes[0]["tree"], 1))
    for name, nodes in windows.items():
        valued = [node for node in nodes if node.get("value") is not None]
        if valued:
            most = max(valued, key=lambda node: node["value"])
            lines.append(f"`{name}` at most{_key(most)}: {most['text']}: {_window(most)}")
        else:
            lines.append(f"`{name}`: {nodes[-1]['text']}")
    return [one_line(line) if not line.startswith(" ") else line for line in lines]


def tellable(rows: int) -> bool:
    """Whether a test is small enough to be told row by row."""
    return rows <= _MOST_ROWS


def _verdict(node: Node) -> str:
    return "holds" if node["holds"] else "does not hold"


def _window(node: Node) -> str:
    """Return whether a window's condition holds, and what its value is made of."""
    if "value" not in node:
        return "waiting"
    made = [
        f"{name} {number(node[name])}"
        for name in ("numerator", "denominator", "least", "sum", "rows", "usual", "times", "floor")
        if isinstance(node.get(name), int | float)
    ]
    made += [f"{one['rule']} {one.get('held_last') or 'never'}" for one in node.get("rules", [])]
    plan = f" (plan {node['plan']})" if node.get("plan", "default") != "default" else ""
    return f"{_verdict(node)}{plan}" + (f" [{', '.join(made)}]" if made else "")


def _key(node: Node) -> str:
    named = [f"{name} {value}" for name, value in node["key"].items() if value is not None]
    return f" for {', '.join(named)}" if named else ""


def _actual(value: object) -> str:
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"`{value}`" if isinstance(value, str) else str(value)
