"""The compiled engine against the oracle: random rules, random rows, any cuts, any restarts.

Usually each law is tried a few dozen times. `AUPKEEP_ORACLE_DEPTH=10 pytest tests/oracle` tries ten
times as many examples, and with `HYPOTHESIS_PROFILE=explore` others each time.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from oracle_cases import DEPTH, PROVIDER, QUIET, Case, cases
from oracle_runs import CUTS, Cut, by_text, plain, replay

from aupkeep.detection import rule as ir
from aupkeep.detection.finding import Finding
from oracle import Oracle

EVERY = (ir.Window, ir.Conjunction, ir.Baseline, ir.Absence)


def agree(case: Case, cuts: list[Cut]) -> None:
    expected, still = Oracle(case.rules, PROVIDER).run(case.rows, case.end)
    whole, present = replay(case.rules, case.rows, case.end)
    assert by_text([plain(one) for one in whole]) == by_text(expected)
    assert by_text([plain(one) for one in present]) == by_text(still)
    assert [one.last for one in whole] == sorted(one.last for one in whole)
    assert replay(case.rules, case.rows, case.end, cuts) == (whole, present)


@pytest.mark.parametrize("of", EVERY)
def test_engine_means_what_the_oracle_says(of: type[ir.Rule]) -> None:
    @given(case=cases(of), cuts=CUTS)
    @settings(max_examples=60 * DEPTH, **QUIET)
    def law(case: Case, cuts: list[Cut]) -> None:
        agree(case, cuts)

    law()


@given(case=cases(), cuts=CUTS)
@settings(max_examples=30 * DEPTH, **QUIET)
def test_threads_change_neither_findings_nor_their_order(case: Case, cuts: list[Cut]) -> None:
    whole = replay(case.rules, case.rows, case.end)
    for workers in (2, 3):
        assert replay(case.rules, case.rows, case.end, cuts, workers=workers) == whole


@given(case=cases(), cuts=CUTS)
@settings(max_examples=40 * DEPTH, **QUIET)
def test_shares_together_find_what_one_engine_finds(case: Case, cuts: list[Cut]) -> None:
    changes, present = replay(case.rules, case.rows, case.end)
    for count in (2, 3):
        shares = [
            replay(case.rules, case.rows, case.end, cuts, share=(i, count)) for i in range(count)
        ]
        assert _sorted([one for found, _ in shares for one in found]) == _sorted(changes)
        assert _sorted([one for _, found in shares for one in found]) == _sorted(present)


@given(case=cases())
@settings(max_examples=25 * DEPTH, **QUIET)
def test_every_row_by_itself_is_as_good_as_all_at_once(case: Case) -> None:
    alone = [Cut(rows=i, frontier=i % 3, again=i % 7 == 0) for i in range(1, len(case.rows) + 1)]
    whole = replay(case.rules, case.rows, case.end)
    assert replay(case.rules, case.rows, case.end, alone) == whole


def test_the_examples_reach_what_the_laws_are_about() -> None:
    """A fixed sample opens, grows and ends findings of every kind of rule, often."""
    seen: Counter[tuple[str, str]] = Counter()

    def sample(of: type[ir.Rule]) -> None:
        @given(case=cases(of))
        @settings(max_examples=200, derandomize=True, database=None, **QUIET)
        def gather(case: Case) -> None:
            found, _ = Oracle(case.rules, PROVIDER).run(case.rows, case.end)
            for rule, state in {(one.rule, one.state) for one in found}:
                for name in _names(case.rules.rules[rule]):
                    seen[name, state] += 1

        gather()

    for of in EVERY:
        sample(of)
    measures = ("event_count", "value_count", "value_sum", "value_avg", "ratio")
    fewest = {
        **dict.fromkeys([(name, "open") for name in (*measures, "temporal", "baseline")], 20),
        **dict.fromkeys([(name, "ended") for name in (*measures, "temporal", "baseline")], 20),
        ("temporal_ordered", "open"): 20,
        ("temporal_ordered", "ended"): 20,
        ("absence", "open"): 60,
        ("absence", "ended"): 60,
        ("aliased", "open"): 40,
        ("event_count", "growing"): 2,
        ("value_count", "growing"): 2,
        ("value_sum", "growing"): 2,
        ("baseline", "growing"): 2,
    }
    assert {name: seen[name] for name in fewest if seen[name] < fewest[name]} == {}


def _names(rule: ir.Rule) -> list[str]:
    if isinstance(rule, ir.Window):
        name: str = rule.measure
    elif isinstance(rule, ir.Conjunction):
        name = "temporal_ordered" if rule.ordered else "temporal"
    else:
        name = "baseline" if isinstance(rule, ir.Baseline) else "absence"
    return [name, "aliased"] if rule.aliases else [name]


def _sorted(found: list[Finding]) -> list[str]:
    return sorted(map(repr, found))
