"""The acts that follow from findings: cases opened and joined, decisions, proposed sanctions.

In: findings in the order of their instants, inside one unit. Out: rows and entries. Between two
findings the cases whose time has come are decided again, at their own instants, so that the result
does not depend on how the input was cut into batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from aupkeep.base.canonical import sha256
from aupkeep.base.clock import DAY, format_instant
from aupkeep.cases.attributing import kept
from aupkeep.cases.case import Case, key_of
from aupkeep.cases.cause import looked, target_of
from aupkeep.cases.excepting import Excuse, PolicyException, excuse
from aupkeep.cases.grouping import Change, regrouped, take
from aupkeep.cases.state import CaseState, Cause
from aupkeep.decisions.blast import unknown
from aupkeep.decisions.decide import Terms, decide
from aupkeep.decisions.decision import Decision, Profile
from aupkeep.detection.finding import Finding
from aupkeep.flow.changing import keep
from aupkeep.flow.excepting import is_mandatory
from aupkeep.flow.histories import history_of
from aupkeep.flow.moving import WORDS, happen, keep_moved, unsettled
from aupkeep.flow.reaching import Reaching
from aupkeep.flow.recording import Recording
from aupkeep.flow.standing import Arms
from aupkeep.policy.model import Policy
from aupkeep.sanctions.approval import by_policy
from aupkeep.sanctions.proposing import observe, propose, superseded
from aupkeep.sanctions.sanction import State, move
from aupkeep.store import dialogue, evidence, sanctions
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

#: What a look at a cause has shown, where it brought a case to a state.
_BECAUSE: Mapping[CaseState, Cause] = {
    CaseState.CLOSED: Cause.QUIET,
    CaseState.OPEN: Cause.CAUSE_BACK,
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
        self._reached = 0
        #: Sanctions that the hand should look at now, for a knock after the transaction.
        self.approved: list[str] = []
        self.recording = Recording()
        #: Cases that were opened, for the caller's log.
        self.opened = 0

    def handle(
        self, findings: Iterable[Finding], frontier: int, *, reached: int | None = None
    ) -> None:
        """Do what follows from `findings`, then from time having come to `frontier`.

        `reached` is how far events really are, where the end of all input lets the frontier pass
        everything: that no input is left does not mean that a cause stayed away.
        """
        self._reached = frontier if reached is None else min(frontier, reached)
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
        finding = kept(self._excepted(finding, known), known)
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
        now = self._now(instant)
        by_service = self._by_service(finding)
        home = evidence.case_of(finding.id) if known else None
        if home is not None and home.state == CaseState.CLOSED:
            self._add_to_closed(home, finding, known, now)
            return
        case = home or evidence.current_case(key_of(finding, by_service=by_service))
        members = evidence.findings_of(case.id) if case else {}
        change = take(finding, case, members, by_service=by_service)
        if change.case is None:
            if known != finding:
                evidence.put_finding(finding, "")
            return
        if change.change is Change.NONE:
            return
        evidence.put_finding(finding, change.case.id)
        self._enter(change.change, change.case, finding, now)
        self._decide(self._moved(change.change, change.case, finding, now), instant)

    def _by_service(self, finding: Finding) -> bool:
        """Whether each service of a customer has cases of its own, as the clause says."""
        clause = self._policy_at(finding.provider, finding.first).clauses.get(finding.clause)
        return clause is not None and clause.by_service

    def _add_to_closed(self, case: Case, finding: Finding, known: Finding | None, now: int) -> None:
        """Keep a later state of a finding whose case is closed: it is history by now."""
        if known == finding:
            return
        evidence.put_finding(finding, case.id)
        evidence.update_case(regrouped(case, evidence.findings_of(case.id).values()))
        self._enter(Change.UPDATED, case, finding, now)

    def _moved(self, change: Change, case: Case, finding: Finding, now: int) -> Case:
        """Return `case` with its reseller of then, or open again where something new came."""
        if change is Change.OPENED:
            profile = self._profile_at(case.provider, case.customer, finding.first)
            return replace(case, reseller=profile.parent)
        if change is Change.JOINED:
            return happen(case, Cause.CAUSE_BACK, self.recording, now=now)
        return case

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
            "customer": finding.customer,
            "service": finding.service,
            "actor": finding.actor,
        }
        if change is Change.OPENED:
            self.opened += 1
        self.recording.enter(case.provider, _ACTS[change], case.id, body, at=now)

    def _look_again(self, until: int) -> None:
        """Do by `until` what time alone brings, each case at its own instants and in their order.

        A case is decided again when something has lasted long enough, and its cause is looked at
        when it may be gone.
        """
        while True:
            looks = evidence.cases_to_look_at(min(until, self._reached))
            waiting = _first_of_each(evidence.due_cases(until), looks)
            over = self._over(until)
            if not waiting and over is None:
                return
            earlier = [item for item in waiting if over is None or item[0] < over[0]]
            for instant, looking, case in earlier:
                (self._look_at if looking else self._decide)(case, instant)
            if over is not None and not earlier:
                self._go_on(over[1], over[0])

    def _look_at(self, case: Case, instant: int) -> None:
        """Let `case` be resolved or closed where its cause has been gone for long enough."""
        members = evidence.findings_of(case.id)
        policy = self._policy_at(case.provider, members[case.findings[0]].first)
        new, seen = looked(case, members.values(), policy, now=instant)
        if new.state == CaseState.CLOSED and any(map(unsettled, sanctions.sanctions_of(case.id))):
            # Somebody has still to say yes or no: no case is closed over that.
            evidence.update_case(replace(case, look_at=instant + DAY))
            return
        because = _BECAUSE.get(CaseState(new.state), Cause.CAUSE_GONE)
        said = f"{WORDS[because]}: {seen.how}"
        now = self._now(instant)
        keep_moved(case, new, self.recording, because=because.value, reason=said, now=now)

    def decide_again(self, case: Case, instant: int) -> None:
        """Decide `case`, which a person changed, inside the unit that did; the caller keeps."""
        self._decide(case, instant)

    def _decide(self, case: Case, instant: int) -> None:
        """Decide as of `instant` of event time, so that no delay of ours makes a breach longer."""
        now = self._now(instant)
        members = evidence.findings_of(case.id)
        policy = self._policy_at(case.provider, instant)
        profile = self._profile_at(case.provider, case.customer, instant)
        if self._profile_at(case.provider, case.customer, now).former:
            profile = replace(profile, former=True)
        decision = decide(
            policy=policy,
            case=case,
            findings=members.values(),
            profile=profile,
            now=instant,
            silent_since=dialogue.silent_since(case.id),
            terms={name: self._terms(case, item) for name, item in members.items()},
            history=history_of(policy, case.customer, now),
            reach=self._reaching.at(case.provider, instant) if self._reaching else unknown,
        )
        opened = self._policy_at(case.provider, members[case.findings[0]].first)
        looking, _ = looked(case, members.values(), opened, now=instant)
        # What moves it comes in its own turn, with its own entry.
        case = looking if looking.state == case.state else replace(case, look_at=instant)
        evidence.put_case(case, due=decision.due, decision=decision.id)
        if any(target_of(item) for item in members.values()):
            evidence.put_probe(case.id, now)
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


def _first_of_each(
    due: Iterable[tuple[int, Case]], looks: Iterable[tuple[int, Case]]
) -> list[tuple[int, bool, Case]]:
    """Return (instant, whether its cause is looked at, case) of what comes first in each case."""
    waiting = [(at, False, case) for at, case in due] + [(at, True, case) for at, case in looks]
    first: dict[str, tuple[int, bool, Case]] = {}
    for item in sorted(waiting, key=lambda one: (one[0], one[2].id, one[1])):
        first.setdefault(item[2].id, item)
    return list(first.values())
