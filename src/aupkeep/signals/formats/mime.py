"""A mail as a tree of parts, with caps on size, depth and number of parts.

In: the bytes of a mail. Out: `Part` values, transfer encoding undone, and what was odd about it.
The standard library's reader recurses without a bound and tests every line against every open
boundary, so the structure is read here: iteration over what is found, depth capped, each level
scanned once (RFC 2045, 2046). Parameters of a field are left to the standard library.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message

from aupkeep.signals.formats.headers import (
    LONGEST_BLOCK,
    Fields,
    first,
    is_field,
    read_bytes,
    split_fields,
)

MOST_DEPTH = 20
MOST_PARTS = 1_000
#: Bytes of nested parts in one mail: each level is a copy, and twenty of a large mail are too many.
MOST_COPIED = 150_000_000
#: Longest Content-Type or Content-Disposition that is looked into.
_LONGEST_PARAMETERS = 4_096
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_BLANK = re.compile(rb"^[ \t]*\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One MIME entity."""

    fields: Fields
    #: Media type in lower case, such as `text/plain`.
    type: str
    filename: str
    charset: str
    #: Content with the transfer encoding undone; empty where there are children.
    body: bytes
    children: tuple[Part, ...] = ()

    @property
    def text(self) -> str:
        """The content as text, whatever its bytes."""
        return read_bytes(self.body, self.charset)


@dataclass(slots=True)
class _Budget:
    """What may still be spent on one mail."""

    parts: int = MOST_PARTS
    copied: int = MOST_COPIED
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)


def open_mail(data: bytes) -> tuple[Part, tuple[str, ...]]:
    """Return the tree of the mail in `data` and warnings; any bytes give a tree."""
    if b"\n" not in data and b"\r" in data:
        data = data.replace(b"\r", b"\n")
    budget = _Budget()
    part = _read(data, budget, depth=0, usual="text/plain")
    return part, tuple(budget.warnings)


def head_fields(data: bytes) -> Fields:
    """Return the header fields at the start of `data`."""
    return split_fields(_halves(data.lstrip(b"\r\n"))[0])


def _read(data: bytes, budget: _Budget, *, depth: int, usual: str) -> Part:
    budget.parts -= 1
    block, body = _halves(data)
    if len(block) > LONGEST_BLOCK:
        budget.warn(f"header fields beyond {LONGEST_BLOCK} bytes were left unread")
    fields = split_fields(block)
    content = _parameters("content-type", first(fields, "content-type"))
    kind = content.get_content_type() if "content-type" in content else usual
    body = _undo(body, first(fields, "content-transfer-encoding"), kind, budget)
    children = _children(kind, content, body, budget, depth)
    return Part(
        fields=fields,
        type=kind,
        filename=_filename(fields, content),
        charset=_parameter(content, "charset"),
        body=b"" if children else body,
        children=children,
    )


def _children(
    kind: str, content: Message, body: bytes, budget: _Budget, depth: int
) -> tuple[Part, ...]:
    if not kind.startswith(("multipart/", "message/rfc822", "message/global")):
        return ()
    if depth >= MOST_DEPTH:
        budget.warn(f"parts nested deeper than {MOST_DEPTH} were left unread")
        return ()
    if not kind.startswith("multipart/"):
        return tuple(_within([body], budget, depth, "text/plain"))
    boundary = _parameter(content, "boundary").rstrip().encode("utf-8", "replace")
    if not boundary:
        budget.warn("a multipart names no boundary")
        return ()
    usual = "message/rfc822" if kind == "multipart/digest" else "text/plain"
    return tuple(_within(_pieces(body, boundary), budget, depth, usual))


def _within(
    pieces: Iterator[bytes] | list[bytes], budget: _Budget, depth: int, usual: str
) -> Iterator[Part]:
    for piece in pieces:
        if budget.parts <= 0:
            budget.warn(f"parts beyond the first {MOST_PARTS} were left unread")
            return
        budget.copied -= len(piece)
        if budget.copied < 0:
            budget.warn("nested parts that are too large together were left unread")
            return
        yield _read(piece, budget, depth=depth + 1, usual=usual)


def _pieces(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """Yield what stands between the boundary lines; a missing last one ends at the end."""
    line = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*\r?$", re.MULTILINE)
    start = -1
    for match in line.finditer(body):
        if start >= 0:
            yield _without_break(body[start : match.start()])
        start = match.end() + 1
        if match[1]:
            return
    if 0 <= start < len(body):
        yield body[start:]


def _without_break(piece: bytes) -> bytes:
    return piece.removesuffix(b"\n").removesuffix(b"\r")


def _halves(data: bytes) -> tuple[bytes, bytes]:
    """Split at the first blank line, or before the first line that cannot be a header."""
    if data[:1] in {b"\n", b"\r"}:
        return b"", data.lstrip(b"\r\n")
    blank = _BLANK.search(data)
    head = data[: blank.start()] if blank else data
    body = data[blank.end() + 1 :] if blank else b""
    start = head.partition(b"\n")[0]
    if is_field(start) or start.startswith((b"From ", b">From ")):
        return head, body
    return b"", data


def _parameters(name: str, value: str) -> Message:
    message: Message = Message()
    if value:
        message[name] = value[:_LONGEST_PARAMETERS]
    return message


def _parameter(message: Message, name: str, header: str = "content-type") -> str:
    try:
        value = message.get_param(name, "", header)
    except (ValueError, LookupError):
        return ""
    return str(value[2] if isinstance(value, tuple) else value or "")


def _filename(fields: Fields, content: Message) -> str:
    disposition = _parameters("content-disposition", first(fields, "content-disposition"))
    found = _parameter(disposition, "filename", "content-disposition")
    return (found or _parameter(content, "name")).lower()


def _undo(body: bytes, encoding: str, kind: str, budget: _Budget) -> bytes:
    """Undo the transfer encoding; what cannot be undone is left as it stands."""
    word = encoding.strip().lower()
    if kind.startswith("multipart/") or word not in {"base64", "quoted-printable"}:
        return body
    if word == "quoted-printable":
        return binascii.a2b_qp(body)
    letters = _NOT_BASE64.sub(b"", body)
    if kind.startswith("message/") and b":" in body[:200]:
        return body
    if len(letters) % 4 == 1:
        budget.warn("a base64 part is cut short")
        letters = letters[:-1]
    return base64.b64decode(letters + b"=" * (-len(letters) % 4))
