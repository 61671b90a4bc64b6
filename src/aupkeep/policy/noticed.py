"""Which rules notice which clause, by the `aup` block of their documents alone.

In: the documents of the rule files. Out: clause id -> names of rules. A draft rule notices nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from aupkeep.policy.model import RuleFile
from aupkeep.policy.nodes import Node

Document = Mapping[str, object]


def noticing_blocks(documents: Iterable[Node]) -> Iterator[Node]:
    """Yield the `aup` block of each document that has one and is no draft."""
    for document in documents:
        block = document.at("aup")
        if block.at("clause").text and block.at("status").text != "draft":
            yield block


def noticed_by(rules: Iterable[RuleFile]) -> dict[str, tuple[str, ...]]:
    """Return clause id -> names of the rules that notice it, in the order of the files."""
    found: dict[str, tuple[str, ...]] = {}
    for clause, document in noticing_documents(rules):
        name = str(document.get("name") or document.get("title") or document.get("id"))
        found[clause] = (*found.get(clause, ()), name)
    return found


def noticing_documents(rules: Iterable[RuleFile]) -> Iterator[tuple[str, Document]]:
    """Yield (clause id, document) of each rule that names a clause and is no draft."""
    for rule in rules:
        for document in rule.documents:
            block = document.get("aup")
            if isinstance(block, Mapping) and block.get("status") != "draft":
                yield str(block.get("clause", "")), document


def kinds_by_clause(rules: Iterable[RuleFile]) -> dict[str, frozenset[str]]:
    """Return clause id -> kinds of event that its rules read, through every rule they refer to."""
    files = tuple(rules)
    documents = [document for rule in files for document in rule.documents]
    named = {str(document.get(key)): document for document in documents for key in ("id", "name")}
    found: dict[str, frozenset[str]] = {}
    for clause, document in noticing_documents(files):
        found[clause] = found.get(clause, frozenset()) | _kinds(document, named)
    return found


def _kinds(document: Document, named: Mapping[str, Document]) -> frozenset[str]:
    """Return the kinds that `document` reads, by way of every document it refers to."""
    kinds: set[str] = set()
    seen: set[str] = set()
    pending = [document]
    while pending:
        one = pending.pop()
        source = one.get("logsource")
        if isinstance(source, Mapping):
            kinds.add(str(source.get("category", "")))
        fresh = {name for name in _references(one) if name in named} - seen
        seen |= fresh
        pending += [named[name] for name in sorted(fresh)]
    return frozenset(kinds)


def _references(document: Document) -> Iterator[str]:
    for key in ("correlation", "aup_metric"):
        block = document.get(key)
        if isinstance(block, Mapping):
            for field in ("rules", "numerator", "denominator", "after"):
                value = block.get(field)
                yield from map(str, value if isinstance(value, list) else [value])
