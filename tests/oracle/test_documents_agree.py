"""From the text of a rule to its findings: what is read means what was written.

The oracle is given the meaning that stands beside each text; the engine is given the text.
`AUPKEEP_ORACLE_DEPTH=10` tries ten times as many examples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_cases import (
    CHOICES,
    DEPTH,
    MOST_ROWS,
    PROVIDER,
    QUIET,
    RULES,
    SECOND,
    WIDTH,
    Tape,
    row_list,
)
from oracle_documents import documents
from oracle_runs import by_text, plain, replay

from aupkeep.detection import rule as ir
from aupkeep.detection.reading import read_rules
from aupkeep.events.schema import KINDS, Schema
from aupkeep.policy.model import RuleFile
from oracle import Oracle, Row

READ: dict[str, Schema] = {kind: KINDS[kind] for kind in ("mail", "login")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A rule file, what it means, and rows."""

    text: str
    meant: ir.RuleSet
    rows: list[Row]


@st.composite
def written(draw: st.DrawFn) -> Written:
    size = RULES + 2 + MOST_ROWS * WIDTH
    tape = Tape(draw(st.binary(min_size=size, max_size=size)))
    text, meant = documents(tape)
    tape.at = RULES
    rows = row_list(tape, tape.pick((60 * SECOND, 7 * SECOND, 3600 * SECOND)))
    stages: tuple[Any, ...] = ("result",) * 7 + ("attempt",)
    assert "stage" not in CHOICES
    return Written(
        text=text,
        meant=meant,
        rows=[{**row, "stage": stages[row["position"] % 8]} for row in rows],
    )


def read(text: str) -> ir.RuleSet:
    file = RuleFile(path="rules/a.yml", text=text, documents=())
    return read_rules([file], clauses=("spam",), plans=("x", "y"))


@given(case=written())
@settings(max_examples=60 * DEPTH, **QUIET)
def test_what_is_read_means_what_was_written(case: Written) -> None:
    rules = read(case.text)
    end = max((row["event_time"] for row in case.rows), default=0) + 3600 * SECOND
    expected, still = Oracle(case.meant, PROVIDER).run(case.rows, end)
    found, present = replay(rules, case.rows, end, kinds=READ)
    assert by_text([plain(one) for one in found]) == by_text(expected)
    assert by_text([plain(one) for one in present]) == by_text(still)


def test_the_documents_open_findings() -> None:
    """A fixed sample has findings of every sort of rule."""
    seen: set[str] = set()

    @given(case=written())
    @settings(max_examples=60, derandomize=True, database=None, **QUIET)
    def gather(case: Written) -> None:
        end = max((row["event_time"] for row in case.rows), default=0)
        found, _ = Oracle(case.meant, PROVIDER).run(case.rows, end)
        for rule in {one.rule for one in found}:
            made = case.meant.rules[rule]
            seen.add(made.measure if isinstance(made, ir.Window) else type(made).__name__)
            if isinstance(made, ir.Conjunction) and made.ordered:
                seen.add("ordered")

    gather()
    measures = {"event_count", "value_count", "value_sum", "value_avg", "ratio"}
    assert seen >= measures | {"Conjunction", "Baseline", "Absence", "ordered"}
