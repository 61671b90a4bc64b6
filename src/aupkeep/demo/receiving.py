"""The outside world of the live mail host: one server that takes all mail and keeps none.

In: addresses that do not exist. Out: a port of the loopback, and who got mail. The dialogue is as
much of SMTP (RFC 5321) as Postfix needs to deliver.
"""

from __future__ import annotations

import re
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Thread

_ADDRESS = re.compile(rb"<([^>]*)>")
_END = b"."


class World(socketserver.ThreadingTCPServer):
    """Everybody outside."""

    daemon_threads = True
    request_queue_size = 100

    def __init__(self) -> None:
        """Listen on a free port of the loopback."""
        super().__init__(("127.0.0.1", 0), _Dialogue)
        #: Addresses at which nobody is, and those that got a message; both grow while it serves.
        self.unknown: set[str] = set()
        self._arrived: list[str] = []
        self._lock = Lock()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def arrived(self) -> list[str]:
        """Return the recipients of every message so far, in the order of their arrival."""
        with self._lock:
            return list(self._arrived)

    def take(self, recipients: list[str]) -> None:
        """Note that a message has come for `recipients`."""
        with self._lock:
            self._arrived += recipients


class _Dialogue(socketserver.StreamRequestHandler):
    server: World

    def handle(self) -> None:
        recipients: list[str] = []
        self._say("220 mx.outside.example ESMTP")
        for line in self.rfile:
            verb = line[:4].upper().strip()
            if verb == b"RCPT":
                self._recipient(line, recipients)
            elif verb == b"DATA":
                self._data(recipients)
            elif verb == b"QUIT":
                self._say("221 2.0.0 Bye")
                return
            else:
                recipients.clear()
                self._say("250 2.0.0 Ok")

    def _recipient(self, line: bytes, recipients: list[str]) -> None:
        found = _ADDRESS.search(line)
        address = found[1].decode("utf-8", "replace").lower() if found else ""
        if not address or address in self.server.unknown:
            self._say(f"550 5.1.1 <{address}>: Recipient address rejected: User unknown")
            return
        recipients.append(address)
        self._say("250 2.1.5 Ok")

    def _data(self, recipients: list[str]) -> None:
        self._say("354 End data with <CR><LF>.<CR><LF>")
        for line in self.rfile:
            if line.rstrip(b"\r\n") == _END:
                self.server.take(recipients)
                recipients.clear()
                self._say("250 2.0.0 Ok: taken")
                return

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    """Serve in a thread of its own until the end of the block."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
