"""A web server on the loopback that does what it is asked, but for its moods."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from aupkeep.outlets.calling import LONGEST

#: What every door behind the web must survive, before and after it acted.
MOODS = (
    *("hang", "500", "error", "lost", "twice", "garbage", "page"),
    *("oversized", "redirect", "trickle", "dropped"),
)
#: Moods in which it has acted all the same.
ACTED = frozenset({"lost", "twice", "late"})


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Moody:
    """What the server is and has heard."""

    #: Does what a request asks and returns what is answered.
    do: Callable[[Request], bytes]
    #: What it answers to a request that it does not carry out, as if it had.
    pretend: Callable[[Request], bytes]
    #: Its words for an error that it reports with status 200.
    error: bytes
    url: str = ""
    #: Moods of the next requests, first to last; then it is honest.
    moods: list[str] = field(default_factory=list)
    heard: list[Request] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def answer(self, handler: BaseHTTPRequestHandler, request: Request) -> None:
        if request.path.startswith("/elsewhere"):
            self.elsewhere.append(request.path)
        self.heard.append(request)
        mood = self.moods.pop(0) if self.moods else ""
        _MOODS.get(mood, _honest)(self, handler, request)


def _say(handler: BaseHTTPRequestHandler, code: int, body: bytes, **headers: str) -> None:
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _honest(server: Moody, handler: BaseHTTPRequestHandler, request: Request) -> None:
    _say(handler, 200, server.do(request))


def _hang(server: Moody, *_: Any) -> None:
    server.over.wait(30)


def _late(server: Moody, handler: BaseHTTPRequestHandler, request: Request) -> None:
    server.do(request)
    server.over.wait(30)
    del handler


def _lost(server: Moody, handler: BaseHTTPRequestHandler, request: Request) -> None:
    server.do(request)
    handler.close_connection = True


def _dropped(_: Moody, handler: BaseHTTPRequestHandler, __: Request) -> None:
    handler.close_connection = True


def _twice(server: Moody, handler: BaseHTTPRequestHandler, request: Request) -> None:
    server.do(request)
    _honest(server, handler, request)


def _lie(server: Moody, handler: BaseHTTPRequestHandler, request: Request) -> None:
    _say(handler, 200, server.pretend(request))


def _error(server: Moody, handler: BaseHTTPRequestHandler, __: Request) -> None:
    _say(handler, 200, server.error)


def _redirect(server: Moody, handler: BaseHTTPRequestHandler, __: Request) -> None:
    _say(handler, 307, b"", Location=server.url.rpartition("/")[0] + "/elsewhere")


def _oversized(_: Moody, handler: BaseHTTPRequestHandler, __: Request) -> None:
    with suppress(OSError):
        _say(handler, 200, b'{"in_force": true, "x": "' + b"x" * LONGEST + b'"}')


def _trickle(server: Moody, handler: BaseHTTPRequestHandler, __: Request) -> None:
    """One more byte of a header, always in time."""
    with suppress(OSError):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Wait: ")
        while not server.over.wait(0.05):
            handler.wfile.write(b"x")
            handler.wfile.flush()


def _page(_: Moody, handler: BaseHTTPRequestHandler, __: Request) -> None:
    _say(handler, 200, b"<html>Please sign in</html>")


def _garbage(_: Moody, handler: BaseHTTPRequestHandler, __: Request) -> None:
    _say(handler, 200, b"\xff\x00\xfe{" * 9)


_MOODS: dict[str, Callable[[Moody, BaseHTTPRequestHandler, Request], None]] = {
    "hang": _hang,
    "500": lambda _, handler, __: _say(handler, 500, b"no"),
    "403": lambda _, handler, __: _say(handler, 403, b"no"),
    "error": _error,
    "late": _late,
    "lost": _lost,
    "dropped": _dropped,
    "twice": _twice,
    "lie": _lie,
    "garbage": _garbage,
    "page": _page,
    "empty": lambda _, handler, __: _say(handler, 200, b""),
    "oversized": _oversized,
    "redirect": _redirect,
    "trickle": _trickle,
}


@contextmanager
def serving(moody: Moody, path: str, *, identity: Path | None = None) -> Iterator[Moody]:
    """Serve on a free port; `identity` is the folder of a certificate for TLS."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            moody.answer(self, Request(self.path, headers, self.rfile.read(size)))

        do_GET = do_POST  # noqa: N815  # the library's name

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """Say nothing: a client that hangs up is what some moods ask for."""

    with Server(("127.0.0.1", 0), Handler) as running:
        scheme = "http"
        if identity is not None:
            scheme, secure = "https", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            secure.load_cert_chain(identity / "cert.pem", identity / "key.pem")
            running.socket = secure.wrap_socket(
                running.socket, server_side=True, do_handshake_on_connect=False
            )
        moody.url = f"{scheme}://127.0.0.1:{running.server_port}{path}"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield moody
        finally:
            moody.over.set()
            running.shutdown()
            thread.join()


def certify(folder: Path, *, host: str = "127.0.0.1") -> Path:
    """Put a certificate for `host` that vouches for itself, and its key, into `folder`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "panel")])
    since = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since.replace(year=2120))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir()
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder
