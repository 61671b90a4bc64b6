"""Absences: what should have come for a key did not come in time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import polars as pl
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from aupkeep.base.ids import event_id
from aupkeep.detection.engine import Engine
from aupkeep.detection.finding import Finding
from aupkeep.detection.rule import Absence, All, Aup, OneOf, RuleSet, Selection, pane_length
from aupkeep.events.schema import ATTRIBUTED, ORDER, columns
from aupkeep.policy.model import Tier

MINUTE = 60_000_000
HOUR = 60 * MINUTE
Row = dict[str, Any]
AUP = Aup(clause="c", tier=Tier.FACT, status="review", fields=("status", "method"))
#: Every row of mail is awaited.
ALONE = Absence(
    id="a",
    name="silent",
    title="",
    version="1",
    rules=("mail",),
    kinds=("mail",),
    group_by=("client_ip",),
    timespan=HOUR,
    forget=24 * HOUR,
    aup=AUP,
    detection="d",
)
#: After a login, mail is awaited.
AFTER = replace(ALONE, after=("login",), kinds=("login", "mail"))


def engine(rule: Absence, cap: int = 1000) -> Engine:
    anything = All(parts=())
    both = OneOf(field="status", values=("both",))
    selections = [
        Selection(id="mail", name="mail", title="", kind="mail", predicate=anything),
        Selection(id="login", name="login", title="", kind="login", predicate=anything),
        Selection(id="both", name="both", title="", kind="mail", predicate=both),
    ]
    known = RuleSet(selections={one.id: one for one in selections}, rules={rule.id: rule})
    return Engine({"p": (known, "v")}, key_cap=cap)


def row(kind: str, time: int, number: int = 0, **more: Any) -> Row:
    return {
        "kind": kind,
        "event_time": time,
        "observed_at": time + 7,
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
        "client_ip": "a",
        **more,
    }


def frames(rows: list[Row]) -> dict[str, pl.DataFrame]:
    made = {}
    for kind in ("mail", "login"):
        schema = columns(kind) | ATTRIBUTED
        listed = [{name: one.get(name) for name in schema} for one in rows if one["kind"] == kind]
        made[kind] = pl.DataFrame(listed, schema=schema).sort(ORDER)
    return made


def fed(running: Engine, rows: list[Row], frontier: int | None = None) -> list[Finding]:
    return running.feed(frames(rows), rows[-1]["event_time"] if frontier is None else frontier)


def said(findings: list[Finding]) -> list[tuple[str, int, int]]:
    return [(one.state, one.first, one.last) for one in findings]


def test_a_key_is_missed_when_its_time_is_over() -> None:
    rows = [row("mail", 30 * MINUTE, 1, status="sent", service="s2", forgeable=True)]
    running = engine(ALONE)
    assert fed(running, rows, 90 * MINUTE - 1) == []
    (found,) = running.feed({}, 90 * MINUTE)
    assert (found.state, found.first, found.last) == ("open", 90 * MINUTE, 90 * MINUTE)
    assert (found.value, found.threshold, found.events) == (0, 1, (event_id(1, 1),))
    assert (found.service, found.observed_at) == ("s2", 30 * MINUTE + 7)
    assert (found.tier, found.forgeable) == (Tier.STRONG, True)
    assert (found.evidence, found.key) == ({"status": "sent"}, {"client_ip": "a"})
    assert running.finish() == [found]


def test_it_ends_with_the_next_row_and_the_wait_begins_anew() -> None:
    rows = [row("mail", 0, 1), row("mail", 3 * HOUR, 2), row("mail", 3 * HOUR + 1, 3)]
    assert said(fed(engine(ALONE), rows, 5 * HOUR)) == [
        ("open", HOUR, HOUR),
        ("ended", HOUR, 3 * HOUR),
        ("open", 4 * HOUR, 4 * HOUR),
    ]


def test_it_is_forgotten_after_a_while() -> None:
    found = fed(engine(ALONE), [row("mail", 0, 1)], 100 * HOUR)
    assert said(found) == [("open", HOUR, HOUR), ("ended", HOUR, 25 * HOUR)]


def test_time_comes_before_rows_of_the_same_instant() -> None:
    rows = [row("mail", 0, 1), row("mail", HOUR, 2), row("mail", 26 * HOUR, 3)]
    running = engine(ALONE)
    assert said(fed(running, rows)) == [
        ("open", HOUR, HOUR),
        ("ended", HOUR, HOUR),
        ("open", 2 * HOUR, 2 * HOUR),
        ("ended", 2 * HOUR, 26 * HOUR),
    ]


def test_what_is_awaited_only_after_something_else() -> None:
    rows = [
        row("mail", 0, 1),
        row("login", HOUR, 2),
        row("login", HOUR + 50 * MINUTE, 3),
        row("mail", 4 * HOUR, 4),
    ]
    found = fed(engine(AFTER), rows, 50 * HOUR)
    assert said(found) == [("open", 2 * HOUR, 2 * HOUR), ("ended", 2 * HOUR, 4 * HOUR)]
    assert found[0].events == (event_id(1, 2),)
    assert fed(engine(AFTER), [*rows[:2], row("mail", 2 * HOUR - 1, 5)], 50 * HOUR) == []


def test_a_row_may_end_one_wait_and_begin_the_next() -> None:
    rule = replace(ALONE, after=("both",))
    rows = [row("mail", 0, 1, status="both"), row("mail", 10 * MINUTE, 2, status="both")]
    assert said(fed(engine(rule), rows, 2 * HOUR)) == [("open", 70 * MINUTE, 70 * MINUTE)]


def test_a_cooldown_puts_the_next_finding_off() -> None:
    rule = replace(ALONE, aup=replace(AUP, cooldown=3 * HOUR + 1))
    rows = [row("mail", 0, 1), row("mail", 2 * HOUR, 2)]
    # It ended at 2 h: the cooldown is over a moment after 5 h, the next pane starts at 5 h 1 min.
    assert said(fed(engine(rule), rows, 9 * HOUR))[2:] == [
        ("open", 5 * HOUR + MINUTE, 5 * HOUR + MINUTE)
    ]


def test_new_keys_are_refused_at_the_cap() -> None:
    running = engine(AFTER, cap=1)
    fed(running, [row("login", i, i, client_ip=key) for i, key in enumerate("aba")])
    (line,) = running.degraded()
    assert line.startswith("p: silent: 1 rows of new keys not evaluated: it holds 1 keys")
    fed(running, [row("mail", 8, 8), row("login", 9, 9, client_ip="b")])
    assert "1 rows" in running.degraded()[0]


def test_a_row_of_another_kind_is_told_apart() -> None:
    rows = [row("login", 0, 1, method="password"), row("login", 5, 2, client_ip="b", method="key")]
    rule = replace(ALONE, rules=("mail", "login"), kinds=("login", "mail"))
    running = engine(rule)
    fed(running, rows)
    found = fed(running, [row("mail", 50, 3, client_ip="b", status="sent")], 3 * HOUR)
    assert [(one.key["client_ip"], one.evidence) for one in found] == [
        ("a", {"method": "password"}),
        ("b", {"status": "sent"}),
    ]


def test_state_is_bounded_by_the_keys_that_are_awaited() -> None:
    running = engine(replace(AFTER, aup=replace(AUP, cooldown=MINUTE)))
    for i in range(120):
        rows = [row("login", i * MINUTE + n, n, client_ip=f"{i}-{n}") for n in range(40)]
        rows += [row("mail", i * MINUTE + 100, 0, client_ip=f"{i}-{n}") for n in range(39)]
        fed(running, rows)
    body = running.save()["providers"]["p"]["a"]["windows"]
    assert body["count"] < 4 * 1024
    held = pl.read_ipc(body["began"]["login"]["rows"])
    assert held.height == 120


def test_many_waits_settle_in_their_order() -> None:
    count = 20_000
    rng = np.random.default_rng(5)
    times = np.sort(rng.integers(0, 10 * HOUR, count))
    base = pl.DataFrame([row("login", 0)], schema=columns("login") | ATTRIBUTED)
    many = base.select(pl.all().repeat_by(count).explode()).with_columns(
        event_time=pl.Series(times),
        position=pl.Series(range(count)),
        client_ip=pl.Series([f"k{n}" for n in rng.permutation(count)]),
    )
    running = engine(replace(AFTER, timespan=20 * HOUR), cap=count)
    assert running.feed({"login": many}, int(times[-1])) == []
    opened = 0
    for step in range(20 * 60, 31 * 60, 10):
        found = running.feed({}, step * MINUTE)
        assert [one.first for one in found] == sorted(one.first for one in found)
        assert all(one.first <= step * MINUTE for one in found)
        opened += len(found)
    assert opened == count


def test_a_wait_keeps_its_row_and_not_the_batch_of_the_row() -> None:
    running = engine(ALONE)
    texts = [f"{n} " + "long text " * 20 for n in range(5000)]
    rows = [row("mail", n, n, status=text) for n, text in enumerate(texts)]
    fed(running, rows)
    body = running.save()["providers"]["p"]["a"]["windows"]
    assert len(body["began"]["mail"]["rows"]) < 20_000


# --- the law, against a model that keeps every row ------------------------------------------------


class Model:
    """One key of an absence, from the rows alone."""

    def __init__(self, rule: Absence) -> None:
        self.rule = rule
        self.began: Row | None = None
        self.opened: int | None = None
        self.ended = -math.inf

    def run(self, rows: list[Row], frontier: int) -> Iterator[tuple[Any, ...]]:
        for one in rows:
            time = one["event_time"]
            yield from self._silence(time)
            alone = not self.rule.after
            came, awaits = self._is(one, self.rule.rules), self._is(one, self.rule.after)
            if came:
                if self.opened is not None:
                    yield self._end(time)
                self.began = None
            if (came if alone else awaits) and self.began is None:
                self.began = one
        yield from self._silence(frontier)

    def _is(self, one: Row, ids: tuple[str, ...]) -> bool:
        both = "both" in ids and one["kind"] == "mail" and one["status"] == "both"
        return one["kind"] in ids or both

    def _silence(self, until: int) -> Iterator[tuple[Any, ...]]:
        if self.began is not None and self.opened is None:
            due = self._due()
            if due <= until:
                self.opened = due
                yield ("open", due, due, event_id(1, self.began["position"]))
        if self.opened is not None and self.opened + self.rule.forget <= until:
            yield self._end(self.opened + self.rule.forget)

    def _due(self) -> int:
        assert self.began is not None
        assert self.rule.aup is not None
        pane = pane_length(self.rule.timespan)
        step = self.began["event_time"] // pane + 60
        while step * pane < self.ended + self.rule.aup.cooldown:
            step += 1
        return int(step * pane)

    def _end(self, instant: int) -> tuple[Any, ...]:
        assert self.began is not None
        found = ("ended", self.opened, instant, event_id(1, self.began["position"]))
        self.began, self.opened, self.ended = None, None, instant
        return found


@st.composite
def rules(draw: st.DrawFn) -> Absence:
    span = draw(st.sampled_from([MINUTE, 7_001_000, 1]))
    return replace(
        draw(st.sampled_from([ALONE, AFTER, replace(AFTER, after=("login", "both"))])),
        timespan=span,
        forget=draw(st.sampled_from([1, span // 2 + 1, span * 3, 30 * span])),
        aup=replace(AUP, cooldown=draw(st.sampled_from([0, 0, 1, span, 5 * span]))),
    )


@st.composite
def rows_for(draw: st.DrawFn, rule: Absence) -> list[Row]:
    pane = pane_length(rule.timespan)
    step = st.sampled_from([0, 0, 1, pane - 1, pane, 30 * pane, 59 * pane, 60 * pane])
    far = st.sampled_from([61 * pane, 120 * pane, rule.forget, rule.forget + pane])
    time = draw(st.sampled_from([0, -61 * pane - 1, 1_767_571_200_000_000, 250_000 * 10**12]))
    rows = []
    for i in range(draw(st.integers(1, 40))):
        time += draw(st.one_of(step, step, far))
        kind = draw(st.sampled_from(["mail", "login", "login"] if rule.after else ["mail"]))
        key = draw(st.sampled_from(["a", "a", "b", None]))
        rows.append(row(kind, time, i, client_ip=key, status=draw(st.sampled_from(["both", "no"]))))
    return rows


def _cut(
    draw: st.DataObject, rule: Absence, rows: list[Row], end: int
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
    span = rule.timespan
    end = rows[-1]["event_time"] + data.draw(st.sampled_from([0, span, 3 * span, 99 * span]))
    running = engine(rule)
    found = fed(running, rows) + running.feed({}, end)
    for key in ("a", "b", None):
        seen = [one for one in rows if one["client_ip"] == key]
        mine = [
            (one.state, one.first, one.last, one.events[0])
            for one in found
            if one.key["client_ip"] == key
        ]
        assert mine == list(Model(rule).run(seen, end))
    instants = [one.last for one in found]
    assert instants == sorted(instants)
    event(f"states: {sorted({one.state for one in found})}")
    assert _cut(data, rule, rows, end) == (found, running.finish())


@given(data=st.data())
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_forgetting_is_beginning_anew(data: st.DataObject) -> None:
    rule = replace(data.draw(rules()), group_by=("customer",))
    rows = sorted(data.draw(rows_for(rule)), key=lambda one: tuple(one[k] for k in ORDER))
    rows = [{**one, "customer": "c1" if one["client_ip"] == "a" else "c2"} for one in rows]
    at = data.draw(st.integers(0, len(rows)))
    running, untouched, fresh = engine(rule), engine(rule), engine(rule)
    for one in (running, untouched):
        if rows[:at]:
            fed(one, rows[:at])
    gone = running.forget("p", "c", "c1")
    assert gone == [one for one in untouched.finish() if one.customer == "c1"]
    end = rows[-1]["event_time"] + 99 * rule.timespan
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
