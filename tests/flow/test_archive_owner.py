"""What root writes in the archive is the engine's user's, who must read and replace it."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive_stage import TODAY, Stage, mails, open_stage
from aupkeep.base.clock import DAY
from aupkeep.cli import run
from aupkeep.flow import erasing, tending
from aupkeep.store.archive import keys, owner
from aupkeep.store.archive.standing import Erasure
from aupkeep.store.database import close_store

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")

SOMEBODY = 65_534


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    yield Stage(open_stage(tmp_path / "installation"))
    close_store()


def hand_over(stage: Stage) -> None:
    user = pwd.struct_passwd(("somebody", "x", SOMEBODY, SOMEBODY, "", "/", ""))
    run.hand_over(stage.installation, user)


def strangers(top: Path) -> list[str]:
    """Return what is not that user's in `top`."""
    there = [top, *top.rglob("*")]
    return [str(path) for path in there if path.lstat().st_uid != SOMEBODY]


def erase(stage: Stage, customer: str) -> None:
    wanted = Erasure(
        name="",
        provider="jasmo",
        customer=customer,
        reason="asked",
        by="ada",
        until=TODAY + 9 * DAY,
        at=TODAY + DAY,
    )
    erasing.erase(stage.installation, wanted)


def test_what_root_rewrites_is_the_engines(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "LEAST_ROWS", 1)
    hand_over(stage)
    stage.put("mail", [*mails(2), *mails(2, first=9, customer="c-2")])
    stage.put("login", mails(3, first=20))
    erase(stage, "c-1")
    stage.put("mail", mails(2, first=40, at=TODAY + 2 * DAY, customer="c-2"))
    stage.put("mail", mails(2, first=50, at=TODAY + 2 * DAY, customer="c-2"))
    tending.compact(stage.installation)
    assert list(stage.folder.rglob("*.keys"))
    assert strangers(stage.installation.data) == []
    listed = stage.installation.folder / erasing.LIST
    assert (listed.stat().st_uid, listed.stat().st_mode & 0o777) == (SOMEBODY, 0o600)


def test_an_archive_elsewhere_and_an_old_list_are_given_at_the_start(tmp_path: Path) -> None:
    settings = '[[provider]]\nname = "jasmo"\npolicy = "p"\n[archive]\nfolder = "../events"\n'
    stage = Stage(open_stage(tmp_path / "installation", settings))
    stage.put("mail", mails(2))
    erase(stage, "c-1")
    stage.put("mail", mails(2, first=7, customer="c-2"))
    assert strangers(stage.folder)
    hand_over(stage)
    assert strangers(stage.folder) == []
    assert strangers(stage.installation.folder / erasing.LIST) == []
    close_store()


def test_a_file_with_another_name_elsewhere_is_not_given(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("root's")
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, SOMEBODY, SOMEBODY)
    os.link(secret, theirs / "e1.parquet")
    os.close(owner.open_own(theirs / "e1.parquet", os.O_RDWR))
    assert secret.stat().st_uid == 0
    (theirs / "e2.parquet").symlink_to(secret)
    with pytest.raises(OSError, match="symbolic links"):
        owner.open_own(theirs / "e2.parquet", os.O_RDWR)
