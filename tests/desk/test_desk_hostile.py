"""Whatever strangers write is shown as text, on every page, and can be told apart."""

from __future__ import annotations

from typing import Any

import pytest
from hostile_pages import HIDDEN, HOSTILE, read_page

from aupkeep.base.clock import HOUR
from aupkeep.flow import answering, approving, pausing
from aupkeep.flow.alarms import raise_alarm
from aupkeep.policy.model import Tier
from aupkeep.store import dialogue
from desk_stage import PROVIDER


def _fill(stage: Any, text: str) -> tuple[Any, Any]:
    """Put `text` everywhere a stranger can; return a case about somebody and one about nobody."""
    stage.arm()
    found = stage.finding(
        text,
        tier=Tier.STRONG,
        customer=f"c {text}"[:190],
        service=text,
        actor=f"login:{text}",
        evidence={"reply": text, text[:50] or "x": "value"},
        unit=text[:40],
        rule_name=text,
        events=(text,),
    )
    case = stage.case(found, protected=True)
    nobody = stage.case(
        stage.finding(text, customer=None, attribution="unknown", actor=text, key={text: text})
    )
    raise_alarm(PROVIDER, text[:40], text, text, now=stage.now)
    pausing.pause(PROVIDER, "hold_mail", text, now=stage.now)
    return case, nobody


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_on_the_pages_of_the_desk(desk: Any, text: str) -> None:
    case, nobody = _fill(desk.stage, text)
    browser = desk.person()
    sanction = desk.stage.sanction(case, "warn")
    approving.refuse(sanction.id, "ann", f"reason {text}", now=desk.stage.now)
    paths = ["/", f"/case/{case.id}", f"/case/{nobody.id}", f"/?text={text[:100]}"]
    for path in paths:
        answer = browser.get(path)
        assert answer.status_code == 200
        reader = read_page(answer)
        assert reader.strange == [], path
        assert not HIDDEN.search(answer.content.decode("utf-8"))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_in_what_customers_write(desk: Any, text: str) -> None:
    stage = desk.stage
    stage.arm()
    case = stage.held()
    path = f"/notice/{stage.notice_token(case)}"
    assert desk.anybody().post(path, {"text": f"{text} end"}).status_code == 302
    assert len(dialogue.answers_of(case.id)) == 1
    for answer in (desk.anybody().get(path), desk.person().get(f"/case/{case.id}")):
        reader = read_page(answer)
        assert reader.strange == []
        assert not HIDDEN.search(answer.content.decode("utf-8"))
        assert "end" in "".join(reader.said)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_in_what_is_typed_and_given_back(desk: Any, text: str) -> None:
    stage = desk.stage
    stage.arm()
    case = stage.case(protected=True)
    sanction = stage.sanction(case)
    path = f"/case/{case.id}/{sanction.id}/override"
    data = {"measure": text, "length": text, "reason": f"{text} kept"}
    answer = desk.person().post(path, data)
    reader = read_page(answer)
    assert answer.status_code == 400
    assert reader.strange == []
    token = stage.notice_token(_held(stage))
    too_long = text + "y" * (answering.LONGEST + 1)
    refused = desk.anybody().post(f"/notice/{token}", {"text": too_long})
    assert refused.status_code == 400
    assert read_page(refused).strange == []


def _held(stage: Any) -> Any:
    stage.later(HOUR)
    case = stage.case(stage.finding("jo@b.example", customer="jas-2"))
    stage.carry_out()
    return case


def test_what_is_hidden_is_named(desk: Any, words: Any) -> None:
    case, _ = _fill(desk.stage, HOSTILE["override"])
    said = words(desk.person().get(f"/case/{case.id}"))
    assert "ann[U+202E]cod.exe[U+2066]x" in said


def test_what_is_very_long_is_cut_and_counted(desk: Any, words: Any) -> None:
    case, _ = _fill(desk.stage, HOSTILE["long"])
    said = words(desk.person().get(f"/case/{case.id}"))
    assert "characters more)" in said
    assert "x" * 1001 not in said


def test_braces_are_no_template(desk: Any) -> None:
    case, _ = _fill(desk.stage, HOSTILE["template"])
    answer = desk.person().get(f"/case/{case.id}")
    text = answer.content.decode()
    assert "{{7*7}}{% debug %}" in text.replace("<wbr>", "")
