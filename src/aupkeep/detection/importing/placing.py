"""Where a taken rule stands in a policy folder, and what of an earlier import goes on.

In: the rule files a folder has, and outcomes one by one. Out: the path of each rule's file. A rule
that was imported before is replaced; its state goes on where it still detects the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from aupkeep.detection.importing.taking import Ask, Document, Outcome, is_uuid, written
from aupkeep.policy.model import RuleFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An outcome and the path of its file; refused ones have no path."""

    outcome: Outcome
    path: str = ""


class Shelf:
    """The rules of a folder; each placed rule takes its place among them."""

    def __init__(self, files: Iterable[RuleFile], ask: Ask) -> None:
        """Start with the rule files that the folder has."""
        self._ask = ask
        self._files = {file.path: file for file in files}
        self._at = {
            str(document.get("id")): path
            for path, file in self._files.items()
            for document in file.documents
        }
        self._names = {
            str(document.get("name"))
            for file in self._files.values()
            for document in file.documents
        }

    def place(self, outcome: Outcome) -> Placed:
        """Return where the taken rule `outcome` stands, or refuse it."""
        path = self._at.get(outcome.id)
        if path is None:
            return self._new(outcome)
        there = self._files[path]
        if not any("custom" in document for document in there.documents):
            return _refused(outcome, f"the id is that of a rule of the policy's own, in `{path}`")
        clause = _clause(there)
        if clause != self._ask.clause:
            return _refused(
                outcome, f"it is there already, under the clause `{clause}` in `{path}`"
            )
        return Placed(outcome=written(_going_on(outcome, there)), path=path)

    def _new(self, outcome: Outcome) -> Placed:
        name = outcome.name
        if {name, f"{name}_rows"} & self._names or f"rules/sigma_{name}.yml" in self._files:
            ending = outcome.id[:8] if is_uuid(outcome.id) else str(len(self._names))
            name = f"{name}_{ending}"
            outcome = written(_renamed(outcome, name))
        self._names |= {name, f"{name}_rows"}
        return Placed(outcome=outcome, path=f"rules/sigma_{name}.yml")


def _refused(outcome: Outcome, reason: str) -> Placed:
    return Placed(outcome=replace(outcome, reason=reason, documents=()))


def _clause(file: RuleFile) -> str:
    for document in file.documents:
        block = document.get("aup")
        if isinstance(block, Mapping):
            return str(block.get("clause"))
    return ""


def _going_on(outcome: Outcome, there: RuleFile) -> Outcome:
    """Keep name and state of a rule that is replaced; another detection is a shadow again."""
    base, correlation = outcome.documents
    old = next((one for one in there.documents if one.get("id") == outcome.id), {})
    before = next((one for one in there.documents if "correlation" in one), {})
    kept = _renamed(outcome, str(old.get("name", "")).removesuffix("_rows") or outcome.name)
    block = before.get("aup")
    state = block.get("status", "shadow") if isinstance(block, Mapping) else "shadow"
    if old.get("detection") != base["detection"]:
        return replace(kept, reason=f"{outcome.reason}; replaces an older form, so it is a shadow")
    base, correlation = kept.documents
    aup = correlation["aup"]
    stated: Document = {**aup, "status": state} if isinstance(aup, Mapping) else {}
    return replace(
        kept,
        reason=f"{outcome.reason}; there already, with the same detection",
        documents=(base, {**correlation, "aup": stated}),
    )


def _renamed(outcome: Outcome, name: str) -> Outcome:
    base, correlation = outcome.documents
    counted = correlation["correlation"]
    joined: Document = dict(counted) if isinstance(counted, Mapping) else {}
    return replace(
        outcome,
        name=name,
        documents=(
            {**base, "name": f"{name}_rows"},
            {
                **correlation,
                "name": name,
                "correlation": {**joined, "rules": [f"{name}_rows"]},
            },
        ),
    )
