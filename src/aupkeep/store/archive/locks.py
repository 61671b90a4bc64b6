"""Who may do what with the archive's files at a time.

In: the archive's folder. Out: locks that go with the process. One process at a time rewrites; a
file that nothing names any more is removed only while nobody reads. Adding files needs no lock.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.store.archive.files import refusal
from aupkeep.store.archive.owner import make_own, open_own

_REWRITING, _READING = "rewriting.lock", "reading.lock"


@contextmanager
def rewriting(folder: Path, *, patience: float) -> Iterator[None]:
    """Be the only one who rewrites; raises `AupkeepError` where another does for too long."""
    lock = _open(folder, _REWRITING)
    try:
        if not _taken(lock, fcntl.LOCK_EX, patience):
            raise AupkeepError(
                Fault(
                    code="archive-busy",
                    what=f"another process rewrites the archive in `{folder}`",
                    hint="try again when it has ended",
                )
            )
        yield
    finally:
        os.close(lock)


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Keep every file that is named now readable; where nothing may be locked, just read."""
    lock = None
    with suppress(OSError):
        lock = os.open(folder / _READING, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        if lock is not None:
            fcntl.flock(lock, fcntl.LOCK_SH)
        yield
    finally:
        if lock is not None:
            os.close(lock)


@contextmanager
def alone(folder: Path, *, patience: float) -> Iterator[bool]:
    """Let nobody read meanwhile; False where somebody still does."""
    lock = _open(folder, _READING)
    try:
        yield _taken(lock, fcntl.LOCK_EX, patience)
    finally:
        os.close(lock)


def make_ready(folder: Path) -> None:
    """Make the folder and what readers lock; raises `AupkeepError` where it cannot be."""
    for name in (_REWRITING, _READING):
        os.close(_open(folder, name))


def _open(folder: Path, name: str) -> int:
    try:
        make_own(folder)
        return open_own(folder / name, os.O_RDWR)
    except OSError as refused:
        raise refusal(folder / name, refused) from None


def _taken(lock: int, how: int, patience: float) -> bool:
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.05)
        else:
            return True
