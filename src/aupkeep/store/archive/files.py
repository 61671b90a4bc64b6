"""Single files: written once and synced, read only as they were written.

In: sorted rows of one provider, kind and day. Out: `Stored`, what the database must say of the
file; and the bytes back. Raises `BrokenFileError` for a file that is not what was named.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from aupkeep.base.errors import AupkeepError, Fault, Place
from aupkeep.store.archive import keys
from aupkeep.store.archive.columns import VERSION, VERSION_KEY, day_of, folder_of
from aupkeep.store.archive.owner import make_own, open_own, sync_folder

SUFFIX = ".parquet"
#: Rows that are decoded at once where files are merged.
GROUP_ROWS = 32_768
#: Of the codec, the level that costs least for a ratio hardly worse than the best.
_LEVEL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One file as the database names it; see `models.ArchiveFile`."""

    path: str
    provider: str
    kind: str
    day: int
    first: int
    last: int
    rows: int
    size: int
    sha256: str
    version: int = VERSION
    written: int = 0
    held: str = ""
    erased: int = 0
    trouble: str = ""


class BrokenFileError(AupkeepError):
    """A file of the archive is missing, truncated, altered, or of a newer form."""


def write(
    folder: Path, name: str, rows: pl.DataFrame, kind: str, *, erased: int = 0, keyed: bool = False
) -> Stored:
    """Write sorted `rows` of one provider, kind and day, not yet synced with their folder.

    A `keyed` file has a filter of keys beside it where it is large.

    Raises `AupkeepError` where the disk refuses; nothing of the file is left then.
    """
    first, last = int(rows["event_time"][0]), int(rows["event_time"][-1])
    provider = rows["provider"][0] or ""
    day = day_of(first)
    inside = f"{folder_of(provider, kind, day)}/{name}{SUFFIX}"
    data = encode(rows)
    path = folder / inside
    try:
        make_own(path.parent)
        written = _write(path, data)
    except OSError as refused:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise refusal(path, refused) from None
    sha256 = hashlib.sha256(data).hexdigest()
    if keyed:
        keys.write(path, rows, kind, sha256)
    return Stored(
        path=inside,
        provider=provider,
        kind=kind,
        day=day,
        first=first,
        last=last,
        rows=rows.height,
        size=len(data),
        sha256=sha256,
        written=written,
        erased=erased,
    )


def encode(rows: pl.DataFrame) -> bytes:
    """Return `rows` as the bytes of a Parquet file of the present form."""
    out = io.BytesIO()
    rows.write_parquet(
        out,
        compression="zstd",
        compression_level=_LEVEL,
        row_group_size=GROUP_ROWS,
        metadata={VERSION_KEY: str(VERSION)},
    )
    return out.getvalue()


def sync(folder: Path, files: Iterable[Stored]) -> None:
    """Make the names of `files` durable: the folders they lie in; raises `AupkeepError`."""
    for inside in sorted({str(Path(item.path).parent) for item in files}):
        try:
            sync_folder(folder / inside)
        except OSError as refused:
            raise refusal(folder / inside, refused) from None


def read(folder: Path, item: Stored) -> bytes:
    """Return the bytes of a file, which are exactly those that were named."""
    path = folder / item.path
    if item.version > VERSION:
        raise broken(
            path,
            f"it was written by a newer Aupkeep (form {item.version})",
            hint="install that version; this one reads up to form " + str(VERSION),
            code="newer-archive-file",
        )
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise broken(path, "it is missing") from None
    except OSError as refused:
        raise broken(path, f"it cannot be read ({refused.strerror or refused})") from None
    if len(data) < item.size:
        raise broken(path, f"it is truncated: {len(data)} of {item.size} bytes are there")
    if hashlib.sha256(data).hexdigest() != item.sha256:
        raise broken(path, "its bytes are not those that were written")
    return data


def seems_whole(folder: Path, item: Stored) -> bool:
    """Whether a look from outside finds the file as it was written."""
    try:
        state = (folder / item.path).stat()
    except OSError:
        return False
    same = (state.st_size, state.st_mtime_ns) == (item.size, item.written)
    return same and item.version <= VERSION


def remove(folder: Path, inside: Sequence[str]) -> list[str]:
    """Remove files, and folders that are empty then; return what is not there any more."""
    gone = []
    for name in inside:
        path = folder / name
        try:
            keys.beside(path).unlink(missing_ok=True)
            path.unlink(missing_ok=True)
        except OSError:
            continue
        gone.append(name)
        for above in list(path.parents)[:3]:
            try:
                above.rmdir()
            except OSError:
                break
    return gone


def broken(
    path: Path, why: str, *, hint: str = "", code: str = "broken-archive-file"
) -> BrokenFileError:
    """Build the error of a file that is not what was named."""
    return BrokenFileError(
        Fault(
            code=code,
            what=f"this file of the archive is left out: {why}",
            place=Place(file=str(path)),
            hint=hint or "bring it back from a backup; until then its rows are missing",
        )
    )


def refusal(path: Path, refused: OSError) -> AupkeepError:
    """Build the error of a disk that does not take what must be kept."""
    return AupkeepError(
        Fault(
            code="disk-refuses",
            what=f"the event archive cannot be written ({refused.strerror or refused})",
            place=Place(file=str(path)),
            hint="make room, or make the folder writable; nothing is lost, the engine goes on from "
            "its last commit",
        )
    )


def _write(path: Path, data: bytes) -> int:
    descriptor = open_own(path, os.O_WRONLY | os.O_TRUNC)
    with os.fdopen(descriptor, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
        return os.fstat(out.fileno()).st_mtime_ns
