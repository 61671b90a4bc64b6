"""Whose the files of the archive are: what root writes belongs to whoever owns the folder it is in.

In: names to open. Out: descriptors. The engine runs as a user without rights; a command that an
administrator runs beside it must leave nothing behind that this user cannot read or replace.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

#: What a file or folder of the archive may be done with, and by whom.
_FILE, _FOLDER = 0o640, 0o750


def open_own(path: Path, flags: int, *, mode: int = _FILE, like: Path | None = None) -> int:
    """Open `path`, which may be new: the owner's of `like`, or of its folder; follow no link."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, mode)
    try:
        _give(descriptor, like or path.parent)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def make_own(folder: Path) -> None:
    """Make `folder` and those above it that are missing: the owner's of what they lie in."""
    if folder.is_dir():
        return
    make_own(folder.parent)
    folder.mkdir(mode=_FOLDER, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        _give(descriptor, folder.parent)
    finally:
        os.close(descriptor)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _give(descriptor: int, like: Path) -> None:
    """Give what is open to the owner of `like`; a file with a second name may be another's."""
    if os.geteuid() != 0:
        return
    now, own = os.fstat(descriptor), like.stat()
    if (now.st_uid, now.st_gid) == (own.st_uid, own.st_gid):
        return
    if stat.S_ISDIR(now.st_mode) or now.st_nlink == 1:
        os.fchown(descriptor, own.st_uid, own.st_gid)
