"""Calls to a web address that the settings name, and to no other.

In: bytes to post. Out: the status and what was said, or a `PowerFault` in plain words. No redirect
is followed, no proxy asked, certificates are verified, and both the time and the size of an answer
are bounded. The address may hold a secret, so only its host is ever shown.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from aupkeep.base.errors import Fault
from aupkeep.outlets import durable
from aupkeep.sanctions.power import PowerFault

#: Answers of 4xx that time may change: time-out, too early, too many requests.
_PASSING = frozenset({408, 425, 429})
_REFUSED, _FAILED = 300, 500
#: Bytes of the longest answer that is read.
LONGEST = 1 << 20
#: An answer as a whole may take so many times what one step of it may.
_STEPS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One web address that takes posts."""

    url: str
    #: What people know it as, and the code of its faults.
    name: str
    code: str
    #: Seconds for each step of a call.
    patience: float = 5.0
    #: File of the authorities whose certificates are taken; None: the usual ones.
    ca: Path | None = None

    def post(self, data: bytes, headers: Mapping[str, str], *, most: int = LONGEST) -> bytes:
        """Post `data` and return the body of a 2xx answer; with `most` 0 none is read.

        Raises `PowerFault` for any other answer, one of more than `most` bytes, and none at all.
        After that the other side may have acted or not.
        """
        address = self._address()
        trusted = self._trusted() if address.scheme == "https" else False
        limit = _Limit(_STEPS * self.patience)
        try:
            with (
                limit,
                httpx.Client(
                    timeout=self.patience,
                    follow_redirects=False,
                    trust_env=False,
                    verify=trusted,
                ) as client,
                client.stream(
                    "POST",
                    address,
                    content=data,
                    headers=dict(headers),
                    extensions={"trace": limit.trace},
                ) as answer,
            ):
                self._judge(answer.status_code)
                return self._read(answer, most) if most else b""
        except httpx.TimeoutException:
            raise self.fault(f"gave no answer within {self.patience:g} s", retry=True) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            if limit.over:
                what = f"took longer than {_STEPS * self.patience:g} s for its answer"
                raise self.fault(what, retry=True) from None
            why = str(error).lower() or type(error).__name__
            lasting = _certificate(error)
            raise self.fault(f"cannot be reached: {why}", retry=not lasting) from None

    def fault(self, what: str, *, retry: bool) -> PowerFault:
        """Return a fault about this address."""
        said = f"{self.name} at {self._address().host} {what}"
        return PowerFault(Fault(code=self.code, what=said), retry=retry)

    def _judge(self, code: int) -> None:
        if _REFUSED <= code < _FAILED and code not in _PASSING:
            moved = " (redirects are not followed)" if code < 400 else ""  # noqa: PLR2004  # 3xx
            raise self.fault(f"answers {code}{moved}", retry=False)
        if code >= _REFUSED:
            raise self.fault(f"answers {code}", retry=True)

    def _read(self, answer: httpx.Response, most: int) -> bytes:
        body = b""
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > most:
                raise self.fault(f"answers with more than {most} bytes", retry=True)
        return body

    def _address(self) -> httpx.URL:
        try:
            found = httpx.URL(self.url)
        except httpx.InvalidURL:
            found = httpx.URL("")
        if found.scheme not in ("http", "https") or not found.host:
            what = f"{self.name} is not an address that begins with http:// or https://"
            raise PowerFault(Fault(code=self.code, what=what), retry=False)
        return found

    def _trusted(self) -> ssl.SSLContext | bool:
        if self.ca is None:
            return True
        try:
            return ssl.create_default_context(cafile=self.ca)
        except OSError as error:
            raise durable.refused(
                self.ca, "holds no certificates that can be used", error
            ) from None


class _Limit:
    """Ends a connection that takes too long as a whole, though no step of it does."""

    def __init__(self, seconds: float) -> None:
        """Count from the moment the block is entered."""
        self.over = False
        self._line: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        """Begin to count."""
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Count no more."""
        self._timer.cancel()
        self._timer.join()
        if self._line is not None:
            self._line.close()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Learn from httpx which connection it is; called at each of its steps."""
        if event == "connection.connect_tcp.complete":
            line: socket.socket = info["return_value"].get_extra_info("socket")
            self._line = line.dup()

    def _end(self) -> None:
        self.over = True
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)


def _certificate(error: BaseException | None) -> bool:
    """Whether a certificate was refused: that stays so until a person changes something."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
