"""The acts that follow from findings: cases opened and joined, decisions, proposed sanctions.

In: findings in the order of their instants, inside one unit. Out: rows and entries. Between two
findings the cases whose time has come are decided again, at their own instants, so that the result
does not depend on how the input was cut into batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from aupkeep.base.canonical import sha256
from aupkeep.base.clock import format_instant
from aupkeep.cases.case import Case, key_of
from aupkeep.cases.excepting import Excuse, PolicyException, excuse
from aupkeep.cases.grouping import Change, take
from aupkeep.decisions.blast import unknown
from aupkeep.decisions.decide import Terms, decide
from aupkeep.decisions.decision import Decision, Profile
from aupkeep.detection.finding import Finding
from aupkeep.flow.changing import keep
from aupkeep.flow.excepting import is_mandatory
from aupkeep.flow.histories import history_of
from aupkeep.flow.reaching import Reaching
from aupkeep.flow.recording import Recording
from aupkeep.flow.standing import Arms
from aupkeep.policy.model import Policy
from aupkeep.sanctions.approval import by_policy
from aupkeep.sanctions.proposing import observe, propose, superseded
from aupkeep.sanctions.sanction import State, move
from aupkeep.store import evidence, sanctions
from aupkeep.store.exceptions import covered
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
        exceptions: Sequence[PolicyException] = (),
        reaching: Reaching | None = None,
    ) -> None:
        """Act with the policies and profiles that the look-ups give; no `arms`: observe.

        `reaching` says what stands behind a target; without it, nothing is known of that.
        What one of `exceptions` covers is kept as history and leads to nothing.
        """
        self._policy_at = policy_at
        self._profile_at = profile_at
        self._clock = clock
        self._arms = arms
        self._reaching = reaching
        #: Finding -> its terms; asked again at each decision about its case.
        self._of_findings: dict[str, Terms] = {}
        self._exceptions = tuple(exceptions)
        #: What is covered and still holds, by id: until when, and the finding.
        self._covered: dict[str, tuple[int, Finding]] = {}
        #: Sanctions that the hand should look at now, for a knock after the transaction.
        self.approved: list[str] = []
        self.recording = Recording()
        #: Cases that were opened, for the caller's log.
        self.opened = 0

    def handle(self, findings: Iterable[Finding], frontier: int) -> None:
        """Do what follows from `findings`, then from time having come to `frontier`."""
        if self._exceptions:
            self._covered = {item.id: (self._end(item), item) for item in covered()}
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
        finding = self._excepted(finding, known)
        if finding.suppressed:
            self._set_aside(finding, known)
            return
        self._follow(finding, known, instant)

    def _excepted(self, finding: Finding, known: Finding | None) -> Finding:
        """Return `finding` with the exception that covers it, or covered it when it was `known`.

        What had begun to count when an exception was made goes on counting, and what opened while
        its rule could not see everything stays so.
        """
        if known is not None:
            return replace(
                finding,
                exception=known.exception,
                excepted_until=known.excepted_until,
                degraded=finding.degraded or known.degraded,
            )
        found = self._excuse(finding)
        return replace(finding, exception=found.exception.id) if found else finding

    def _excuse(self, finding: Finding) -> Excuse | None:
        """Return what covers `finding`; from a duty that nobody can switch off nothing excepts."""
        found = excuse(finding, self._exceptions)
        if found is None:
            return None
        policy = self._policy_at(finding.provider, finding.first)
        return None if is_mandatory(policy, finding.clause) else found

    def _end(self, finding: Finding) -> int:
        """Return until when what covers `finding` does."""
        found = self._excuse(finding)
        return found.until if found else finding.first

    def _set_aside(self, finding: Finding, known: Finding | None) -> None:
        """Keep what is covered as history."""
        if known != finding:
            evidence.put_finding(finding, "")
        self._covered.pop(finding.id, None)
        if finding.state != "ended":
            self._covered[finding.id] = (self._end(finding), finding)

    def _over(self, until: int) -> tuple[int, Finding] | None:
        """Return the first finding that is covered no more before `until` and still holds.

        An end at an instant comes before what else happens at it.
        """
        ended = [item for item in self._covered.values() if item[0] < until]
        return min(ended, key=lambda item: (item[0], item[1].id), default=None)

    def _go_on(self, finding: Finding, instant: int) -> None:
        """Let `finding`, which an exception covered until `instant`, count from then on."""
        del self._covered[finding.id]
        self._follow(replace(finding, excepted_until=instant), finding, instant)

    def _follow(self, finding: Finding, known: Finding | None, instant: int) -> None:
        """Do what follows from a finding that nothing covers."""
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
            over = self._over(until)
            if not due and over is None:
                return
            earlier = [item for item in due if over is None or item[0] < over[0]]
            for instant, case in earlier:
                members = evidence.findings_of(case.id)
                self._decide(case, members, instant)
            if over is not None and not earlier:
                self._go_on(over[1], over[0])

    def _decide(self, case: Case, members: Mapping[str, Finding], instant: int) -> None:
        """Decide as of `instant` of event time, so that no delay of ours makes a breach longer."""
        now = self._now(instant)
        policy = self._policy_at(case.provider, instant)
        decision = decide(
            policy=policy,
            case=case,
            findings=members.values(),
            profile=self._profile_at(case.provider, case.customer, instant),
            now=instant,
            terms={name: self._terms(case, item) for name, item in members.items()},
            history=history_of(policy, case.customer, now),
            reach=self._reaching.at(case.provider, instant) if self._reaching else unknown,
        )
        evidence.put_case(case, due=decision.due, decision=decision.id)
        if evidence.put_decision(decision, now):
            self._enter_decision(case, decision, now)
        self._propose(case, decision, members, now)

    def _terms(self, case: Case, finding: Finding) -> Terms:
        """Return what was in force when `finding` opened."""
        known = self._of_findings.get(finding.id)
        if known is None:
            known = self._of_findings[finding.id] = Terms(
                policy=self._policy_at(case.provider, finding.first),
                profile=self._profile_at(case.provider, case.customer, finding.first),
            )
        return known

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
