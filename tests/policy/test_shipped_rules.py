"""The rules and notices of the two shipped folders do what their policies say."""

from __future__ import annotations

from functools import cache

import pytest
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from aupkeep.detection.predicates import leaves
from aupkeep.detection.reading import read_rules
from aupkeep.detection.rule import OneOf, RuleSet
from aupkeep.detection.samples import run_tests
from aupkeep.flow.folders import find_folder, read_folder
from aupkeep.policy.model import Measure, Policy, Tier
from aupkeep.policy.reading import read_policy
from aupkeep.policy.templates import DIALOGUE, VARIABLES
from aupkeep.signals.formats.accusation import KINDS, OTHER

SHIPPED = ("injazat", "jasmo")
KINDS_OF_REPORT = {*KINDS, OTHER}
#: Names that may be empty in a notice.
MAY_BE_EMPTY = (
    "user",
    "ends",
    "length",
    "answer_by",
    "answer_link",
    "appeal_link",
    "fee",
    "reference",
)


@cache
def policy_of(name: str) -> Policy:
    return read_policy(read_folder(find_folder(name)).files)


@cache
def rules_of(name: str) -> RuleSet:
    policy = policy_of(name)
    return read_rules(policy.rules, clauses=policy.clauses, plans=None)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_sample_passes(name: str) -> None:
    results = run_tests(rules_of(name))
    assert len(results) > 50
    assert [result for result in results if not result.passed] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_every_kind_of_report_is_taken_by_one_rule(name: str) -> None:
    taken = [
        value
        for selection in rules_of(name).selections.values()
        if selection.kind == "report"
        for leaf in leaves(selection.predicate)
        if isinstance(leaf, OneOf) and leaf.field == "report_type"
        for value in leaf.values
    ]
    assert sorted(map(str, taken)) == sorted(KINDS_OF_REPORT)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_complaint_alone_is_no_fact(name: str) -> None:
    rules = rules_of(name)
    reported = [rule for rule in rules.rules.values() if rule.name.startswith("reported_")]
    assert reported
    for rule in reported:
        assert rule.aup is not None
        assert rule.aup.tier < Tier.FACT


def test_volume_alone_leads_to_a_question_or_a_cap() -> None:
    injazat = policy_of("injazat")
    steps = injazat.ladders[injazat.clauses["outbound-surge"].ladder].steps
    assert steps[0].measures == (Measure.WARN,)
    assert {measure for step in steps for measure in step.measures} == {
        Measure.WARN,
        Measure.THROTTLE,
    }
    volume = ("login_hour", "login_day", "script_hour", "script_day", "login_unusual")
    found = {rule.name: rule.aup for rule in rules_of("jasmo").rules.values()}
    for name in volume:
        block = found[name]
        assert block is not None
        assert block.tier is Tier.STRONG


@pytest.mark.parametrize("name", SHIPPED)
def test_notices_can_be_written_with_everything_and_with_the_least(name: str) -> None:
    env = SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
    full: dict[str, object] = {key: f"[{key}]" for key in VARIABLES}
    full["evidence"] = ["first line", "second line"]
    least = full | dict.fromkeys(MAY_BE_EMPTY, "")
    for (_, template), text in policy_of(name).notices.items():
        for values in (full, least):
            shown = env.from_string(text).render(values)
            assert "[case]" in shown
            assert "\n\n\n" not in shown
            if template not in DIALOGUE:
                assert "- first line\n- second line\n" in shown
                assert "[clause_text]" in shown
