"""Every measure, state, scope and act has words of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aupkeep.base.clock import DAY
from aupkeep.desk import words
from aupkeep.policy.model import SCOPES, Measure
from aupkeep.record.entry import ACTS
from aupkeep.sanctions.sanction import State
from aupkeep.store.sanctions import Waiting

#: Acts that are about a provider, not about a case, so that no page lists them.
_ELSEWHERE = {
    "policy_published",
    "holdings_imported",
    "profiles_imported",
    "armed",
    "disarmed",
    "paused",
    "resumed",
    "exception_made",
    "exception_ended",
    "person_added",
    "person_removed",
    "person_role",
    "record_erased",
    "record_swept",
    "archive_held",
    "archive_released",
    "archive_erased",
    "archive_swept",
}


@pytest.mark.parametrize("measure", list(Measure))
def test_measures(stage: Any, measure: Measure) -> None:
    assert "_" not in words.name(measure)
    sanction = stage.sanction(stage.case())
    assert words.reach(replace(sanction, measure=measure.value)).endswith(".")


def test_scopes() -> None:
    assert all(words.scope(scope) != scope for scope in SCOPES)


def test_acts_of_a_case() -> None:
    assert set(words.ACTS) == ACTS - _ELSEWHERE


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("measure", ["hold_mail", "warn"])
@pytest.mark.parametrize("trouble", ["", "the disk is full"])
def test_states(stage: Any, state: State, measure: str, trouble: str) -> None:
    sanction = replace(
        stage.sanction(stage.case()),
        state=state,
        measure=measure,
        would_do=False,
        people=1,
        until=stage.now + DAY,
        lifted_by="ann",
    )
    item = Waiting(sanction=sanction, next_at=None, attempts=1, trouble=trouble)
    line = words.state(item, stage.now)
    assert line.tone in words.TONES
    assert line.text
    assert (trouble in line.text) == (bool(trouble) and state is not State.PROPOSED) or not trouble
    if state is State.FAILED or (trouble and state is not State.PROPOSED):
        assert line.tone == "bad"


def test_only_what_is_so_is_called_verified(stage: Any) -> None:
    sanction = replace(stage.sanction(stage.case()), would_do=False)
    said = {
        state: words.state(
            Waiting(sanction=replace(sanction, state=state), next_at=None, attempts=0, trouble=""),
            stage.now,
        ).text
        for state in State
    }
    claims = {state for state, text in said.items() if "verified" in text and "not" not in text}
    assert claims == {State.ANNOUNCED}
    assert said[State.VERIFIED] == "in force, verified; customer not told yet"
