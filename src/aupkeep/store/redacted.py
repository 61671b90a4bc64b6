"""Pages as their reader may see them (`record.rights`).

In: frozen values and a reader. Out: the same values, with what is not theirs to read left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from aupkeep.cases.case import Case
from aupkeep.detection.finding import Finding
from aupkeep.record.personal import PERSONAL
from aupkeep.record.rights import HIDDEN, STRANGERS, Sees, shown
from aupkeep.sanctions.appeal import Appeal
from aupkeep.store.envelopes import Opened
from aupkeep.store.sanctions import Waiting


def case(item: Case, reader: Sees) -> Case:
    """Return the case; whom it is about is a word of its own where that is hidden."""
    if reader.identity:
        return item
    return replace(item, customer=_nameless(item), actor=HIDDEN)


def findings(items: Iterable[Finding], whole: Case, reader: Sees) -> tuple[Finding, ...]:
    """Return the findings of the case `whole`."""
    return tuple(_finding(item, whole, reader) for item in items)


def sanctions(items: Iterable[Waiting], whole: Case, reader: Sees) -> tuple[Waiting, ...]:
    """Return the sanctions of the case `whole`."""
    if reader.identity:
        return tuple(items)
    name = _nameless(whole) or ""
    return tuple(
        replace(
            item,
            sanction=replace(item.sanction, customer=name, target=HIDDEN),
            trouble=HIDDEN if item.trouble else "",
        )
        for item in items
    )


def appeals(items: Iterable[Appeal], whole: Case, reader: Sees) -> tuple[Appeal, ...]:
    """Return the appeals of the case `whole`: that there is one, and what came of it."""
    if reader.identity:
        return tuple(items)
    name = _nameless(whole) or ""
    return tuple(
        replace(item, customer=name, text=HIDDEN, reason=HIDDEN if item.reason else "")
        for item in items
    )


def personal(envelope: Opened, reader: Sees) -> dict[str, Any]:
    """Return what `reader` sees of an envelope; `full` is needed for what somebody wrote."""
    wanted = {"identity": reader.identity, "content": "full" in reader.kinds}
    return {
        name: value
        for name, value in envelope.personal.items()
        if wanted[PERSONAL.get(name, "content")]
    }


def _nameless(item: Case) -> str | None:
    return item.customer and f"customer of case {item.id[:8]}"


def _finding(item: Finding, whole: Case, reader: Sees) -> Finding:
    evidence = item.evidence and {
        name: shown(name, value, reader) for name, value in item.evidence.items()
    }
    because = _tree(item.because, reader)
    if reader.identity:
        return replace(item, evidence=evidence, because=because)
    return replace(
        item,
        evidence=evidence and dict.fromkeys(evidence, HIDDEN),
        because={},
        key={name: value and HIDDEN for name, value in item.key.items()},
        customer=_nameless(whole),
        service=item.service and HIDDEN,
        actor=HIDDEN,
    )


def _tree(node: Any, reader: Sees) -> Any:
    """Return a tree of reasons with the actual values of strangers' columns as samples."""
    if isinstance(node, Mapping):
        found = {name: _tree(value, reader) for name, value in node.items()}
        column, actual = found.get("field"), found.get("actual")
        if column in STRANGERS and isinstance(actual, str):
            found["actual"] = shown(str(column), actual, reader)
        return found
    if isinstance(node, (list, tuple)):
        return [_tree(one, reader) for one in node]
    return node
