"""Files that are whole or not there: written beside their place, flushed, moved into it.

In: a path and bytes. Out: the file, on the disk by the time the call returns. `PowerFault` says
what the disk refused and where.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aupkeep.base.errors import Fault, Place
from aupkeep.sanctions.power import PowerFault

#: Refusals that a person or time removes without anything being changed in the settings.
_PASSING = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM}
)
#: Between two tries to get a lock, in seconds.
_PAUSE = 0.02


def write(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Put `data` into `path`; an existing file keeps its owner and mode, a new one gets `mode`.

    A crash leaves the old file or the new one. One writer at a time (`locked`). Raises
    `PowerFault`.
    """
    path = Path(os.path.realpath(path))
    fresh = path.with_name(f".{path.name}.new")
    try:
        with open(fresh, "wb", opener=_private) as out:
            _same_owner(path, out.fileno(), mode)
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
        flush_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise refused(path, "cannot be written", error) from error


def move(path: Path, to: Path) -> None:
    """Rename `path` to `to` for good; raises `PowerFault`."""
    try:
        path.replace(to)
        flush_folder(to.parent)
        if path.parent != to.parent:
            flush_folder(path.parent)
    except OSError as error:
        raise refused(path, f"cannot be moved to `{to}`", error) from error


def folder(path: Path, *, mode: int = 0o755) -> None:
    """Make a folder, and those above it, where there is none; raises `PowerFault`."""
    if path.is_dir():
        return
    try:
        folder(path.parent, mode=mode)
        path.mkdir(mode=mode, exist_ok=True)
        flush_folder(path.parent)
    except OSError as error:
        raise refused(path, "cannot be made", error) from error


def flush_folder(folder: Path) -> None:
    """Write a folder's names to the disk; raises `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, *, patience: float) -> Iterator[None]:
    """Be the only one in the block that holds `path` (a file made for it).

    Raises `PowerFault` when another process holds it for longer than `patience` seconds.
    """
    try:
        handle = path.open("ab")
    except OSError as error:
        raise refused(path, "cannot be opened", error) from error
    with handle:
        until = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    what = f"another process has held it for {patience:g} s"
                    raise fault("busy", what, path, retry=True) from None
                time.sleep(_PAUSE)
        yield


def refused(path: Path, what: str, error: OSError) -> PowerFault:
    """Return the fault for what the file system refused."""
    text = f"{what}: {(error.strerror or str(error)).lower()}"
    return fault("file", text, path, retry=error.errno in _PASSING)


def fault(code: str, what: str, path: Path, *, retry: bool) -> PowerFault:
    """Return a fault about the whole of a file."""
    return PowerFault(Fault(code=code, what=what, place=Place(file=str(path))), retry=retry)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _same_owner(path: Path, descriptor: int, mode: int) -> None:
    try:
        known = path.stat()
    except FileNotFoundError:
        os.fchmod(descriptor, mode)
        return
    now = os.fstat(descriptor)
    if (now.st_uid, now.st_gid) != (known.st_uid, known.st_gid):
        os.fchown(descriptor, known.st_uid, known.st_gid)
    os.fchmod(descriptor, known.st_mode & 0o7777)
