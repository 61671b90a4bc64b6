"""Why a finding opened, on the page of its case; exceptions in force, above the queue."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aupkeep.base.clock import DAY
from aupkeep.flow.excepting import Wanted, make_exception

LEAF = {"field": "dst_port", "wanted": [22], "actual": 22, "holds": True, "text": "dst_port is 22"}
MISSING = {"field": "user", "wanted": "x", "actual": None, "holds": False, "text": "user is `x`"}
BECAUSE: dict[str, Any] = {
    "text": "20 rows within 10m, at least 20 wanted",
    "value": 20,
    "op": "gte",
    "threshold": 20,
    "plan": "site-big",
    "holds": True,
    "rules": [
        {
            "rule": "guess",
            "id": "1",
            "holds": True,
            "tree": {"all": [LEAF, {"not": MISSING, "holds": True}], "holds": True, "more": 3},
        },
        {"rule": "other", "id": "2", "holds": False},
        {"rule": "third", "id": "3", "held_last": "2026-01-05T00:00:00Z"},
    ],
}


def test_the_tree_stands_behind_one_summary_without_script(desk: Any, words: Any) -> None:
    finding = desk.stage.finding(because=BECAUSE)
    case = desk.stage.case(replace(finding, window=(finding.first - DAY, finding.first)))
    page = desk.person().get(f"/case/{case.id}")
    text = page.content.decode()
    assert text.count("<summary>The row at which login_spam opened</summary>") == 1
    said = words(page)
    assert "20 rows within 10m, at least 20 wanted (plan site-big). Its rows are from" in said
    assert "guess holds at this row yes: all of yes: dst_port is 22; it is 22" in said
    assert "not no: user is `x`; it is missing" in said
    assert "and 3 more" in said
    assert "other does not hold at this row" in said
    assert "third held last at 2026-01-05T00:00:00Z" in said


def test_what_a_stranger_wrote_is_only_text(desk: Any) -> None:
    bad = {**LEAF, "actual": "<script>alert(1)</script>"}
    because = {**BECAUSE, "rules": [{"rule": "<b>x", "id": "1", "holds": True, "tree": bad}]}
    case = desk.stage.case(desk.stage.finding(because=because))
    text = desk.person().get(f"/case/{case.id}").content.decode()
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_a_finding_of_an_older_program_has_no_tree(desk: Any, words: Any) -> None:
    case = desk.stage.case()
    assert "wanted" not in words(desk.person().get(f"/case/{case.id}"))


def test_exceptions_in_force_stand_above_the_queue(desk: Any, words: Any) -> None:
    assert "Excepted for now" not in words(desk.person().get("/"))
    wanted = Wanted(
        customer="jas-1",
        clause="spam",
        since=desk.stage.now,
        until=desk.stage.now + DAY,
        reason="a campaign was announced",
        by="ann",
    )
    make_exception(desk.stage.installation, wanted, now=desk.stage.now)
    said = words(desk.person().get("/"))
    assert "Excepted for now: customer jas-1 of jasmo from clause spam, until" in said
    assert "(0 findings covered; approved by ann: a campaign was announced)" in said
    desk.stage.later(2 * DAY)
    assert "Excepted for now" not in words(desk.person().get("/"))
