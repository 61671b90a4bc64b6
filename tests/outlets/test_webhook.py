from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from aupkeep.outlets.webhook import Webhook
from aupkeep.sanctions.power import PowerFault

Calls = list[tuple[str, dict[str, str], bytes]]


@contextmanager
def server(code: int, *, silent: threading.Event | None = None) -> Iterator[tuple[str, Calls]]:
    """A web server on the loopback that answers everything with `code`, or not at all."""
    calls: Calls = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            calls.append((self.path, dict(self.headers), self.rfile.read(size)))
            if silent is not None:
                silent.wait(30)
                return
            self.send_response(code)
            if 300 <= code < 400:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815  # the library's name

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}/hook?key=secret", calls
        finally:
            if silent is not None:
                silent.set()
            running.shutdown()
            thread.join()


@pytest.mark.parametrize("code", [200, 201, 204])
def test_what_is_taken(code: int) -> None:
    with server(code) as (url, calls):
        Webhook(url=url).post("a1", {"kind": "cap", "text": "„x“\n", "count": 3})
    ((path, headers, body),) = calls
    assert path == "/hook?key=secret"
    assert (headers["Content-Type"], headers["Idempotency-Key"]) == ("application/json", "a1")
    assert json.loads(body) == {"kind": "cap", "text": "„x“\n", "count": 3}


@pytest.mark.parametrize(
    ("code", "retry", "said"),
    [
        (301, False, "redirects are not followed"),
        (307, False, "redirects are not followed"),
        (400, False, "answers 400"),
        (404, False, "answers 404"),
        (408, True, "answers 408"),
        (429, True, "answers 429"),
        (500, True, "answers 500"),
        (503, True, "answers 503"),
    ],
)
def test_what_is_not_taken(code: int, retry: bool, said: str) -> None:  # noqa: FBT001  # a case
    with server(code) as (url, calls), pytest.raises(PowerFault, match=said) as fault:
        Webhook(url=url).post("a1", {})
    assert fault.value.retry is retry
    assert "secret" not in str(fault.value)
    assert len(calls) == 1


def test_a_server_that_says_nothing() -> None:
    with (
        server(200, silent=threading.Event()) as (url, _),
        pytest.raises(PowerFault, match=r"no answer within 0\.2 s") as fault,
    ):
        Webhook(url=url, patience=0.2).post("a1", {})
    assert fault.value.retry


def test_a_server_that_is_not_there() -> None:
    with server(200) as (url, _):
        pass
    with pytest.raises(PowerFault, match=r"127\.0\.0\.1 cannot be reached") as fault:
        Webhook(url=url).post("a1", {})
    assert fault.value.retry


@pytest.mark.parametrize(
    "url", ["", "example.net/hook", "ftp://x/", "file:///etc/passwd", "http://"]
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(PowerFault, match="is not an address") as fault:
        Webhook(url=url).post("a1", {})
    assert not fault.value.retry
