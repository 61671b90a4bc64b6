"""Ports of the loopback that nobody else takes before the server that is to have them listens.

In: a first port to try. Out: a port, kept. The socket that keeps it does not listen and may be
bound beside (SO_REUSEADDR, socket(7)), so a server takes the port over whenever it starts, while
another search for a free port finds it taken.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

#: Ports to try from the first one on.
_MOST = 200


@contextmanager
def held_port(first: int = 0) -> Iterator[int]:
    """Keep the first free port from `first` on (0: any) until the end of the block.

    Raises `OSError` where none is free.
    """
    keeper = _keeper(first)
    with keeper:
        yield int(keeper.getsockname()[1])


def _keeper(first: int) -> socket.socket:
    for port in range(first, first + _MOST) if first else (0,):
        keeper = socket.socket()
        try:
            keeper.bind(("127.0.0.1", port))
        except OSError as refused:
            keeper.close()
            if refused.errno != errno.EADDRINUSE:
                raise
        else:
            keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            return keeper
    raise OSError(f"no port from {first} to {first + _MOST - 1} is free")
