"""From the page of a notice to the decision: mended, read, a file, an appeal, by forms."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hostile_pages import HIDDEN, HOSTILE, read_page

from aupkeep.base.clock import DAY, HOUR
from aupkeep.desk.bodies import LARGEST, LARGEST_FILE
from aupkeep.flow import attaching
from aupkeep.sanctions.sanction import State
from aupkeep.store import appeals, chain, dialogue
from desk_stage import ANN, BEN

PATHS = ("fixed", "read", "attach", "appeal")


@pytest.fixture
def held(desk: Any) -> Any:
    desk.stage.arm()
    return desk.stage.held()


def path(desk: Any, case: Any, act: str = "") -> str:
    return f"/notice/{desk.stage.notice_token(case)}" + (f"/{act}" if act else "")


def file(data: bytes, name: str = "log.txt") -> dict[str, object]:
    return {"file": SimpleUploadedFile(name, data, content_type="text/html")}


def test_opening_changes_nothing_however_often(desk: Any, held: Any) -> None:
    before = chain.head("jasmo")
    for address in ("", "?answered", "?appeal", "?fixed"):
        for _ in range(3):
            assert desk.anybody().get(path(desk, held) + address).status_code == 200
    for act in PATHS:
        assert desk.anybody().get(path(desk, held, act)).status_code == 405
        assert desk.anybody().head(path(desk, held, act)).status_code == 405
    assert chain.head("jasmo") == before
    assert dialogue.notices_of(held.id)[0].seen_at is None


@pytest.mark.parametrize("act", PATHS)
def test_guessed_links_do_nothing(desk: Any, held: Any, act: str) -> None:
    before = chain.head("jasmo")
    token = desk.stage.notice_token(held)
    for guess in (token[:-1] + "x", token[::-1], "0" * 32, f"{token}x"):
        answer = desk.anybody().post(f"/notice/{guess}/{act}", {"mended": "a", "appeal": "b"})
        assert answer.status_code == 404
    assert chain.head("jasmo") == before


@pytest.mark.parametrize("act", PATHS)
def test_a_form_from_elsewhere_is_refused(desk: Any, held: Any, act: str) -> None:
    before = chain.head("jasmo")
    browser = desk.anybody(csrf=True)
    answer = browser.post(path(desk, held, act), {"mended": "a", "appeal": "b"})
    assert answer.status_code == 403
    assert chain.head("jasmo") == before


def test_mended_and_read_are_told_and_kept_once(desk: Any, held: Any, words: Any) -> None:
    browser = desk.anybody()
    assert "I have read this" in words(browser.get(path(desk, held)))
    for _ in range(2):
        answer = browser.post(path(desk, held, "read"))
        assert answer.status_code == 302
    assert "I have read this" not in words(browser.get(path(desk, held)))
    for _ in range(2):
        answer = browser.post(path(desk, held, "fixed"), {"mended": "The password is new."})
        assert answer["Location"].endswith("?fixed#fixed")
    said = words(browser.get(answer["Location"].partition("#")[0]))
    assert "We look at it again." in said
    assert "You said that it is mended" in said
    assert "says that it is mended" in words(desk.person().get(f"/case/{held.id}"))
    assert len(dialogue.claims()) == 1


def test_a_file_is_taken_and_never_shown(desk: Any, held: Any, words: Any) -> None:
    browser = desk.anybody()
    data = b"<script>alert(1)</script>"
    answer = browser.post(path(desk, held, "attach"), file(data, "<b>../x\u202e.txt"))
    assert answer.status_code == 302
    page = browser.get(path(desk, held) + "?attach")
    assert "We have your file." in words(page)
    for shown in (page, desk.person().get(f"/case/{held.id}")):
        assert data not in shown.content
        assert read_page(shown).strange == []
        assert not HIDDEN.search(shown.content.decode())
    (kept,) = dialogue.attachments_of(held.id)
    assert attaching.place(desk.stage.installation, kept).read_bytes() == data
    assert kept.sha256 in desk.person().get(f"/case/{held.id}").content.decode()
    name = attaching.place(desk.stage.installation, kept).name
    assert desk.anybody().get(f"/attachments/{name}").status_code == 404


@pytest.mark.parametrize("data", [b"", b"MZ\xff\xff\x00", b"x" * (attaching.LARGEST + 1)])
def test_a_file_that_is_not_taken(desk: Any, held: Any, words: Any, data: bytes) -> None:
    answer = desk.anybody().post(path(desk, held, "attach"), file(data))
    assert answer.status_code == 400
    assert "Your file was not taken." in words(answer)
    assert dialogue.attachments_of(held.id) == []


def test_no_file_at_all(desk: Any, held: Any, words: Any) -> None:
    answer = desk.anybody().post(path(desk, held, "attach"))
    assert answer.status_code == 400
    assert "No file was chosen." in words(answer)
    assert LARGEST < attaching.LARGEST < LARGEST_FILE


def test_from_an_appeal_to_what_is_lifted(desk: Any, held: Any, words: Any) -> None:
    browser = desk.anybody()
    for _ in range(2):
        answer = browser.post(path(desk, held, "appeal"), {"appeal": "They all signed up."})
        assert answer["Location"].endswith("?appeal#appeal")
    assert "We have your appeal." in words(browser.get(path(desk, held) + "?appeal"))
    refused = browser.post(path(desk, held, "appeal"), {"appeal": "And more."})
    assert refused.status_code == 400
    assert "An appeal against this is open already." in words(refused)
    (made,) = appeals.appeals_of(held.id)
    analyst = desk.person()
    page = words(analyst.get(f"/case/{held.id}"))
    assert "They all signed up." in page
    assert "Overturn: take it back" in page
    assert "1 " in words(analyst.get("/?state=needs"))
    decide = f"/case/{held.id}/appeal/{made.id}/decide"
    empty = analyst.post(decide, {"outcome": "overturn", "reason": "  "})
    assert empty.status_code == 400
    assert "A reason is needed" in words(empty)
    for _ in range(2):
        done = analyst.post(decide, {"outcome": "overturn", "reason": "Here they are."})
        assert done["Location"] == f"/case/{held.id}#a-{made.id}"
    desk.stage.carry_out()
    assert desk.stage.sanction(held).state is State.LIFTED
    said = words(desk.anybody().get(path(desk, held)))
    assert "You are right: our decision is taken back. Here they are." in said
    assert ANN not in said.replace("Unsolicited", "")
    assert "Overturned" in words(analyst.get(f"/case/{held.id}"))
    late = desk.person(BEN).post(decide, {"outcome": "uphold", "reason": "No."})
    assert late.status_code == 409


def test_who_agreed_does_not_decide(desk: Any, words: Any) -> None:
    desk.stage.arm()
    case = desk.stage.case(protected=True)
    sanction = desk.stage.sanction(case)
    analyst = desk.person()
    analyst.post(f"/case/{case.id}/{sanction.id}/approve")
    desk.stage.carry_out()
    desk.anybody().post(path(desk, case, "appeal"), {"appeal": "No."})
    (made,) = appeals.appeals_of(case.id)
    page = words(analyst.get(f"/case/{case.id}"))
    assert "You had part in this decision, so another person must decide." in page
    decide = f"/case/{case.id}/appeal/{made.id}/decide"
    assert analyst.post(decide, {"outcome": "uphold", "reason": "No."}).status_code == 409
    assert desk.person(BEN).post(decide, {"outcome": "uphold", "reason": "No."}).status_code == 302
    assert analyst.post(f"/case/{case.id}/appeal/{'0' * 32}/decide").status_code == 404
    assert desk.anybody().post(decide).status_code == 401


def test_alone_the_same_person_decides_and_it_says_so(alone: Any, words: Any) -> None:
    alone.stage.arm()
    case = alone.stage.case(protected=True)
    analyst = alone.person()
    analyst.post(f"/case/{case.id}/{alone.stage.sanction(case).id}/approve")
    alone.stage.later(2 * DAY)
    alone.stage.carry_out()
    alone.anybody().post(path(alone, case, "appeal"), {"appeal": "No."})
    (made,) = appeals.appeals_of(case.id)
    assert "one person runs this desk" in words(analyst.get(f"/case/{case.id}"))
    decide = f"/case/{case.id}/appeal/{made.id}/decide"
    assert analyst.post(decide, {"outcome": "uphold", "reason": "It stands."}).status_code == 302
    assert "by a person who had part" in words(analyst.get(f"/case/{case.id}"))
    assert "the same person decided" in words(alone.anybody().get(path(alone, case)))


def test_the_time_to_appeal_is_over_in_plain_words(desk: Any, held: Any, words: Any) -> None:
    desk.stage.later(40 * DAY)
    assert "The time to appeal was over" in words(desk.anybody().get(path(desk, held)))
    answer = desk.anybody().post(path(desk, held, "appeal"), {"appeal": "Late."})
    assert answer.status_code == 400
    assert appeals.appeals_of(held.id) == []


def test_the_page_has_the_statement_of_reasons(desk: Any, held: Any, words: Any) -> None:
    said = words(desk.anybody().get(path(desk, held)))
    assert "Statement of reasons Decision: a part of the service is suspended" in said
    assert "How it was decided: by our program alone" in said


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_words_stay_words(desk: Any, text: str) -> None:
    desk.stage.arm()
    case = desk.stage.held()
    browser = desk.anybody()
    browser.post(path(desk, case, "appeal"), {"appeal": f"{text} end"})
    browser.post(path(desk, case, "fixed"), {"mended": f"{text} end"})
    browser.post(path(desk, case, "attach"), file(b"x", f"{text}.txt"[:200]))
    (made,) = appeals.appeals_of(case.id)
    desk.stage.later(HOUR)
    decide = f"/case/{case.id}/appeal/{made.id}/decide"
    desk.person().post(decide, {"outcome": text[:20], "reason": f"{text} x"})
    answers = [
        desk.person().post(decide, {"outcome": "partly", "reason": f"{text} x"[:900]}),
        browser.get(path(desk, case)),
        desk.person().get(f"/case/{case.id}"),
    ]
    for answer in answers[1:]:
        assert answer.status_code == 200
        assert read_page(answer).strange == []
        assert not HIDDEN.search(answer.content.decode())
