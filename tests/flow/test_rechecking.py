"""Causes are looked at again: by the hand where the settings say so, or when a person asks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from aupkeep.base.clock import DAY, HOUR
from aupkeep.cases.case import Case
from aupkeep.cases.cause import Gone
from aupkeep.flow.rechecking import probes, recheck, recheck_due
from aupkeep.store import evidence
from aupkeep.store.cases import acts_on
from aupkeep.store.database import close_store
from desk_stage import Stage, make_stage, open_stage


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return make_stage(tmp_path_factory.mktemp("rechecks") / "made")


@pytest.fixture
def stage(made: Stage, tmp_path: Path) -> Iterator[Stage]:
    close_store()
    shutil.copytree(made.installation.folder, tmp_path / "here")
    path = tmp_path / "here" / "aupkeep.toml"
    text = 'recheck = ["url", "port"]\n' + path.read_text().replace(
        'policy = "policies/jasmo"\n', 'policy = "policies/jasmo"\nnetworks = ["127.0.0.0/8"]\n'
    )
    path.write_text(text)
    yield open_stage(tmp_path / "here", made.now, policies=made.policies)
    close_store()


class _Page(BaseHTTPRequestHandler):
    codes: list[int]

    def do_HEAD(self) -> None:
        self.send_response(self.codes[-1])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def page() -> Iterator[tuple[str, list[int]]]:
    """Serve one page that answers the last of the codes."""
    codes = [200]
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("P", (_Page,), {"codes": codes}))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/x", codes
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def reported(stage: Stage, url: str) -> Case:
    """Open the case of a report about `url` that only a person decides."""
    return stage.case(
        stage.finding(state="open", actor=f"url:{url}", key={"actor": f"url:{url}"}, evidence={})
    )


def states(case: Case) -> list[str]:
    return [item.details["to"] for item in acts_on(case.id)]


def test_the_hand_resolves_what_is_gone_and_opens_what_is_back(stage: Stage) -> None:
    with page() as (url, codes):
        case = reported(stage, url)
        stage.carry_out()
        assert states(case) == []
        codes.append(404)
        # A thing that was there is looked at again after an hour, not sooner.
        stage.carry_out()
        assert states(case) == []
        stage.later(HOUR)
        stage.carry_out()
        assert states(case) == ["resolved"]
        codes.append(503)
        stage.later(DAY)
        stage.carry_out()
        assert states(case) == ["resolved"]
        codes.append(200)
        stage.later(DAY)
        stage.carry_out()
    assert states(case) == ["resolved", "open"]
    found = acts_on(case.id)
    assert "127.0.0.1 answers 404 for the page" in found[0].reason
    assert "the cause is there again" in found[1].reason
    assert {item.by for item in found} == {""}


def test_a_server_that_is_gone_is_unknown_and_resolves_nothing(stage: Stage) -> None:
    with page() as (url, _):
        pass
    case = reported(stage, url)
    doors = probes(stage.installation, case.provider)
    done = recheck(case, stage.policies, doors, now=stage.now)
    assert (done.verdict.gone, done.case.state) == (Gone.UNKNOWN, "open")


def test_nothing_is_looked_at_where_the_settings_name_nothing(made: Stage, tmp_path: Path) -> None:
    close_store()
    shutil.copytree(made.installation.folder, tmp_path / "here")
    stage = open_stage(tmp_path / "here", made.now, policies=made.policies)
    case = reported(stage, "http://127.0.0.1:9/x")
    assert evidence.cases_to_probe(stage.now, most=9) == [case]
    assert recheck_due(stage.installation, stage.policies, stage.clock) == []
    close_store()


def test_nothing_outside_is_called(stage: Stage) -> None:
    case = reported(stage, "http://198.51.100.7/x")
    (done,) = recheck_due(stage.installation, stage.policies, stage.clock)
    assert done.verdict.gone is Gone.UNKNOWN
    assert "198.51.100.7 is not in this provider's networks" in done.verdict.how
    assert states(case) == []


def test_what_a_measure_keeps_down_is_not_called_gone(stage: Stage) -> None:
    stage.arm()
    case = stage.held()
    found = evidence.exact_case(case.id)
    assert found is not None
    done = recheck(found, stage.policies, {}, now=stage.now + 30 * DAY)
    assert done.case.state == "contained"
