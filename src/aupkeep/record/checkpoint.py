"""Checkpoints: how far a provider's chain went at an instant, signed, as text.

In: a tree's peaks, the head, an instant and keys; or text. Out: a transparency log's checkpoint
(C2SP `tlog-checkpoint`) as a signed note, or its values, read strictly: each defect is named. The
lines `head` and `at` after the root are ours: the hash of the last entry, and the instant.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote

from aupkeep.base.clock import format_instant, parse_instant
from aupkeep.base.errors import AupkeepError, Fault, Place
from aupkeep.record.entry import GENESIS
from aupkeep.record.note import Note, Signature, read_note, signature_line, unbase64
from aupkeep.record.signing import PrivateKey, PublicKey
from aupkeep.record.tree import EMPTY, Peaks, root

#: The line after each checkpoint where several stand in one file; none holds such a line itself.
END = "----"

#: Begins every checkpoint.
ORIGIN = "aupkeep/"

#: Lines of a body: origin, size, root, head, instant.
_LINES = 5
#: Digits of a size that fit 64 bits.
_SIZE = re.compile("0|[1-9][0-9]{0,17}")
_HEAD = re.compile("head ([0-9a-f]{64})")
#: Bytes of a root.
_WIDTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One checkpoint, as it was read; whether its signature is good is another question."""

    provider: str
    #: Entries that it speaks for.
    size: int
    root: bytes
    #: Hash of the last of them, in hexadecimal.
    head: str
    #: When it was signed, in microseconds UTC, by the clock of who signed.
    at: int
    note: Note

    @property
    def text(self) -> str:
        """The whole, word for word."""
        return self.note.text

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """All signatures, of known and unknown keys."""
        return self.note.signatures

    def is_signed(self, keys: Iterable[PublicKey]) -> bool:
        """Return whether one of `keys` signed it, and no signature in the name of one is wrong."""
        return self.note.is_signed(keys)

    def same(self, other: Checkpoint) -> bool:
        """Return whether `other` says the same of the chain, perhaps at another instant."""
        return (self.provider, self.size, self.root, self.head) == (
            *(other.provider, other.size, other.root, other.head),
        )


def origin(provider: str) -> str:
    """Return what names the chain of `provider` in its checkpoints; fit as the name of a key."""
    return ORIGIN + quote(provider, safe="", errors="surrogatepass")


def write(provider: str, peaks: Peaks, *, head: str, at: int) -> str:
    """Return the text to be signed: the chain of `provider` had these peaks and this head."""
    shown = base64.b64encode(root(peaks)).decode()
    lines = (origin(provider), str(peaks.size), shown, f"head {head}", f"at {format_instant(at)}")
    return "".join(f"{line}\n" for line in lines)


def sign(body: str, *keys: PrivateKey) -> str:
    """Return the checkpoint that `keys` make of `body`, which `write` returned."""
    return f"{body}\n{''.join(signature_line(body, key) for key in keys)}"


def read(text: str, *, file: str = "checkpoint", first: int = 1) -> Checkpoint:
    """Return the checkpoint `text`, of which line `first` of `file` is the first.

    Raises `AupkeepError`; the signatures are read, not checked.
    """
    note = read_note(text, file=file, first=first)
    lines = note.body[:-1].split("\n")
    if len(lines) != _LINES:
        what = f"a checkpoint has {_LINES} lines before the signatures, not {len(lines)}"
        raise note.fault("not-a-checkpoint", what, min(len(lines), _LINES) - 1)
    found = Checkpoint(
        provider=_provider(note, lines[0]),
        size=_size(note, lines[1]),
        root=_root(note, lines[2]),
        head=_head(note, lines[3]),
        at=_at(note, lines[4]),
        note=note,
    )
    if found.size == 0 and (found.root != root(EMPTY) or found.head != GENESIS):
        raise note.fault("bad-size", "root or head are not those of a chain without an entry", 1)
    return found


def read_all(lines: Iterable[str], *, file: str) -> Iterator[Checkpoint]:
    """Yield the checkpoints that stand in `lines`, each with its newline.

    After each stands a line `----`, which may be missing after the last. Raises `AupkeepError`.
    """
    kept: list[str] = []
    first = 1
    for number, line in enumerate(lines, 1):
        if line == f"{END}\n":
            yield read("".join(kept), file=file, first=first)
            kept, first = [], number + 1
        else:
            kept.append(line)
    if kept:
        yield read("".join(kept), file=file, first=first)


def verify(text: str, keys: Iterable[PublicKey], *, file: str = "checkpoint") -> Checkpoint:
    """Return the checkpoint `text`, signed by one of `keys`; raises `AupkeepError`."""
    found = read(text, file=file)
    if not found.is_signed(keys):
        what = f"checkpoint {reference(found)} is not signed by a known key"
        raise AupkeepError(Fault(code="not-signed", what=what, place=Place(file=file)))
    return found


def reference(checkpoint: Checkpoint) -> str:
    """Return how notices name it: the number of entries and the first 16 signs of the root."""
    return f"{checkpoint.size}-{checkpoint.root.hex()[:16]}"


def _provider(note: Note, line: str) -> str:
    try:
        name = unquote(line.removeprefix(ORIGIN), errors="surrogatepass")
    except UnicodeDecodeError:
        name = ""
    if not name or origin(name) != line:
        raise note.fault("bad-origin", f"the first line reads `{ORIGIN}PROVIDER`, quoted", 0)
    return name


def _size(note: Note, line: str) -> int:
    if _SIZE.fullmatch(line) is None:
        raise note.fault("bad-size", "the second line is the number of entries, in digits", 1)
    return int(line)


def _root(note: Note, line: str) -> bytes:
    data = unbase64(line)
    if data is None or len(data) != _WIDTH:
        raise note.fault("bad-root", f"the third line is the root, {_WIDTH} bytes in base64", 2)
    return data


def _head(note: Note, line: str) -> str:
    found = _HEAD.fullmatch(line)
    if found is None:
        raise note.fault("bad-head", "the fourth line reads `head HASH`, 64 hexadecimal signs", 3)
    return found[1]


def _at(note: Note, line: str) -> int:
    stated = line.removeprefix("at ")
    try:
        instant = parse_instant(stated)
        same = f"at {format_instant(instant)}" == line
    except ValueError:
        same = False
    if not same:
        raise note.fault("bad-instant", "the fifth line reads `at INSTANT`, in UTC with `Z`", 4)
    return instant
