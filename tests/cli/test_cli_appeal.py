"""Appeals, statements and notices by the installed commands."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aupkeep.base.clock import MINUTE
from aupkeep.flow import appealing
from aupkeep.store import appeals, dialogue
from aupkeep.store.database import close_store
from bounces import report
from desk_stage import BEN, Stage, make_stage, open_stage

pytestmark = pytest.mark.slow

PROGRAM = Path(sys.executable).with_name("aupkeep")
HOSTILE = "[/red]\x1b[2J\n[bold]they signed up"


@pytest.fixture
def stage(tmp_path: Path, made: Path) -> Iterator[Stage]:
    shutil.copytree(made, tmp_path / "here")
    now = int((made / "now").read_text())
    opened = open_stage(tmp_path / "here", now)
    opened.arm()
    yield opened
    close_store()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("appeal") / "made"
    now = make_stage(folder).now
    (folder / "now").write_text(str(now))
    close_store()
    return folder


def said(stage: Stage, *words: str, code: int = 0) -> str:
    """Return what the installed command prints, on both channels."""
    done = subprocess.run(  # our own program
        [PROGRAM, *words, "--dir", stage.installation.folder],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_list_and_decide(stage: Stage) -> None:
    case = stage.held()
    name = dialogue.notices_of(case.id)[0].notice.id
    policy = stage.policies.at("jasmo", stage.now)
    made = appealing.appeal(name, HOSTILE, policy, now=stage.now)
    listed = said(stage, "appeal", "list", "--open")
    assert made.id[:12] in listed
    assert "\x1b" not in listed
    assert len(listed.splitlines()) == 1
    known = json.loads(said(stage, "appeal", "list", "--json"))
    assert (known["outcome"], known["decided_by"], known["text"]) == ("", "", HOSTILE)
    decide = ("appeal", "decide", made.id[:8])
    nobody = said(stage, *decide, "uphold", "--reason", "No.", "--by", "bem", code=2)
    assert f"did you mean `{BEN}`" in nobody
    maybe = said(stage, *decide, "maybe", "--reason", "No.", "--by", BEN, code=3)
    assert "`maybe` is not a decision" in maybe
    unknown = said(stage, "appeal", "decide", "zz", "uphold", "--reason", "No.", code=3)
    assert "no appeal, or more than one" in unknown
    done = said(stage, *decide, "overturn", "--reason", "You are right.", "--by", BEN)
    assert "overturned by ben: You are right." in done
    again = said(stage, *decide, "uphold", "--reason", "No.", "--by", BEN, code=3)
    assert "was decided already: overturned" in again
    assert "no appeal waits" in said(stage, "appeal", "list", "--open")
    assert appeals.cleared(case.id) == [made.sanction]
    assert stage.sanction(case).ends_as == "lifted"
    proved = json.loads(said(stage, "record", "verify", "--json").splitlines()[0])
    assert proved["ok"] is True


def test_statement_notices_and_what_came_back(stage: Stage, tmp_path: Path) -> None:
    case = stage.held()
    sanction = stage.sanction(case)
    plain = said(stage, "sanction", "statement", sanction.id[:12])
    assert "- Decision: a part of the service is suspended, from" in plain
    stated = json.loads(said(stage, "sanction", "statement", sanction.id, "--json"))
    assert stated["puid"] == sanction.id
    assert stated["decision_provision"] == "DECISION_PROVISION_PARTIAL_SUSPENSION"
    assert "no sanction, or more" in said(stage, "sanction", "statement", "zz", code=3)
    told = json.loads(said(stage, "notice", "list", case.id[:8], "--json"))
    assert (told["kind"], told["held_only"], told["bounced"]) == ("measure", True, None)
    assert told["delivered"] is None
    back, other = tmp_path / "back.eml", tmp_path / "other.eml"
    back.write_bytes(report(name=told["id"]))
    other.write_bytes(b"Subject: hi\n\nhi\n")
    text = said(stage, "notice", "bounced", str(back), str(other), code=1)
    assert f"could not be delivered to owner@c.example: {told['id'][:12]}" in text
    assert "it reports no failure" in text
    assert "came back" in said(stage, "notice", "list", case.id)


def test_asking_and_reminding(stage: Stage) -> None:
    case = stage.case(profiles={"contact": "owner@far.example"})
    stage.carry_out()
    sanction = stage.sanction(case)
    assert "goes out" in said(
        stage, "sanction", "ask", sanction.id, "--question", "Who has the password?"
    )
    assert "goes out" in said(stage, "sanction", "remind", sanction.id)
    stage.now = time.time_ns() // 1000 + MINUTE
    stage.carry_out()
    letters = [path.read_text() for path in (stage.installation.folder / "outbox").glob("*.eml")]
    assert sum("In-Reply-To:" in letter for letter in letters) == 2
    assert "a question of 1 to" in said(
        stage, "sanction", "ask", sanction.id, "--question", " ", code=3
    )
