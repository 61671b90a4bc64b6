"""What moves a case by itself, and the one way in which a case and its act are kept.

In: sanctions, answers, appeals and causes as they change, inside their own units. Out: the case
moved, with one entry of the record and one act that says why. A sanction of a case that is not
there, or of observe mode, moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from aupkeep.base.canonical import sha256
from aupkeep.base.ids import make_id
from aupkeep.cases.act import CaseAct
from aupkeep.cases.case import Case
from aupkeep.cases.moving import happened
from aupkeep.cases.state import Cause
from aupkeep.detection.finding import Finding
from aupkeep.flow.recording import Recording
from aupkeep.policy.model import Measure
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.store import evidence, sanctions
from aupkeep.store.appeals import appeals_of
from aupkeep.store.cases import put_act
from aupkeep.store.rows import to_text

MOVED = "case_moved"

#: What moved a case, in words.
WORDS: Mapping[Cause, str] = {
    Cause.WARN_ANNOUNCED: "the customer was warned",
    Cause.CUSTOMER_ANSWERED: "the customer answered",
    Cause.SERVICE_TOUCHED: "a measure that touches service is in force, verified by looking",
    Cause.SANCTION_ENDED: "the last measure that touched service is over",
    Cause.CAUSE_GONE: "the cause is gone",
    Cause.CAUSE_BACK: "the cause is there again",
    Cause.QUIET: "nothing came for so long that the case is over",
    Cause.APPEAL_LODGED: "the customer appealed",
    Cause.APPEAL_DECIDED: "the appeal was decided",
}


def keep_act(act: CaseAct, provider: str, recording: Recording, **said: object) -> None:
    """Store `act` and enter it; `said` is more for the entry: ids, words, numbers."""
    put_act(act)
    body: dict[str, object] = {**said, "content": sha256(to_text(act).encode())}
    if act.by:
        body["by"] = act.by
    recording.enter(provider, act.act, act.case, body, at=act.at)


def contents(changed: Iterable[Finding | Sanction]) -> dict[str, str]:
    """Return id -> hash of what an act changed, for its entry: so that nobody else can."""
    return {item.id: sha256(to_text(item).encode()) for item in changed}


def keep_moved(  # what an act says
    before: Case,
    case: Case,
    recording: Recording,
    *,
    because: str,
    now: int,
    reason: str = "",
    by: str = "",
) -> None:
    """Store `case`, and, where its state is another than `before`, the act and its entry.

    `because` is one word for the record; `reason` is for people.
    """
    evidence.update_case(case)
    if case.state == before.state:
        return
    act = CaseAct(
        id=make_id("act", MOVED, case.id, before.state, case.state, now, because),
        case=case.id,
        act=MOVED,
        at=now,
        by=by,
        reason=reason,
        details={"from": before.state, "to": case.state},
    )
    keep_act(
        act, case.provider, recording, **{"from": before.state, "to": case.state}, because=because
    )


def happen(
    case: Case, cause: Cause, recording: Recording, *, now: int, at: int | None = None
) -> Case:
    """Return `case` after `cause`, stored; `at` is the instant of events where it is another."""
    new = happened(case, cause, at=now if at is None else at)
    if new != case:
        keep_moved(case, new, recording, because=cause.value, reason=WORDS[cause], now=now)
    return new


def follow(sanction: Sanction, recording: Recording, *, now: int) -> None:
    """Let the case of `sanction` follow what has just become of it, inside the same unit."""
    cause = _cause(sanction)
    told = sanction.state is State.ANNOUNCED
    if sanction.would_do or not (cause or told):
        return
    case = evidence.standing_case(sanction.case)
    if case is None:
        return
    if told and case.told_at is None:
        case = replace(case, told_at=now)
        evidence.update_case(case)
    if cause is Cause.SANCTION_ENDED:
        if any(one.in_force and one.touches_service for one in sanctions.sanctions_of(case.id)):
            return
        case = replace(case, look_at=now)
    if cause is not None:
        happen(case, cause, recording, now=now)


def appeal_lodged(identity: str, recording: Recording, *, now: int) -> None:
    """Let the case `identity` follow an appeal against one of its sanctions."""
    case = evidence.standing_case(identity)
    if case is not None:
        happen(case, Cause.APPEAL_LODGED, recording, now=now)


def appeal_decided(identity: str, recording: Recording, *, now: int) -> None:
    """Let the case `identity` go on where its last open appeal has just been decided."""
    case = evidence.standing_case(identity)
    if case is None or any(one.open for one in appeals_of(case.id)):
        return
    case = happen(replace(case, look_at=now), Cause.APPEAL_DECIDED, recording, now=now)
    if any(one.in_force and one.touches_service for one in sanctions.sanctions_of(case.id)):
        happen(case, Cause.SERVICE_TOUCHED, recording, now=now)


def unsettled(sanction: Sanction) -> bool:
    """Whether `sanction` keeps its case from being closed: in force, or waiting for somebody."""
    said = sanction.state is State.ANNOUNCED and not sanction.touches_service
    return sanction.pending and not said


def _cause(sanction: Sanction) -> Cause | None:
    if sanction.touches_service:
        return {
            State.VERIFIED: Cause.SERVICE_TOUCHED,
            State.LIFTED: Cause.SANCTION_ENDED,
            State.EXPIRED: Cause.SANCTION_ENDED,
        }.get(sanction.state)
    if sanction.measure == Measure.WARN and sanction.state is State.ANNOUNCED:
        return Cause.WARN_ANNOUNCED
    return None
