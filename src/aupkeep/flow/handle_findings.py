"""The acts that follow from findings: cases opened and joined, decisions, proposed sanctions.

In: findings in the order of their instants, inside one unit. Out: rows and entries. Between two
findings the cases whose time has come are decided again, at their own instants, so that the result
does not depend on how the input was cut into batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from aupkeep.base.canonical import sha256
from aupkeep.base.clock import format_instant
from aupkeep.cases.case import Case, key_of
from aupkeep.cases.grouping import Change, take
from aupkeep.decisions.decide import decide
from aupkeep.decisions.decision import Decision, Profile
from aupkeep.detection.finding import Finding
from aupkeep.flow.changing import keep
from aupkeep.flow.recording import Recording
from aupkeep.flow.standing import Arms
from aupkeep.policy.model import Policy
from aupkeep.sanctions.approval import by_policy
from aupkeep.sanctions.proposing import observe, propose, superseded
from aupkeep.sanctions.sanction import State, move
from aupkeep.store import evidence, sanctions
from aupkeep.store.rows import to_text

#: (provider, instant) -> the policy in force then.
PolicyAt = Callable[[str, int], Policy]
#: (provider, customer, instant) -> what was true of the customer then.
ProfileAt = Callable[[str, str | None, int], Profile]

_ACTS: Mapping[Change, str] = {
    Change.OPENED: "case_opened",
    Change.JOINED: "finding_joined",
    Change.UPDATED: "finding_updated",
}


class FindingActs:
    """Does the acts of one batch; `clock` None: the instant of a finding is the present."""

    def __init__(
        self,
        policy_at: PolicyAt,
        profile_at: ProfileAt,
        *,
        clock: int | None,
        arms: Arms | None = None,
    ) -> None:
        """Act with the policies and profiles that the look-ups give; no `arms`: observe."""
        self._policy_at = policy_at
        self._profile_at = profile_at
        self._clock = clock
        self._arms = arms
        #: Sanctions that the hand should look at now, for a knock after the transaction.
        self.approved: list[str] = []
        self.recording = Recording()
        #: Cases that were opened, for the caller's log.
        self.opened = 0

    def handle(self, findings: Iterable[Finding], frontier: int) -> None:
        """Do what follows from `findings`, then from time having come to `frontier`."""
        for finding in findings:
            instant = finding.last if finding.state != "open" else finding.first
            self._look_again(instant)
            self._take(finding, instant)
        self._look_again(frontier)
        self.recording.keep()

    def _now(self, instant: int) -> int:
        return instant if self._clock is None else self._clock

    def _take(self, finding: Finding, instant: int) -> None:
        known = evidence.get_finding(finding.id)
        case = evidence.open_case(key_of(finding))
        members = evidence.findings_of(case.id) if case else {}
        change = take(finding, case, members)
        if change.case is None:
            if known != finding:
                evidence.put_finding(finding, "")
            return
        if change.change is Change.NONE:
            return
        evidence.put_finding(finding, change.case.id)
        self._enter(change.change, change.case, finding, self._now(instant))
        self._decide(change.case, {**members, finding.id: finding}, instant)

    def _enter(self, change: Change, case: Case, finding: Finding, now: int) -> None:
        body = {
            "case": case.id,
            "clause": case.clause,
            "finding": finding.id,
            "state": finding.state,
            "rule": finding.rule,
            "tier": finding.tier.word,
            "first": format_instant(finding.first),
            "policy_version": finding.policy_version,
            "content": sha256(to_text(finding).encode()),
        }
        if change is Change.OPENED:
            self.opened += 1
        self.recording.enter(case.provider, _ACTS[change], case.id, body, at=now)

    def _look_again(self, until: int) -> None:
        """Decide again what has lasted long enough by `until`, each case at its own instant."""
        while True:
            due = evidence.due_cases(until)
            if not due:
                return
            for instant, case in due:
                members = evidence.findings_of(case.id)
                self._decide(case, members, instant)

    def _decide(self, case: Case, members: Mapping[str, Finding], instant: int) -> None:
        """Decide as of `instant` of event time, so that no delay of ours makes a breach longer."""
        now = self._now(instant)
        opening = members[case.findings[0]].first
        policy = self._policy_at(case.provider, opening)
        decision = decide(
            policy=policy,
            case=case,
            findings=members.values(),
            profile=self._profile_at(case.provider, case.customer, opening),
            now=instant,
        )
        evidence.put_case(case, due=decision.due, decision=decision.id)
        if evidence.put_decision(decision, now):
            self._enter_decision(case, decision, now)
        self._propose(case, decision, members, now)

    def _enter_decision(self, case: Case, decision: Decision, now: int) -> None:
        body = {
            "decision": decision.id,
            "step": decision.step,
            "tier": decision.tier.word,
            "measures": sorted({item.measure.value for item in decision.proposals}),
            "review": len(decision.review),
            "policy_version": decision.policy_version,
            "content": sha256(to_text(decision).encode()),
        }
        self.recording.enter(case.provider, "decision_made", case.id, body, at=now)

    def _propose(
        self, case: Case, decision: Decision, members: Mapping[str, Finding], now: int
    ) -> None:
        earlier = sanctions.sanctions_of(case.id)
        standing = self._arms.of(case.provider, case.clause) if self._arms else observe
        received = {name: item.observed_at for name, item in members.items()}
        made = propose(decision, case, earlier, now=now, received=received, standing=standing)
        for item in made:
            keep(item, self.recording, now=now)
            for milder in superseded(item, earlier):
                earlier.remove(milder)
                said = f"{item.measure} says more to the customer"
                gone = move(milder, State.REFUSED, reason=said, ended_at=now)
                keep(gone, self.recording, now=now)
            if not item.would_do and item.people == 0:
                keep(by_policy(item, now=now), self.recording, now=now, next_at=now)
                self.approved.append(item.id)
