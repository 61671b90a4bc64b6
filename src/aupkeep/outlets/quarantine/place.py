"""Where a file stands, reached without ever following a customer's link.

In: roots, which the operator trusts, and a path under one of them. Out: the folder that holds the
file, open, and the file's name. Each step from the root down is opened by itself and must be a real
folder, so that no link and no renaming in between leads anywhere else.
Source: openat(2), O_NOFOLLOW.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from aupkeep.base.errors import Fault, Place
from aupkeep.sanctions.power import PowerFault

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A path, taken apart."""

    root: str
    #: Names of folders from the root down, and last that of the file.
    names: tuple[str, ...]

    @property
    def path(self) -> str:
        """The whole path."""
        return "/".join((self.root, *self.names))


def spot(target: str, roots: Iterable[str], sites: Mapping[str, str]) -> Spot:
    """Return where `target`, a path or a web address, is; raises `ValueError` in plain words."""
    path = _of_site(target, sites) if "://" in target else target
    if not path.startswith("/") or "\0" in path:
        raise ValueError("this is no whole path of a file")
    names = path[1:].split("/")
    if any(name in ("", ".", "..") for name in names):
        raise ValueError("a path with empty names, . or .. is refused")
    under = [root for root in roots if path.startswith(f"{root}/")]
    if not under:
        raise ValueError("it is not under a folder that this power may act in")
    root = max(under, key=len)
    return Spot(root=root, names=tuple(path[len(root) + 1 :].split("/")))


@contextmanager
def holder(where: Spot) -> Iterator[int]:
    """Open the folder that `where` is in; raises `PowerFault` where there is none."""
    at = where.root
    try:
        now = os.open(where.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _gone(at, error) from error
    try:
        for name in where.names[:-1]:
            at = f"{at}/{name}"
            try:
                below = os.open(name, _FOLDER, dir_fd=now)
            except OSError as error:
                raise _gone(at, error) from error
            os.close(now)
            now = below
        yield now
    finally:
        os.close(now)


def _of_site(target: str, sites: Mapping[str, str]) -> str:
    parts = urlsplit(target)
    folder = sites.get((parts.hostname or "").lower())
    if folder is None:
        raise ValueError("`sites` names no folder for the site of this address")
    path = unquote(parts.path, errors="surrogateescape")
    if path.endswith("/") or not path:
        raise ValueError("this address names a folder, and no file of it")
    return str(PurePosixPath(folder)) + path


def _gone(path: str, error: OSError) -> PowerFault:
    why = (error.strerror or str(error)).lower()
    what = f"this is no folder that can be reached without a link: {why}"
    return PowerFault(Fault(code="no-folder", what=what, place=Place(file=path)), retry=False)
