"""The inner side of the hand's door: who knocks, and about what.

In: a path. Out: ids of sanctions that somebody asks to look at. Whoever knocks is believed in
nothing: an id only says where to look, and the hand reads the database itself.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import socket
import time
from pathlib import Path

#: What may be said: the id of a sanction.
_ID = re.compile(rb"[0-9a-f]{32}")
#: Bytes and seconds that one caller may take, and callers that may wait.
_MOST, _PATIENCE, _WAITING = 64, 1.0, 32
#: Seconds that even the last caller has, if what it says is there already.
_LEAST = 0.01


class Knocks:
    """A listening door; one process has it."""

    def __init__(self, path: Path) -> None:
        """Listen at `path`, in the place of whoever did before; the group may knock too."""
        self._path = path
        path.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # A socket's path has at most 108 bytes; this one is short wherever the folder is.
            # The folder is another user's where we are root: what stands there may be a link to
            # anything a moment later, so nothing is changed by following its name.
            before = os.umask(0o117)
            try:
                self._door.bind(f"/proc/self/fd/{folder}/{path.name}")
            finally:
                os.umask(before)
            if os.geteuid() == 0:
                own = os.fstat(folder)
                uid, gid = own.st_uid, own.st_gid
                os.chown(path.name, uid, gid, dir_fd=folder, follow_symlinks=False)
        finally:
            os.close(folder)
        self._door.listen(_WAITING)
        self._door.setblocking(False)  # noqa: FBT003  # the socket's own signature
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._door, selectors.EVENT_READ)

    def wait(self, seconds: float) -> list[str]:
        """Return the ids that were named, waiting at most `seconds` for the first; [] for none."""
        if not self._selector.select(seconds):
            return []
        found = []
        # All callers of one wait share its patience: nobody keeps the hand from its work.
        until = time.monotonic() + _PATIENCE
        for _ in range(_WAITING):
            try:
                caller, _ = self._door.accept()
            except OSError:
                break
            with caller:
                found += self._heard(caller, until)
        return found

    def _heard(self, caller: socket.socket, until: float) -> list[str]:
        said = b""
        with contextlib.suppress(OSError):
            while len(said) < _MOST and b"\n" not in said:
                caller.settimeout(max(_LEAST, until - time.monotonic()))
                part = caller.recv(_MOST)
                if not part:
                    break
                said += part
        word = said.partition(b"\n")[0]
        return [word.decode()] if _ID.fullmatch(word) else []

    def close(self) -> None:
        """Stop listening."""
        self._selector.close()
        self._door.close()
        self._path.unlink(missing_ok=True)
