"""What the engine does beside the meaning that the oracle holds it to."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from aupkeep.base.errors import AupkeepError
from aupkeep.detection.engine import STATE_VERSION, Engine
from aupkeep.detection.finding import Finding
from aupkeep.detection.rule import All, Aup, Conjunction, RuleSet, Selection, Threshold, Window
from aupkeep.events.schema import ATTRIBUTED, columns
from aupkeep.policy.model import Tier

MINUTE = 60_000_000
SELECTION = Selection(id="s", name="s", title="", kind="mail", predicate=All(parts=()))
AUP = Aup(clause="spam", tier=Tier.FACT, status="automatic", fields=("status",), most=3)
WINDOW = Window(
    id="w",
    name="busy",
    title="",
    version="4",
    measure="event_count",
    kind="mail",
    rules=("s",),
    group_by=("customer", "login"),
    timespan=60 * MINUTE,
    op="gte",
    threshold=Threshold(default=2),
    aup=AUP,
    detection="d",
)


def ruleset(*rules: Window | Conjunction) -> RuleSet:
    return RuleSet(selections={"s": SELECTION}, rules={rule.id: rule for rule in rules})


def engine(*rules: Window | Conjunction, cap: int = 1000) -> Engine:
    return Engine({"p": (ruleset(*rules), "v1")}, key_cap=cap)


def mail(*rows: dict[str, Any]) -> dict[str, pl.DataFrame]:
    base = {
        "stream": 1,
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
        "status": "sent",
    }
    made = [
        {**base, "observed_at": row["event_time"] + 5, "position": row["event_time"], **row}
        for row in rows
    ]
    schema = columns("mail") | ATTRIBUTED
    return {"mail": pl.DataFrame([{k: r.get(k) for k in schema} for r in made], schema=schema)}


def at(*minutes: int, **more: Any) -> dict[str, pl.DataFrame]:
    return mail(*({"event_time": minute * MINUTE, **more} for minute in minutes))


def test_a_finding_says_what_it_rests_on() -> None:
    (found,) = engine(WINDOW).feed(at(1, 2), 2 * MINUTE)
    assert (found.state, found.rule, found.rule_version, found.policy_version) == (
        "open",
        "w",
        "4",
        "v1",
    )
    assert (found.clause, found.tier, found.rule_status) == ("spam", Tier.FACT, "automatic")
    assert found.key == {"customer": "c1", "login": "a"}
    assert (found.customer, found.service, found.actor) == ("c1", "s1", "login:a")
    assert (found.first, found.last, found.observed_at) == (2 * MINUTE,) * 2 + (2 * MINUTE + 5,)
    assert (found.value, found.threshold) == (2, 2)
    assert [event.split(":")[1] for event in found.events] == [str(2 * MINUTE), str(MINUTE)]
    assert found.evidence == {"status": "sent"}


def test_an_end_is_noticed_by_time_alone_and_stands_at_the_pane() -> None:
    running = engine(WINDOW)
    running.feed(at(1, 2), 2 * MINUTE)
    assert running.feed({}, 61 * MINUTE - 1) == []
    (ended,) = running.feed({}, 200 * MINUTE)
    assert (ended.state, ended.last) == ("ended", 61 * MINUTE)
    assert running.finish() == []


def test_cooldown_counts_from_the_end_to_the_microsecond() -> None:
    rule = replace(WINDOW, threshold=Threshold(default=1), aup=replace(AUP, cooldown=5 * MINUTE))
    again = 61 * MINUTE + 5 * MINUTE  # The row at minute 1 leaves the window at minute 61.
    for late, states in ((-1, ["open", "ended"]), (0, ["open", "ended", "open"])):
        running = engine(rule)
        found = running.feed(at(1), MINUTE)
        found += running.feed(mail({"event_time": again + late}), again)
        assert [one.state for one in found] == states


def test_growth_is_told_once_a_power_of_ten() -> None:
    running = engine(WINDOW)
    times = [MINUTE + second * 1_000_000 for second in range(250)]
    found = running.feed(mail(*({"event_time": time} for time in times)), times[-1])
    assert [(one.state, one.value) for one in found] == [
        ("open", 2),
        ("growing", 20),
        ("growing", 200),
    ]
    (now,) = running.finish()
    assert (now.state, now.value, now.last) == ("growing", 250, times[-1])


def test_forgeable_rows_lower_the_tier() -> None:
    rows = at(1, forgeable=True)["mail"].vstack(at(2)["mail"])
    (found,) = engine(WINDOW).feed({"mail": rows}, 2 * MINUTE)
    assert (found.tier, found.forgeable) == (Tier.STRONG, True)
    (later,) = engine(WINDOW).feed(at(1, 2, authenticated=False), 2 * MINUTE)
    assert later.tier is Tier.STRONG


def test_unknown_customers_do_not_add_up() -> None:
    rows = [
        {"event_time": i * MINUTE, "customer": None, "attribution": "unknown", "actor": f"ip:{i}"}
        for i in range(1, 9)
    ]
    assert engine(WINDOW).feed(mail(*rows), 9 * MINUTE) == []
    same = [{**row, "actor": "ip:1"} for row in rows]
    (found,) = engine(WINDOW).feed(mail(*same), 9 * MINUTE)
    assert (found.customer, found.key["customer"], found.attribution) == (None, None, "unknown")


def test_new_keys_beyond_the_cap_are_refused_and_reported() -> None:
    running = engine(WINDOW, cap=2)
    rows = [{"event_time": MINUTE + i, "login": f"l{i % 3}"} for i in range(6)]
    found = running.feed(mail(*rows), 2 * MINUTE)
    assert [one.key["login"] for one in found] == ["l0", "l1"]
    assert "".join(running.degraded()) == (
        "p: busy: 2 rows of new keys not evaluated: it holds 2 keys, which is the most;"
        " since 1970-01-01T00:01:00Z, last 1970-01-01T00:01:00.000005Z"
    )
    again = running.feed(at(100, 101, login="l2"), 101 * MINUTE)
    assert [one.key["login"] for one in again if one.state == "open"] == ["l2"]


def test_a_changed_threshold_keeps_the_windows() -> None:
    before = engine(WINDOW)
    before.feed(at(1), MINUTE)
    after = engine(replace(WINDOW, threshold=Threshold(default=3), version="5"))
    assert after.restore(through_bytes(before.save())) == []
    (found,) = after.feed(at(2, 3), 3 * MINUTE)
    assert (found.value, found.threshold, found.rule_version) == (3, 3, "5")


def test_a_changed_detection_part_starts_empty_and_hands_back_what_was_open() -> None:
    before = engine(WINDOW)
    (opened,) = before.feed(at(1, 2), 2 * MINUTE)
    after = engine(replace(WINDOW, detection="other"))
    assert after.restore(through_bytes(before.save())) == [opened]
    assert after.feed(at(3), 3 * MINUTE) == []


def test_a_newer_state_is_refused() -> None:
    with pytest.raises(AupkeepError, match="version"):
        engine(WINDOW).restore({"version": STATE_VERSION + 1, "providers": {}})


def test_state_of_keys_without_rows_is_dropped() -> None:
    running = engine(replace(WINDOW, aup=replace(AUP, cooldown=MINUTE)))
    empty = running.save()
    for start in range(0, 100_000, 1000):
        rows = [{"event_time": start * MINUTE + i, "login": f"l{start + i}"} for i in range(500)]
        running.feed(mail(*rows), start * MINUTE + 500)
    size = len(msgspec.msgpack.encode(running.save()))
    assert size < 1_000_000
    running.feed({}, 1_000_000 * MINUTE)
    assert running.save() == empty


def test_providers_do_not_see_each_other() -> None:
    running = Engine({"p": (ruleset(WINDOW), "1"), "q": (ruleset(WINDOW), "1")})
    rows = at(1)["mail"].vstack(at(2, provider="q")["mail"])
    assert running.feed({"mail": rows}, 2 * MINUTE) == []
    assert [one.provider for one in running.feed(at(3, provider="q"), 3 * MINUTE)] == ["q"]


def through_bytes(state: dict[str, Any]) -> Any:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(state))


DISTINCT = replace(WINDOW, id="d", measure="value_count", field="recipient", detection="d2")
TOTAL = replace(WINDOW, id="t", measure="value_sum", field="size", detection="d3")
SHARE = replace(
    WINDOW, id="r", measure="ratio", numerator="s", least=2, threshold=Threshold(default=0.5)
)
EVERY = (WINDOW, DISTINCT, TOTAL, replace(SHARE, detection="d4"))


def busy(start: int, count: int) -> dict[str, pl.DataFrame]:
    """Rows of many keys, some of them in many panes."""
    return mail(
        *(
            {
                "event_time": (start + i) * 7_000_000,
                "login": f"l{i % 7 if i % 3 else i % 900}",
                "recipient": f"r{i % 11}@b.example",
                "size": i % 13 - 2,
            }
            for i in range(count)
        )
    )


def test_threads_and_shares_change_nothing() -> None:
    alone = engine(*EVERY)
    threads = Engine({"p": (ruleset(*EVERY), "v1")}, workers=3)
    parts = [Engine({"p": (ruleset(*EVERY), "v1")}, share=(i, 3)) for i in range(3)]
    for start in range(0, 4000, 1000):
        rows, end = busy(start, 1000), (start + 1000) * 7_000_000
        found = alone.feed(rows, end)
        assert found
        assert threads.feed(rows, end) == found
        shared = [part.feed(rows, end) for part in parts]
        assert all(shared)
        assert sorted(map(repr, chain.from_iterable(shared))) == sorted(map(repr, found))
    assert threads.save() == alone.save()


def test_the_saved_form_does_not_depend_on_what_was_there_before() -> None:
    grown, fresh = engine(*EVERY), engine(*EVERY)
    grown.feed(busy(0, 3000), 3000 * 7_000_000)
    late = 3000 * 7_000_000 + 1000 * 60 * MINUTE
    grown.feed({}, late)
    fresh.feed({}, late)
    rows = busy(late // 7_000_000 + 1, 500)
    end = rows["mail"]["event_time"][-1]
    opened = [one.id for one in grown.feed(rows, end)]
    assert opened == [one.id for one in fresh.feed(rows, end)]
    assert grown.save() == fresh.save()
    again = engine(*EVERY)
    assert again.restore(through_bytes(grown.save())) == []
    assert again.save() == grown.save()


def test_codes_of_what_nobody_holds_are_given_out_again() -> None:
    running = engine(*EVERY)
    for start in range(60):
        base = start * 100 * MINUTE
        rows = [
            {"event_time": base + i, "login": f"l{base + i}", "recipient": f"r{base + i}"}
            for i in range(500)
        ]
        running.feed(mail(*rows), base + 500)
    (keys,) = {id(one.keys): one.keys for one in running._watches["p"].evaluators.values()}.values()  # noqa: SLF001
    assert keys.bound < 10_000
    assert len(keys.columns[1]) < 10_000


OLD_STATE = Path(__file__).parent / "state_version_1.msgpack"
JOINED = Conjunction(
    id="j",
    name="j",
    title="",
    version="1",
    rules=("w", "d"),
    kinds=("mail",),
    group_by=("login",),
    timespan=20 * MINUTE,
    aup=AUP,
    detection="d6",
)
REAL = replace(TOTAL, id="f", field="delay", threshold=Threshold(default=1.5), detection="d5")
OLD_RULES = (*EVERY, REAL, JOINED)


def few(start: int, count: int) -> dict[str, pl.DataFrame]:
    """Rows of few keys, one of them in many panes."""
    return mail(
        *(
            {
                "event_time": (start + i) * 31_000_000,
                "login": f"l{0 if i % 2 else i % 9}",
                "recipient": f"r{i % 5}@b.example",
                "size": i % 13 - 2,
                "delay": i % 7 / 3,
            }
            for i in range(count)
        )
    )


def test_state_of_the_first_version_is_read() -> None:
    """What a program of version 1 had saved after 300 rows goes on as if it were this one."""
    begun, older = engine(*OLD_RULES), engine(*OLD_RULES)
    begun.feed(few(0, 300), 300 * 31_000_000)
    assert older.restore(msgspec.msgpack.decode(OLD_STATE.read_bytes())) == []
    end = 500 * 31_000_000
    assert _said(older.feed(few(300, 200), end)) == _said(begun.feed(few(300, 200), end))
    assert _said(older.feed({}, 2 * end)) == _said(begun.feed({}, 2 * end))


def _said(findings: list[Finding]) -> list[tuple[object, ...]]:
    return [
        (one.id, one.state, one.key, one.first, one.last, one.value, one.threshold, one.events)
        for one in findings
    ]
