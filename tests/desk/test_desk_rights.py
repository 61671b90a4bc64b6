"""Who sees what of a case: by role, and with a reason that is entered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from aupkeep.flow.signing_in import give_role
from aupkeep.record.rights import HIDDEN, KINDS, RIGHTS, ROLES, STRANGERS, has_more, sees, shown
from aupkeep.store import chain, keyring, links, queries

EVIDENCE = {
    "recipient": "someone.else@far.example",
    "reporter": "victim@hurt.example",
    "client_ip": "192.0.2.7",
}


@pytest.fixture
def case(desk: Any) -> Any:
    return desk.stage.case(desk.stage.finding("kim@shop.example", evidence=EVIDENCE))


def page_for(desk: Any, role: Any, path: str) -> str:
    give_role("ann", role, ("jasmo",), by="root", now=desk.stage.now)
    answer = desk.person("ann").get(path)
    assert answer.status_code == 200
    return read(answer)


def read(answer: Any) -> str:
    return str(answer.content.decode()).replace("<wbr>", "")


def test_every_role_has_a_right_to_every_kind() -> None:
    assert set(RIGHTS) == set(ROLES)
    assert all(set(rights) == set(KINDS) for rights in RIGHTS.values())
    assert set(STRANGERS.values()) <= set(KINDS)
    for role in ROLES:
        assert "sealed" not in sees(role).kinds, "never without a reason"
        assert "full" not in sees(role).kinds
        assert sees(role).kinds <= sees(role, full=True).kinds


def test_a_sample_keeps_what_helps_and_no_name() -> None:
    analyst = sees("analyst")
    assert shown("recipient", "someone.else@far.example", analyst) == "s…@far.example"
    assert shown("reply", "550 5.1.1 no such user", analyst) == "550 5.1.1 no such user"
    assert shown("command_line", "x" * 500, analyst) == "x" * 60 + "…"
    assert shown("reporter", "victim@hurt.example", sees("analyst", full=True)) == HIDDEN
    assert shown("client_ip", "192.0.2.7", analyst) == "192.0.2.7"


@pytest.mark.parametrize("role", ROLES)
def test_the_page_shows_what_the_table_says(desk: Any, case: Any, role: Any) -> None:
    text = page_for(desk, role, f"/case/{case.id}")
    reader = sees(role)
    assert ("jas-1" in text) == reader.identity
    assert ("kim@shop.example" in text) == reader.identity
    assert "someone.else@" not in text
    assert "victim@" not in text
    assert "spam" in text
    assert ("Show everything" in text) == has_more(role)
    queue = page_for(desk, role, "/")
    assert case.id in queue
    assert ("jas-1" in queue) == reader.identity


@pytest.mark.parametrize("role", ROLES)
def test_a_full_view_needs_a_reason_and_is_entered(desk: Any, case: Any, role: Any) -> None:
    give_role("ann", role, ("jasmo",), by="root", now=desk.stage.now)
    browser, path = desk.person("ann"), f"/case/{case.id}/whole"
    before = len(list(chain.lines("jasmo")))
    refused = browser.post(path, {"purpose": "  "})
    assert refused.status_code == 400
    assert "A full view needs a reason" in read(refused)
    assert "someone.else@" not in read(refused)
    assert len(list(chain.lines("jasmo"))) == before
    shown_ = browser.post(path, {"purpose": "the court of A asks"})
    text, reader = read(shown_), sees(role, full=True)
    assert shown_.status_code == 200
    assert ("someone.else@far.example" in text) == ("full" in reader.kinds)
    assert ("victim@hurt.example" in text) == ("reporter" in reader.kinds)
    assert ("jas-1" in text) == reader.identity
    entry = json.loads(list(chain.lines("jasmo"))[-1])
    assert (entry["act"], entry["subject"]) == ("record_viewed", case.id)
    assert entry["body"] == {"by": "ann", "how": "page"}
    assert "court" not in json.dumps(entry), "a purpose may name people: it is in the envelope"
    ((_, envelope),) = [one for one in chain.opened(provider="jasmo") if "record_viewed" in one[0]]
    assert envelope.personal == {"customer": "jas-1", "purpose": "the court of A asks"}
    assert browser.get(path).status_code == 405


@pytest.mark.parametrize("role", ROLES)
def test_the_talk_is_for_those_who_may_know_the_customer(desk: Any, role: Any) -> None:
    desk.stage.arm()
    held = desk.stage.held()
    path, browser = f"/notice/{desk.stage.notice_token(held)}", desk.anybody()
    browser.post(f"{path}/fixed", {"mended": "Mended by Kim."})
    browser.post(f"{path}/attach", {"file": SimpleUploadedFile("kims-invoice.txt", b"a")})
    browser.post(f"{path}/appeal", {"appeal": "It was Kim's newsletter."})
    text, knows = page_for(desk, role, f"/case/{held.id}"), sees(role).identity
    assert "the customer appealed" in text
    assert "Appeal of" in text
    for said in ("Mended by Kim", "kims-invoice", "s newsletter", "kim@shop.example", "jas-1"):
        assert (said in text) == knows
    assert "waits" in text


def test_nobody_who_may_not_know_finds_a_customer_by_searching(case: Any) -> None:
    assert queries.queue(queries.Wanted(text="jas-1"), role="lead").total == 1
    assert queries.queue(queries.Wanted(text="jas-1"), role="auditor").total == 0
    assert queries.queue(queries.Wanted(text="kim@"), role="auditor").total == 0
    assert queries.queue(queries.Wanted(text=case.id[:8]), role="auditor").total == 1


def test_roles_are_given_once_and_entered(desk: Any) -> None:
    assert links.role_of("ann") == "lead"
    assert links.role_of("nobody") == "auditor"
    assert give_role("ann", "auditor", ("jasmo",), by="root", now=desk.stage.now)
    assert not give_role("ann", "auditor", ("jasmo",), by="root", now=desk.stage.now)
    entries = [json.loads(line) for line in chain.entries_about("ann")]
    assert [one["act"] for one in entries].count("person_role") == 1
    assert entries[-1]["body"] == {"by": "root", "role": "auditor"}


def test_an_erased_customer_is_said_to_be_erased(desk: Any, case: Any) -> None:
    held = keyring.held("jasmo", customer="jas-1", until=desk.stage.now + 10**15)
    assert held
    assert "who it was about is erased" not in page_for(desk, "lead", f"/case/{case.id}")
    keyring.destroy([one.id for one in held], gone="test")
    assert "who it was about is erased" in page_for(desk, "lead", f"/case/{case.id}")
