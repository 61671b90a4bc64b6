"""The act of a person who says what a case turned out to be.

In: a case's id, a disposition, who, why. Out: the case after it. Strikes follow by themselves, for
the ledger is worked out from cases. A case that was a mistake, or is not about our customer, is
closed: what waits is refused, what is in force is lifted, and what was held is sent on. A fee is
refused or credited also where the customer was a victim first.
"""

from __future__ import annotations

from dataclasses import replace

from aupkeep.base.errors import AupkeepError, Fault, unknown_word
from aupkeep.cases.case import Case
from aupkeep.cases.disposition import CLEARED, FEE_ALLOWED, Disposition, halves
from aupkeep.cases.moving import moved
from aupkeep.cases.state import CaseState
from aupkeep.flow.casework import Said, found_case
from aupkeep.flow.changing import keep
from aupkeep.flow.installation import Installation, PolicyBook
from aupkeep.flow.moving import keep_act, keep_moved
from aupkeep.flow.recording import Recording
from aupkeep.policy.model import Measure
from aupkeep.policy.words import CREDITED, REVERSIBLE
from aupkeep.sanctions import approval
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.store import evidence, sanctions
from aupkeep.store.database import unit

#: States from which a person can still refuse.
_WAITS = frozenset({State.PROPOSED, State.APPROVED})


def dispose_case(installation: Installation, identity: str, word: str, said: Said) -> Case:
    """Let `said` dispose of a case, and of those that it took over; again, to correct it."""
    said.check()
    policies = PolicyBook(installation.policies())
    with unit():
        case = found_case(identity)
        disposition = _disposition(case, word)
        recording = Recording()
        for sanction in sanctions.sanctions_of(case.id):
            fee = sanction.measure == Measure.FEE and disposition not in FEE_ALLOWED
            if disposition in CLEARED or fee:
                _clear(sanction, said, recording)
        for taken in evidence.merged_cases(case.id):
            evidence.update_case(replace(taken, disposition=disposition.value))
        case = replace(evidence.exact_case(case.id) or case, disposition=disposition.value)
        evidence.update_case(case)
        policy = policies.at(case.provider, case.opened_at)
        told = case.told_at is not None
        weighs = halves(disposition, told=told, compromised=policy.compromised_strike)
        act = said.act("case_disposed", case.id, disposition=disposition.value)
        more = {"disposition": disposition.value, "halves": weighs}
        keep_act(act, case.provider, recording, **more)
        if disposition in CLEARED and case.state != CaseState.CLOSED:
            closed = replace(moved(case, CaseState.CLOSED, at=said.now), look_at=None)
            why = f"it turned out to be {disposition.replace('_', ' ')}"
            keep_moved(
                case, closed, recording, because="disposed", reason=why, by=said.by, now=said.now
            )
            case = closed
        recording.keep()
    return case


def _disposition(case: Case, word: str) -> Disposition:
    words = tuple(item.value for item in Disposition)
    if word not in words:
        raise AupkeepError(unknown_word(word, words, what="a disposition", place=None))
    disposition = Disposition(word)
    if case.merged_into:
        what = f"case {case.id[:12]} was merged into case {case.merged_into[:12]}"
        raise AupkeepError(Fault(code="merged", what=what, hint="dispose of that one"))
    if case.customer is None and disposition not in CLEARED:
        what = f"nobody can be {word} while the case names no customer"
        hint = f"aupkeep case attribute {case.id[:12]} --customer CUSTOMER"
        raise AupkeepError(Fault(code="unattributed", what=what, hint=hint))
    return disposition


def _clear(sanction: Sanction, said: Said, recording: Recording) -> None:
    """Refuse what waits, lift what is in force; raises `AupkeepError` while a power is acting."""
    if not sanction.pending or sanction.ends_as:
        return
    if sanction.state in _WAITS:
        refused = approval.refuse(sanction, said.by, said.reason, now=said.now)
        keep(refused, recording, now=said.now, by=said.by)
    elif sanction.state is State.APPLYING:
        what = f"{sanction.measure} {sanction.id[:12]} is being carried out at this moment"
        raise AupkeepError(Fault(code="applying", what=what, hint="try again in a minute"))
    elif Measure(sanction.measure) in REVERSIBLE | CREDITED or sanction.state is State.FAILED:
        lifted = approval.lift(sanction, said.by, said.reason, release=True)
        keep(lifted, recording, now=said.now, by=said.by, next_at=said.now)
