"""What the acts of people on cases share: who acts and why, which case, and deciding it anew.

In: an installation, ids, words. Out: cases, or all that is wrong at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from aupkeep.base.errors import AupkeepError, Fault, MisuseError
from aupkeep.base.ids import make_id
from aupkeep.cases.act import CaseAct
from aupkeep.cases.case import Case
from aupkeep.cases.joining import merge
from aupkeep.flow.handle_findings import FindingActs
from aupkeep.flow.installation import Installation, PolicyBook, ProfileBook
from aupkeep.flow.moving import contents, keep_act, keep_moved
from aupkeep.flow.persons import no_person, no_reason
from aupkeep.flow.recording import Recording
from aupkeep.flow.standing import Arms
from aupkeep.policy.model import Policy
from aupkeep.store import evidence, ground, intake, sanctions
from aupkeep.store.cases import move_findings, move_sanction
from aupkeep.store.exceptions import exceptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Who acts, why, and when."""

    by: str
    reason: str
    now: int

    def check(self) -> None:
        """Raise `MisuseError` where nobody of the installation acts, or without a reason."""
        faults = [*no_reason(self.reason), *no_person(self.by)]
        if faults:
            raise MisuseError(faults)

    def act(self, act: str, case: str, **details: str) -> CaseAct:
        """Return the act `act` on `case`."""
        return CaseAct(
            id=make_id("act", act, case, self.now, self.by, sorted(details.items())),
            case=case,
            act=act,
            at=self.now,
            by=self.by,
            reason=self.reason.strip(),
            details=details,
        )


def found_case(identity: str) -> Case:
    """Return the case whose id is or begins with `identity`; raises `AupkeepError`."""
    case = evidence.get_case(identity) if identity else None
    if case is None:
        raise AupkeepError(
            Fault(
                code="no-such-case",
                what=f"no case, or more than one, has an id that begins with `{identity}`",
                hint="`aupkeep case list` names them all",
            )
        )
    return case


class Desk:
    """Policies, profiles and what is armed, for acts that decide a case anew."""

    def __init__(self, installation: Installation, *, now: int) -> None:
        """Read the books; `now` is the present, or where events have come to in a replay."""
        self.policies = PolicyBook(installation.policies())
        self.profiles = ProfileBook(ground.profiles(), ground.holdings(), self.policies)
        simulated = installation.settings.clock == "event"
        committed = intake.latest() if simulated else None
        self.instant = committed.frontier if committed else now
        self._arms = None if simulated else Arms(installation)
        self._now = now

    def policy(self, case: Case) -> Policy:
        """Return the policy by which `case` is judged: that of its opening."""
        return self.policies.at(case.provider, case.opened_at)

    def acts(self) -> FindingActs:
        """Return what decides cases inside a unit."""
        return FindingActs(
            self.policies.at,
            self.profiles.at,
            clock=self._now,
            arms=self._arms,
            exceptions=exceptions(),
        )


def join(into: Case, other: Case, said: Said, recording: Recording) -> Case:
    """Return `into` with all that `other` had, stored and entered, inside a unit."""
    findings = evidence.findings_of(into.id) | evidence.findings_of(other.id)
    whole, gone = merge(into, other, findings, at=said.now)
    moving = sanctions.sanctions_of(other.id)
    move_findings(other.findings, into.id)
    moved = [move_sanction(sanction, into.id) for sanction in moving]
    evidence.update_case(gone)
    act = said.act("case_merged", into.id, other=other.id)
    numbers = {"findings": len(other.findings), "sanctions": len(moved)}
    hashes = contents(moved)
    keep_act(act, into.provider, recording, other=other.id, contents=hashes, **numbers)
    keep_moved(
        into, whole, recording, because="merged", reason=act.reason, by=said.by, now=said.now
    )
    return whole


def with_reseller(case: Case, profiles: ProfileBook) -> Case:
    """Return `case` with the reseller whose customer it was at the opening."""
    return replace(case, reseller=profiles.at(case.provider, case.customer, case.opened_at).parent)
