"""Mail header fields as pairs of text, read by position and with caps.

In: the bytes of a header block, or one field's value. Out: pairs of lower-case name and unfolded
value; a decoded subject; a bare address. Written for hostile and broken mail: nothing raises, and
no step takes more than linear time in what the caps let through.
"""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header

Fields = tuple[tuple[str, str], ...]

#: Longest header block that is read; what follows is cut off.
LONGEST_BLOCK = 262_144
#: Longest value that is looked into (subjects, addresses).
LONGEST_VALUE = 1_000

_NAME = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.\-]{0,79}[ \t]*:")
_ANGLE = re.compile(r"<[ \t]*([^\s<>@]+@[^\s<>@]+)[ \t]*>")
_BARE = re.compile(r"[^\s<>()\",;:@]+@[^\s<>()\",;:@]+")
_CONTROL = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff]+")


def split_fields(block: bytes) -> Fields:
    """Return the fields of a header `block`, in order; lines that are no field are passed over."""
    fields: list[tuple[str, list[bytes]]] = []
    for raw in block[:LONGEST_BLOCK].split(b"\n"):
        line = raw.rstrip(b"\r")
        if line[:1] in {b" ", b"\t"}:
            if fields:
                fields[-1][1].append(line.strip())
            continue
        match = _NAME.match(line)
        if match is not None:
            name = line[: match.end() - 1].strip().decode("ascii").lower()
            fields.append((name, [line[match.end() :].strip()]))
    return tuple((name, read_bytes(b" ".join(lines))) for name, lines in fields)


def is_field(line: bytes) -> bool:
    """Say whether `line` begins like a header field."""
    return _NAME.match(line) is not None


def first(fields: Fields, name: str) -> str:
    """Return the value of the topmost field called `name` (lower case), or an empty text."""
    return next((value for key, value in fields if key == name), "")


def every(fields: Fields, name: str) -> tuple[str, ...]:
    """Return the values of all fields called `name` (lower case), topmost first."""
    return tuple(value for key, value in fields if key == name)


def read_bytes(raw: bytes, charset: str = "utf-8") -> str:
    """Return `raw` as text in `charset`; where that fails in UTF-8, and then in Latin-1."""
    for name in (charset or "utf-8", "utf-8"):
        try:
            return raw.decode(name)
        except (LookupError, ValueError):
            continue
    return raw.decode("latin-1")


def unfold_words(value: str) -> str:
    """Return `value` (cut to its cap) with encoded words decoded (RFC 2047), else as it stands."""
    cut = value[:LONGEST_VALUE]
    try:
        pieces = decode_header(cut)
    except (HeaderParseError, ValueError):
        return cut
    return "".join(
        piece if isinstance(piece, str) else read_bytes(piece, charset or "latin-1")
        for piece, charset in pieces
    )


def mail_address(value: str) -> str | None:
    """Return the lower-case address in a From-like `value`, or None.

    The last one in angle brackets wins, since a display name may look like an address.
    """
    cut = value[:LONGEST_VALUE]
    angled = _ANGLE.findall(cut)
    bare = None if angled else _BARE.search(cut)
    found = angled[-1] if angled else bare[0] if bare else ""
    return clean(found, 254).lower().rstrip(".") or None


def message_id(value: str) -> str | None:
    """Return a Message-ID without its brackets, at most 256 characters, or None."""
    return clean(value.strip().removeprefix("<").removesuffix(">"), 256) or None


def clean(text: str, most: int) -> str:
    """Return `text` with control characters and runs of space as one space, cut to `most`."""
    return _CONTROL.sub(" ", text[: 4 * most]).strip()[:most]
