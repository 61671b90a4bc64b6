"""Edits of a clean folder: it is refused or becomes a policy, and never breaks the program."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aupkeep.base.errors import render
from aupkeep.policy.draft import open_folder
from aupkeep.policy.explaining import show
from aupkeep.policy.model import TOUCH_SERVICE, Tier
from aupkeep.policy.people import least_people
from aupkeep.policy.reading import draft_faults, read_policy

WORDS = ["", "~", "0", "-1", "[]", "{}", "[a, [b]]", "{x: 1}", "true", "fact", "score", "24h", "\t"]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_damage_is_a_fault_or_a_policy(clean: Mapping[str, str], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(clean)))
    text = clean[path]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    put = data.draw(st.sampled_from(WORDS) | st.text(max_size=4))
    files = {**clean, path: text[:start] + put + text[end:]}
    faults = draft_faults(open_folder(files))
    assert all(render(fault) for fault in faults)
    if not faults:
        policy = read_policy(files)
        assert show(policy)
        for ladder in policy.ladders.values():
            for step in ladder.steps:
                assert step.when.tier is not Tier.SCORE
                assert set(step.measures) <= set(policy.measures)


def test_no_touching_measure_is_reached_at_once_below_a_fact(clean: Mapping[str, str]) -> None:
    policy = read_policy(clean)
    for clause in policy.clauses.values():
        first = policy.ladders[clause.ladder].steps[0]
        for measure in first.measures:
            if measure in TOUCH_SERVICE:
                assert clause.immediate
                assert least_people(measure, Tier.FACT) == 0
