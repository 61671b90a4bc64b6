"""The engine's state on disk: one file a commit, named by the database.

In: builtins, bytes and numbers. Out: the same back. A file is written and synced before the
transaction that names it; files that no transaction names are removed at start.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from aupkeep.base.errors import AupkeepError, Fault, Place

SUFFIX = ".state"
#: First element of every state file; a newer program reads an older number, not the reverse.
VERSION = 1


def write_state(folder: Path, number: int, state: dict[str, Any]) -> str:
    """Write and sync `state`; return the file's name, which the transaction must store.

    Raises `AupkeepError` where it cannot be written; the last commit stays as it is.
    """
    name = f"{number:012d}{SUFFIX}"
    data = msgspec.msgpack.encode([VERSION, state])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        _sync_folder(folder)
    except OSError as refused:
        raise AupkeepError(
            Fault(
                code="state-refused",
                what=f"the engine's state cannot be written ({refused.strerror or refused})",
                place=Place(file=str(folder / name)),
                hint="make room; nothing is lost, the engine goes on from its last commit",
            )
        ) from None
    return name


def read_state(folder: Path, name: str) -> dict[str, Any]:
    """Return the state in the file `name`; raises `AupkeepError` when it is missing or newer."""
    path = folder / name
    try:
        version, state = msgspec.msgpack.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, ValueError, TypeError) as broken:
        raise AupkeepError(broken_state(path, str(broken))) from None
    if version > VERSION:
        raise AupkeepError(
            Fault(
                code="newer-state",
                what=f"the engine's state was written by a newer Aupkeep (form {version})",
                place=Place(file=str(path)),
                hint="install that version, or restore a backup made before the upgrade",
            )
        )
    return dict(state)


def broken_state(path: Path, why: str) -> Fault:
    """Build the fault for a state file that does not hold a state."""
    return Fault(
        code="broken-state",
        what=f"the engine's state cannot be read ({why})",
        place=Place(file=str(path)),
        hint="restore the data folder from one backup, database and state together",
    )


def remove_unnamed(folder: Path, named: str) -> list[str]:
    """Remove state files other than `named`; return the names of those removed."""
    removed = []
    if folder.is_dir():
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            if path.name != named:
                path.unlink()
                removed.append(path.name)
    return removed


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
