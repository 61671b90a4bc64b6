"""Run somebody else's program: no shell, no environment of ours, bounded by time and output.

In: words, the first an absolute path. Out: its exit code and what it said. A program that hangs or
says too much is ended with everything it started, and is a `PowerFault`; so is one that a signal
ended.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from aupkeep.base.errors import Fault
from aupkeep.sanctions.power import PowerFault

#: All that a program gets to know of where it was started.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
_PIECE = 1 << 16
#: Seconds between two looks whether it has ended although something still holds its output.
_PAUSE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a program left."""

    code: int
    out: str
    err: str


def run(words: Sequence[str], *, patience: float, most: int) -> Said:
    """Run `words` for at most `patience` seconds and `most` bytes of output."""
    until = time.monotonic() + patience
    try:
        started = subprocess.Popen(  # noqa: S603  # the settings' own words, no shell
            list(words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        what = f"`{words[0]}` cannot be started: {(error.strerror or str(error)).lower()}"
        missing = isinstance(error, FileNotFoundError | PermissionError)
        raise _fault(what, retry=not missing) from error
    with started:
        try:
            out, err = _listen(started, until, patience, most, words[0])
        except BaseException:
            _end(started)
            raise
    if started.returncode < 0:
        raise _fault(f"a signal ended `{words[0]}` ({-started.returncode})", retry=True)
    return Said(code=started.returncode, out=out, err=err)


def _listen(
    started: subprocess.Popen[bytes], until: float, patience: float, most: int, name: str
) -> tuple[str, str]:
    """Read what it says until it has ended; what it left running holds nobody up."""
    said: dict[str, bytearray] = {"out": bytearray(), "err": bytearray()}
    with selectors.DefaultSelector() as selector:
        for word, pipe in (("out", started.stdout), ("err", started.stderr)):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, selectors.EVENT_READ, word)
        while True:
            ended = started.poll() is not None
            for key, _ in selector.select(0 if ended else _PAUSE):
                _take(key, selector, said[key.data])
            if sum(map(len, said.values())) > most:
                raise _fault(f"`{name}` says more than {most} bytes", retry=False)
            if ended and not selector.select(0):
                return _text(said["out"]), _text(said["err"])
            if time.monotonic() > until:
                raise _fault(f"`{name}` gave no answer within {patience:g} s", retry=True)


def _take(key: selectors.SelectorKey, selector: selectors.BaseSelector, into: bytearray) -> None:
    pipe = key.fileobj
    assert not isinstance(pipe, int)  # noqa: S101  # pipes were registered, as objects
    piece = os.read(pipe.fileno(), _PIECE)
    into += piece
    if not piece:
        selector.unregister(pipe)


def _end(started: subprocess.Popen[bytes]) -> None:
    """End it and what it started; its session is its own."""
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    pipes: list[IO[bytes] | None] = [started.stdout, started.stderr]
    for pipe in pipes:
        if pipe is not None:
            pipe.close()


def _text(said: bytearray) -> str:
    return said.decode("utf-8", "replace")


def _fault(what: str, *, retry: bool) -> PowerFault:
    return PowerFault(Fault(code="command", what=what), retry=retry)
