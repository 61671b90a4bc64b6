"""Clauses: text and consequences belong together, and words agree with the front matter.

In: a draft. Out: faults.
"""

from __future__ import annotations

from collections.abc import Iterator

from aupkeep.base.errors import Fault, unknown_word
from aupkeep.policy.checking.duties import misspelt_duties
from aupkeep.policy.draft import Draft
from aupkeep.policy.nodes import Node
from aupkeep.policy.promises import CLAUSE_DUTIES


def check_clauses(draft: Draft) -> Iterator[Fault]:
    """Yield what is wrong with the clauses of `draft`."""
    yield from _paired(draft)
    ladders = tuple(name for name, _ in draft.enforcement.at("ladders").items())
    services = tuple(word for word, _ in draft.front.at("services").words())
    for clause, node in draft.entries.items():
        ladder = node.at("ladder")
        if ladder.text and ladders and ladder.text not in ladders:
            yield unknown_word(ladder.text, ladders, what="a ladder", place=ladder.place)
        for word, place in node.at("applies_to").words():
            if services and word not in services:
                what = "a service of the front matter"
                yield unknown_word(word, services, what=what, place=place.place)
        yield from _duties(draft, clause, node)
        yield from _immediate(draft, clause, node)


def _paired(draft: Draft) -> Iterator[Fault]:
    """Each heading needs an entry of enforcement.yml, and each entry a heading."""
    headings = tuple(dict.fromkeys(section.id for section in draft.page.sections))
    if headings:
        for clause, node in draft.entries.items():
            if clause not in headings:
                what = "a clause with a heading in policy.md"
                yield unknown_word(clause, headings, what=what, place=node.key_place)
    elif not draft.page.faults and draft.front.value is not None:
        place = draft.front.place
        yield Fault(code="no-clauses", what="policy.md has no clause", place=place)
    if draft.entries:
        for section in draft.page.sections:
            if section.id not in draft.entries:
                what = f"clause `{section.id}` has no entry below `clauses` of enforcement.yml"
                yield Fault(code="no-entry", what=what, place=section.place)


def _duties(draft: Draft, clause: str, node: Node) -> Iterator[Fault]:
    listed = node.at("duties")
    words = [word for word, _ in listed.words()]
    for word, entry in listed.words():
        if draft.duties and word not in draft.duties and not misspelt_duties(draft):
            yield unknown_word(
                word,
                tuple(sorted(draft.duties)),
                what="a duty of the front matter",
                place=entry.place,
            )
    for duty in CLAUSE_DUTIES.get(clause, ()):
        if duty not in words:
            what = f"clause `{clause}` must name the duty `{duty}`, which nobody can switch off"
            yield Fault(code="duty-left-out", what=what, place=node.key_place)


def _immediate(draft: Draft, clause: str, node: Node) -> Iterator[Fault]:
    immediate = node.at("immediate")
    if immediate.value is not True:
        return
    if node.at("tier").text not in ("fact", ""):
        what = f"clause `{clause}` is `immediate`, so its tier must be `fact`"
        yield Fault(code="immediate-without-fact", what=what, place=node.at("tier").place)
    if draft.graduated and "immediate" not in draft.duties:
        what = "`immediate` is no right of this policy: the front matter's `duties` lacks it"
        yield Fault(code="immediate-not-reserved", what=what, place=immediate.key_place)
