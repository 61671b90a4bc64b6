"""What is told row by row agrees with the engine, which reads all rows at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.detection import rule as ir
from aupkeep.detection.engine import Engine
from aupkeep.detection.explaining import Step, Told, explain
from aupkeep.events.schema import ATTRIBUTED, ORDER, columns
from aupkeep.policy.model import Tier

SECOND = 1_000_000
SPAN = 60 * SECOND
SELECTIONS = {
    one.id: one
    for one in (
        ir.Selection(id="all", name="all", title="", kind="mail", predicate=ir.All(parts=())),
        ir.Selection(
            id="sent",
            name="sent",
            title="",
            kind="mail",
            predicate=ir.OneOf(field="status", values=("sent",)),
        ),
        ir.Selection(
            id="big",
            name="big",
            title="",
            kind="mail",
            predicate=ir.Compare(field="size", op="gte", number=2),
        ),
    )
}
AUP = ir.Aup(clause="c", tier=Tier.FACT, status="review")
FIELDS = {"value_count": "status", "value_sum": "size", "value_avg": "size"}


@st.composite
def windows(draw: st.DrawFn) -> ir.Window:
    measure: ir.Measured = draw(
        st.sampled_from(["event_count", "value_count", "value_sum", "ratio"])
    )
    plans = st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from([1, 2, 0.5, 3]))
    return ir.Window(
        id="w",
        name="w",
        title="",
        version="1",
        measure=measure,
        kind="mail",
        rules=("sent", "all") if measure == "ratio" else ("sent",),
        numerator="big" if measure == "ratio" else "",
        group_by=draw(st.sampled_from([("customer",), ("login",), ("customer", "login")])),
        timespan=SPAN,
        op=draw(st.sampled_from(["gte", "gt", "lt", "lte", "eq", "neq"])),
        threshold=ir.Threshold(default=draw(st.sampled_from([1, 2, 0.5])), plans=draw(plans)),
        least=1 if measure == "ratio" else 0,
        field=FIELDS.get(measure, ""),
        aup=AUP,
        detection="w",
    )


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "step": st.sampled_from([0, SECOND, 30 * SECOND, 59 * SECOND, 61 * SECOND]),
            "status": st.sampled_from(["sent", "SENT", "bounced", None]),
            "size": st.sampled_from([None, 1, 2, 3, -1]),
            "login": st.sampled_from(["a", "b", None]),
            "customer": st.sampled_from(["c1", "c2", None]),
            "plans": st.sampled_from([None, "x", "x|y", "z"]),
            "late": st.sampled_from([False, False, False, True]),
            "attribution": st.sampled_from(["attributed", "attributed", "outsider"]),
            "provider": st.sampled_from(["p", "p", "p", "q"]),
        }
    ),
    min_size=1,
    max_size=12,
)
BOTH = ir.Conjunction(
    id="t",
    name="t",
    title="",
    version="1",
    rules=("big", "w"),
    kinds=("mail",),
    group_by=("customer",),
    timespan=SPAN,
    aup=AUP,
    detection="t",
)


def frames(rows: list[dict[str, Any]]) -> dict[str, pl.DataFrame]:
    schema = columns("mail") | ATTRIBUTED
    made, time = [], 0
    for position, row in enumerate(rows):
        time += row["step"]
        filled = {
            "event_time": time,
            "observed_at": time,
            "stream": 1,
            "position": position,
            "part": 0,
            "source": 0,
            "authenticated": True,
            "actor": "login:a",
            "forgeable": False,
            "plan": row["plans"],
            **row,
        }
        made.append({key: filled.get(key) for key in schema})
    return {"mail": pl.DataFrame(made, schema=schema).sort(ORDER)}


def told(rules: ir.RuleSet, rows: list[dict[str, Any]], until: int = 0) -> Told:
    return explain(rules, frames(rows), until, provider="p", version="v")


@given(windows(), ROWS, st.booleans())
def test_it_says_what_the_engine_does(
    window: ir.Window,
    rows: list[dict[str, Any]],
    joined: bool,  # noqa: FBT001  # drawn
) -> None:
    used: dict[str, ir.Rule] = {"w": window, "t": BOTH} if joined else {"w": window}
    rules = ir.RuleSet(selections=SELECTIONS, rules=used)
    given_rows = frames(rows)
    last = int(given_rows["mail"]["event_time"].to_numpy().max())
    engine = Engine({"p": (rules, "v")}).feed(given_rows, last)
    said = told(rules, rows)
    assert [one for step in said.steps for one in step.changes] + said.after == engine
    for step in said.steps:
        for finding in step.changes:
            if finding.state == "open" and finding.key.get("customer") is not None:
                values = [
                    (n["value"], n["threshold"]) for n in _of(step, finding.rule) if n["holds"]
                ]
                assert (finding.value, finding.threshold) in values


def _of(step: Step, rule: str) -> list[dict[str, Any]]:
    return [node for node in step.windows if node["id"] == rule]


def row(**more: Any) -> dict[str, Any]:
    base = {
        "step": SECOND,
        "status": "sent",
        "size": 2,
        "login": "a",
        "customer": "c1",
        "plans": None,
        "late": False,
        "attribution": "attributed",
        "provider": "p",
    }
    return base | more


WINDOW = ir.Window(
    id="w",
    name="w",
    title="",
    version="1",
    measure="event_count",
    kind="mail",
    rules=("sent",),
    group_by=("customer",),
    timespan=SPAN,
    op="gte",
    threshold=ir.Threshold(default=2, plans={"x": 3}),
    aup=AUP,
    detection="w",
)


def test_it_says_why_no_rule_sees_a_row() -> None:
    rules = ir.RuleSet(selections=SELECTIONS, rules={"w": WINDOW})
    said = told(rules, [row(provider="q"), row(late=True), row(attribution="outsider"), row()])
    assert [step.unseen.split(":")[0] for step in said.steps] == [
        "it is of provider `q`; these rules are those of `p`",
        "it came too late",
        "the actor is an outsider",
        "",
    ]
    assert [len(step.bases) for step in said.steps] == [0, 0, 0, 3]


def test_each_row_has_the_value_it_came_to_and_the_plan_in_force() -> None:
    rules = ir.RuleSet(selections=SELECTIONS, rules={"w": WINDOW})
    said = told(rules, [row(), row(plans="x"), row(plans="x")], until=300 * SECOND)
    nodes = [_of(step, "w")[0] for step in said.steps]
    assert [(node["value"], node["threshold"], node["plan"]) for node in nodes] == [
        (1, 2, "default"),
        (2, 3, "x"),
        (3, 3, "x"),
    ]
    assert [node["holds"] for node in nodes] == [False, False, True]
    assert [one.state for one in said.after] == ["ended"]
    assert said.open == []


def test_a_row_without_the_field_is_in_no_window() -> None:
    total = replace(WINDOW, measure="value_sum", field="size")
    rules = ir.RuleSet(selections=SELECTIONS, rules={"w": total})
    said = told(rules, [row(size=None), row(size=5)])
    assert [len(step.windows) for step in said.steps] == [0, 1]
    assert [one.value for one in said.open] == [5]


def test_a_joined_rule_says_when_each_part_held() -> None:
    rules = ir.RuleSet(selections=SELECTIONS, rules={"w": WINDOW, "t": BOTH})
    said = told(rules, [row(size=5), row(size=1)])
    (node,) = _of(said.steps[1], "t")
    assert [one["held_last"] for one in node["rules"]] == [
        "1970-01-01T00:00:01Z",
        "1970-01-01T00:00:02Z",
    ]
    assert (node["value"], node["holds"]) == (2, True)


def test_a_baseline_says_what_is_usual() -> None:
    rule = ir.Baseline(
        id="b",
        name="b",
        title="",
        version="1",
        kind="mail",
        rules=("sent",),
        group_by=("customer",),
        bucket=60 * SECOND,
        history=3,
        least=1,
        usual="median",
        times=2.0,
        threshold=ir.Threshold(default=1),
        aup=AUP,
        detection="b",
    )
    rules = ir.RuleSet(selections=SELECTIONS, rules={"b": rule})
    said = told(rules, [row(), row(step=61 * SECOND), row(), row()])
    values = [(node["value"], node["holds"]) for step in said.steps for node in _of(step, "b")]
    assert values == [(1, False), (1, False), (2, False), (3, True)]
    (node,) = _of(said.steps[-1], "b")
    assert (node["usual"], node["times"], node["floor"], node["threshold"]) == (1.0, 2.0, 1, 2.0)
    (opened,) = [one for step in said.steps for one in step.changes]
    assert (opened.value, opened.threshold, opened.because["usual"]) == (3, 2.0, 1.0)


def test_an_absence_is_waited_for_and_opens_after_the_last_event() -> None:
    rule = ir.Absence(
        id="n",
        name="n",
        title="",
        version="1",
        rules=("sent",),
        kinds=("mail",),
        group_by=("customer",),
        timespan=SPAN,
        forget=10 * SPAN,
        aup=AUP,
        detection="n",
    )
    rules = ir.RuleSet(selections=SELECTIONS, rules={"n": rule})
    said = told(rules, [row()], until=3 * SPAN)
    (node,) = _of(said.steps[0], "n")
    assert node["text"] == "awaited: a finding opens when nothing comes within 1m"
    (opened,) = said.after
    assert (opened.state, opened.because["text"]) == ("open", "nothing came within 1m")
