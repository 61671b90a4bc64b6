"""Sign in by a link that works once; sign out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from aupkeep.base.clock import DAY
from aupkeep.desk.serving import SESSION_SECONDS, web_settings
from aupkeep.desk.site import site
from desk_stage import ANN


def test_looking_at_a_link_does_not_use_it_up(desk: Any, words: Any) -> None:
    link = desk.stage.link()
    for _ in range(3):
        answer = desk.anybody().get(link)
        assert answer.status_code == 200
        assert "Sign in as ann" in words(answer)
    browser = desk.anybody()
    assert browser.post(link).status_code == 302
    assert browser.get("/").status_code == 200


def test_a_link_works_once(desk: Any) -> None:
    link = desk.stage.link()
    assert desk.anybody().post(link).status_code == 302
    second = desk.anybody()
    assert second.post(link).status_code == 410
    assert second.get("/").status_code == 401


def test_wrong_used_and_old_links_get_the_same_page(desk: Any) -> None:
    used, old = desk.stage.link(), desk.stage.link()
    desk.anybody().post(used)
    desk.stage.later(2 * DAY)
    answers = [
        call(path)
        for path in (used, old, "/sign-in/nothing", "/sign-in/" + "x" * 3000)
        for call in (desk.anybody().get, desk.anybody().post)
    ]
    assert {answer.status_code for answer in answers} == {410}
    assert len({answer.content for answer in answers}) == 1


def test_signing_out_ends_the_session_on_the_server(desk: Any) -> None:
    browser = desk.person(ANN)
    cookies = {name: morsel.value for name, morsel in browser.cookies.items()}
    assert browser.get("/").status_code == 200
    browser.post("/sign-out")
    again = desk.anybody()
    for name, value in cookies.items():
        again.cookies[name] = value
    assert again.get("/").status_code == 401


def test_a_person_who_may_no_longer_sign_in_is_out_at_once(desk: Any) -> None:
    browser = desk.person()
    get_user_model()._default_manager.filter(name=ANN).update(active=False)  # noqa: SLF001  # as Django names it
    assert browser.get("/").status_code == 401


def test_a_session_lasts_twelve_hours(desk: Any) -> None:
    browser = desk.person()
    session = next(item for name, item in browser.cookies.items() if name.startswith("desk-"))
    assert int(session["max-age"]) == SESSION_SECONDS == 12 * 3600


@pytest.mark.usefixtures("desk")
def test_over_https_cookies_are_for_https_alone() -> None:
    plain = site()
    settings = plain.installation.settings
    https = settings.desk.model_copy(update={"url": "https://abuse.example"})
    secure = replace(
        plain,
        installation=replace(
            plain.installation, settings=settings.model_copy(update={"desk": https})
        ),
    )
    said = web_settings(secure)
    assert said["SESSION_COOKIE_SECURE"]
    assert said["CSRF_COOKIE_SECURE"]
    assert said["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert said["CSRF_TRUSTED_ORIGINS"] == ["https://abuse.example"]
    assert "abuse.example" in said["ALLOWED_HOSTS"]
    assert not web_settings(plain)["SESSION_COOKIE_SECURE"]
