"""A folder as second place: one file a provider, to which checkpoints are only added.

In: signed checkpoints, each complete. Out: the same, word for word. After each stands the line
`----`, so what a crash left unfinished is told from what is whole: it is never read, and the next
`put` takes it away. The folder is best on another machine, or readable by another user at least.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from aupkeep.base.canonical import sha256
from aupkeep.base.errors import AupkeepError, Fault, Place
from aupkeep.outlets.durable import flush_folder
from aupkeep.record.checkpoint import END, ORIGIN, Checkpoint, read, read_all, reference

SUFFIX = ".checkpoints"

#: Bytes of a file's name without the suffix that every file system takes.
_LONGEST = 200
#: Bytes of the largest checkpoint that is taken: it has room for 100 signatures.
_LARGEST = 16_384
#: Bytes read at first from the end of a file: some checkpoints.
_TAIL = 4096
_END = f"\n{END}\n".encode()


class Folder:
    """A folder of checkpoints; it and its files are made when they are needed."""

    def __init__(self, path: Path) -> None:
        """Keep checkpoints in the folder `path`."""
        self.path = path

    def put(self, provider: str, text: str) -> None:
        """Keep the checkpoint `text` durably, once.

        One that says what the last one says is kept where it is of a later instant, as a sign of
        life. Raises `AupkeepError` where the text is none, where it contradicts the last one, and
        where the system refuses.
        """
        given = read(text)
        path = self._path(provider)
        _refuse_other(given, provider, path)
        if len(given.text.encode()) > _LARGEST - len(_END):
            raise _fault("checkpoint-unfit", f"it has more than {_LARGEST} bytes", path)
        with _plainly(path):
            if not self.path.is_dir():
                self.path.mkdir(parents=True, exist_ok=True)
                flush_folder(self.path.parent)
            with open(path, "a+b", opener=_no_link) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                _append(file, given, path)
            flush_folder(self.path)

    def latest(self, provider: str) -> Checkpoint | None:
        """Return the last checkpoint that was put; raises `AupkeepError` where it is damaged."""
        path = self._path(provider)
        with _plainly(path):
            try:
                with path.open("rb") as file:
                    last = _last(file, path)[0]
            except FileNotFoundError:
                return None
        if last is not None:
            _refuse_other(last, provider, path)
        return last

    def all(self, provider: str) -> Iterator[Checkpoint]:
        """Yield all checkpoints in the order of putting; raises `AupkeepError` at a damaged one."""
        path = self._path(provider)
        with _plainly(path):
            try:
                file = path.open("rb")
            except FileNotFoundError:
                return
            with file:
                for found in read_all(_whole_lines(file, path), file=str(path)):
                    _refuse_other(found, provider, path)
                    yield found

    def providers(self) -> list[str]:
        """Return whose checkpoints are here; raises `AupkeepError` where a last one is damaged."""
        found = set()
        with _plainly(self.path):
            for path in self.path.glob(f"*{SUFFIX}"):
                with path.open("rb") as file:
                    last = _last(file, path)[0]
                if last is not None:
                    found.add(last.provider)
        return sorted(found)

    def _path(self, provider: str) -> Path:
        name = quote(provider, safe="", errors="surrogatepass")
        if len(name) > _LONGEST:
            # No quoted name holds `=`, so this one is nobody else's.
            own = sha256(provider.encode("utf-8", "surrogatepass"))
            name = f"{name[: _LONGEST - len(own) - 1]}={own}"
        return self.path / f"{name}{SUFFIX}"


def _append(file: BinaryIO, given: Checkpoint, path: Path) -> None:
    """Add `given` after the last whole checkpoint in `file`, or nothing where it is there."""
    last, end = _last(file, path)
    if last is not None:
        _refuse_other(last, given.provider, path)
        _refuse_contradiction(last, given, path)
    if os.fstat(file.fileno()).st_size > end:
        # What stands behind the last end is what a crash or a full disk left of a checkpoint.
        os.ftruncate(file.fileno(), end)
    if last is None or not given.same(last) or given.at > last.at:
        file.write(given.text.encode() + _END[1:])
        file.flush()
    os.fsync(file.fileno())


def _refuse_other(found: Checkpoint, provider: str, path: Path) -> None:
    if found.provider != provider:
        what = f"among those of `{provider}` is a checkpoint of `{found.provider}`"
        raise _fault("checkpoint-unfit", what, path)


def _refuse_contradiction(last: Checkpoint, given: Checkpoint, path: Path) -> None:
    if given.size < last.size:
        what = (
            f"checkpoint {reference(given)} is of fewer entries than {reference(last)}, which is "
            "here already: the chain was cut off at its end"
        )
        raise _fault("checkpoint-smaller", what, path)
    if given.size == last.size and not given.same(last):
        what = (
            f"checkpoint {reference(given)} contradicts {reference(last)}, which is here already: "
            "the chain was written anew"
        )
        raise _fault("checkpoint-contradicts", what, path)


def _last(file: BinaryIO, path: Path) -> tuple[Checkpoint | None, int]:
    """Return the last whole checkpoint in `file`, and the offset behind its end."""
    size = file.seek(0, os.SEEK_END)
    span = _TAIL
    while True:
        start = max(size - span, 0)
        file.seek(start)
        data = file.read(size - start)
        end = data.rfind(_END) + len(_END) if _END in data else 0
        before = data.rfind(_END, 0, end - 1) if end else -1
        if start == 0 or before >= 0:
            break
        span *= 8
    _refuse_damage(data[end:], path)
    if not end:
        return None, 0
    piece = data[before + len(_END) if before >= 0 else 0 : end - len(_END) + 1]
    try:
        return read(_text(piece), file=str(path)), start + end
    except AupkeepError:
        # Reading from the beginning names the line in the file.
        file.seek(0)
        for _ in read_all(_whole_lines(file, path), file=str(path)):
            pass
        raise


def _whole_lines(file: BinaryIO, path: Path) -> Iterator[str]:
    """Yield the lines of `file` up to the last end of a checkpoint."""
    kept: list[bytes] = []
    for line in file:
        kept.append(line)
        if line == _END[1:]:
            yield from map(_text, kept)
            kept = []
    _refuse_damage(b"".join(kept), path)


def _refuse_damage(tail: bytes, path: Path) -> None:
    """Refuse what stands behind the last end where it is not what a crash leaves of one `put`.

    It would be taken away by the next one, and whole checkpoints with it, had a program changed
    the line ends; or a file that holds none at all. A file system may leave zeros.
    """
    begins = tail.rstrip(b"\0")[: len(ORIGIN)]
    if (
        len(tail) > _LARGEST
        or _END[:-1] in tail[: -len(_END)]
        or not ORIGIN.encode().startswith(begins)
    ):
        what = "what stands behind the last whole checkpoint is more than a crash leaves of one"
        raise AupkeepError(
            Fault(
                code="second-place-damaged",
                what=what,
                place=Place(file=str(path)),
                hint="keep the file as it is for comparison, and restore it from a backup",
            )
        )


def _no_link(path: str, flags: int) -> int:
    """Open the file itself: the hand may write where others could put a link to a file of ours."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o644)


def _text(data: bytes) -> str:
    """Return `data` as text; bytes that are none become what no checkpoint holds."""
    return data.decode("utf-8", "surrogateescape")


@contextmanager
def _plainly(path: Path) -> Iterator[None]:
    """Turn a refusal of the system into one that names the place."""
    try:
        yield
    except OSError as refused:
        why = (refused.strerror or str(refused)).lower()
        what = f"the second place of checkpoints refuses: {why}"
        raise _fault("second-place-refuses", what, path) from None


def _fault(code: str, what: str, path: Path) -> AupkeepError:
    return AupkeepError(Fault(code=code, what=what, place=Place(file=str(path))))
