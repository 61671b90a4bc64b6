"""What a Postfix log says of a message whose sending was cut off.

In: the log, and where it ended before the message was sent. Out: whether Postfix took the message.
A line with its message-id alone proves nothing, since it is logged while the text is still coming;
that the queue manager got it, or that the session counts its DATA as done, does. Text of strangers
forges neither: both stand at the beginning of a line's body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

#: So much is read behind the place where the log ended before.
MOST = 64 * 1024 * 1024

#: Before the program of a line no bracket stands, so that later text is never taken for it.
_LINE = rb"(?m)^[^\[\n]*/"
_SPOT = re.compile(r"(?P<inode>\d+) (?P<offset>\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a message was taken; None: the log cannot tell."""

    taken: bool | None
    why: str


def spot(log: Path) -> str:
    """Return where the log ends now, as text for `look_up`; empty where it cannot be read."""
    try:
        with log.open("rb") as handle:
            return f"{log.stat().st_ino} {handle.seek(0, 2)}"
    except OSError:
        return ""


def look_up(log: Path, message_id: str, since: str, *, most: int = MOST) -> Verdict:
    """Say whether the Postfix that writes `log` took a message after `since` (see `spot`)."""
    try:
        text, whole = _read(log, since, most)
    except OSError as error:
        return Verdict(taken=None, why=f"`{log}`: {(error.strerror or str(error)).lower()}")
    name = re.escape(message_id.encode())
    pattern = _LINE + rb"cleanup\[\d+\]: ([0-9A-Za-z]+): message-id=<" + name + rb">\r?$"
    ids = re.findall(pattern, text)
    verdicts = [_of(text, queue_id) for queue_id in dict.fromkeys(ids)]
    for found in verdicts:
        if found.taken is not False:
            return found
    if verdicts:
        return verdicts[0]
    if b"message-id=<" + message_id.encode() + b">" in text:
        return Verdict(taken=None, why=f"`{log}` names it in a line of unknown form")
    if not whole:
        return Verdict(taken=None, why=f"`{log}` does not reach back to its sending")
    return Verdict(taken=False, why=f"`{log}` does not name it")


def _of(text: bytes, queue_id: bytes) -> Verdict:
    name = queue_id.decode()
    if re.search(_LINE + rb"n?qmgr\[\d+\]: " + queue_id + rb": from=<", text):
        return Verdict(taken=True, why=f"the log names it in the queue as {name}")
    client = re.search(_LINE + rb"smtpd(\[\d+\]: )" + queue_id + rb": client=", text)
    if client:
        pattern = _LINE + rb"smtpd" + re.escape(client[1]) + rb"disconnect from [^\n]*? data=(\d+)"
        ended = re.compile(pattern).search(text, client.end())
        if ended:
            taken = ended[1] != b"0"
            why = f"the log says that its session ended {'with' if taken else 'without'} it"
            return Verdict(taken=taken, why=f"{why} ({name})")
    return Verdict(
        taken=None, why=f"the log names it as {name}, and not whether it was taken whole"
    )


def _read(log: Path, since: str, most: int) -> tuple[bytes, bool]:
    """Return what the log and the one rotated last say since then, and whether that is all."""
    rotated = log.with_name(f"{log.name}.1")
    found = _SPOT.fullmatch(since)
    if found is None:
        return _tail(rotated, most) + _tail(log, most), False
    inode, offset = int(found["inode"]), int(found["offset"])
    if _is(log, inode, offset):
        text = _forward(log, offset, most)
        return text, len(text) < most
    if _is(rotated, inode, offset):
        before, after = _forward(rotated, offset, most), _forward(log, 0, most)
        return before + after, max(len(before), len(after)) < most
    return _tail(rotated, most) + _tail(log, most), False


def _is(path: Path, inode: int, offset: int) -> bool:
    try:
        known = path.stat()
    except FileNotFoundError:
        return False
    return known.st_ino == inode and known.st_size >= offset


def _forward(path: Path, offset: int, most: int) -> bytes:
    with path.open("rb") as handle:
        handle.seek(offset)
        return handle.read(most)


def _tail(path: Path, most: int) -> bytes:
    try:
        size = path.stat().st_size
        return _forward(path, max(0, size - most), most)
    except FileNotFoundError:
        return b""
