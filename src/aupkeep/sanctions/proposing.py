"""Which sanctions a decision leads to, given those there are already.

In: a decision, its case, the sanctions of the case, what is armed. Out: new sanctions. The laws:
the same decision proposes nothing twice; what is pending or in force is not proposed again; what
ended is proposed again only for a finding that came after its end; what was proposed in observe
mode is proposed for real only for a finding that came after arming.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from aupkeep.base.ids import make_id
from aupkeep.cases.case import Case
from aupkeep.decisions.decision import Decision, Proposal
from aupkeep.policy.model import Measure
from aupkeep.sanctions.sanction import Sanction, State


@dataclass(frozen=True, slots=True)
class Standing:
    """Which power could carry a proposal out, and since when it may."""

    #: Empty: none.
    power: str = ""
    #: Since when both the power and the clause are armed; None: observe.
    armed: int | None = None


#: What is true of one proposal for one clause.
StandingOf = Callable[[Proposal], Standing]

_OBSERVE = Standing()


def observe(proposal: Proposal) -> Standing:  # noqa: ARG001  # the signature of `StandingOf`
    """Nothing is armed."""
    return _OBSERVE


def propose(
    decision: Decision,
    case: Case,
    earlier: Iterable[Sanction],
    *,
    now: int,
    received: Mapping[str, int],
    standing: StandingOf = observe,
) -> tuple[Sanction, ...]:
    """Return the sanctions that `decision` newly leads to.

    `earlier` are the sanctions of the case; `received` says when each finding's opening was
    received. An unattributed case has no sanctions. Raises `ValueError` for a decision about
    another case.
    """
    if decision.case != case.id:
        raise ValueError(f"decision {decision.id} is not about case {case.id}")
    if case.customer is None:
        return ()
    there = list(earlier)
    proposed = []
    for item in sorted(decision.proposals, key=lambda one: one.measure is Measure.WARN):
        found = standing(item)
        cause = _cause(item, there, received, found)
        if cause is None or _said_already(item, there, live=cause.live):
            continue
        made = _sanction(item, case, decision, found, cause, now)
        there.append(made)
        proposed.append(made)
    return tuple(proposed)


def superseded(new: Sanction, earlier: Iterable[Sanction]) -> tuple[Sanction, ...]:
    """Return the warnings that still wait for somebody although `new` says more to the customer."""
    if new.would_do or not new.touches_service:
        return ()
    return tuple(
        item
        for item in earlier
        if item.measure == Measure.WARN
        and item.target == new.target
        and item.state is State.PROPOSED
        and not item.would_do
    )


@dataclass(frozen=True, slots=True)
class _Cause:
    """The finding that makes a proposal a new one, and whether it may be carried out."""

    finding: str
    live: bool


def _same(sanction: Sanction, item: Proposal) -> bool:
    asked = (item.step, item.measure.value, item.scope, item.target)
    return (sanction.step, sanction.measure, sanction.scope, sanction.target) == asked


def _settles(sanction: Sanction, item: Proposal) -> bool:
    """Whether the end of `sanction` settles what `item` asks for, until something new is found.

    So does the same proposal; what a person refused or lifted, whichever step asks for it again;
    and, for a warning, a graver measure that was carried out: its notice has said as much.
    """
    if sanction.would_do or sanction.target != item.target:
        return False
    by_person = bool(sanction.lifted_by) and sanction.measure == item.measure
    told = (
        item.measure is Measure.WARN
        and sanction.touches_service
        and sanction.applied_at is not None
    )
    return _same(sanction, item) or (not sanction.pending and (by_person or told))


def _cause(
    item: Proposal, there: Sequence[Sanction], received: Mapping[str, int], found: Standing
) -> _Cause | None:
    same = [one for one in there if _same(one, item)]
    if any(one.pending for one in same):
        return None
    settled = [one.ended_at or one.since for one in there if _settles(one, item)]
    ended = max(settled, default=None)
    fresh = [
        finding
        for finding in item.findings
        if ended is None or received.get(finding, ended) > ended
    ]
    seen = {finding for one in same if one.would_do for finding in one.findings}
    live = [
        finding
        for finding in fresh
        # The clock alone does not tell: what was shown while it was being armed stays shown only.
        if found.armed is not None
        and received.get(finding, found.armed - 1) >= found.armed
        and finding not in seen
    ]
    if live:
        return _Cause(live[0], live=True)
    shown = any(one.would_do and (ended is None or one.since > ended) for one in same)
    if shown or not fresh:
        return None
    return _Cause(fresh[0], live=False)


def _said_already(item: Proposal, there: Iterable[Sanction], *, live: bool) -> bool:
    """Whether a warning would say less than what the same target is under already."""
    return (
        live
        and item.measure is Measure.WARN
        and any(one.pending and one.touches_service and one.target == item.target for one in there)
    )


def _sanction(
    item: Proposal, case: Case, decision: Decision, found: Standing, cause: _Cause, now: int
) -> Sanction:
    return Sanction(
        id=sanction_id(case.id, item, cause.finding, would_do=not cause.live),
        case=case.id,
        provider=case.provider,
        customer=case.customer or "",
        clause=case.clause,
        step=item.step,
        measure=item.measure.value,
        scope=item.scope,
        target=item.target,
        power=found.power,
        state=State.PROPOSED,
        would_do=not cause.live,
        since=now,
        until=now + item.length if item.length else None,
        length=item.length,
        people=item.people,
        tier=item.tier.word,
        policy_version=item.policy_version or decision.policy_version,
        touches_service=item.touches_service,
        findings=item.findings,
        amount=item.amount,
        currency=item.currency,
        blast=item.blast,
    )


def sanction_id(case: str, proposal: Proposal, cause: str, *, would_do: bool) -> str:
    """Return the id of what `proposal` asks for in `case` because of the finding `cause`.

    The step is a part of it: a graver step may ask for the same measure for longer.
    """
    what = (proposal.step, proposal.measure.value, proposal.scope, proposal.target)
    return make_id("sanction", case, *what, cause, would_do)
