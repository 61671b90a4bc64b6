"""A night at the desk, by keyboard alone, with and without scripts; and the customer's answer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from aupkeep.sanctions.sanction import State
from desk_stage import eventually

_FOCUSED = """() => {
    const item = document.activeElement;
    const style = getComputedStyle(item);
    return {
        tag: item.tagName,
        text: (item.getAttribute("aria-label") || item.innerText || item.name || "").trim(),
        outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    };
}"""
_MOST_TABS = 120


def _tab_to(page: Page, tag: str, text: str) -> None:
    """Press Tab until something is focused whose text matches; all of it must show its focus."""
    for _ in range(_MOST_TABS):
        page.keyboard.press("Tab")
        found = page.evaluate(_FOCUSED)
        if found["tag"] == "BODY":
            continue
        assert found["outline"] >= 2, found
        if found["tag"] == tag and re.search(text, found["text"]):
            return
    pytest.fail(f"no {tag} `{text}` is reached by Tab")


def _enter(page: Page) -> None:
    """Follow what is focused to another page."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def _until(page: Page, text: str) -> None:
    """Load the page again until it says `text`."""

    def seen() -> bool:
        page.reload()
        return text in page.inner_text("main")

    eventually(seen)


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def night(request: Any, running: Any, browser: Any) -> Any:
    context = running.open(browser, java_script_enabled=request.param)
    number = 1 + request.param
    login = f"kim{number}@shop.example"
    customer = f"jas-{number}"
    case = running.do(
        lambda stage: stage.case(stage.finding(login, customer=customer), protected=True)
    )
    yield context.new_page(), case, login
    context.close()


def test_sign_in_find_the_case_approve_answer_lift(running: Any, night: Any) -> None:
    page, case, login = night

    page.goto(running.do(lambda stage: stage.link()))
    _tab_to(page, "BUTTON", "Sign in as ann")
    _enter(page)

    _tab_to(page, "INPUT", "text")
    page.keyboard.type(login)
    _enter(page)
    _tab_to(page, "A", "Unsolicited and improper mail")
    _enter(page)
    assert page.url == f"{running.base}/case/{case.id}"
    expect(page.get_by_role("heading", level=1)).to_contain_text(case.customer)

    _tab_to(page, "BUTTON", f"Approve: hold outgoing mail on {login}")
    _enter(page)
    expect(page.get_by_role("status")).to_have_text("You agreed.")
    _until(page, "Hold verified, customer told")

    _customer_answers(page, running, case)

    page.goto(f"/case/{case.id}")
    expect(page.locator("#answers")).to_be_visible()
    expect(page.get_by_text("I changed the password.")).to_be_visible()
    _tab_to(page, "SUMMARY", "^Lift$")
    page.keyboard.press("Enter")
    _tab_to(page, "TEXTAREA", "reason")
    page.keyboard.type("the password is changed")
    _tab_to(page, "INPUT", "release")
    page.keyboard.press("Space")
    _tab_to(page, "BUTTON", "^Lift$")
    _enter(page)
    _until(page, "Lifted by ann")
    lifted = running.do(lambda stage: stage.sanction(case))
    assert (lifted.state, lifted.release) == (State.LIFTED, True)

    _tab_to(page, "BUTTON", "Sign out")
    _enter(page)
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are not signed in")
    running.troubles[:] = [said for said in running.troubles if "401" not in said]


def _customer_answers(page: Page, running: Any, case: Any) -> None:
    token = running.do(lambda stage: stage.notice_token(case))
    page.goto(f"/notice/{token}")
    expect(page.locator(".standing")).to_contain_text("Outgoing mail is held")
    _tab_to(page, "TEXTAREA", "text")
    page.keyboard.type("I changed the password.")
    _tab_to(page, "BUTTON", "Send the answer")
    _enter(page)
    expect(page.get_by_role("status")).to_contain_text("We have your answer.")
    expect(page.locator(".answer")).to_contain_text("I changed the password.")
