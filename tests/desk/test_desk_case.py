"""The page of a case, and what people do there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aupkeep.attribution.holdings import Holding
from aupkeep.base.clock import DAY, HOUR
from aupkeep.flow import answering, approving
from aupkeep.sanctions.sanction import State
from aupkeep.store import chain, dialogue, sanctions
from desk_stage import ANN, BEN


def _waiting(stage: Any, **changes: Any) -> tuple[Any, Any]:
    """Return a case in which holding mail waits for one person, and that sanction."""
    stage.arm()
    case = stage.case(stage.finding(**changes), protected=True)
    return case, stage.sanction(case)


def _path(case: Any, sanction: Any, act: str) -> str:
    return f"/case/{case.id}/{sanction.id}/{act}"


def _acts(answer: Any) -> set[str]:
    text = answer.content.decode()
    return set(re.findall(r'action="/case/\w+/\w+/(\w+)"', text))


def test_what_happened_is_said_in_one_sentence(desk: Any, words: Any) -> None:
    case = desk.stage.case()
    said = words(desk.person().get(f"/case/{case.id}"))
    assert "Unsolicited and improper mail: jas-1" in said
    assert "jas-1 of jasmo was found once, first at" in said
    assert "it is over now. The evidence is fact." in said


def test_a_case_can_be_named_by_its_beginning_and_a_strange_one_is_not_there(desk: Any) -> None:
    case = desk.stage.case()
    browser = desk.person()
    assert browser.get(f"/case/{case.id[:8]}").status_code == 200
    assert browser.get("/case/ffffffff").status_code == 404


def test_evidence_attribution_reasons_clause_and_entries(desk: Any, words: Any) -> None:
    stage = desk.stage
    stage.hold(
        Holding(
            provider="jasmo",
            kind="login",
            value="kim@shop.example",
            customer="jas-1",
            service="jas-1-mail",
            since=stage.now - 90 * DAY,
            source="panel",
            recorded_at=stage.now - 90 * DAY,
        )
    )
    case = stage.case()
    stage.count("jas-1", stage.now - 2 * HOUR, stage.now)
    answer = desk.person().get(f"/case/{case.id}")
    said, text = words(answer), answer.content.decode()
    assert "412 rows threshold 100" in said
    assert "login kim@shop.example" in said
    assert "550 5.1.1 no such user" in said
    assert "00000000000000aa:17" in said
    assert "jas-1 held login kim@shop.example since" in said
    assert "as the list panel says" in said
    assert "step `stop-sending` is reached" in said
    assert "Do not send bulk or commercial mail" in said
    assert "<svg" in text
    assert "recipients of mail" in text
    entries = chain.entries_about(case.id)
    assert len(entries) >= 2
    assert f'title="{_hash(entries[0])}"' in text
    assert "case opened Aupkeep" in said


def _hash(line: str) -> str:
    found = re.search(r'"hash":"(\w+)"', line)
    assert found
    return found[1]


def test_observe_shows_what_would_be_done_and_offers_nothing(desk: Any, words: Any) -> None:
    case = desk.stage.case()
    answer = desk.person().get(f"/case/{case.id}")
    assert "Would do (observe)" in words(answer)
    assert _acts(answer) == set()


def test_what_was_observed_cannot_be_approved(desk: Any, words: Any) -> None:
    case = desk.stage.case()
    sanction = desk.stage.sanction(case)
    answer = desk.person().post(_path(case, sanction, "approve"))
    assert answer.status_code == 409
    assert "stays a proposal" in words(answer)
    assert desk.stage.sanction(case) == sanction


def test_the_blast_radius_stands_above_the_button(desk: Any) -> None:
    case, _ = _waiting(desk.stage)
    text = desk.person().get(f"/case/{case.id}").content.decode()
    article = re.search(r'<article class="sanction waits".*?</article>', text, flags=re.DOTALL)
    assert article
    before, button, _ = article[0].partition(">Approve</button>")
    assert button
    assert "one login or mailbox" in before
    assert "kim@shop.example" in before.replace("<wbr>", "")
    assert "Incoming mail and everything else of the customer goes on" in before


def test_one_person_approves_and_the_hand_carries_it_out(desk: Any, words: Any) -> None:
    case, sanction = _waiting(desk.stage)
    browser = desk.person()
    page = browser.get(f"/case/{case.id}")
    assert _acts(page) == {"approve", "override", "refuse"}
    answer = browser.post(_path(case, sanction, "approve"))
    assert answer.status_code == 302
    assert answer["Location"] == f"/case/{case.id}#s-{sanction.id}"
    assert "You agreed." in words(browser.get(f"/case/{case.id}"))
    desk.stage.carry_out()
    page = browser.get(f"/case/{case.id}")
    assert "Hold verified, customer told" in words(page)
    assert _acts(page) == {"lift"}


def test_the_same_button_twice_does_it_once(desk: Any) -> None:
    case, sanction = _waiting(desk.stage)
    browser = desk.person()
    for _ in range(3):
        assert browser.post(_path(case, sanction, "approve")).status_code == 302
    assert desk.stage.sanction(case).approved_by == (ANN,)
    lines = [line for line in chain.entries_about(sanction.id) if "sanction_approved" in line]
    assert len(lines) == 1
    desk.stage.carry_out()
    for _ in range(2):
        answer = browser.post(_path(case, sanction, "lift"), {"reason": "it was a mistake"})
        assert answer.status_code == 302
    desk.stage.carry_out()
    assert desk.stage.sanction(case).state is State.LIFTED


def test_two_people_are_two_people(desk: Any, words: Any) -> None:
    stage = desk.stage
    case, sanction = _waiting(stage)
    browser = desk.person()
    stage.later()
    data = {"measure": "hold_mail", "length": "6h", "reason": "a day is too long"}
    assert browser.post(_path(case, sanction, "override"), data).status_code == 302
    new = stage.sanction(case)
    assert (new.proposed_by, new.length, new.instead_of) == (ANN, 6 * HOUR, sanction.id)
    page = browser.get(f"/case/{case.id}")
    assert "You proposed this, so another person must agree." in words(page)
    assert "approve" not in _acts(page)
    refused = browser.post(_path(case, new, "approve"))
    assert refused.status_code == 409
    assert "another person must agree" in words(refused)
    assert desk.person(BEN).post(_path(case, new, "approve")).status_code == 302
    assert sanctions.get_sanction(new.id).state is State.APPROVED  # type: ignore[union-attr]


def test_one_operator_may_agree_to_their_own_and_waits_a_day(alone: Any, words: Any) -> None:
    stage = alone.stage
    case, sanction = _waiting(stage)
    browser = alone.person()
    stage.later()
    data = {"measure": "hold_mail", "length": "6h", "reason": "a day is too long"}
    browser.post(_path(case, sanction, "override"), data)
    new = stage.sanction(case)
    assert browser.post(_path(case, new, "approve")).status_code == 302
    assert "Approved; begins in" in words(browser.get(f"/case/{case.id}"))
    assert stage.sanction(case).ready_at == stage.now + DAY


@pytest.mark.parametrize(
    ("act", "data", "said"),
    [
        ("refuse", {"reason": " \n "}, "A reason is needed"),
        ("override", {"measure": "warn", "reason": ""}, "A reason is needed"),
        (
            "override",
            {"measure": "hold_mail", "length": "soon", "reason": "shorter will do"},
            "A length is needed for the same measure. Write it such as 30m, 6h or 2d.",
        ),
        (
            "override",
            {"measure": "hold_mail", "length": "9d", "reason": "longer"},
            "is not milder than what is proposed",
        ),
        ("override", {"measure": "terminate", "reason": "all of it"}, "is not milder"),
    ],
)
def test_what_was_typed_wrong_is_said_above_the_form_and_kept(
    desk: Any, words: Any, act: str, data: dict[str, str], said: str
) -> None:
    case, sanction = _waiting(desk.stage)
    answer = desk.person().post(_path(case, sanction, act), data)
    text = answer.content.decode()
    assert answer.status_code == 400
    assert said in words(answer)
    assert 'role="alert" id="trouble"' in text
    assert re.search(r"<details open><summary>(Refuse|Choose milder)", text)
    assert data["reason"].strip() in text
    if "length" in data:
        assert f'value="{data["length"]}"' in text
    assert desk.stage.sanction(case) == sanction


def test_refusing_needs_a_reason_and_ends_it(desk: Any, words: Any) -> None:
    case, sanction = _waiting(desk.stage)
    browser = desk.person()
    for _ in range(2):
        answer = browser.post(_path(case, sanction, "refuse"), {"reason": "they told us before"})
        assert answer.status_code == 302
    page = browser.get(f"/case/{case.id}")
    assert "Refused by ann" in words(page)
    assert "they told us before" in words(page)
    assert _acts(page) == set()


def test_what_another_person_did_meanwhile_is_a_conflict(desk: Any, words: Any) -> None:
    case, sanction = _waiting(desk.stage)
    approving.refuse(sanction.id, BEN, "a mistake", now=desk.stage.now)
    answer = desk.person().post(_path(case, sanction, "approve"))
    assert answer.status_code == 409
    assert "Nothing was changed." in words(answer)
    assert "cannot become approved" in words(answer)


def test_lifting_sends_on_what_was_held_where_asked(desk: Any) -> None:
    desk.stage.arm()
    case = desk.stage.held()
    sanction = desk.stage.sanction(case)
    assert sanction.state is State.ANNOUNCED
    browser = desk.person()
    empty = browser.post(_path(case, sanction, "lift"), {"reason": "", "release": "yes"})
    assert empty.status_code == 400
    assert re.search(r'name="release" value="yes" checked', empty.content.decode())
    data = {"reason": "the password is changed", "release": "yes"}
    assert browser.post(_path(case, sanction, "lift"), data).status_code == 302
    lifted = desk.stage.sanction(case)
    assert lifted.state is State.LIFTING
    assert lifted.release
    assert lifted.lifted_by == ANN


def test_a_sanction_is_reached_through_its_own_case_only(desk: Any) -> None:
    case, sanction = _waiting(desk.stage)
    other = desk.stage.case(desk.stage.finding("jo@b.example", customer="jas-2"))
    browser = desk.person()
    for path in (
        _path(other, sanction, "approve"),
        f"/case/{case.id}/{sanction.id[:12]}/approve",
        f"/case/{case.id[:8]}/{sanction.id}/approve",
        f"/case/{case.id}/{'f' * 32}/approve",
    ):
        assert browser.post(path).status_code == 404
    assert desk.stage.sanction(case) == sanction


def test_a_failure_is_said_with_its_reason(desk: Any, words: Any) -> None:
    stage = desk.stage
    stage.arm()
    case = stage.case()
    (stage.installation.folder / "held").mkdir()
    stage.carry_out()
    said = words(desk.person().get(f"/case/{case.id}"))
    assert "failed" in said or "it waits" in said
    assert "tried again by itself" in said or "Tried 1 time" in said


def test_notices_and_answers_are_shown_in_full(desk: Any, words: Any) -> None:
    desk.stage.arm()
    case = desk.stage.held()
    notice = dialogue.notices_of(case.id)[0].notice
    answering.answer(notice.id, "I changed\nthe password.", now=desk.stage.now)
    answer = desk.person().get(f"/case/{case.id}")
    assert "I changed\nthe password." in answer.content.decode()
    assert "kim@shop.example" in words(answer)
    assert notice.text.splitlines()[0] in words(answer)
    assert "the customer answered" in words(answer)


def test_the_page_does_not_ask_more_the_more_findings_there_are(desk: Any) -> None:
    browser = desk.person()
    few = desk.stage.case(desk.stage.finding())
    found = [
        desk.stage.finding("jo@b.example", customer="jas-2", first=desk.stage.now - at * HOUR)
        for at in range(9, 1, -1)
    ]
    many = desk.stage.case(*found)
    browser.get(f"/case/{few.id}")  # Policies are read once.
    asked = []
    for case in (few, many):
        with CaptureQueriesContext(connection) as made:
            assert browser.get(f"/case/{case.id}").status_code == 200
        asked.append(len(made))
    assert asked[1] == asked[0]
    assert max(asked) < 30


def test_a_damaged_entry_is_named_and_breaks_nothing(desk: Any, words: Any) -> None:
    case = desk.stage.case()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE store_entry SET line = 'no json at all' WHERE subject = %s", [case.id]
        )
    answer = desk.person().get(f"/case/{case.id}")
    assert answer.status_code == 200
    assert "this entry is damaged; verify the record" in words(answer)


def test_a_case_about_nobody_offers_nothing(desk: Any, words: Any) -> None:
    found = desk.stage.finding(customer=None, attribution="ambiguous", actor="ip:192.0.2.10")
    desk.stage.arm()
    case = desk.stage.case(found)
    answer = desk.person().get(f"/case/{case.id}")
    assert "Somebody at jasmo (ambiguous; the actor is ip:192.0.2.10)" in words(answer)
    assert "while nobody is named" in words(answer)
    assert _acts(answer) == set()
