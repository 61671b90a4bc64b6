"""Fees: every step that takes one has its price, and every price a step that takes it.

In: a draft. Out: faults. What a customer may be charged must stand in the policy before it is
charged, so a ladder with a `fee` and no amount is no ladder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aupkeep.base.errors import Fault, unknown_word
from aupkeep.policy.draft import Draft
from aupkeep.policy.model import Measure
from aupkeep.policy.nodes import Node

_FEE = Measure.FEE.value


def check_fees(draft: Draft) -> Iterator[Fault]:
    """Yield what is wrong with the fees of `draft`."""
    fees = draft.enforcement.at("fees")
    if fees.value is not None and draft.reserved and _FEE not in draft.reserved:
        what = "this provider did not reserve the measure `fee`, so its policy has no prices"
        yield Fault(code="fees-not-reserved", what=what, place=fees.key_place)
        return
    amounts = {clause: dict(node.items()) for clause, node in fees.at("amounts").items()}
    yield from _without_amount(draft, amounts)
    for clause, node in fees.at("amounts").items():
        yield from _priced(draft, clause, node)
    yield from _below_cap(fees)


def _without_amount(draft: Draft, amounts: Mapping[str, Mapping[str, Node]]) -> Iterator[Fault]:
    if _FEE not in draft.reserved:
        return
    for clause, entry in draft.entries.items():
        for step, node in _charging(draft, entry).items():
            if step not in amounts.get(clause, {}):
                what = f"step `{step}` charges a fee for clause `{clause}`, but no amount is named"
                hint = f"fees: {{amounts: {{{clause}: {{{step}: 5000}}}}}}, in minor units"
                yield Fault(code="fee-without-amount", what=what, place=node.place, hint=hint)


def _priced(draft: Draft, clause: str, node: Node) -> Iterator[Fault]:
    if clause not in draft.entries:
        if draft.entries:
            words = tuple(draft.entries)
            yield unknown_word(clause, words, what="a clause", place=node.key_place)
        return
    steps = _charging(draft, draft.entries[clause])
    for step, amount in node.items():
        if step not in steps:
            what = f"a step of clause `{clause}` that charges a fee"
            yield unknown_word(step, tuple(steps), what=what, place=amount.key_place)


def _below_cap(fees: Node) -> Iterator[Fault]:
    cap = fees.at("cap").value
    for clause, node in fees.at("amounts").items():
        for step, amount in node.items():
            if _number(amount.value) > _number(cap) > 0:
                what = f"`{step}` of clause `{clause}` costs more than the cap of {cap}"
                yield Fault(code="fee-over-cap", what=what, place=amount.place)


def _charging(draft: Draft, entry: Node) -> dict[str, Node]:
    """Return the steps of a clause's ladder that charge a fee, by name, with the measure's node."""
    ladder = draft.enforcement.at("ladders").at(entry.at("ladder").text)
    found = {}
    for step in ladder.at("steps").entries():
        for word, node in step.at("measures").words():
            if word == _FEE:
                found[step.at("name").text] = node
    return found


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
