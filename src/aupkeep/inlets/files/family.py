"""The files of one log: the one being written and what rotation left of it.

In: a path or glob. Out: families of files, each with its members from the oldest to the newest.
`mail.log.2.gz`, `mail.log.1`, `mail.log-20260101.gz` and `mail.log` are one family named `mail.log`.
"""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass
from pathlib import Path

_ROTATED = re.compile(r"(?P<base>.+?)(?:[.-](?P<turn>\d+))?(?:\.(?:gz|GZ))?")
#: Length of a number from which on it is a date, not a count of rotations.
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
        return [Family(Path(absolute), ())]
    groups: dict[str, list[tuple[int, str]]] = {}
    for name in sorted(glob.glob(absolute)):
        if Path(name).is_dir():
            continue
        found = _ROTATED.fullmatch(name)
        base, turn = (found["base"], found["turn"]) if found else (name, None)
        members = groups.setdefault(base, [])
        if turn is not None or name != base:
            members.append((_age(turn or "0"), name))
    return [
        Family(Path(base), tuple(Path(name) for _, name in sorted(members)))
        for base, members in sorted(groups.items())
    ]


def _age(turn: str) -> int:
    """Order: a higher count is older; a later date is newer."""
    return int(turn) if len(turn) >= _DATE_DIGITS else -int(turn)
