"""What people do with a case itself, on its page."""

from __future__ import annotations

import re
from typing import Any

import pytest

from aupkeep.flow.casework import Said
from aupkeep.flow.join_cases import merge_cases
from aupkeep.sanctions.sanction import State
from aupkeep.store import evidence


def _forms(answer: Any) -> set[str]:
    """Return the forms that change a case; looking at all of it changes nothing."""
    return set(re.findall(r'action="/case/\w+/(\w+)"', answer.content.decode())) - {"whole"}


def _post(browser: Any, case: Any, act: str, **fields: str) -> Any:
    return browser.post(f"/case/{case.id}/{act}", fields)


def test_a_mistake_is_disposed_of_and_its_hold_lifted(desk: Any, words: Any) -> None:
    desk.stage.arm()
    case = desk.stage.held()
    browser = desk.person()
    page = browser.get(f"/case/{case.id}")
    assert "It is contained since" in words(page)
    assert _forms(page) == {"dispose", "move"}
    answer = _post(browser, case, "dispose", disposition="mistaken", reason="it was our own test")
    assert answer.status_code == 302
    assert desk.stage.sanction(case).state is State.LIFTING
    said = words(browser.get(answer.headers["Location"].partition("#")[0]))
    assert "It is closed" in said
    assert "It was mistaken" in said
    assert "by ann: disposed: mistaken (it was our own test)" in said


def test_somebody_says_whose_it_is(desk: Any, words: Any) -> None:
    nobody = {"customer": None, "service": None, "attribution": "unknown"}
    case = desk.stage.case(desk.stage.finding(**nobody))
    browser = desk.person()
    page = browser.get(f"/case/{case.id}")
    assert _forms(page) == {"attribute", "dispose", "move"}
    assert 'value="negligent"' not in page.content.decode()
    answer = _post(browser, case, "attribute", customer="jas-1", reason="the panel says so")
    assert answer.status_code == 302
    found = evidence.exact_case(case.id)
    assert found is not None
    assert found.customer == "jas-1"
    assert "attributed to jas-1 (the panel says so)" in words(browser.get(f"/case/{case.id}"))


@pytest.mark.parametrize(
    ("act", "fields", "status", "why"),
    [
        ("dispose", {"disposition": "negligent", "reason": " "}, 400, "A reason is needed"),
        ("dispose", {"disposition": "sloppy", "reason": "x"}, 400, "is not a disposition"),
        ("move", {"state": "closed", "reason": "x"}, 409, "of this case is announced"),
        ("move", {"state": "warned", "reason": "x"}, 409, "is no state to which a person"),
        ("attribute", {"customer": "jas-2", "reason": "x"}, 409, "is about customer jas-1 already"),
        ("attribute", {"customer": "", "reason": ""}, 400, "A reason is needed"),
    ],
)
def test_what_is_refused_stands_above_the_form(
    desk: Any, words: Any, act: str, fields: dict[str, str], status: int, why: str
) -> None:
    desk.stage.arm()
    case = desk.stage.held()
    before = evidence.exact_case(case.id)
    answer = _post(desk.person(), case, act, **fields)
    assert answer.status_code == status
    assert why in words(answer)
    assert "Nothing was changed" in words(answer)
    assert evidence.exact_case(case.id) == before


def test_a_merged_case_leads_to_the_one_that_took_it_over(desk: Any, words: Any) -> None:
    stage = desk.stage
    one, two = stage.case(), stage.case(stage.finding(customer="jas-1", clause="port-scan"))
    assert one.id != two.id
    nobody = {"customer": None, "service": None, "attribution": "unknown"}
    left, right = (stage.case(stage.finding(actor=f"ip:192.0.2.{n}", **nobody)) for n in (1, 2))
    said = Said(by="ann", reason="one machine", now=stage.now)
    merge_cases(stage.installation, left.id, [right.id], said)
    page = desk.person().get(f"/case/{right.id}")
    assert page.status_code == 200
    assert f"merged into case {left.id[:8]}" in words(page)
    assert _forms(page) == set()


def test_strangers_and_links_do_nothing(desk: Any) -> None:
    case = desk.stage.case()
    for act in ("attribute", "dispose", "move"):
        assert _post(desk.anybody(), case, act, reason="x").status_code == 401
        assert desk.person().get(f"/case/{case.id}/{act}").status_code == 405
    assert (
        desk.person().post("/case/ffffffff/move", {"state": "closed", "reason": "x"}).status_code
        == 404
    )
