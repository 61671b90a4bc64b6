"""After `Engine.forget` the windows behave as if the rows before had never come."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from test_oracle_agrees import (  # type: ignore[import-not-found]  # beside this file
    PROVIDER,
    QUIET,
    SECOND,
    frames,
    row_lists,
    rulesets,
)

from aupkeep.detection import rule as ir
from aupkeep.detection.engine import Engine
from aupkeep.detection.finding import Finding
from aupkeep.events.schema import ORDER

CLAUSE = "c"
Row = dict[str, Any]


def fed(engine: Engine, rows: list[Row]) -> list[Finding]:
    return engine.feed(frames(rows), rows[-1]["event_time"]) if rows else []


def begun(rules: ir.RuleSet) -> Engine:
    return Engine({PROVIDER: (rules, "1")})


def saved_and_restored(engine: Engine, rules: ir.RuleSet) -> Engine:
    saved = msgspec.msgpack.decode(msgspec.msgpack.encode(engine.save()))
    again = begun(rules)
    assert again.restore(saved) == []
    return again


def by_customer(rules: ir.RuleSet, rule: str) -> bool:
    """Whether everything that `rule` is made of is counted for each customer apart."""
    if rule in rules.selections:
        return True
    made = rules.rules[rule]
    parts = made.rules if isinstance(made, ir.Conjunction) else ()
    return "customer" in made.group_by and all(by_customer(rules, part) for part in parts)


@given(rules=rulesets(), rows=row_lists(), data=st.data())
@settings(max_examples=25, **QUIET)
def test_forgetting_everybody_is_beginning_anew(
    rules: ir.RuleSet, rows: list[Row], data: st.DataObject
) -> None:
    rows = sorted(rows, key=lambda row: tuple(row[name] for name in ORDER))
    at = data.draw(st.integers(0, len(rows)))
    end = rows[-1]["event_time"] + 100 * SECOND
    running = begun(rules)
    fed(running, rows[:at])
    before = running.finish()
    if data.draw(st.booleans()):
        running = saved_and_restored(running, rules)
    gone = running.forget(PROVIDER, CLAUSE, None)
    assert sorted(gone, key=_id) == sorted(before, key=_id)
    assert running.finish() == []
    if data.draw(st.booleans()):
        running = saved_and_restored(running, rules)
    fresh = begun(rules)
    assert fed(running, rows[at:]) == fed(fresh, rows[at:])
    assert running.feed({}, end) == fresh.feed({}, end)
    assert running.finish() == fresh.finish()


@given(rules=rulesets(), rows=row_lists(), data=st.data())
@settings(max_examples=35, **QUIET)
def test_forgetting_one_customer_leaves_the_others_as_they_are(
    rules: ir.RuleSet, rows: list[Row], data: st.DataObject
) -> None:
    rows = sorted(rows, key=lambda row: tuple(row[name] for name in ORDER))
    at = data.draw(st.integers(0, len(rows)))
    end = rows[-1]["event_time"] + 100 * SECOND
    plain = {rule for rule in rules.rules if by_customer(rules, rule)}
    engines = [begun(rules) for _ in range(3)]
    running, untouched, fresh = engines
    fed(running, rows[:at])
    fed(untouched, rows[:at])
    before = running.finish()
    gone = running.forget(PROVIDER, CLAUSE, "c1")
    assert {one.id for one in gone if one.rule in plain} == {
        one.id for one in before if one.rule in plain and one.customer == "c1"
    }
    assert {one.customer for one in gone} <= {"c1"}
    if data.draw(st.booleans()):
        running = saved_and_restored(running, rules)
    said, others, anew = (
        [*fed(one, rows[at:]), *one.feed({}, end)] for one in (running, untouched, fresh)
    )
    expected = [one for one in others if one.customer != "c1"]
    expected += [one for one in anew if one.customer == "c1"]
    assert _of(plain, said) == _of(plain, expected)
    left = [one for one in untouched.finish() if one.customer != "c1"]
    left += [one for one in fresh.finish() if one.customer == "c1"]
    assert _of(plain, running.finish()) == _of(plain, left)


@given(rules=rulesets(), rows=row_lists())
@settings(max_examples=8, **QUIET)
def test_another_clause_or_provider_is_not_forgotten(rules: ir.RuleSet, rows: list[Row]) -> None:
    rows = sorted(rows, key=lambda row: tuple(row[name] for name in ORDER))
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
