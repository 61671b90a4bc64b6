"""What holds for every page: declared, guarded, with its headers, without a script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.urls import URLPattern, get_resolver

import aupkeep.desk
from aupkeep.desk.guard import CSP, HEADERS
from aupkeep.desk.page import Declared

HERE = Path(aupkeep.desk.__file__).parent
TEMPLATES = sorted(HERE.rglob("*.html"))
WORDS = {
    "alarm": "0" * 32,
    "appeal": "0" * 32,
    "case": "0" * 32,
    "sanction": "0" * 32,
    "token": "nothing",
    "provider": "jasmo",
    "power": "hold_mail",
    "version": "1.0",
}


def _patterns() -> list[URLPattern]:
    listed = get_resolver("aupkeep.desk.urls").url_patterns
    return [item for item in listed if isinstance(item, URLPattern)]


def _path(pattern: URLPattern) -> str:
    return "/" + re.sub(r"<\w+:(\w+)>", lambda found: WORDS[found[1]], str(pattern.pattern))


def _declared(pattern: URLPattern) -> Declared:
    view: Any = pattern.callback
    declared: Declared = view.declared
    return declared


@pytest.mark.usefixtures("desk")
def test_every_address_declares_who_may_call_it_and_how() -> None:
    assert len(_patterns()) > 10
    for pattern in _patterns():
        assert _declared(pattern).who in ("person", "link", "anyone"), pattern
        assert set(_declared(pattern).methods) <= {"GET", "POST"}, pattern


def test_what_is_for_people_is_closed_to_everybody_else(desk: Any) -> None:
    closed = [pattern for pattern in _patterns() if _declared(pattern).who == "person"]
    assert len(closed) > 6
    for pattern in closed:
        for call in (desk.anybody().get, desk.anybody().post):
            answer = call(_path(pattern))
            assert answer.status_code == 401, pattern
            assert b"aupkeep person link NAME" in answer.content


def test_an_address_refuses_the_methods_it_does_not_declare(desk: Any) -> None:
    browser = desk.person()
    for pattern in _patterns():
        declared = _declared(pattern)
        for method in {"GET", "POST", "PUT", "DELETE"} - set(declared.methods):
            answer = browser.generic(method, _path(pattern))
            assert answer.status_code == 405, (method, pattern)
            assert answer["Allow"]


def _answers(desk: Any) -> Iterator[tuple[str, Any]]:
    person, anybody = desk.person(), desk.anybody()
    for pattern in _patterns():
        yield _path(pattern), person.get(_path(pattern))
        yield _path(pattern), anybody.post(_path(pattern))
    for path in ("/nothing", "/static/desk/desk.css", "/static/nothing.css", "/policy/jasmo"):
        yield path, anybody.get(path)
    yield "another name", anybody.get("/", headers={"host": "evil.example"})


def test_every_answer_has_the_headers(desk: Any) -> None:
    kept = []
    for path, answer in _answers(desk):
        for name in HEADERS:
            assert answer.headers.get(name), (path, name)
        assert answer["Content-Security-Policy"] == CSP
        if answer["Cache-Control"] != "no-store":
            kept.append(path)
    assert set(kept) == {"/policy/jasmo/", "/policy/jasmo/1.0/", "/static/desk/desk.css"}


def test_the_policy_of_pages_lets_nothing_run() -> None:
    assert "script" not in CSP
    assert "unsafe" not in CSP
    assert CSP.startswith("default-src 'none'")


@pytest.mark.parametrize("page", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_script_no_style_and_trust_no_text(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", text)
    assert "|safe" not in text
    assert "autoescape" not in text


@pytest.mark.parametrize("page", TEMPLATES, ids=lambda path: path.name)
def test_every_form_that_changes_something_carries_its_token(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", text, flags=re.DOTALL)
    assert all("{% csrf_token %}" in form for form in forms)


def test_a_form_from_another_place_changes_nothing(desk: Any) -> None:
    browser = desk.anybody(csrf=True)
    answer = browser.post(desk.stage.link())
    assert answer.status_code == 403
    assert b"Nothing was changed" in answer.content


def test_another_name_than_ours_is_refused_in_plain_words(desk: Any) -> None:
    answer = desk.anybody().get("/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert b"This address does not answer" in answer.content


def test_a_fault_of_the_program_shows_no_insides(desk: Any, monkeypatch: Any) -> None:
    browser = desk.person()
    monkeypatch.setattr(
        "aupkeep.store.queries.overview", lambda: (_ for _ in ()).throw(ValueError("the inside"))
    )
    answer = browser.get("/")
    assert answer.status_code == 500
    assert b"Something went wrong here" in answer.content
    assert b"inside" not in answer.content.replace(b"insides", b"")


def test_a_database_that_cannot_be_read_is_said_without_its_place(desk: Any) -> None:
    browser = desk.person()
    data = desk.stage.installation.data
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE store_case RENAME TO gone")
    answer = browser.get("/")
    assert answer.status_code == 503
    assert b"The desk cannot work just now" in answer.content
    assert str(data).encode() not in answer.content
    assert b"store_case" not in answer.content


def test_cookies_are_out_of_reach(desk: Any) -> None:
    browser = desk.anybody()
    browser.get(desk.stage.link())
    browser.post(desk.stage.link())
    assert len(browser.cookies) == 2
    for cookie in browser.cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize(
    ("origin", "taken"),
    [("http://127.0.0.1", True), ("http://evil.example", False), ("null", False)],
)
def test_a_form_must_come_from_a_page_of_ours(desk: Any, origin: str, *, taken: bool) -> None:
    browser = desk.anybody(csrf=True)
    link = desk.stage.link()
    token = re.search(
        r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(link).content.decode()
    )
    assert token
    answer = browser.post(link, {"csrfmiddlewaretoken": token[1]}, headers={"origin": origin})
    assert answer.status_code == (302 if taken else 403)


def test_pages_tell_other_sites_nothing_and_their_own_forms_enough() -> None:
    # With `no-referrer` a browser sends `Origin: null` with the forms of a page.
    assert HEADERS["Referrer-Policy"] == "same-origin"
