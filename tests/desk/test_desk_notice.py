"""The page of a notice: read and answered by whoever holds its link, and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from aupkeep.base.clock import DAY
from aupkeep.desk.customer.standing import standing
from aupkeep.flow import answering, approving, keys
from aupkeep.sanctions.sanction import State
from aupkeep.store import dialogue
from aupkeep.store.links import notice_token
from desk_stage import ANN


@pytest.fixture
def held(desk: Any) -> Any:
    desk.stage.arm()
    return desk.stage.held()


def _path(desk: Any, case: Any) -> str:
    return f"/notice/{desk.stage.notice_token(case)}"


def test_what_which_clause_on_what_evidence_until_when(desk: Any, held: Any, words: Any) -> None:
    answer = desk.anybody().get(_path(desk, held))
    said = words(answer)
    assert answer.status_code == 200
    assert "Outgoing mail of kim@shop.example is held" in said
    assert re.search(
        r"Outgoing mail is held since \d{1,2} \w+ \d{4}, \d\d:\d\d UTC "
        r"\((\d{1,2} \w+ \d{4}, )?\d\d:\d\d MST, America/Phoenix\), until ",
        said,
    )
    assert "one login or mailbox: kim@shop.example" in said
    assert "Unsolicited and improper mail, version 1.0" in said
    seen = said.partition("What we saw")[2].partition("What you can do")[0]
    assert "kim@shop.example" in seen
    assert "Incoming mail arrives as always" in said
    text = answer.content.decode()
    assert 'href="/policy/jasmo/1.0/#spam"' in text
    assert 'href="mailto:policy@jasmo.example"' in text


def test_the_page_needs_no_signing_in_and_sets_no_session(desk: Any, held: Any) -> None:
    browser = desk.anybody()
    browser.get(_path(desk, held))
    assert [name for name in browser.cookies if name.startswith("desk-")] == []


def test_an_answer_is_kept_word_for_word_and_shown(desk: Any, held: Any, words: Any) -> None:
    browser = desk.anybody()
    path = _path(desk, held)
    text = "The password had leaked.\r\nI changed it."
    for _ in range(2):
        answer = browser.post(path, {"text": text})
        assert answer.status_code == 302
        assert answer["Location"] == f"{path}?answered#answers"
    page = browser.get(answer["Location"].partition("#")[0])
    assert "We have your answer." in words(page)
    kept = [item.text for item in dialogue.answers_of(held.id)]
    assert kept == ["The password had leaked.\nI changed it."]
    assert kept[0] in page.content.decode()


def test_nothing_claims_an_answer_that_is_not_there(desk: Any, held: Any, words: Any) -> None:
    assert "We have" not in words(desk.anybody().get(f"{_path(desk, held)}?answered"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (" \n\t ", "The answer is empty."),
        ("x" * (answering.LONGEST + 500), f"{answering.LONGEST} is the most"),
    ],
)
def test_what_cannot_be_taken_is_said_and_kept(
    desk: Any, held: Any, words: Any, text: str, said: str
) -> None:
    answer = desk.anybody().post(_path(desk, held), {"text": text})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "Your answer was not taken." in words(answer)
    assert said in words(answer)
    assert 'aria-describedby="text-hint trouble" aria-invalid="true"' in page
    assert text[: answering.LONGEST] in page
    assert dialogue.answers_of(held.id) == []


def test_customers_see_only_their_own(desk: Any, held: Any) -> None:
    stage = desk.stage
    answering.answer(dialogue.notices_of(held.id)[0].notice.id, "mine is a secret", now=stage.now)
    stage.later(2 * DAY)
    approving.lift(stage.sanction(held).id, ANN, "mended", release=True, now=stage.now)
    stage.carry_out()
    other = stage.case(stage.finding("jo@b.example", customer="jas-2"))
    stage.carry_out()
    text = desk.anybody().get(_path(desk, other)).content.decode()
    assert "jas-2" in text
    for word in ("jas-1", "kim@shop.example", "mine is a secret", held.id):
        assert word not in text


@pytest.mark.parametrize("change", ["guess", "cut", "other key", "other notice", "empty", "long"])
def test_a_link_cannot_be_guessed(desk: Any, held: Any, change: str) -> None:
    token = desk.stage.notice_token(held)
    identity, _, signature = token.partition(".")
    wrong = {
        "guess": identity,
        "cut": token[:-1],
        "other key": notice_token(identity, b"another"),
        "other notice": f"{'0' * 32}.{signature}",
        "empty": "x",
        "long": "x" * 5000,
    }[change]
    for call in (desk.anybody().get, desk.anybody().post):
        answer = call(f"/notice/{wrong}")
        assert answer.status_code == 404
        assert b"There is no such page" in answer.content
    assert dialogue.answers_of(held.id) == []


def test_a_signed_link_to_nothing_is_not_there(desk: Any) -> None:
    token = notice_token("0" * 32, keys.secret(desk.stage.installation))
    assert desk.anybody().get(f"/notice/{token}").status_code == 404


def test_nobody_of_the_desk_is_named(desk: Any, held: Any, words: Any) -> None:
    stage = desk.stage
    approving.lift(stage.sanction(held).id, ANN, "ann knows why", release=False, now=stage.now)
    assert "The measure is being lifted now" in words(desk.anybody().get(_path(desk, held)))
    stage.carry_out()
    said = words(desk.anybody().get(_path(desk, held)))
    assert re.search(r"The measure is over since \d{1,2} \w+ \d{4}, ", said)
    assert not re.search(r"\bann\b", said)


def test_the_end_has_a_notice_of_its_own(desk: Any, held: Any, words: Any) -> None:
    stage = desk.stage
    stage.later()
    approving.lift(stage.sanction(held).id, ANN, "mended", release=True, now=stage.now)
    stage.carry_out()
    end = dialogue.notices_of(held.id)[1].notice
    token = notice_token(end.id, keys.secret(stage.installation))
    said = words(desk.anybody().get(f"/notice/{token}"))
    assert "The measure is over" in said
    assert "The measure on kim@shop.example has ended" in said


@pytest.mark.parametrize("state", list(State))
def test_every_state_is_told_and_none_is_told_wrong(stage: Any, state: State) -> None:
    stage.arm()
    sanction = stage.sanction(stage.case())
    changed = replace(sanction, state=state, applied_at=stage.now, until=stage.now + DAY)
    said = standing(changed, stage.now)
    assert said.text
    assert (said.text == "Outgoing mail is held") == (
        state in (State.VERIFIED, State.ANNOUNCED)
    ) or (state in (State.PROPOSED, State.REFUSED, State.APPROVED))


def test_a_letter_switches_nothing_off(stage: Any) -> None:
    stage.arm()
    found = stage.finding(tier=stage.finding().tier.STRONG)
    case = stage.case(found)
    said = standing(stage.sanction(case, "warn"), stage.now)
    assert said.over
    assert "Nothing was switched off" in said.text
