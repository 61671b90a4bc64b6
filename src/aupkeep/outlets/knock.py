"""The outer side of the hand's door: one line over a unix socket.

In: a path and an id. Out: the line, sent. Raises `OSError` where nobody is behind the door.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

#: Seconds that a knock may take.
PATIENCE = 1.0


def knock(path: Path, word: str) -> None:
    """Send `word` to the socket at `path`."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.settimeout(PATIENCE)
            # A socket's path has at most 108 bytes; this one is short wherever the folder is.
            door.connect(f"/proc/self/fd/{folder}/{path.name}")
            door.sendall(word.encode("utf-8", "replace") + b"\n")
    finally:
        os.close(folder)
