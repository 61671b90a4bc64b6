"""One nginx: its configuration tested and read again, and what it answers.

In: the path of nginx.conf and the address it listens at. Out: what it says.
Source: nginx(8): `-s reload` tells the master whose number the configuration's pid file holds.
"""

from __future__ import annotations

import http.client
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from aupkeep.base.errors import Fault
from aupkeep.outlets import programs
from aupkeep.outlets.nginx_site.text import Page
from aupkeep.sanctions.power import PowerFault

#: Between two questions, in seconds.
_PAUSE = 0.02
_PID_FILE = re.compile(r"^\s*pid\s+([^\s;]+)\s*;", re.MULTILINE)
_USUAL_PID_FILE = "/run/nginx.pid"
#: Of an answer, this much is read.
_MOST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """An nginx on this machine."""

    config: Path
    #: `http://ADDRESS:PORT` or `https://...` at which it answers for its sites.
    ask: str
    #: Seconds that one program or answer may take.
    patience: float

    def test(self) -> str:
        """Return what `nginx -t` finds wrong; empty: nothing."""
        answer = self._run("-t")
        return "" if answer.code == 0 else _gravest(answer)

    def reload(self) -> None:
        """Let the running nginx read its configuration again; raises `PowerFault`.

        Returns when no worker with the old one takes visitors any more, or patience ends.
        """
        old = self._serving()
        answer = self._run("-s", "reload")
        if answer.code != 0:
            raise PowerFault(
                Fault(code="program", what=f"`nginx` failed: {_gravest(answer)}"), retry=True
            )
        self.wait(lambda: not old & self._serving())

    def dump(self) -> str:
        """Return the configuration with everything it includes; raises `PowerFault`."""
        answer = self._run("-T")
        if answer.code != 0:
            raise PowerFault(
                Fault(code="program", what=f"`nginx` failed: {_gravest(answer)}"), retry=True
            )
        return answer.out

    def answer(self, page: Page) -> tuple[int, str]:
        """Return status and the beginning of the body for a page; raises `PowerFault`.

        The certificate is not checked: this asks our own server by its address.
        """
        parts = urlsplit(self.ask)
        host, port = parts.hostname or "", parts.port
        try:
            if parts.scheme == "https":
                context = ssl._create_unverified_context()  # noqa: S323, SLF001  # see above
                secure = _Named(host, port, timeout=self.patience, context=context)
                secure.name = page.host
                return _ask(secure, page)
            return _ask(http.client.HTTPConnection(host, port, timeout=self.patience), page)
        except (OSError, http.client.HTTPException) as error:
            why = str(getattr(error, "strerror", None) or error).lower()
            what = f"nginx does not answer at {self.ask}: {why}"
            raise PowerFault(Fault(code="no-answer", what=what), retry=True) from error

    def wait(self, holds: Callable[[], bool]) -> bool:
        """Return whether `holds` comes true within the patience of this power."""
        until = time.monotonic() + self.patience
        while not holds():
            if time.monotonic() >= until:
                return False
            time.sleep(_PAUSE)
        return True

    def _serving(self) -> set[int]:
        """Return the workers of this nginx that take visitors; none where it does not run."""
        named = _PID_FILE.search(self.dump())
        try:
            master = int(Path(named[1] if named else _USUAL_PID_FILE).read_text(encoding="ascii"))
            children = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii")
        except (OSError, ValueError):
            return set()
        return {int(pid) for pid in children.split() if _takes_visitors(pid)}

    def _run(self, *words: str) -> programs.Answer:
        return programs.run(["nginx", "-c", str(self.config), *words], patience=self.patience)


class _Named(http.client.HTTPSConnection):
    """Connects to one address and asks for another name (SNI)."""

    name = ""

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self.name)  # type: ignore[attr-defined]


def _takes_visitors(pid: str) -> bool:
    try:
        title = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"worker process" in title and b"shutting down" not in title


def _ask(connection: http.client.HTTPConnection, page: Page) -> tuple[int, str]:
    try:
        headers = {"Host": page.host, "Connection": "close", "User-Agent": "aupkeep"}
        connection.request("GET", quote(page.path or "/"), headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read(_MOST).decode("utf-8", "replace")
    finally:
        connection.close()


def _gravest(answer: programs.Answer) -> str:
    lines = [line for line in answer.err.splitlines() if "[emerg]" in line or "[error]" in line]
    told = lines or answer.err.strip().splitlines() or [f"exit code {answer.code}"]
    return told[0].removeprefix("nginx: ")
