"""A small policy, its parts and a finding, to be varied."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from aupkeep.base.clock import DAY, HOUR
from aupkeep.cases.case import Case, key_of
from aupkeep.cases.grouping import take
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import (
    Clause,
    Fees,
    Ladder,
    Limits,
    Measure,
    Policy,
    Severity,
    Step,
    Tier,
    When,
)
from finding_samples import FINDING as SAMPLE

#: 2026-03-02T08:00:00Z
MORNING = 1_772_438_400_000_000

STEPS = (
    Step(
        name="question",
        when=When(),
        measures=(Measure.WARN,),
        scope="mailbox",
        answer_within=48 * HOUR,
    ),
    Step(
        name="stop-sending",
        when=When(tier=Tier.FACT),
        measures=(Measure.HOLD_MAIL,),
        scope="mailbox",
        length=DAY,
        answer_within=DAY,
    ),
    Step(
        name="still-going-on",
        when=When(lasting=2 * HOUR, tier=Tier.FACT),
        measures=(Measure.HOLD_MAIL, Measure.PRESERVE),
        scope="mailbox",
        length=3 * DAY,
    ),
    Step(
        name="again",
        when=When(findings=3, within=7 * DAY),
        measures=(Measure.SUSPEND_SERVICE, Measure.FEE),
        scope="service",
        length=7 * DAY,
        people=1,
    ),
    Step(
        name="end",
        when=When(findings=3, within=7 * DAY, unanswered=DAY),
        measures=(Measure.TERMINATE,),
        scope="account",
        people=2,
    ),
)

CLAUSE = Clause(
    id="spam",
    title="Unsolicited mail",
    text="Write only to people who asked for it.",
    severity=Severity.HIGH,
    tier=Tier.FACT,
    ladder="mail",
    immediate=True,
    decide_within=DAY,
)

POLICY = Policy(
    provider="jasmo",
    id="jasmo-aup",
    version="2026.1",
    effective=0,
    hash="0" * 64,
    title="Acceptable use policy",
    contact="abuse@jasmo.example",
    languages=("en",),
    time_zone="UTC",
    weekend=("saturday", "sunday"),
    holidays=(),
    services=("mailbox", "site", "vps"),
    measures=tuple(Measure),
    duties=("graduated", "immediate"),
    clauses={"spam": CLAUSE},
    ladders={"mail": Ladder(name="mail", steps=STEPS)},
    limits=Limits(accounts_per_hour=5, share_permille=10),
    act_within=DAY,
    appeal_within=14 * DAY,
    strike_decay=180 * DAY,
    fees=Fees(currency="EUR", cap=9000, period=90 * DAY, amounts={("spam", "again"): 4500}),
)

FINDING = replace(
    SAMPLE,
    first=MORNING,
    last=MORNING + HOUR,
    observed_at=MORNING,
    value=412,
    threshold=100,
    events=("00000000000000aa:17",),
)

Findings = Callable[..., Finding]
Policies = Callable[..., Policy]
Cases = Callable[[Iterable[Finding]], Case]


@pytest.fixture(scope="session")
def finding() -> Findings:
    """Return a maker of findings: facts about one mailbox, over after an hour."""

    def make(**changes: object) -> Finding:
        return replace(FINDING, **changes)

    return make


@pytest.fixture(scope="session")
def policy() -> Policies:
    """Return a maker of policies: changes of the clause, other steps, changes of the rest."""

    def make(
        *, clause: dict[str, object] | None = None, steps: tuple[Step, ...] = STEPS, **rest: object
    ) -> Policy:
        varied = replace(CLAUSE, **(clause or {}))  # type: ignore[arg-type]  # by name
        ladders = {"mail": Ladder(name="mail", steps=steps)}
        whole = replace(POLICY, clauses={"spam": varied}, ladders=ladders)
        return replace(whole, **rest)  # type: ignore[arg-type]  # by name

    return make


@pytest.fixture(scope="session")
def case_of() -> Cases:
    """Return a maker of the case that some findings of one key make."""

    def make(findings: Iterable[Finding]) -> Case:
        case: Case | None = None
        known: dict[str, Finding] = {}
        for item in findings:
            assert case is None or key_of(item) == case.key
            case = take(item, case, known).case
            known[item.id] = item
        assert case is not None
        return case

    return make
