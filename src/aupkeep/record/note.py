"""Signed notes (C2SP `signed-note`): a text, an empty line, and one line a signature.

In: a note, or a text and a key. Out: the note's parts, read strictly, each defect named with its
line; or the line that signs the text. Signatures by unknown keys are kept and mean nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

from aupkeep.base.errors import AupkeepError, Fault, Place
from aupkeep.record.signing import PrivateKey, PublicKey, is_name

#: Begins a signature's line: a dash of the width of an m, and a space.
_DASH = "\N{EM DASH} "
#: Bytes of the key's id before a signature.
_ID = 4
#: Nobody signs as often; the limit is Go's.
_MOST_SIGNATURES = 100
#: What no note holds: control characters but the newline, and half surrogate pairs.
_FOREIGN = re.compile("[\0-\x09\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature as it stands in a note."""

    name: str
    id: bytes
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note's parts, and where it stands."""

    #: The whole, as it was read.
    text: str
    #: What is signed, with its last newline.
    body: str
    signatures: tuple[Signature, ...]
    file: str
    #: Number of its first line in the file.
    first: int

    def fault(self, code: str, what: str, index: int) -> AupkeepError:
        """Return the fault of the line of the body at `index`, counted from 0."""
        return _fault(code, what, self.text, file=self.file, first=self.first, index=index)

    def is_signed(self, keys: Iterable[PublicKey]) -> bool:
        """Return whether one of `keys` signed it, and no signature in the name of one is wrong."""
        known = {(key.name, key.id): key for key in keys}
        data = self.body.encode()
        found = False
        for one in self.signatures:
            key = known.get((one.name, one.id))
            if key is not None:
                if not key.signed(data, one.value):
                    return False
                found = True
        return found


def signature_line(body: str, key: PrivateKey) -> str:
    """Return the line, with its newline, by which `key` signs `body`."""
    value = base64.b64encode(key.public.id + key.sign(body.encode())).decode()
    return f"{_DASH}{key.name} {value}\n"


def read_note(text: str, *, file: str, first: int = 1) -> Note:
    """Return the parts of the note `text`, of which line `first` of `file` is the first.

    Raises `AupkeepError`.
    """
    foreign = _FOREIGN.search(text)
    if foreign is not None:
        index = text.count("\n", 0, foreign.start())
        what = "this line holds what no text in UTF-8 without control characters holds"
        raise _fault("foreign-sign", what, text, file=file, first=first, index=index)
    if not text.endswith("\n"):
        index = text.count("\n")
        raise _fault("cut-off", "it ends amid a line", text, file=file, first=first, index=index)
    body, gap, tail = text[:-1].rpartition("\n\n")
    if not gap or not tail:
        index = text.count("\n") - 1
        what = "no signature stands after an empty line"
        raise _fault("no-signature", what, text, file=file, first=first, index=index)
    start = body.count("\n") + 2
    lines = tail.split("\n")
    signatures = []
    for index, line in enumerate(lines[: _MOST_SIGNATURES + 1], start):
        found = _signature(line)
        if found is None or index == start + _MOST_SIGNATURES:
            what = "a signature reads `\N{EM DASH} NAME BASE64`, and there are at most 100"
            raise _fault("bad-signature", what, text, file=file, first=first, index=index)
        signatures.append(found)
    return Note(text=text, body=body + "\n", signatures=tuple(signatures), file=file, first=first)


def unbase64(text: str) -> bytes | None:
    """Return what `text` says in base64, or None where it is not the one way to write that."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None


def _signature(line: str) -> Signature | None:
    name, _, value = line.removeprefix(_DASH).partition(" ")
    data = unbase64(value)
    if not line.startswith(_DASH) or not is_name(name) or data is None or len(data) <= _ID:
        return None
    return Signature(name=name, id=data[:_ID], value=data[_ID:])


def _fault(code: str, what: str, text: str, *, file: str, first: int, index: int) -> AupkeepError:
    line = text.split("\n")[index]
    shown = line.encode(errors="replace").decode()
    place = Place(file=file, line=first + index, column=1, text=shown)
    return AupkeepError(Fault(code=code, what=what, place=place))
