"""The data folder is given away name by name, and whatever is a link in there stays a mere link."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from aupkeep.cli import run
from aupkeep.cli.lock import hold


def test_every_name_is_given_in_its_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").touch()
    data = tmp_path / "data"
    (data / "state").mkdir(parents=True)
    (data / "state" / "1.state").touch()
    (data / "folder").symlink_to(outside)
    (data / "file").symlink_to(outside / "secret")
    given: list[tuple[str, bool, bool]] = []

    def chown(path: str, *_: int, dir_fd: int | None = None, follow_symlinks: bool = True) -> None:
        given.append((str(path), dir_fd is not None, follow_symlinks))

    monkeypatch.setattr(os, "chown", chown)
    linked = tmp_path / "linked"
    linked.symlink_to(data)
    run.give(linked, pwd.getpwuid(os.getuid()))
    assert given[0] == (str(data), False, True)
    names = sorted(given[1:])
    assert names == [(name, True, False) for name in ("1.state", "file", "folder", "state")]


def test_a_lock_is_no_link(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    (tmp_path / "hand.lock").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        hold(tmp_path, "hand")
    assert not target.exists()
