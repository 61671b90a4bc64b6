"""The act of a person who brings a case to another state.

In: a case's id, a state, who, why. Out: the case after it. No case is closed over a measure that
is in force or waits for somebody; one that is opened again while a measure still touches service is
contained.
"""

from __future__ import annotations

from dataclasses import replace

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.cases.case import Case
from aupkeep.cases.moving import moved, moved_by_person
from aupkeep.cases.state import CaseState
from aupkeep.flow.casework import Said, found_case
from aupkeep.flow.moving import keep_moved, unsettled
from aupkeep.flow.recording import Recording
from aupkeep.sanctions.sanction import Sanction
from aupkeep.store import evidence, sanctions
from aupkeep.store.database import unit


def move_case(identity: str, to: str, said: Said) -> Case:
    """Let `said` bring the case to the state `to`; to the state in which it is changes nothing."""
    said.check()
    with unit():
        case = found_case(identity)
        if case.state == to and not case.merged_into:
            return case  # The same button pressed twice.
        new = moved_by_person(case, to, at=said.now)
        there = sanctions.sanctions_of(case.id)
        touching = any(item.in_force and item.touches_service for item in there)
        _may(case, new, there, touching=touching)
        if new.state == CaseState.OPEN and touching:
            new = moved(case, CaseState.CONTAINED, at=said.now)
        new = replace(new, look_at=said.now)
        recording = Recording()
        reason = said.reason.strip()
        keep_moved(case, new, recording, because="person", reason=reason, by=said.by, now=said.now)
        recording.keep()
    return new


def _may(case: Case, new: Case, there: list[Sanction], *, touching: bool) -> None:
    """Raise `AupkeepError` where what stands or waits does not go with the new state."""
    if new.state == CaseState.CLOSED:
        faults = [_stands(item) for item in there if unsettled(item)]
        if faults:
            raise AupkeepError(faults)
    if new.state in (CaseState.RESOLVED, CaseState.ANSWERED) and touching:
        faults = [_stands(item) for item in there if item.in_force and item.touches_service]
        raise AupkeepError(faults)
    if case.state == CaseState.CLOSED and not case.apart:
        current = evidence.current_case(case.key)
        if current is not None:
            what = f"case {current.id[:12]} is the present one of this clause and customer"
            raise AupkeepError(Fault(code="another-case", what=what))


def _stands(item: Sanction) -> Fault:
    what = f"{item.measure} {item.id[:12]} of this case is {item.state}"
    return Fault(code="measure-stands", what=what, hint="lift, refuse or let it end first")
