"""The outcome of a test inside a rule, as JSON, and how far the rule came where it failed."""

from __future__ import annotations

from typing import Any

from aupkeep.cli.telling import short, tellable
from aupkeep.detection.explaining import explain
from aupkeep.detection.rule import RuleSet
from aupkeep.detection.samples import Result
from aupkeep.detection.testing import PROVIDER, frames_of


def explained(rules: RuleSet, result: Result) -> list[str]:
    """Return in a few lines why the rule opened more or fewer findings than its test expects."""
    for rule in rules.rules.values():
        if rule.aup is None or rule.name != result.rule:
            continue
        for sample in rule.aup.samples:
            if sample.name == result.name:
                frames, last = frames_of(sample, rules.kinds)
                if not tellable(sum(frame.height for frame in frames.values())):
                    return ["the test has too many rows to be told one by one"]
                told = explain(rules.only(rule.id), frames, last, provider=PROVIDER, version="test")
                return short(told)
    return []


def result_object(result: Result, told: list[str]) -> dict[str, Any]:
    """Return the JSON object of one test."""
    return {
        "rule": result.rule,
        "test": result.name,
        "expected": result.expect,
        "found": result.found,
        "passed": result.passed,
        "file": result.place.file if result.place else None,
        "line": result.place.line if result.place else None,
        "explained": told,
    }
