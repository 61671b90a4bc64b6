"""Rule files read as a whole: documents in, a `RuleSet` out, or every fault at once.

In: the rule files of a policy folder, the clauses it has and, where known, the plans. Out: rules in
an order in which each stands after those it refers to. Raises `AupkeepError`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from aupkeep.base.errors import AupkeepError, Fault, Place
from aupkeep.detection.bounds import check_selections, within_bounds
from aupkeep.detection.correlating import Draft, read_draft
from aupkeep.detection.fields import Catalogue
from aupkeep.detection.linking import Links
from aupkeep.detection.rule import RuleSet, Selection
from aupkeep.detection.selecting import read_selection
from aupkeep.detection.shape import Shape
from aupkeep.detection.testing import check_samples
from aupkeep.events.schema import KINDS
from aupkeep.policy.marks import load_all
from aupkeep.policy.model import RuleFile
from aupkeep.policy.nodes import Marks, Node

#: Faults of a condition after which it says nothing about what it names.
_UNREADABLE = frozenset({"sigma", "condition", "too-deep", "too-long", "not-a-mapping"})


def read_rules(
    files: Sequence[RuleFile],
    *,
    clauses: Collection[str],
    plans: Collection[str] | None,
    kinds: Catalogue = KINDS,
) -> RuleSet:
    """Return the rules of `files`.

    `clauses` are the ids a rule may name; `plans` the plans thresholds may name (None: any);
    `kinds` the kinds of events with their columns.
    Raises `AupkeepError` with every fault of every file.
    """
    shape = Shape(kinds)
    selections: list[Selection] = []
    drafts: list[Draft] = []
    documents = [node for file in files for node in _documents(file, shape)]
    _names(documents, shape)
    for document in documents:
        if _holds(document, "detection"):
            selection = _selection(document, shape)
            if selection is not None:
                selections.append(selection)
        elif _holds(document, "correlation") or _holds(document, "aup_metric"):
            draft = read_draft(document, shape)
            _words(draft, clauses, plans, shape)
            drafts.append(draft)
        else:
            _no_rule(document, shape)
    known = {document.at(key).text for document in documents for key in ("id", "name")}
    rules = Links(selections, drafts, known, shape).rules()
    if shape.faults:
        raise AupkeepError(dict.fromkeys(shape.faults))
    return RuleSet(selections={one.id: one for one in selections}, rules=rules, kinds=kinds)


def _selection(document: Node, shape: Shape) -> Selection | None:
    """Return the base rule of `document`; None where it has a fault."""
    before = len(shape.faults)
    selection = read_selection(document, shape) if within_bounds(document, shape) else None
    if not any(fault.code in _UNREADABLE for fault in shape.faults[before:]):
        check_selections(document, shape)
    return selection if len(shape.faults) == before else None


def _no_rule(document: Node, shape: Shape) -> None:
    if document.value is None:
        shape.fault("empty", "this document is empty", document, hint="take one `---` away")
    elif isinstance(document.value, dict):
        what = "a rule has `detection`, `correlation` or `aup_metric`"
        shape.fault("no-rule", what, document)
    else:
        shape.fault("not-a-mapping", "a rule must be a mapping", document)


def _holds(document: Node, key: str) -> bool:
    return isinstance(document.value, dict) and key in document.value


def _documents(file: RuleFile, shape: Shape) -> list[Node]:
    """Return the documents of a file; from its text where there is one, for the places."""
    if file.text or not file.documents:
        loaded = load_all(file.text, file.path)
        shape.faults += loaded.faults
        if not loaded.documents and not loaded.faults:
            place = Place(file=file.path)
            shape.faults.append(Fault(code="empty", what="this file holds no rule", place=place))
        return list(loaded.documents)
    marks = Marks(file=file.path, lines=(), keys={}, values={})
    return [Node(value=dict(document), marks=marks) for document in file.documents]


def _names(documents: Sequence[Node], shape: Shape) -> None:
    """Check titles, and that ids and names are given once, over all files."""
    seen: dict[str, Node] = {}
    for document in documents:
        if document.at("title").value is not None:
            shape.text(document.at("title"), "title")
        own = set()
        for key in ("id", "name"):
            node = document.at(key)
            if node.value is None:
                continue
            text = shape.name(node, key)
            if text and text in seen and text not in own:
                first = seen[text].place
                shape.fault(
                    "twice", f"`{text}` is taken by the rule at {first.file}:{first.line}", node
                )
            own.add(text)
            seen.setdefault(text, node)


def _words(
    draft: Draft, clauses: Collection[str], plans: Collection[str] | None, shape: Shape
) -> None:
    """Check the words of an `aup` block that the policy and the profiles know."""
    block = draft.block
    if block is None:
        return
    node = block.node.at("clause")
    if node.text and node.text not in clauses:
        shape.unknown(node.text, clauses, what="a clause of this policy", place=node.place)
    if block.threshold is not None and plans is not None:
        for plan in block.threshold.plans:
            if plan not in plans:
                place = block.node.at("threshold").at(plan).key_place
                shape.unknown(plan, plans, what="a plan", place=place)
    check_samples(block, shape)
