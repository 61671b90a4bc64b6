"""Whether a file still has the content it was found with.

In: `SHA256 PATH`. Out: there where a file of that hash lies at the path, gone where its folder has
no such name or the content is another. A folder that is not there, a link, a file that cannot be
read or is very large are unknown: a disk may not be mounted.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from aupkeep.cases.cause import Gone, Seen

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProbe:
    """Reads a file and compares its hash."""

    #: Bytes; a larger file is not read.
    largest: int = 1 << 28

    def gone(self, target: str) -> Seen:
        """Look at `target`."""
        digest, _, name = target.partition(" ")
        path = Path(name)
        if not path.is_absolute():
            return Seen(gone=Gone.UNKNOWN, how="the path is not a whole one")
        try:
            found = self._hash(path)
        except FileNotFoundError:
            return self._missing(path)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            return Seen(gone=Gone.UNKNOWN, how=f"{path} cannot be read: {why}")
        if not found:
            return Seen(gone=Gone.UNKNOWN, how=f"{path} is no file that could be read whole")
        if found == digest:
            return Seen(gone=Gone.NO, how=f"{path} still has the same content")
        return Seen(gone=Gone.YES, how=f"{path} has another content now")

    def _hash(self, path: Path) -> str:
        """Return the SHA-256 of the file; empty for what is none, or is too large."""
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode) or about.st_size > self.largest:
                return ""
            found, left = hashlib.sha256(), self.largest
            while (block := os.read(handle, _BLOCK)) and left > 0:
                found.update(block)
                left -= len(block)
        finally:
            os.close(handle)
        return found.hexdigest()

    def _missing(self, path: Path) -> Seen:
        if path.parent.is_dir():
            return Seen(gone=Gone.YES, how=f"{path} is not there any more")
        return Seen(gone=Gone.UNKNOWN, how=f"the folder of {path} is not there")
