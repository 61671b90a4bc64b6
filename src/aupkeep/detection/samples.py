"""Run the tests inside rules: what `aupkeep policy test` does.

In: a rule set. Out: one result a test. A test passes when its rule opens exactly as many findings
as it expects.
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.base.errors import Place
from aupkeep.detection.engine import Engine
from aupkeep.detection.rule import Rule, RuleSet, Sample
from aupkeep.detection.testing import PROVIDER, frames_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one test."""

    #: Name of the rule.
    rule: str
    #: Name of the test.
    name: str
    #: Findings expected and opened.
    expect: int
    found: int
    #: Where the rule stands.
    place: Place | None

    @property
    def passed(self) -> bool:
        """Whether the rule did what the test expects."""
        return self.expect == self.found


def run_tests(rules: RuleSet) -> list[Result]:
    """Return the result of every test of every rule, in the order of the rules."""
    return [
        Result(
            rule=rule.name,
            name=sample.name,
            expect=sample.expect,
            found=_found(rules.only(rule.id), rule, sample),
            place=rule.place,
        )
        for rule in rules.rules.values()
        if rule.aup is not None
        for sample in rule.aup.samples
    ]


def _found(rules: RuleSet, rule: Rule, sample: Sample) -> int:
    frames, last = frames_of(sample, rules.kinds)
    changed = Engine({PROVIDER: (rules, "test")}).feed(frames, last)
    return sum(one.rule == rule.id and one.state == "open" for one in changed)
