"""Installed commands on a free port, and Debian's Chromium before them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from aupkeep.store.database import close_store
from desk_stage import PATIENCE, Stage, free_port, make_stage


def start(folder: Path, *commands: str) -> list[subprocess.Popen[str]]:
    """Start installed commands on an installation; each has said its first line."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "aupkeep", command, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        for command in commands
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline(), process.args
    return processes


def stop(processes: list[subprocess.Popen[str]]) -> list[int]:
    """End the processes in good order and return their exit codes."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    codes = [process.wait(PATIENCE) for process in processes]
    for process in processes:
        assert process.stdout is not None
        process.stdout.close()
    return codes


@dataclass  # Playwright puts marks on whoever handles its events, so no slots.
class Running:
    """A desk that is served, its hand at work, and the installation behind both."""

    stage: Stage
    base: str
    #: Playwright keeps a loop running in the thread of the tests, in which Django refuses to work.
    thread: ThreadPoolExecutor
    troubles: list[str] = field(default_factory=list)

    def do(self, act: Callable[[Stage], Any]) -> Any:
        """Do something to the installation and return what it gives."""
        return self.thread.submit(act, self.stage).result(PATIENCE)

    def open(self, browser: Browser, **options: Any) -> BrowserContext:
        """Return a browser context that notes every error of its pages."""
        context = browser.new_context(base_url=self.base, **options)
        context.on("page", self._watch)
        return context

    def sign_in(self, page: Page, name: str = "ann") -> None:
        """Sign in by a link."""
        page.goto(self.do(lambda stage: stage.link(name)))
        page.get_by_role("button", name=f"Sign in as {name}").click()

    def _watch(self, page: Page) -> None:
        page.on(
            "console",
            lambda said: self.troubles.append(said.text) if said.type == "error" else None,
        )
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("requestfailed", self._failed)

    def _failed(self, request: Request) -> None:
        # Going to another page ends what the last one still asked for.
        if request.failure != "net::ERR_ABORTED":
            self.troubles.append(f"{request.failure} {request.url}")


def _touch() -> None:
    """Let this thread have a connection, which `open_store` then replaces."""
    connections["default"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for one module: while it is there, Django refuses to work in this thread."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as play:
        launched = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An installation that is armed, with `web` and `hand` at work on it."""
    port = free_port()
    folder = tmp_path_factory.mktemp("browser") / "installation"
    with ThreadPoolExecutor(max_workers=1, initializer=_touch) as thread:
        stage = thread.submit(make_stage, folder, port=port).result(PATIENCE)
        desk = Running(stage, f"http://127.0.0.1:{port}", thread)
        desk.do(Stage.arm)
        processes = start(folder, "web", "hand")
        yield desk
        codes = stop(processes)
        thread.submit(close_store).result(PATIENCE)
    assert codes == [0, 0]
    assert desk.troubles == []
