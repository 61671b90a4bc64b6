"""Baselines: what a key does in a bucket, against what is usual for it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from aupkeep.base.ids import event_id
from aupkeep.detection.engine import Engine
from aupkeep.detection.finding import Finding
from aupkeep.detection.rule import (
    All,
    Aup,
    Baseline,
    Conjunction,
    Rule,
    RuleSet,
    Selection,
    Threshold,
)
from aupkeep.events.schema import ATTRIBUTED, ORDER, columns
from aupkeep.policy.model import Tier

HOUR = 3_600_000_000
Row = dict[str, Any]
AUP = Aup(clause="c", tier=Tier.FACT, status="review", most=3)
RULE = Baseline(
    id="b",
    name="own usual",
    title="",
    version="1",
    kind="mail",
    rules=("s",),
    group_by=("login",),
    bucket=HOUR,
    history=4,
    least=2,
    usual="median",
    times=3,
    threshold=Threshold(default=2),
    aup=AUP,
    detection="d",
)


def engine(*rules: Rule, cap: int = 1000) -> Engine:
    selection = Selection(id="s", name="s", title="", kind="mail", predicate=All(parts=()))
    known = RuleSet(selections={"s": selection}, rules={rule.id: rule for rule in rules})
    return Engine({"p": (known, "v")}, key_cap=cap)


def row(time: int, number: int, **more: Any) -> Row:
    return {
        "event_time": time,
        "observed_at": time,
        "stream": 1,
        "position": number,
        "part": 0,
        "provider": "p",
        "authenticated": True,
        "late": False,
        "customer": "c1",
        "service": "s1",
        "attribution": "attributed",
        "actor": "login:a",
        "forgeable": False,
        "login": "a",
        **more,
    }


def frame(rows: list[Row]) -> dict[str, pl.DataFrame]:
    schema = columns("mail") | ATTRIBUTED
    return {"mail": pl.DataFrame([{k: r.get(k) for k in schema} for r in rows], schema=schema)}


def counts(*numbers: int, start: int = 0, **more: Any) -> list[Row]:
    """So many rows in each hour from `start` on."""
    times = [
        (start + hour) * HOUR + i for hour, number in enumerate(numbers) for i in range(number)
    ]
    return [row(time, i, **more) for i, time in enumerate(times)]


def fed(running: Engine, rows: list[Row], frontier: int | None = None) -> list[Finding]:
    return running.feed(frame(rows), rows[-1]["event_time"] if frontier is None else frontier)


def said(findings: list[Finding]) -> list[tuple[str, int, float, float]]:
    return [(one.state, one.last, one.value, one.threshold) for one in findings]


def test_three_times_the_median_of_four_hours() -> None:
    # Before hour 4: 2, 0, 4, 2, whose median is 2; the seventh row is more than three times that.
    found = fed(engine(replace(RULE, least=4)), counts(2, 0, 4, 2, 8), 5 * HOUR)
    assert said(found) == [("open", 4 * HOUR + 6, 7, 6.0), ("ended", 5 * HOUR, 8, 6.0)]
    assert found[0].events == tuple(event_id(1, at) for at in (14, 8, 9))
    assert (found[0].unit, found[0].key, found[0].tier) == ("rows", {"login": "a"}, Tier.FACT)


def test_the_mean_of_the_three_largest_hours() -> None:
    rule = replace(RULE, usual="mean_of_top", top=3, times=1.5, least=4)
    # (4 + 2 + 2) / 3 * 1.5 = 4
    found = fed(engine(rule), counts(2, 0, 4, 2, 6), 4 * HOUR + 5)
    assert said(found) == [("open", 4 * HOUR + 4, 5, 4.0)]


def test_nothing_is_usual_before_there_is_enough_history() -> None:
    assert fed(engine(RULE), counts(9, 9), 2 * HOUR) == []
    assert said(fed(engine(RULE), counts(9, 0, 40), 2 * HOUR + 40)) != []


def test_the_floor_is_by_plan_and_holds_where_little_is_usual() -> None:
    rule = replace(RULE, threshold=Threshold(default=2, plans={"big": 5}))
    assert said(fed(engine(rule), counts(1, 0, 3), 3 * HOUR))[0][1:] == (2 * HOUR + 2, 3, 2.0)
    assert fed(engine(rule), counts(1, 0, 5, plan="big"), 3 * HOUR) == []
    # A plan with a higher floor ends what a lower one let open.
    rows = [*counts(1, 0, 3), row(2 * HOUR + 50, 50, plan="big")]
    assert [one[:2] for one in said(fed(engine(rule), rows, 3 * HOUR))] == [
        ("open", 2 * HOUR + 2),
        ("ended", 2 * HOUR + 50),
    ]


def test_a_finding_grows_by_powers_of_ten() -> None:
    found = fed(engine(RULE), counts(1, 1, 250), 3 * HOUR)
    assert said(found) == [
        ("open", 2 * HOUR + 3, 4, 3.0),
        ("growing", 2 * HOUR + 29, 30, 3.0),
        ("ended", 3 * HOUR, 250, 3.0),
    ]


def test_an_open_finding_is_shown_with_its_peak() -> None:
    running = engine(RULE)
    fed(running, counts(1, 1, 9))
    (now,) = running.finish()
    assert (now.last, now.value, now.threshold) == (2 * HOUR + 8, 9, 3.0)


def test_a_quiet_key_is_let_go_and_begins_anew() -> None:
    # The last row before the pause is in hour 1: at hour 5 it is still history, at hour 6 not.
    kept, gone = counts(1, 1, 0, 0, 0, 3), counts(1, 1, 0, 0, 0, 0, 3)
    assert [one[0] for one in said(fed(engine(RULE), kept, 6 * HOUR))] == ["open", "ended"]
    assert fed(engine(RULE), gone, 7 * HOUR) == []


def test_one_weak_row_in_the_bucket_weakens_the_finding() -> None:
    rows = counts(1, 1, 4)
    rows[2] = {**rows[2], "forgeable": True}
    (found,) = fed(engine(RULE), rows)
    assert (found.tier, found.forgeable) == (Tier.STRONG, True)
    rows[0], rows[2] = {**rows[0], "forgeable": True}, {**rows[2], "forgeable": False}
    (found,) = fed(engine(RULE), rows)
    assert (found.tier, found.forgeable) == (Tier.FACT, False)


def test_other_rules_may_join_a_baseline() -> None:
    quiet = replace(RULE, aup=None)
    both = Conjunction(
        id="t",
        name="t",
        title="",
        version="1",
        rules=("b", "s"),
        kinds=("mail",),
        group_by=("login",),
        timespan=HOUR,
        aup=AUP,
        detection="t",
    )
    found = fed(engine(quiet, both), counts(1, 1, 5))
    assert said(found) == [("open", 2 * HOUR + 3, 2, 2)]


def test_new_keys_are_refused_at_the_cap() -> None:
    running = engine(RULE, cap=1)
    rows = [row(i, i, login=login) for i, login in enumerate("aba")]
    fed(running, rows)
    (line,) = running.degraded()
    assert line.startswith("p: own usual: 1 rows of new keys not evaluated: it holds 1 keys")
    # When the first key is let go, there is room for another.
    fed(running, [row(9 * HOUR, 9, login="b")])
    assert "1 rows" in running.degraded()[0]


def test_state_is_bounded_by_the_history() -> None:
    running = engine(replace(RULE, history=1000))
    for hour in range(0, 12_000, 40):
        rows = [row(hour * HOUR + i, i, login=f"{hour % 3000}") for i in range(3)]
        fed(running, rows)
    body = running.save()["providers"]["p"]["b"]["windows"]
    assert body["count"] <= 26
    assert len(body["past"]) == len(body["values"]) <= 26 * 8


# --- the law, against a model that keeps every row ------------------------------------------------


class Model:
    """One key of a baseline, from the rows alone."""

    def __init__(self, rule: Baseline, rows: list[Row]) -> None:
        self.rule = rule
        self.rows = rows
        self.open: dict[str, Any] | None = None
        self.ended = -math.inf

    def run(self, frontier: int) -> Iterator[tuple[Any, ...]]:
        rule, aup = self.rule, self.rule.aup
        assert aup is not None
        for at, one in enumerate(self.rows):
            time = one["event_time"]
            yield from self._silence(time)
            value, threshold = self._value(at), self._threshold(at)
            holds = not math.isnan(threshold) and float(value) > threshold
            if self.open and not holds:
                yield self._end(time)
            elif self.open and value > self.open["peak"]:
                self.open.update(peak=value, threshold=threshold)
                if self._grown(value):
                    yield ("growing", time, value, threshold)
            elif not self.open and holds and time - self.ended >= aup.cooldown:
                ends = (time // rule.bucket + 1) * rule.bucket
                self.open = {"peak": value, "threshold": threshold, "ends": ends}
                self.growth = threshold * 10.0
                self._grown(value)
                yield ("open", time, value, threshold)
        yield from self._silence(frontier)

    def _grown(self, value: float) -> bool:
        before = self.growth
        while 0 < self.growth <= value and self.growth < math.inf:
            self.growth *= 10.0
        return self.growth > before

    def _silence(self, until: int) -> Iterator[tuple[Any, ...]]:
        if self.open and self.open["ends"] <= until:
            yield self._end(self.open["ends"])

    def _end(self, instant: int) -> tuple[Any, ...]:
        assert self.open is not None
        found = ("ended", instant, self.open["peak"], self.open["threshold"])
        self.open, self.ended = None, instant
        return found

    def _bucket(self, at: int) -> int:
        return int(self.rows[at]["event_time"] // self.rule.bucket)

    def _total(self, rows: list[Row]) -> float:
        if not self.rule.field:
            return len(rows)
        total = sum(one[self.rule.field] for one in rows)
        return (total + 2**63) % 2**64 - 2**63 if isinstance(total, int) else total

    def _value(self, at: int) -> float:
        return self._total([o for i, o in enumerate(self.rows[: at + 1]) if self._is(i, at)])

    def _is(self, i: int, at: int) -> bool:
        return self._bucket(i) == self._bucket(at)

    def _threshold(self, at: int) -> float:
        rule, now = self.rule, self._bucket(at)
        first = 0
        for i in range(1, at + 1):
            if self._bucket(i - 1) < self._bucket(i) - rule.history:
                first = i
        begins = max(self._bucket(first), now - rule.history)
        past = [
            float(self._total([o for i, o in enumerate(self.rows[:at]) if self._bucket(i) == b]))
            for b in range(begins, now)
        ]
        if len(past) < rule.least or any(map(math.isnan, past)):
            return math.nan
        plan = self.rows[at]["plan"]
        floor = rule.threshold.plans.get(plan, rule.threshold.default)
        return max(rule.times * self._usual(sorted(past)), float(floor))

    def _usual(self, past: list[float]) -> float:
        if self.rule.usual == "median":
            half = len(past) // 2
            return past[half] if len(past) % 2 else (past[half - 1] + past[half]) / 2
        top = past[::-1][: self.rule.top]
        total = top[0]
        for one in top[1:]:
            total += one
        return total / len(top)


FIELDS: dict[str, list[Any]] = {
    "": [None],
    "size": [1, 2, 7, -3, 2**62, None],
    "delay": [0.1, 0.3, 1e16, -1e16, None],
}


@st.composite
def rules(draw: st.DrawFn) -> Baseline:
    history = draw(st.sampled_from([1, 2, 3, 7, 40]))
    return replace(
        RULE,
        field=draw(st.sampled_from(sorted(FIELDS))),
        bucket=draw(st.sampled_from([1000, HOUR, 7_001_000])),
        history=history,
        least=draw(st.integers(1, min(history, 4))),
        usual=draw(st.sampled_from(["median", "mean_of_top"])),
        top=draw(st.integers(1, 5)),
        times=draw(st.sampled_from([1, 1.5, 3, 0.1])),
        threshold=Threshold(
            default=draw(st.sampled_from([0, 1, 2, 0.5, -2])),
            plans=draw(st.sampled_from([{}, {"x": 3}, {"x": 0, "y": 2}])),
        ),
        aup=replace(AUP, cooldown=draw(st.sampled_from([0, 0, 1, 20_000, 2 * HOUR]))),
    )


@st.composite
def rows_for(draw: st.DrawFn, rule: Baseline) -> list[Row]:
    bucket = rule.bucket
    step = st.sampled_from([0, 0, 1, bucket // 3, bucket // 3, bucket - 1, bucket, bucket + 1])
    far = st.sampled_from([2 * bucket, rule.history * bucket, (rule.history + 1) * bucket])
    time = draw(st.sampled_from([0, -3 * bucket - 1, 1_767_571_200_000_000, 250_000 * 10**12]))
    rows = []
    for i in range(draw(st.integers(1, 60))):
        time += draw(st.one_of(step, step, step, step, far))
        fields = {rule.field: draw(st.sampled_from(FIELDS[rule.field]))} if rule.field else {}
        plan = draw(st.sampled_from(["x", "x", "y", None]))
        login = draw(st.sampled_from(["a", "a", "a", "b", None]))
        rows.append(row(time, i, login=login, plan=plan, **fields))
    return rows


def _cut(
    draw: st.DataObject, rule: Baseline, rows: list[Row], end: int
) -> tuple[list[Finding], list[Finding]]:
    running, found, start = engine(rule), [], 0
    for stop in [*sorted(draw.draw(st.lists(st.integers(1, len(rows)), max_size=4))), len(rows)]:
        if rows[start:stop]:
            found += fed(running, rows[start:stop])
        start = max(start, stop)
        if draw.draw(st.booleans()):
            saved = msgspec.msgpack.encode(running.save())
            running = engine(rule)
            assert running.restore(msgspec.msgpack.decode(saved)) == []
            assert msgspec.msgpack.encode(running.save()) == saved
    return found + running.feed({}, end), running.finish()


@given(data=st.data())
@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_the_engine_agrees_with_the_model(data: st.DataObject) -> None:
    rule = data.draw(rules())
    rows = sorted(data.draw(rows_for(rule)), key=lambda one: tuple(one[k] for k in ORDER))
    end = rows[-1]["event_time"] + data.draw(st.sampled_from([0, rule.bucket, 99 * rule.bucket]))
    running = engine(rule)
    found = fed(running, rows) + running.feed({}, end)
    for login in ("a", "b", None):
        seen = [
            one
            for one in rows
            if one["login"] == login and (not rule.field or one[rule.field] is not None)
        ]
        mine = [one for one in found if one.key["login"] == login]
        assert said(mine) == list(Model(rule, seen).run(end))
    event(f"states: {sorted({one.state for one in found})}")
    assert _cut(data, rule, rows, end) == (found, running.finish())


@given(data=st.data())
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_forgetting_is_beginning_anew(data: st.DataObject) -> None:
    rule = replace(data.draw(rules()), group_by=("customer",))
    rows = sorted(data.draw(rows_for(rule)), key=lambda one: tuple(one[k] for k in ORDER))
    rows = [{**one, "customer": "c1" if one["login"] == "a" else "c2"} for one in rows]
    at = data.draw(st.integers(0, len(rows)))
    running, untouched, fresh = engine(rule), engine(rule), engine(rule)
    for one in (running, untouched):
        if rows[:at]:
            fed(one, rows[:at])
    gone = running.forget("p", "c", "c1")
    assert gone == [one for one in untouched.finish() if one.customer == "c1"]
    end = rows[-1]["event_time"] + 99 * rule.bucket
    anew, others, now = (
        (fed(one, rows[at:]) if rows[at:] else []) + one.feed({}, end)
        for one in (fresh, untouched, running)
    )
    assert [one for one in now if one.customer == "c1"] == [
        one for one in anew if one.customer == "c1"
    ]
    assert [one for one in now if one.customer == "c2"] == [
        one for one in others if one.customer == "c2"
    ]


@pytest.mark.parametrize("times", [-(2**61), 250_000 * 10**12])
def test_far_away_times(times: int) -> None:
    start = times // HOUR
    found = fed(engine(RULE), counts(1, 1, 4, start=start), (start + 3) * HOUR)
    assert [one.state for one in found] == ["open", "ended"]
