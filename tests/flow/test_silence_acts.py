"""A customer who says nothing after a letter that arrived, in an installation, day by day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aupkeep.base.clock import HOUR
from aupkeep.decisions.decision import Profile
from aupkeep.flow import answering, bouncing
from aupkeep.flow.handle_findings import FindingActs
from aupkeep.flow.standing import Arms
from aupkeep.sanctions.sanction import Sanction
from aupkeep.store import dialogue, evidence, sanctions
from aupkeep.store.database import close_store, unit
from bounces import report
from desk_stage import Stage, make_stage, open_stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    now = make_stage(tmp_path / "here").now
    opened = open_stage(tmp_path / "here", now)
    opened.arm()
    yield opened
    close_store()


def held(stage: Stage) -> Any:
    """Return a case whose hold has ended by itself and whose customer said nothing."""
    case = stage.case(profiles={"contact": "owner@far.example"})
    stage.carry_out()
    return case


def engine(stage: Stage) -> None:
    """Let the engine look at what is due, as it does when its frontier moves on."""
    with unit():
        acts = FindingActs(
            stage.policies.at, lambda *_: Profile(), clock=stage.now, arms=Arms(stage.installation)
        )
        acts.handle([], stage.now)


def steps(case: Any) -> list[str]:
    listed: list[Sanction] = sanctions.sanctions_of(case.id)
    return sorted({one.step for one in listed})


def pass_days(stage: Stage, hours: int) -> None:
    """Let time pass in two strides, and engine and hand do at each what is due."""
    for part in (hours - 1, 1):
        stage.later(part * HOUR)
        engine(stage)
        stage.carry_out()


def test_three_days_of_silence_reach_the_step_that_waits_for_them(stage: Stage) -> None:
    case = held(stage)
    assert steps(case) == ["stop-sending"]
    pass_days(stage, 71)
    assert steps(case) == ["stop-sending"]
    pass_days(stage, 2)
    assert "no-answer" in steps(case)
    decision = evidence.decision_of(case.id)
    assert decision is not None
    assert "has not answered for" in str(decision.reasons)


@pytest.mark.parametrize("ended", ["answer", "fixed", "bounce"])
def test_what_ends_silence_keeps_the_step_away(stage: Stage, ended: str) -> None:
    case = held(stage)
    pass_days(stage, 60)
    name = dialogue.notices_of(case.id)[0].notice.id
    if ended == "answer":
        answering.answer(name, "Wait, please.", now=stage.now)
    elif ended == "fixed":
        answering.fixed(name, "It is mended.", now=stage.now)
    else:
        bouncing.take(report(name=name), now=stage.now)
    pass_days(stage, 30)
    assert steps(case) == ["stop-sending"]


def test_who_says_that_they_have_read_it_is_given_the_time_from_then_on(stage: Stage) -> None:
    case = held(stage)
    name = dialogue.notices_of(case.id)[0].notice.id
    bouncing.take(report(name=name), now=stage.now)
    pass_days(stage, 80)
    assert steps(case) == ["stop-sending"]
    answering.read(name, now=stage.now)
    pass_days(stage, 71)
    assert steps(case) == ["stop-sending"]
    pass_days(stage, 2)
    assert "no-answer" in steps(case)
