"""After `Engine.forget` the windows behave as if the rows before had never come."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_cases import DEPTH, PROVIDER, QUIET, Case, Row, cases, frames
from oracle_runs import again, begun

from aupkeep.detection import rule as ir
from aupkeep.detection.engine import Engine
from aupkeep.detection.finding import Finding

CLAUSE = "c"


def fed(engine: Engine, rows: list[Row]) -> list[Finding]:
    return engine.feed(frames(rows), rows[-1]["event_time"]) if rows else []


def by_customer(rules: ir.RuleSet, rule: str) -> bool:
    """Whether everything that `rule` is made of is counted for each customer apart."""
    if rule in rules.selections:
        return True
    made = rules.rules[rule]
    parts = made.rules if isinstance(made, ir.Conjunction) else ()
    return "customer" in made.group_by and all(by_customer(rules, part) for part in parts)


@given(case=cases(), at=st.integers(0, 60), saves=st.tuples(st.booleans(), st.booleans()))
@settings(max_examples=40 * DEPTH, **QUIET)
def test_forgetting_everybody_is_beginning_anew(
    case: Case, at: int, saves: tuple[bool, bool]
) -> None:
    running = begun(case.rules)
    fed(running, case.rows[:at])
    before = running.finish()
    if saves[0]:
        running = again(running, case.rules)
    gone = running.forget(PROVIDER, CLAUSE, None)
    assert sorted(gone, key=_id) == sorted(before, key=_id)
    assert running.finish() == []
    if saves[1]:
        running = again(running, case.rules)
    fresh = begun(case.rules)
    assert fed(running, case.rows[at:]) == fed(fresh, case.rows[at:])
    assert running.feed({}, case.end) == fresh.feed({}, case.end)
    assert running.finish() == fresh.finish()


@given(case=cases(), at=st.integers(0, 60), save=st.booleans())
@settings(max_examples=60 * DEPTH, **QUIET)
def test_forgetting_one_customer_leaves_the_others_as_they_are(
    case: Case, at: int, *, save: bool
) -> None:
    rules, rows = case.rules, case.rows
    plain = {rule for rule in rules.rules if by_customer(rules, rule)}
    running, untouched, fresh = (begun(rules) for _ in range(3))
    fed(running, rows[:at])
    fed(untouched, rows[:at])
    before = running.finish()
    gone = running.forget(PROVIDER, CLAUSE, "c1")
    assert {one.id for one in gone if one.rule in plain} == {
        one.id for one in before if one.rule in plain and one.customer == "c1"
    }
    assert {one.customer for one in gone} <= {"c1"}
    if save:
        running = again(running, rules)
    said, others, anew = (
        [*fed(one, rows[at:]), *one.feed({}, case.end)] for one in (running, untouched, fresh)
    )
    expected = [one for one in others if one.customer != "c1"]
    expected += [one for one in anew if one.customer == "c1"]
    assert _of(plain, said) == _of(plain, expected)
    left = [one for one in untouched.finish() if one.customer != "c1"]
    left += [one for one in fresh.finish() if one.customer == "c1"]
    assert _of(plain, running.finish()) == _of(plain, left)


@given(case=cases())
@settings(max_examples=10 * DEPTH, **QUIET)
def test_another_clause_or_provider_is_not_forgotten(case: Case) -> None:
    rules, rows = case.rules, case.rows
    running, untouched = begun(rules), begun(rules)
    half = len(rows) // 2
    fed(running, rows[:half])
    fed(untouched, rows[:half])
    assert running.forget(PROVIDER, "another", None) == []
    assert running.forget("nobody", CLAUSE, None) == []
    assert running.forget(PROVIDER, CLAUSE, "c9") == []
    assert fed(running, rows[half:]) == fed(untouched, rows[half:])
    assert _of(set(rules.rules), running.finish()) == _of(set(rules.rules), untouched.finish())


def _id(finding: Finding) -> str:
    return finding.id


def _of(rules: set[str], findings: list[Finding]) -> list[str]:
    return sorted(repr(one) for one in findings if one.rule in rules)
