"""Retention, holds and erasure, which write files anew; and what a crash leaves of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from archive_stage import TODAY, Stage, frame, mails, open_stage
from aupkeep.base.clock import DAY, HOUR
from aupkeep.base.errors import AupkeepError, MisuseError
from aupkeep.flow import erasing, holding, sweeping, tending
from aupkeep.flow.archiving import Archiving
from aupkeep.record.entry import Head
from aupkeep.store import chain, models
from aupkeep.store.archive import catalog, files, locks, rewriting
from aupkeep.store.archive.rewriting import FAN_IN
from aupkeep.store.archive.standing import Erasure, Hold
from aupkeep.store.database import close_store

LATER = TODAY + 61 * DAY


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    yield Stage(open_stage(tmp_path / "installation"))
    close_store()


def hold(stage: Stage, **said: Any) -> Hold:
    wanted = Hold(id="", provider="jasmo", reason="court", by="ada", at=TODAY, **said)
    return holding.place(stage.installation, wanted)


def erasure(**said: Any) -> Erasure:
    said = {"until": TODAY + 2 * DAY, "at": TODAY + DAY} | said
    return Erasure(name="", provider="jasmo", reason="asked", by="ada", **said)


def entries() -> list[dict[str, Any]]:
    return [json.loads(line) for line in chain.lines_from("jasmo", 0)]


def swept(stage: Stage, now: int = LATER) -> list[int]:
    tending.sweep_now(stage.installation, now)
    return stage.positions()


def test_days_go_as_a_whole_when_their_time_is_over(stage: Stage) -> None:
    stage.put("mail", mails(3))
    stage.put("login", mails(1, first=10))
    stage.put("flow", mails(1, first=20))
    stage.put("report", mails(1, first=30))
    assert swept(stage, TODAY + 31 * DAY - 1) == [0, 10, 20, 30, 1, 2]
    assert swept(stage, TODAY + 31 * DAY) == [0, 10, 30, 1, 2]
    assert swept(stage) == [10, 30]
    assert swept(stage, TODAY + 91 * DAY) == [30]
    assert swept(stage, TODAY + 731 * DAY) == []
    assert stage.on_disk() == set()
    bodies = [item["body"] for item in entries() if item["act"] == "archive_swept"]
    assert bodies[1] == {"rows": {"mail": 3}}
    assert sum(sum(body["rows"].values()) for body in bodies) == 6


def test_a_hold_keeps_just_its_rows(stage: Stage) -> None:
    stage.put("mail", [*mails(4), *mails(2, first=10, customer="c-2")])
    stage.put("mail", mails(2, first=20, customer="c-3"))
    first = hold(stage, customer="c-2")
    second = hold(stage, kind="mail", since=TODAY, until=TODAY + 1_000_000)
    assert sorted(swept(stage)) == [0, 10, 11, 20]
    there = stage.on_disk()
    assert sorted(swept(stage, LATER + DAY)) == [0, 10, 11, 20]
    assert stage.on_disk() == there, "what is held is not rewritten each day"
    holding.release(stage.installation, second.id[:12], now=LATER, by="bob")
    assert sorted(swept(stage)) == [10, 11]
    holding.release(stage.installation, first.id, now=LATER, by="bob")
    assert swept(stage) == []
    acts = [item["act"] for item in entries() if "hel" in item["act"] or "rel" in item["act"]]
    assert acts == ["archive_held", "archive_held", "archive_released", "archive_released"]
    assert "c-2" not in json.dumps(entries())


def test_a_hold_of_everything_or_nothing(stage: Stage) -> None:
    with pytest.raises(MisuseError, match="a hold says"):
        hold(stage)
    one = hold(stage, kind="mail")
    assert hold(stage, kind="mail").id == one.id
    assert len(catalog.holds()) == 1
    with pytest.raises(MisuseError, match="no hold in force"):
        holding.release(stage.installation, "", now=TODAY, by="ada")


def test_a_broken_file_under_hold_stays(stage: Stage) -> None:
    (item,) = stage.put("mail", mails(2))
    hold(stage, customer="c-1")
    (stage.folder / item.path).write_bytes(b"")
    done = tending.sweep_now(stage.installation, LATER)
    assert "truncated" in done.faults[0].what
    assert stage.on_disk() == {item.path}


def test_erasure_by_customer_and_address(stage: Stage) -> None:
    stage.put("mail", [*mails(2), *mails(2, first=10, customer="c-2", recipient="bob@x")])
    stage.put("login", mails(2, first=20, customer="c-2", client_ip="192.0.2.1"))
    stage.put("mail", mails(1, first=30, customer="c-2", at=TODAY + 3 * DAY))
    stage.put("mail", mails(1, first=40, customer="c-2", provider="other"))
    done = erasing.erase(stage.installation, erasure(customer="c-2"))
    assert (done.rows, done.files, done.left) == (4, 2, 0)
    assert stage.positions() == [0, 40, 1, 30]
    done = erasing.erase(stage.installation, erasure(address="192.0.2.1", at=TODAY + DAY + 1))
    assert done.rows == 0
    listed = (stage.installation.folder / erasing.LIST).read_text().splitlines()
    assert len(listed) == 2
    assert "c-2" not in json.dumps(entries())
    said = [item["body"] for item in entries() if item["act"] == "archive_erased"]
    assert said[0]["rows"] == {"login": 2, "mail": 2}
    assert len(stage.on_disk()) == 3, "files without rows are gone"


def test_what_was_erased_does_not_come_back(stage: Stage) -> None:
    erasing.erase(stage.installation, erasure(customer="c-2"))
    stage.put("mail", [*mails(1), *mails(1, first=10, customer="c-2")])
    stage.put("mail", mails(1, first=20, customer="c-2", at=TODAY + 2 * DAY))
    assert stage.positions() == [0, 20]


def test_a_row_under_hold_refuses_the_erasure(stage: Stage) -> None:
    stage.put("mail", mails(3))
    one = hold(stage, until=TODAY + 2_000_000)
    with pytest.raises(AupkeepError) as refused:
        erasing.erase(stage.installation, erasure(customer="c-1"))
    (fault,) = refused.value.faults
    assert fault.what.startswith(f"2 of these rows are under hold {one.id[:12]}")
    assert stage.positions() == [0, 1, 2]
    assert not (stage.installation.folder / erasing.LIST).exists()


def test_an_older_database_goes_through_it_again(stage: Stage, tmp_path: Path) -> None:
    """Data are brought back from a backup; the list beside them is not."""
    stage.put("mail", [*mails(1), *mails(1, first=10, customer="c-2")])
    close_store()
    shutil.copytree(stage.installation.data, tmp_path / "backup")
    stage = Stage(open_stage(stage.installation.folder))
    erasing.erase(stage.installation, erasure(customer="c-2"))
    close_store()
    shutil.rmtree(stage.installation.data)
    shutil.copytree(tmp_path / "backup", stage.installation.data)
    stage = Stage(open_stage(stage.installation.folder))
    assert stage.positions() == [0, 10]
    engine = Archiving(stage.installation)
    engine.tend(TODAY + 3 * DAY)
    assert stage.positions() == [0]
    assert len(stage.on_disk()) == 1
    (entry,) = [item for item in entries() if item["act"] == "archive_erased"]
    assert entry["body"]["again"]


def test_a_hold_keeps_what_a_list_of_before_erases(stage: Stage) -> None:
    erasing.erase(stage.installation, erasure(customer="c-1"))
    one = hold(stage, customer="c-1")
    stage.put("mail", mails(2))
    assert stage.positions() == [0, 1]
    holding.release(stage.installation, one.id, now=TODAY, by="ada")
    assert stage.positions() == [], "no reader sees it from then on"
    Archiving(stage.installation).tend(TODAY + 3 * DAY)
    assert stage.on_disk() == set()


def test_a_list_that_breaks_off(stage: Stage) -> None:
    path = stage.installation.folder / erasing.LIST
    path.write_text('{"customer":"c-')
    assert erasing.replay(stage.installation, TODAY) == 0
    erasing.erase(stage.installation, erasure(customer="c-2"))
    assert len(path.read_text().splitlines()) == 1
    path.write_text("rubbish\n" + path.read_text())
    with pytest.raises(AupkeepError, match="list of what was erased"):
        erasing.replay(stage.installation, TODAY)


class _KilledError(BaseException):
    """The process ends here."""


def _write_and_die(at: int, act: Callable[[], object]) -> bool:
    """Do `act`, dying at its `at`th step on disk or in the database; True where it died."""
    steps = 0

    def step(whole: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*words: Any, **named: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps > at:
                raise _KilledError
            return whole(*words, **named)

        return counted

    with pytest.MonkeyPatch.context() as patch, suppress(_KilledError):
        # The dead do not clean up.
        patch.setattr(rewriting, "take_back", lambda *_: None)
        patch.setattr(erasing, "take_back", lambda *_: None)
        patch.setattr(sweeping, "take_back", lambda *_: None)
        for module, name in (
            (files, "_write"),
            (files, "sync_folder"),
            (catalog, "name"),
            (catalog, "unname"),
            (catalog, "forget"),
            (Path, "unlink"),
            (chain, "put_entries"),
        ):
            patch.setattr(module, name, step(getattr(module, name)))
        act()
        return False
    return True


_ACTS: dict[str, Callable[[Stage], object]] = {
    "erase": lambda stage: erasing.erase(stage.installation, erasure(customer="c-2")),
    "sweep": lambda stage: tending.sweep_now(stage.installation, LATER),
    "compact": lambda stage: tending.compact(stage.installation),
}


@pytest.mark.parametrize("what", _ACTS)
def test_killed_at_every_step(tmp_path: Path, what: str) -> None:
    """Whatever the moment, what is named is whole, nothing is doubled, and it is done again."""
    at = 0
    died = True
    while died:
        stage = Stage(open_stage(tmp_path / f"{what}{at}"))
        for number in range(3):
            rows = [*mails(2, first=number * 10), *mails(1, first=number * 10 + 5, customer="c-2")]
            stage.put("mail", rows)
        hold(stage, customer="c-1")
        act = partial(_ACTS[what], stage)
        died = _write_and_die(at, act)
        at += 1
        engine = Archiving(stage.installation)
        found = sorted(stage.positions())
        kept, everything = [0, 1, 10, 11, 20, 21], [0, 1, 5, 10, 11, 15, 20, 21, 25]
        assert found in (kept, everything)
        assert not stage.faults
        acts = [item["act"] for item in entries()]
        if what != "compact":
            entered = {"erase": "archive_erased", "sweep": "archive_swept"}[what] in acts
            assert entered == (found == kept)
        engine.tend(TODAY + DAY)
        act()
        assert sorted(stage.positions()) == (everything if what == "compact" else kept)
        named = {item.path for item in catalog.named()}
        assert stage.on_disk() == named
        close_store()
    assert at > 8


def test_an_engine_merges_sweeps_and_waits_for_others(stage: Stage) -> None:
    engine = Archiving(stage.installation)
    for number in range(FAN_IN):
        engine.tend(TODAY)
        rows = mails(2, first=10 * number)
        engine.batch.see("mail", frame("mail", rows))
        engine.write(number + 1, ["mail.log"])
        with engine.named():
            engine.name()
    assert len(stage.on_disk()) == FAN_IN
    with locks.rewriting(stage.folder, patience=0):
        engine.tend(TODAY)
    assert len(stage.on_disk()) == FAN_IN
    engine.tend(TODAY)
    assert len(stage.on_disk()) == 1
    assert len(stage.positions()) == 2 * FAN_IN
    engine.tend(TODAY + 61 * DAY + HOUR)
    assert stage.positions() == []


def test_a_transaction_that_fails_leaves_no_file(stage: Stage) -> None:
    engine = Archiving(stage.installation)
    engine.batch.see("mail", frame("mail", mails(2)))
    engine.write(1, ["mail.log"])
    assert len(stage.on_disk()) == 1
    with pytest.raises(ZeroDivisionError), engine.named():
        raise ZeroDivisionError
    assert stage.on_disk() == set()
    assert models.ArchiveFile.objects.count() == 0
    assert chain.head("jasmo") == Head("jasmo")
