"""What a finding rests on: window, parameters, condition, and that all of it survives."""

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
    Flag,
    OneOf,
    Predicate,
    Rule,
    RuleSet,
    Selection,
    Threshold,
    Window,
)
from aupkeep.events.schema import ATTRIBUTED, columns
from aupkeep.policy.model import Tier
from aupkeep.store.rows import from_text, to_text

MINUTE = 60_000_000
SENT = OneOf(field="status", values=("sent",))
BOUNCED = OneOf(field="status", values=("bounced",))
MEANT: dict[str, Predicate] = {
    "all": All(parts=()),
    "sent": All(parts=(SENT, Flag(field="counted", value=True))),
    "bounced": BOUNCED,
}
SELECTIONS = {
    name: Selection(id=name, name=f"the {name}", title="", kind="mail", predicate=predicate)
    for name, predicate in MEANT.items()
}
AUP = Aup(clause="spam", tier=Tier.FACT, status="automatic", cooldown=5 * MINUTE)
WINDOW = Window(
    id="w",
    name="busy",
    title="",
    version="4",
    measure="event_count",
    kind="mail",
    rules=("sent",),
    group_by=("customer",),
    timespan=60 * MINUTE,
    op="gte",
    threshold=Threshold(default=2, plans={"big": 3}),
    aup=AUP,
    detection="d",
)
RATIO = replace(
    WINDOW,
    measure="ratio",
    rules=("all",),
    numerator="bounced",
    threshold=Threshold(default=0.5),
    least=3,
)
BOTH = Conjunction(
    id="t",
    name="both",
    title="",
    version="1",
    rules=("sent", "bounced"),
    kinds=("mail",),
    group_by=("customer",),
    timespan=10 * MINUTE,
    aup=AUP,
    detection="t",
)


def rows(*given: dict[str, Any]) -> dict[str, pl.DataFrame]:
    base = {
        "stream": 1,
        "part": 0,
        "provider": "p",
        "authenticated": True,
        "late": False,
        "customer": "c1",
        "plans": "small",
        "attribution": "attributed",
        "actor": "login:a",
        "forgeable": False,
        "status": "sent",
        "counted": True,
    }
    schema = columns("mail") | ATTRIBUTED
    made = [
        {**base, "position": i, "observed_at": row["event_time"], **row}
        for i, row in enumerate(given)
    ]
    return {"mail": pl.DataFrame([{k: r.get(k) for k in schema} for r in made], schema=schema)}


def at(minute: int, **more: Any) -> dict[str, Any]:
    return {"event_time": minute * MINUTE, **more}


def found(rule: Rule, *given: dict[str, Any]) -> list[Finding]:
    engine = Engine({"p": (RuleSet(selections=SELECTIONS, rules={rule.id: rule}), "v")})
    return engine.feed(rows(*given), max(row["event_time"] for row in given))


def test_a_window_says_value_threshold_plan_and_bounds() -> None:
    (one,) = found(WINDOW, at(61), at(62), at(63, status="bounced"))
    assert one.window == (3 * MINUTE, 62 * MINUTE)
    assert one.parameters == {
        "measure": "event_count",
        "group_by": ["customer"],
        "op": "gte",
        "timespan": "1h",
        "threshold": {"default": 2, "big": 3},
        "cooldown": "5m",
    }
    because = dict(one.because)
    (base,) = because.pop("rules")
    assert because == {
        "text": "2 rows within 1h, at least 2 wanted",
        "value": 2,
        "op": "gte",
        "threshold": 2,
        "plan": "default",
        "holds": True,
    }
    assert (base["rule"], base["id"], base["holds"]) == ("the sent", "sent", True)
    assert [leaf["actual"] for leaf in base["tree"]["all"]] == ["sent", True]


def test_the_plan_whose_threshold_is_in_force_is_named() -> None:
    (one,) = found(WINDOW, *(at(minute, plans="big|small") for minute in (1, 2, 3)))
    assert (one.because["plan"], one.because["threshold"], one.value) == ("big", 3, 3)


def test_a_ratio_says_what_it_was_made_of() -> None:
    (one,) = found(RATIO, at(1), at(2, status="bounced"), at(3, status="bounced"))
    because = one.because
    assert (because["numerator"], because["denominator"], because["least"]) == (2, 3, 3)
    assert [base["holds"] for base in because["rules"]] == [True, True]


def test_a_conjunction_says_when_each_rule_held_last() -> None:
    (one,) = found(BOTH, at(1), at(2), at(4, status="bounced"))
    assert one.window == (-6 * MINUTE, 4 * MINUTE)
    first, second = one.because["rules"]
    assert (first["held_last"], first["holds"]) == ("1970-01-01T00:02:00Z", False)
    assert (second["held_last"], second["holds"]) == ("1970-01-01T00:04:00Z", True)
    assert "tree" not in first
    assert second["tree"]["actual"] == "bounced"


@pytest.mark.parametrize("rule", [WINDOW, RATIO, BOTH])
def test_the_bundle_survives_the_database_and_a_restart(rule: Rule) -> None:
    given = [at(1), at(2, status="bounced"), at(3), at(4, status="bounced")]
    (one,) = [item for item in found(rule, *given) if item.state == "open"]
    assert from_text(to_text(one), Finding) == one
    ruled = {"p": (RuleSet(selections=SELECTIONS, rules={rule.id: rule}), "v")}
    first, second = Engine(ruled), Engine(ruled)
    first.feed(rows(*given), 4 * MINUTE)
    second.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(first.save())))
    assert second.finish() == first.finish()
    assert second.finish()[0].because == one.because


def test_a_finding_that_an_older_program_saved_is_read() -> None:
    (one,) = found(WINDOW, at(1), at(2))
    state = Engine({"p": (RuleSet(selections=SELECTIONS, rules={"w": WINDOW}), "v")})
    state.feed(rows(at(1), at(2)), 2 * MINUTE)
    saved = msgspec.msgpack.decode(msgspec.msgpack.encode(state.save()))
    for body in saved["providers"]["p"]["w"]["open"].values():
        for name in ("window", "parameters", "because", "exception", "excepted_until"):
            del body[name]
    again = Engine({"p": (RuleSet(selections=SELECTIONS, rules={"w": WINDOW}), "v")})
    again.restore(saved)
    (old,) = again.finish()
    assert (old.id, old.window, old.because) == (one.id, None, {})
    text = msgspec.json.decode(to_text(one))
    for name in ("window", "parameters", "because", "exception", "excepted_until"):
        del text[name]
    read = from_text(msgspec.json.encode(text).decode(), Finding)
    assert (read.id, read.window, read.suppressed) == (one.id, None, False)


def test_what_opened_and_ended_in_one_feed_has_its_tree_in_both_states() -> None:
    states = found(WINDOW, at(1), at(2), at(200))
    assert [one.state for one in states] == ["open", "ended"]
    assert states[0].because == states[1].because
    assert "tree" in states[1].because["rules"][0]


def test_how_rows_are_cut_changes_no_tree() -> None:
    given = [at(1), at(2), at(3), at(200), at(201)]
    whole = found(WINDOW, *given)
    engine = Engine({"p": (RuleSet(selections=SELECTIONS, rules={"w": WINDOW}), "v")})
    frame = rows(*given)["mail"]
    cut: list[Finding] = []
    for i in range(len(given)):
        cut += engine.feed({"mail": frame[i : i + 1]}, int(frame["event_time"][i]))
    assert cut == whole
