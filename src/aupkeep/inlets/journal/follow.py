"""Follow the systemd journal as syslog lines.

In: syslog identifiers and the cursor after which to begin. Out: blocks of lines in the form that
`journalctl -o short-iso-precise` prints, with a cursor for each end of a block. The journal is read
as JSON, so that a line break inside a message cannot forge a second line.
Source: systemd.journal-fields(7), journalctl(1).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec

from aupkeep.base.errors import AupkeepError, Fault

#: Lines handed on at once.
MOST_LINES = 20_000


class _Entry(msgspec.Struct):
    cursor: str = msgspec.field(name="__CURSOR", default="")
    time: str = msgspec.field(name="__REALTIME_TIMESTAMP", default="0")
    host: str = msgspec.field(name="_HOSTNAME", default="localhost")
    tag: object = msgspec.field(name="SYSLOG_IDENTIFIER", default="")
    pid: object = msgspec.field(name="_PID", default="")
    message: object = msgspec.field(name="MESSAGE", default="")


@dataclass(frozen=True, slots=True)
class JournalBlock:
    """Lines and, for each, its position: the index of the entry in its journal file sequence."""

    data: bytes
    cursor: str


class Journal:
    """One `journalctl`; `poll` does not block, unless the journal is read to its end."""

    def __init__(self, identifiers: Sequence[str], *, cursor: str = "") -> None:
        """Begin after `cursor`, or with the oldest entry kept.

        Raises `AupkeepError` where there is no `journalctl`.
        """
        self._identifiers = tuple(identifiers)
        self.cursor = cursor
        self._pending = b""
        self._process = self._start(follow=True)

    def to_end(self) -> None:
        """From now on read only what the journal has, and wait for it."""
        self.close()
        self._pending = b""
        self._process = self._start(follow=False)

    def _start(self, *, follow: bool) -> subprocess.Popen[bytes]:
        command = _command(self._identifiers)
        if follow:
            command += ["--follow", "--no-tail"]
        if self.cursor:
            command.append(f"--after-cursor={self.cursor}")
        process = subprocess.Popen(  # noqa: S603  # fixed program, no shell
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        if follow and process.stdout is not None:
            os.set_blocking(process.stdout.fileno(), False)
        return process

    @property
    def _pipe(self) -> IO[bytes]:
        pipe = self._process.stdout
        if pipe is None:
            raise RuntimeError("journalctl was started without a pipe")
        return pipe

    def poll(self) -> JournalBlock | None:
        """Return the entries that have come since the last call, or None."""
        data = self._pipe.read(1 << 20)
        if not data:
            return None
        self._pending += data
        cut = self._pending.rfind(b"\n") + 1
        complete, self._pending = self._pending[:cut], self._pending[cut:]
        lines = []
        for raw in complete.splitlines():
            entry = msgspec.json.decode(raw, type=_Entry)
            self.cursor = entry.cursor or self.cursor
            lines.append(as_line(entry))
        return JournalBlock(b"".join(lines), self.cursor) if lines else None

    def close(self) -> None:
        """End the `journalctl` this object started."""
        self._process.terminate()
        self._process.wait()
        self._pipe.close()


def export(identifiers: Sequence[str], target: Path) -> None:
    """Write what the journal has now of `identifiers` to `target`; raises `AupkeepError`."""
    with (
        subprocess.Popen(  # noqa: S603  # fixed program, no shell
            _command(identifiers), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process,
        target.open("wb") as out,
    ):
        for raw in process.stdout or ():
            out.write(as_line(msgspec.json.decode(raw, type=_Entry)))


def _command(identifiers: Sequence[str]) -> list[str]:
    program = shutil.which("journalctl")
    if program is None:
        raise AupkeepError(
            Fault(
                code="no-journal",
                what="`journalctl` is not on this machine",
                hint="take the journal inlet out of the settings, or install systemd",
            )
        )
    return [program, "--output=json", "--quiet", *(f"--identifier={name}" for name in identifiers)]


def as_line(entry: _Entry) -> bytes:
    """Return `entry` as one line of `short-iso-precise`; line breaks inside become spaces."""
    seconds, micros = divmod(int(entry.time), 1_000_000)
    moment = datetime.fromtimestamp(seconds, UTC)
    stamp = f"{moment:%Y-%m-%dT%H:%M:%S}.{micros:06d}+0000"
    tag = _text(entry.tag)
    pid = _text(entry.pid)
    head = f"{stamp} {entry.host} {tag}[{pid}]: " if pid else f"{stamp} {entry.host} {tag}: "
    body = " ".join(_text(entry.message).splitlines())
    return (head + body + "\n").encode("utf-8", "replace")


def _text(value: object) -> str:
    """Journal fields are text, or a list of byte values where they are not valid UTF-8."""
    if isinstance(value, list):
        if all(isinstance(item, int) for item in value):
            return bytes(value).decode("utf-8", "replace")
        return _text(value[0]) if value else ""
    return "" if value is None else str(value)
