"""The queue: order, filters, words."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aupkeep.base.clock import DAY, HOUR, MINUTE
from aupkeep.desk.words import span
from aupkeep.flow import answering, approving, pausing
from aupkeep.flow.alarms import raise_alarm
from aupkeep.policy.model import Tier
from aupkeep.store import alarms, dialogue, intake, queries
from aupkeep.store.database import unit
from aupkeep.store.queries import EVERY, FORCE, NEEDS, Wanted
from desk_stage import PROVIDER


def _case(stage: Any, customer: str, **changes: Any) -> Any:
    protected = changes.pop("protected", False)
    found = stage.finding(f"{customer}@shop.example", customer=customer, **changes)
    return stage.case(found, protected=protected)


def _order(answer: Any) -> list[str]:
    return re.findall(r'href="/case/(\w+)"', answer.content.decode())


def test_nothing_is_said_of_nothing(desk: Any, words: Any) -> None:
    said = words(desk.person().get("/"))
    assert "Observe: nothing is carried out" in said
    assert "Nothing has been read yet" in said
    assert "No case fits" in said


def test_the_oldest_due_comes_first_then_what_has_no_clock(desk: Any) -> None:
    stage = desk.stage
    hours = {"c-1": 5, "c-2": 30, "c-3": 2}
    cases = {
        name: _case(stage, name, observed_at=stage.now - past * HOUR)
        for name, past in hours.items()
    }
    stage.arm()
    decided = _case(stage, "c-4", observed_at=stage.now - MINUTE)
    stage.carry_out()
    expected = [cases["c-2"].id, cases["c-1"].id, cases["c-3"].id, decided.id]
    assert _order(desk.person().get("/")) == expected


def test_overdue_is_a_word_and_only_where_a_person_must_decide(desk: Any, words: Any) -> None:
    _case(desk.stage, "c-1", observed_at=desk.stage.now - 30 * HOUR)
    assert "overdue" not in words(desk.person().get("/"))
    desk.stage.arm()
    _case(desk.stage, "c-2", observed_at=desk.stage.now - 3 * HOUR, protected=True)
    desk.stage.later(30 * HOUR)
    assert words(desk.person().get("/")).count("overdue") == 1


def test_what_was_decided_is_not_overdue_because_the_customer_answers(
    desk: Any, words: Any
) -> None:
    stage = desk.stage
    stage.arm()
    held = _case(stage, "c-1")
    stage.carry_out()
    answering.answer(dialogue.notices_of(held.id)[0].notice.id, "Mended.", now=stage.now)
    stage.later(20 * HOUR)
    row = queries.queue(Wanted()).rows[0]
    assert (row.needs, row.due) == (True, None)
    assert "decided" in words(desk.person().get("/"))


def test_states_are_said_in_words(desk: Any, words: Any) -> None:
    stage = desk.stage
    _case(stage, "c-1")
    stage.arm()
    _case(stage, "c-2", protected=True)
    held = _case(stage, "c-3")
    stage.carry_out()
    notice = dialogue.notices_of(held.id)[0].notice
    answering.answer(notice.id, "I changed the password.", now=stage.now)
    said = words(desk.person().get("/"))
    assert "would do (observe): hold outgoing mail" in said
    assert "hold outgoing mail: waits for 1 person" in said
    assert "hold outgoing mail: hold verified, customer told" in said
    assert "the customer answered" in said


def test_what_is_armed_is_said(desk: Any, words: Any) -> None:
    desk.stage.arm("spam", "port-scan")
    said = words(desk.person().get("/"))
    assert "Armed. jasmo: hold outgoing mail, letter to the customer; for port-scan, spam" in said


def test_a_case_about_nobody_says_so(desk: Any, words: Any) -> None:
    found = desk.stage.finding(customer=None, attribution="unknown", actor="ip:192.0.2.10")
    desk.stage.case(found)
    said = words(desk.person().get("/"))
    assert "nobody yet: unknown ip:192.0.2.10" in said
    assert "review: a person must look" in said


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", {"c-1", "c-2", "c-3"}),
        ("?state=all", {"c-1", "c-2", "c-3"}),
        ("?state=needs", {"c-2"}),
        ("?state=force", {"c-3"}),
        ("?state=nonsense", {"c-1", "c-2", "c-3"}),
        ("?provider=jasmo", {"c-1", "c-2", "c-3"}),
        ("?provider=other", set()),
        ("?text=C-2@shop", {"c-2"}),
        ("?text=c-2", {"c-2"}),
        ("?text=spam", {"c-1", "c-2", "c-3"}),
        ("?text=%25", set()),
        ("?text=_-1", set()),
        ("?text=%00", {"c-1", "c-2", "c-3"}),
        ("?text=state", set()),
        ("?page=2", set()),
        ("?page=-1", {"c-1", "c-2", "c-3"}),
        ("?page=99999999999999999999", {"c-1", "c-2", "c-3"}),
    ],
)
def test_filters(desk: Any, query: str, wanted: set[str]) -> None:
    stage = desk.stage
    cases = {"c-1": _case(stage, "c-1")}
    stage.arm()
    cases["c-2"] = _case(stage, "c-2", protected=True)
    cases["c-3"] = _case(stage, "c-3")
    stage.carry_out()
    answer = desk.person().get(f"/{query}")
    assert answer.status_code == 200
    assert set(_order(answer)) == {cases[name].id for name in wanted}


def test_a_case_is_found_by_the_beginning_of_its_id(desk: Any) -> None:
    one, other = _case(desk.stage, "c-1"), _case(desk.stage, "c-2")
    assert _order(desk.person().get(f"/?text={one.id[:9].upper()}")) == [one.id]
    assert one.id != other.id


def test_what_needs_a_person(stage: Any) -> None:
    def needs() -> set[str]:
        found = queries.queue(Wanted(state=NEEDS))
        return {row.case.customer or "" for row in found.rows}

    _case(stage, "c-1")
    assert needs() == set()
    _case(stage, "c-2", tier=Tier.FACT, forgeable=True)
    assert needs() == {"c-2"}
    stage.arm()
    waiting = _case(stage, "c-3", protected=True)
    held = _case(stage, "c-4")
    assert needs() == {"c-2", "c-3"}
    approving.refuse(stage.sanction(waiting).id, "ann", "a mistake", now=stage.now)
    assert needs() == {"c-2"}
    stage.carry_out()
    notice = dialogue.notices_of(held.id)[0].notice
    answering.answer(notice.id, "I changed the password.", now=stage.now)
    assert needs() == {"c-2", "c-4"}
    approving.lift(stage.sanction(held).id, "ann", "mended", release=True, now=stage.now)
    stage.carry_out()
    assert needs() == {"c-2"}
    assert queries.queue(Wanted(state=FORCE)).total == 0
    assert queries.queue(Wanted(state=EVERY)).total == 4


def test_fifty_cases_a_page(desk: Any, monkeypatch: pytest.MonkeyPatch, words: Any) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    for number in range(5):
        _case(desk.stage, f"c-{number}", observed_at=desk.stage.now - (9 - number) * HOUR)
    browser = desk.person()
    seen = []
    path = "/?provider=jasmo"
    for number in (1, 2, 3):
        answer = browser.get(path)
        assert f"5 cases, the oldest due first; page {number} of 3." in words(answer)
        seen += _order(answer)
        later = re.search(r'rel="next" href="([^"]+)"', answer.content.decode())
        path = "/" + later[1].replace("&amp;", "&") if later else ""
    assert len(seen) == len(set(seen)) == 5
    assert not path


def test_pages_do_not_ask_more_the_more_cases_there_are(desk: Any) -> None:
    browser = desk.person()

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries_of:
            browser.get("/")
        return len(queries_of)

    _case(desk.stage, "c-0")
    browser.get("/")  # Policies are read once.
    few = asked()
    for number in range(1, 12):
        _case(desk.stage, f"c-{number}")
    assert asked() == few
    assert few < 30


def test_how_far_the_engine_has_read(desk: Any, words: Any) -> None:
    now = desk.stage.now
    with unit():
        intake.put_commit(intake.Committed(1, "1.state", now - HOUR, now - MINUTE))
    assert "nothing new was read" not in words(desk.person().get("/"))
    desk.stage.later(HOUR)
    said = words(desk.person().get("/"))
    assert "Read up to " in said
    assert "nothing new was read since 1 h 1 min ago" in said


def test_an_alarm_stands_there_until_somebody_acknowledges_it(desk: Any, words: Any) -> None:
    raise_alarm(PROVIDER, "sanction-fails", "x", "the map cannot be written", now=desk.stage.now)
    browser = desk.person()
    page = browser.get("/")
    assert "the map cannot be written" in words(page)
    action = re.search(r'action="(/alarm/\w+/acknowledge)"', page.content.decode())
    assert action
    for _ in range(2):
        assert browser.post(action[1]).status_code == 302
    assert "the map cannot be written" not in words(browser.get("/"))
    assert alarms.alarms(every=True)[0].acknowledged_by == "ann"


def test_an_alarm_that_is_not_there(desk: Any, words: Any) -> None:
    answer = desk.person().post("/alarm/nothing/acknowledge")
    assert answer.status_code == 409
    assert "There is no alarm" in words(answer)


def test_a_pause_waits_for_a_person_with_a_reason(desk: Any, words: Any) -> None:
    pausing.pause(PROVIDER, "hold_mail", "10 customers within an hour", now=desk.stage.now)
    browser = desk.person()
    assert "Hold outgoing mail, jasmo" in words(browser.get("/"))
    empty = browser.post("/pause/jasmo/hold_mail/go-on", {"reason": "  "})
    assert empty.status_code == 400
    assert "A reason is needed" in words(empty)
    assert 'aria-describedby="trouble"' in empty.content.decode()
    done = browser.post("/pause/jasmo/hold_mail/go-on", {"reason": "looked at all ten"})
    assert done.status_code == 302
    said = words(browser.get("/"))
    assert "It goes on." in said
    assert "Paused" not in said
    again = browser.post("/pause/jasmo/hold_mail/go-on", {"reason": "looked"})
    assert again.status_code == 409
    assert "is not paused" in words(again)


def test_times_are_elements_with_the_date_in_full(desk: Any) -> None:
    _case(desk.stage, "c-1")
    text = desk.person().get("/").content.decode()
    stated = re.findall(r'<time datetime="([^"]+)">([^<]+)</time>', text)
    assert stated
    for machine, said in stated:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", said)
        assert machine.startswith(said[:10])


def test_a_day_has_hours_and_a_week_has_days() -> None:
    assert span(MINUTE - 1) == "less than a minute"
    assert span(59 * MINUTE) == "59 min"
    assert span(3 * HOUR) == "3 h"
    assert span(3 * HOUR + 20 * MINUTE) == "3 h 20 min"
    assert span(DAY + HOUR) == "1 day 1 h"
    assert span(5 * DAY + HOUR) == "5 days"
