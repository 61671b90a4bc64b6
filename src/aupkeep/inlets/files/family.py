"""The files of one log: the one being written and what rotation left of it.

In: a path or glob. Out: families of files, each with its members from the oldest to the newest.
`mail.log.2.gz`, `mail.log.1`, `mail.log-2026-01-01.gz` and `mail.log` are one family, `mail.log`.
"""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass
from pathlib import Path

_ROTATED = re.compile(r"(?P<base>.+?)(?:[.-](?P<turn>\d+(?:-\d+)*))?(?:\.(?:gz|GZ))?")
#: Digits from which on a number is a date, not a count of rotations.
_DATE_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Family:
    """One log, whatever rotation made of it."""

    #: Path of the file that is written now; it need not exist.
    path: Path
    #: Rotated files that exist, oldest first.
    rotated: tuple[Path, ...]


def families(pattern: str, folder: Path) -> list[Family]:
    """Return the families that `pattern` (relative to `folder`) names, sorted by path."""
    absolute = str(folder / pattern)
    if not glob.has_magic(absolute):
        packed = absolute.endswith((".gz", ".GZ"))
        # Nobody appends to a packed file: it is read once, and what it was made of is waited for.
        return [
            Family(Path(absolute[:-3]), (Path(absolute),)) if packed else Family(Path(absolute), ())
        ]
    groups: dict[str, list[str]] = {}
    log = absolute.rstrip("*")
    if log != absolute and not log.endswith("/") and not glob.has_magic(log):
        # `mail.log*` means `mail.log` too, though nobody has written it yet.
        groups[log] = []
    for name in matching(Path(absolute)):
        if Path(name).is_dir():
            continue
        base, _ = _parts(name)
        members = groups.setdefault(base, [])
        if name != base:
            members.append(name)
    return [
        Family(Path(base), tuple(Path(name) for name in sorted(members, key=_age)))
        for base, members in sorted(groups.items())
    ]


def matching(pattern: Path) -> list[str]:
    """Return the paths that `pattern` (which may be absolute) matches, sorted."""
    return sorted(glob.glob(str(pattern)))  # noqa: PTH207 - Path.glob takes no absolute pattern


def _parts(name: str) -> tuple[str, str]:
    """Return the name without what rotation added, and the count or date it added."""
    path = Path(name)
    found = _ROTATED.fullmatch(path.name)
    if found is None:
        return name, ""
    return str(path.with_name(found["base"])), found["turn"] or ""


def _age(name: str) -> tuple[bool, int, str, str]:
    """Order from the oldest: by date where names have one, else the highest count first."""
    digits = _parts(name)[1].replace("-", "")
    if len(digits) >= _DATE_DIGITS:
        return True, 0, digits, name
    return False, -int(digits or "0"), "", name
