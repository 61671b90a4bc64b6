"""A rule that could not see everything: its findings are degraded, and people are told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import polars as pl
import pytest

from aupkeep.detection.engine import Engine
from aupkeep.detection.finding import Finding
from aupkeep.detection.rule import (
    All,
    Aup,
    Conjunction,
    Rule,
    RuleSet,
    Selection,
    Threshold,
    Window,
)
from aupkeep.events.schema import ATTRIBUTED, columns
from aupkeep.policy.model import Tier

SECOND = 1_000_000
MINUTE = 60 * SECOND
AUP = Aup(clause="floods", tier=Tier.FACT, status="automatic")
FLOWS = Selection(id="s", name="s", title="", kind="flow", predicate=All(parts=()))
FLOOD = Window(
    id="w",
    name="flood",
    title="",
    version="1",
    measure="value_sum",
    kind="flow",
    rules=("s",),
    group_by=("customer",),
    timespan=MINUTE,
    op="gte",
    threshold=Threshold(default=10),
    field="packets",
    aup=AUP,
    detection="w",
)
COUNT = replace(FLOOD, measure="event_count", field="", threshold=Threshold(default=1))
JOINED = Conjunction(
    id="t",
    name="joined",
    title="",
    version="1",
    rules=("s", "w"),
    kinds=("flow",),
    group_by=("customer",),
    timespan=MINUTE,
    aup=AUP,
    detection="t",
)


def engine(*rules: Rule, cap: int = 1000) -> Engine:
    listed = RuleSet(selections={"s": FLOWS}, rules={rule.id: rule for rule in rules})
    return Engine({"p": (listed, "v")}, key_cap=cap)


def flows(*rows: dict[str, Any]) -> dict[str, pl.DataFrame]:
    schema = columns("flow") | ATTRIBUTED
    base = {
        "stream": 1,
        "part": 0,
        "provider": "p",
        "authenticated": True,
        "late": False,
        "customer": "c1",
        "attribution": "attributed",
        "actor": "ip:a",
        "forgeable": False,
        "packets": 10,
        "sampling": 1,
    }
    made = [{**base, "position": row["event_time"], "observed_at": 0, **row} for row in rows]
    return {"flow": pl.DataFrame([{k: r.get(k) for k in schema} for r in made], schema=schema)}


def at(seconds: int, **more: Any) -> dict[str, Any]:
    return {"event_time": seconds * SECOND, **more}


def opened(running: Engine, *rows: dict[str, Any]) -> list[Finding]:
    found = running.feed(flows(*rows), rows[-1]["event_time"])
    return [one for one in found if one.state == "open"]


def test_a_sum_of_packets_whose_sampling_nobody_knows_is_degraded() -> None:
    running = engine(FLOOD)
    (one,) = opened(running, at(1, sampling=None))
    assert one.degraded
    (line,) = running.degraded()
    assert line == (
        "p: flood: flows whose sampling nobody knows, so their packets and bytes are not known"
        " either; since 1970-01-01T00:00:01Z, last 1970-01-01T00:00:01Z"
    )
    (gap,) = running.shortfalls()
    assert (gap.rule, gap.since, gap.last) == ("w", SECOND, SECOND)


def test_it_is_over_when_the_window_has_passed() -> None:
    running = engine(FLOOD)
    found = opened(running, at(1, sampling=None, customer="x"), at(2), at(130, customer="c2"))
    assert [one.degraded for one in found] == [True, True, False]


def test_counting_flows_asks_for_no_sampling() -> None:
    running = engine(COUNT)
    (one,) = opened(running, at(1, sampling=None))
    assert not one.degraded
    assert running.degraded() == []


def test_what_joins_a_degraded_rule_is_degraded() -> None:
    found = opened(engine(FLOOD, JOINED), at(1, sampling=None))
    assert {one.rule: one.degraded for one in found} == {"w": True, "t": True}


def test_at_the_most_keys_what_opens_is_degraded() -> None:
    running = engine(COUNT, cap=2)
    (before,) = opened(running, at(1, customer="c0"))
    found = opened(running, *(at(1 + n, customer=f"c{n}") for n in range(1, 4)))
    assert not before.degraded
    assert [(one.customer, one.degraded) for one in found] == [("c1", True)]
    later = opened(running, at(200, customer="c9"))
    assert [one.degraded for one in later] == [False]
    (gap,) = running.shortfalls()
    assert "2 rows of new keys not evaluated: it holds 2 keys, which is the most" in gap.why


@pytest.mark.parametrize("cut", range(5))
def test_cuts_and_restarts_change_nothing(cut: int) -> None:
    rows = [
        at(1, packets=1),
        at(2, packets=1, sampling=None, customer="x"),
        at(3),
        at(4, customer="c2"),
        at(100, customer="c3"),
    ]
    whole = opened(engine(FLOOD), *rows)
    first, second = engine(FLOOD), engine(FLOOD)
    found = opened(first, *rows[:cut]) if cut else []
    second.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(first.save())))
    found += opened(second, *rows[cut:])
    assert found == whole
    assert [one.degraded for one in whole] == [True, True, False]
    assert [one.since for one in second.shortfalls()] == [2 * SECOND]
