"""Silence: it reaches a step only after a delivered notice, and longer silence takes none away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.base.clock import DAY, HOUR
from aupkeep.decisions.ladder import climb, next_look
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Ladder, Measure, Step, Tier, When

ASKED = Step(name="question", when=When(), measures=(Measure.WARN,), scope="mailbox")
WAITED = Step(
    name="no-answer",
    when=When(unanswered=72 * HOUR),
    measures=(Measure.HOLD_MAIL,),
    scope="mailbox",
    length=DAY,
)
LONGER = Step(
    name="end",
    when=When(unanswered=7 * DAY, tier=Tier.FACT),
    measures=(Measure.SUSPEND_SERVICE,),
    scope="service",
    length=DAY,
)
NOW = 1_772_438_400_000_000
LADDER = Ladder(name="mail", steps=(ASKED, WAITED, LONGER))


def make_finding() -> Finding:
    return Finding(
        id="f1",
        state="ended",
        provider="jasmo",
        rule="r",
        rule_version="1",
        rule_status="automatic",
        policy_version="1.0",
        clause="spam",
        tier=Tier.FACT,
        key={},
        customer="c-1",
        service="mail-1",
        attribution="attributed",
        actor="login:ann@c.example",
        first=NOW - 9 * DAY,
        last=NOW - 9 * DAY + HOUR,
        observed_at=NOW - 9 * DAY,
        value=3,
        threshold=3,
        events=("0:0",),
    )


def reached(silent: int) -> set[str]:
    finding = make_finding()
    return {one.step.name for one in climb(LADDER, [finding], NOW, silent=silent)}


@pytest.mark.parametrize(
    ("silent", "expected"),
    [
        (0, {"question"}),
        (72 * HOUR - 1, {"question"}),
        (72 * HOUR, {"question", "no-answer"}),
        (7 * DAY, {"question", "no-answer", "end"}),
    ],
)
def test_which_steps_silence_reaches(silent: int, expected: set[str]) -> None:
    assert reached(silent) == expected


@given(shorter=st.integers(0, 10 * DAY), more=st.integers(0, 10 * DAY))
def test_longer_silence_takes_no_step_away(shorter: int, more: int) -> None:
    assert reached(shorter) <= reached(shorter + more)


def test_the_reason_says_for_how_long() -> None:
    listed = climb(LADDER, [make_finding()], NOW, silent=8 * DAY)
    waited = next(one for one in listed if one.step.name == "no-answer")
    texts = [reason.text for reason in waited.reason.because]
    assert any(
        "has not answered for 192h 0m since a notice was delivered" in text for text in texts
    )


def test_the_next_look_is_when_silence_will_have_lasted() -> None:
    found = [make_finding()]
    assert next_look(LADDER, found, NOW) is None
    assert next_look(LADDER, found, NOW, silent_since=NOW - HOUR) == NOW + 71 * HOUR
    assert next_look(LADDER, found, NOW, silent_since=NOW - 4 * DAY) == NOW + 3 * DAY
    assert next_look(LADDER, [], NOW, silent_since=NOW) is None
