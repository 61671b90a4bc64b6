"""One file as it was: its content and everything about it that is given back.

In: open files. Out: a manifest (path, SHA-256, owner, mode, times, extended attributes) beside the
content, and the file made anew from both. A copy is kept and not the file itself: whoever still
has it open, or has another name of it, can then change nothing of what is evidence.
Source: open(2), O_TMPFILE; linkat(2): the new file gets its name last, and only where none is.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path

from aupkeep.base.errors import Fault, Place
from aupkeep.outlets import durable
from aupkeep.outlets.quarantine.place import Spot, holder
from aupkeep.sanctions.power import PowerFault

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHUNK = 1 << 20
#: How often a file that is written to meanwhile is copied again.
_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is known of a file that was taken."""

    path: str
    sha256: str
    size: int
    uid: int
    gid: int
    mode: int
    #: Nanoseconds.
    mtime: int
    atime: int
    #: Names that the file had; the others still stand.
    links: int
    #: Name -> value in base64.
    attributes: dict[str, str]
    #: Device, inode and time of the last change (ns): whether a file is still the one taken.
    identity: tuple[int, int, int]

    def text(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(asdict(self), indent=1).encode()


def read_manifest(path: Path) -> Manifest:
    """Return the manifest at `path`; raises `PowerFault`."""
    try:
        told = json.loads(path.read_bytes())
        return Manifest(**{**told, "identity": tuple(told["identity"])})
    except OSError as error:
        raise durable.refused(path, "cannot be read", error) from error
    except (ValueError, TypeError, KeyError) as error:
        raise durable.fault("manifest", "is damaged", path, retry=False) from error


def status(where: Spot) -> os.stat_result | None:
    """Return what stands at a place, itself and not what a link leads to; None: nothing."""
    with holder(where) as folder:
        return _status(folder, where.names[-1])


def check(where: Spot, known: os.stat_result | None) -> None:
    """Raise `PowerFault` where what stands there is no file that could be taken."""
    if known is None:
        raise _fault("no-file", "there is no such file", where)
    if stat.S_ISLNK(known.st_mode):
        raise _fault("target", "this is a link, and what it leads to may be somebody else's", where)
    if not stat.S_ISREG(known.st_mode):
        raise _fault("target", "this is no file", where)


def take(where: Spot, into: Path) -> Manifest:
    """Copy the file at `where` to `into`; raises `PowerFault`. The file itself stays."""
    with holder(where) as folder:
        check(where, _status(folder, where.names[-1]))
        try:
            source = os.open(where.names[-1], _READ, dir_fd=folder)
        except OSError as error:
            raise durable.refused(Path(where.path), "cannot be read", error) from error
        try:
            # It may have been exchanged between the look and the opening.
            check(where, os.fstat(source))
            return _copied(source, where, into)
        finally:
            os.close(source)


def remove(where: Spot, known: Manifest) -> bool:
    """Take away the name of the file that was taken; return whether no other stands there."""
    with holder(where) as folder:
        now = _status(folder, where.names[-1])
        if now is None:
            return True
        if identity(now) != known.identity:
            return False
        try:
            os.unlink(where.names[-1], dir_fd=folder)
            os.fsync(folder)
        except OSError as error:
            raise durable.refused(Path(where.path), "cannot be taken away", error) from error
    return True


def give_back(where: Spot, known: Manifest, content: Path) -> None:
    """Make the file anew at its place; raises `PowerFault` where something stands there.

    What stands there already as it was given back is left alone.
    """
    with holder(where) as folder:
        if _is_back(folder, where.names[-1], known):
            return
        try:
            fresh = os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600, dir_fd=folder)
            try:
                _fill(fresh, known, content)
                os.link(
                    f"/proc/self/fd/{fresh}",
                    where.names[-1],
                    dst_dir_fd=folder,
                    follow_symlinks=True,
                )
            finally:
                os.close(fresh)
            os.fsync(folder)
        except FileExistsError as error:
            what = "something else stands there now; move it away, or lift with the copy by hand"
            raise _fault("occupied", what, where) from error
        except OSError as error:
            raise durable.refused(Path(where.path), "cannot be given back", error) from error


def identity(known: os.stat_result) -> tuple[int, int, int]:
    """Return what tells one file, unchanged, from any other."""
    return known.st_dev, known.st_ino, known.st_ctime_ns


def _copied(source: int, where: Spot, into: Path) -> Manifest:
    for _ in range(_TRIES):
        before = os.fstat(source)
        digest, size = _stream(source, into)
        after = os.fstat(source)
        if identity(before) == identity(after) and size == after.st_size:
            return Manifest(
                path=where.path,
                sha256=digest,
                size=size,
                uid=after.st_uid,
                gid=after.st_gid,
                mode=stat.S_IMODE(after.st_mode),
                mtime=after.st_mtime_ns,
                atime=before.st_atime_ns,
                links=after.st_nlink,
                attributes=_attributes(source),
                identity=identity(after),
            )
    what = "it is written to all the time and cannot be copied"
    raise PowerFault(Fault(code="changing", what=what, place=Place(file=where.path)), retry=True)


def _stream(source: int, into: Path) -> tuple[str, int]:
    hashed, size = hashlib.sha256(), 0
    try:
        os.lseek(source, 0, os.SEEK_SET)
        with open(into, "wb", opener=_private) as out:
            while chunk := os.read(source, _CHUNK):
                hashed.update(chunk)
                out.write(chunk)
                size += len(chunk)
            out.flush()
            os.fsync(out.fileno())
        durable.flush_folder(into.parent)
    except OSError as error:
        raise durable.refused(into, "cannot be written", error) from error
    return hashed.hexdigest(), size


def _fill(fresh: int, known: Manifest, content: Path) -> None:
    hashed = hashlib.sha256()
    with content.open("rb") as kept:
        while chunk := kept.read(_CHUNK):
            hashed.update(chunk)
            _write(fresh, chunk)
    if hashed.hexdigest() != known.sha256:
        raise durable.fault("manifest", "is not what was taken", content, retry=False)
    os.fchown(fresh, known.uid, known.gid)
    os.fchmod(fresh, known.mode)
    for name, value in known.attributes.items():
        os.setxattr(fresh, name, base64.b64decode(value))
    os.utime(fresh, ns=(known.atime, known.mtime))
    os.fsync(fresh)


def _write(out: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(out, rest) :]


def _is_back(folder: int, name: str, known: Manifest) -> bool:
    now = _status(folder, name)
    if now is None or not stat.S_ISREG(now.st_mode):
        return False
    told = (now.st_size, now.st_uid, now.st_gid, stat.S_IMODE(now.st_mode), now.st_mtime_ns)
    if told != (known.size, known.uid, known.gid, known.mode, known.mtime):
        return False
    with open(name, "rb", opener=lambda path, _: os.open(path, _READ, dir_fd=folder)) as there:
        return hashlib.file_digest(there, "sha256").hexdigest() == known.sha256


def _status(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _attributes(source: int) -> dict[str, str]:
    try:
        names = os.listxattr(source)
    except OSError:
        # This file system has none.
        return {}
    return {name: base64.b64encode(os.getxattr(source, name)).decode() for name in names}


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _fault(code: str, what: str, where: Spot) -> PowerFault:
    return PowerFault(Fault(code=code, what=what, place=Place(file=where.path)), retry=False)
