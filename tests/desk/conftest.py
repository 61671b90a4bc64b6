"""A desk over an installation of its own for each test, called without a network."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client

from aupkeep.desk.serving import application
from aupkeep.flow import keys
from aupkeep.store.database import close_store
from desk_stage import ANN, Stage, make_stage, open_stage


@dataclass(slots=True)
class Desk:
    """The desk and who calls it."""

    stage: Stage

    def anybody(self, *, csrf: bool = False) -> Client:
        """Return a browser that nobody signed in with."""
        return Client(
            enforce_csrf_checks=csrf, raise_request_exception=False, SERVER_NAME="127.0.0.1"
        )

    def person(self, name: str = ANN) -> Client:
        """Return a browser in which `name` is signed in."""
        browser = self.anybody()
        answer = browser.post(self.stage.link(name))
        assert answer.status_code == 302, answer.content
        return browser


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """An installation that tests copy: making one takes a second."""
    return make_stage(tmp_path_factory.mktemp("desk") / "template")


@pytest.fixture
def stage(template: Stage, tmp_path: Path) -> Iterator[Stage]:
    close_store()
    shutil.copytree(template.installation.folder, tmp_path / "installation")
    opened = open_stage(tmp_path / "installation", template.now, policies=template.policies)
    yield opened
    close_store()


@pytest.fixture
def desk(stage: Stage) -> Desk:
    application(stage.installation, keys.secret(stage.installation), stage.clock)
    return Desk(stage)


@pytest.fixture
def alone(desk: Desk) -> Desk:
    """A desk that one person runs."""
    settings = desk.stage.installation.settings.model_copy(update={"single_operator": True})
    installation = replace(desk.stage.installation, settings=settings)
    desk.stage.installation = installation
    application(installation, keys.secret(installation), desk.stage.clock)
    return desk


Words = Callable[[HttpResponse], str]


@pytest.fixture(scope="session")
def words() -> Words:
    """What a page says, without its tags, as one line."""

    def said(response: HttpResponse) -> str:
        text = response.content.decode()
        body = re.sub(r"<(head|svg)\b.*?</\1>", " ", text, flags=re.DOTALL)
        return " ".join(
            unescape(
                re.sub(
                    r"<[^>]*>", "", re.sub(r"(?=<(br|p|li|d[td]|t[dh]|h\d|span|button))", " ", body)
                )
            ).split()
        )

    return said
