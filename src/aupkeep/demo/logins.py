"""Who may hand mail in at the live mail host: whoever knows the one password of this run.

In: a password. Out: a server on the loopback that Postfix asks, in Dovecot's authentication
protocol 1.2, so that no package for passwords is needed.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import socketserver

_GREETING = b"VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00\nDONE\n"
_RESPONSE = "resp="


class Logins(socketserver.ThreadingTCPServer):
    """The authentication server."""

    daemon_threads = True

    def __init__(self, password: str) -> None:
        """Listen on a free port of the loopback; every name is let in with `password`."""
        super().__init__(("127.0.0.1", 0), _Dialogue)
        self.password = password.encode()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class _Dialogue(socketserver.StreamRequestHandler):
    server: Logins

    def handle(self) -> None:
        self.wfile.write(_GREETING)
        for line in self.rfile:
            words = line.decode("utf-8", "replace").rstrip("\n").split("\t")
            if words[0] == "AUTH":
                self.wfile.write(self._verdict(words).encode())

    def _verdict(self, words: list[str]) -> str:
        number = words[1] if len(words) > 1 else "0"
        given = [word.removeprefix(_RESPONSE) for word in words if word.startswith(_RESPONSE)]
        name, password = _read(given[0] if given else "")
        if name and hmac.compare_digest(password.encode(), self.server.password):
            return f"OK\t{number}\tuser={name}\n"
        return f"FAIL\t{number}\tuser={name}\n"


def _read(response: str) -> tuple[str, str]:
    """Return name and password of a PLAIN response (RFC 4616); empty where it is none."""
    try:
        _, name, password = base64.b64decode(response, validate=True).decode().split("\0")
    except (binascii.Error, ValueError):
        return "", ""
    return (name, password) if name.isprintable() else ("", "")
