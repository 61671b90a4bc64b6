"""Looking whether a port, a page or a file is gone: on the loopback, and on a real disk."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from aupkeep.cases.cause import Gone
from aupkeep.outlets.probes.file import FileProbe
from aupkeep.outlets.probes.inside import Inside, Outside
from aupkeep.outlets.probes.port import PortProbe
from aupkeep.outlets.probes.url import UrlProbe

HERE = Inside(("127.0.0.0/8",))
FORGED = "http://198.51.100.7/"


class _Handler(BaseHTTPRequestHandler):
    """Answers what the path says; `/head/N` knows no HEAD; keeps what it was asked."""

    asked: list[tuple[str, str, str]]

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.asked.append((self.command, self.path, self.headers["Host"]))
        code = int(self.path.rpartition("/")[2])
        if self.path.startswith("/head/") and self.command == "HEAD":
            code = 405
        self.send_response(code)
        if code == 302:
            self.send_header("Location", FORGED)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    asked: list[tuple[str, str, str]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("H", (_Handler,), {"asked": asked}))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ("404", Gone.YES),
        ("410", Gone.YES),
        ("451", Gone.YES),
        ("head/404", Gone.YES),
        ("200", Gone.NO),
        ("204", Gone.NO),
        ("head/200", Gone.NO),
        ("302", Gone.UNKNOWN),
        ("403", Gone.UNKNOWN),
        ("500", Gone.UNKNOWN),
        ("503", Gone.UNKNOWN),
    ],
)
def test_only_what_says_so_is_gone(path: str, gone: Gone) -> None:
    with serving() as (place, asked):
        seen = UrlProbe(inside=HERE).gone(f"http://{place}/{path}")
    assert seen.gone is gone
    assert seen.how.startswith("127.0.0.1 answers ")
    assert asked[0][0] == "HEAD"
    assert {host for _, _, host in asked} == {place}


def test_a_name_is_asked_for_at_the_address_that_was_checked() -> None:
    with serving() as (place, asked):
        name = f"localhost:{place.rpartition(':')[2]}"
        both = Inside(("127.0.0.0/8", "::1/128"))
        seen = UrlProbe(inside=both).gone(f"http://{name}/404")
    # The name may also have an address at which nobody listens: then nothing is known.
    assert seen.gone is (Gone.YES if asked else Gone.UNKNOWN)
    assert all(host == name for _, _, host in asked)


@pytest.mark.parametrize(
    "url",
    [
        FORGED,
        "ftp://127.0.0.1/x",
        "http://",
        "http://[::1",
        "http://no-such-name.invalid/",
        "file:///etc/passwd",
        "\x00",
        "http://127.0.0.1:1/",
    ],
)
def test_what_cannot_or_must_not_be_asked_is_unknown(url: str) -> None:
    assert UrlProbe(inside=HERE).gone(url).gone is Gone.UNKNOWN


def test_a_server_that_says_nothing_is_unknown() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"http://127.0.0.1:{door.getsockname()[1]}/"
        seen = UrlProbe(inside=HERE, patience=0.2).gone(url)
    assert seen.gone is Gone.UNKNOWN


def test_a_port_is_there_until_the_machine_refuses() -> None:
    probe = PortProbe(inside=HERE)
    with socket.create_server(("127.0.0.1", 0)) as door:
        target = f"127.0.0.1:{door.getsockname()[1]}"
        assert probe.gone(target).gone is Gone.NO
    assert probe.gone(target).gone is Gone.YES


@pytest.mark.parametrize(
    "target", ["198.51.100.7:53", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", "127.0.0.1:x", ""]
)
def test_ports_that_are_none_or_elsewhere_are_unknown(target: str) -> None:
    assert PortProbe(inside=HERE).gone(target).gone is Gone.UNKNOWN


def test_nothing_is_inside_of_no_networks() -> None:
    assert isinstance(Inside(()).address("127.0.0.1"), Outside)
    assert Inside(("127.0.0.0/8",)).address("127.0.0.1") == "127.0.0.1"
    assert not Inside(("127.0.0.0/8",)).has("no address")


def test_a_file_is_there_while_it_has_its_content(tmp_path: Path) -> None:
    path = tmp_path / "a b.php"
    path.write_bytes(b"bad")
    target = f"{hashlib.sha256(b'bad').hexdigest()} {path}"
    probe = FileProbe()
    assert probe.gone(target).gone is Gone.NO
    assert FileProbe(largest=2).gone(target).gone is Gone.UNKNOWN
    path.write_bytes(b"mended")
    assert probe.gone(target).gone is Gone.YES
    path.unlink()
    assert probe.gone(target).gone is Gone.YES


def test_what_may_only_be_out_of_sight_is_unknown(tmp_path: Path) -> None:
    probe, digest = FileProbe(), hashlib.sha256(b"bad").hexdigest()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    for path in (
        tmp_path / "gone" / "x",
        tmp_path / "link",
        tmp_path / "pipe",
        tmp_path,
        Path("x"),
    ):
        assert probe.gone(f"{digest} {path}").gone is Gone.UNKNOWN, path
