"""New files in place of old ones: fewer, or without rows that must go.

In: files and what is to stay of them. Out: `Swap`, for one transaction that names the new files
and unnames the old. Nothing is removed here; a crash leaves files that nothing names.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from aupkeep.base.errors import Fault
from aupkeep.store.archive import files
from aupkeep.store.archive.columns import VERSION
from aupkeep.store.archive.files import GROUP_ROWS, Stored
from aupkeep.store.archive.merging import Broken, groups, merged

#: Rows of a file that is large enough: what is larger is never merged again.
FILE_ROWS = 262_144
#: So many files of one size become one of the next.
FAN_IN = 16


@dataclass(frozen=True, slots=True)
class Swap:
    """Files that take the place of others, and how many rows are in neither."""

    old: tuple[Stored, ...]
    new: tuple[Stored, ...]
    removed: int = 0


def to_merge(listed: Sequence[Stored], *, closed: bool) -> list[list[Stored]]:
    """Return sets of files of one provider, kind and day that should become fewer.

    Of a day that goes on, files of like size are merged, so that a row is written a handful of
    times whatever the day brings; of a `closed` one all that are not large.
    """
    days: dict[tuple[str, str, int], list[Stored]] = {}
    for item in listed:
        if item.rows < FILE_ROWS // 2 and not item.trouble and item.version <= VERSION:
            days.setdefault((item.provider, item.kind, item.day), []).append(item)
    found = []
    for small in days.values():
        if closed:
            found += [small] if len(small) > 1 else []
            continue
        sizes: dict[int, list[Stored]] = {}
        for item in small:
            sizes.setdefault((item.rows.bit_length() + 3) // 4, []).append(item)
        found += [group for group in sizes.values() if len(group) >= FAN_IN]
    return found


def merge(folder: Path, listed: Sequence[Stored], broken: Broken) -> Swap:
    """Write the rows of `listed` (one provider, kind and day) into as few files as may be.

    A broken file is left out, and stays as it is.
    """
    bad: set[str] = set()

    def leave_out(item: Stored, fault: Fault) -> None:
        bad.add(item.path)
        broken(item, fault)

    written: list[Stored] = []
    through = min(item.erased for item in listed)
    try:
        for rows in _large(merged(folder, listed, leave_out)):
            new = _write(folder, rows, listed[0].kind, through)
            written += [new]
        files.sync(folder, written)
    except BaseException:
        files.remove(folder, [item.path for item in written])
        raise
    return Swap(tuple(item for item in listed if item.path not in bad), tuple(written))


def without(folder: Path, item: Stored, going: pl.Expr) -> Swap | None:
    """Return the file without the rows of which `going` is true; None where there is none.

    Raises `BrokenFileError` for a file that is not what was named.
    """
    kept: list[pl.DataFrame] = []
    removed = 0
    for rows in groups(folder, item):
        staying = rows.filter(~going)
        removed += rows.height - staying.height
        kept.append(staying)
    if not removed:
        return None
    rest = pl.concat(kept)
    if rest.height == 0:
        return Swap((item,), (), removed)
    new = _write(folder, rest, item.kind, item.erased)
    files.sync(folder, [new])
    return Swap((item,), (replace(new, held=item.held),), removed)


def count(folder: Path, item: Stored, *conditions: pl.Expr) -> list[int]:
    """Return how many rows of a file meet each condition; raises `BrokenFileError`."""
    counts = [0] * len(conditions)
    for rows in groups(folder, item):
        for at, condition in enumerate(conditions):
            counts[at] += rows.filter(condition).height
    return counts


def take_back(folder: Path, swaps: Iterable[Swap]) -> None:
    """Remove the new files of swaps that no transaction has carried out."""
    files.remove(folder, [item.path for swap in swaps for item in swap.new])


def _large(frames: Iterable[pl.DataFrame]) -> Iterable[pl.DataFrame]:
    waiting: list[pl.DataFrame] = []
    size = 0
    for rows in frames:
        waiting.append(rows)
        size += rows.height
        while size >= FILE_ROWS + GROUP_ROWS:
            whole = pl.concat(waiting)
            yield whole.head(FILE_ROWS)
            waiting, size = [whole.tail(size - FILE_ROWS)], size - FILE_ROWS
    if size:
        yield pl.concat(waiting)


def _write(folder: Path, rows: pl.DataFrame, kind: str, through: int) -> Stored:
    name = f"m{secrets.token_hex(8)}"
    return files.write(folder, name, rows, kind, erased=through, keyed=True)
