"""Being told to end: by Ctrl-C, SIGTERM, or the terminal that goes away.

While only the fortnight is computed, the signal ends that at once. Once there are processes to end,
it is only noted, and whoever waits next learns of it, so that nothing is left behind half way.
"""

from __future__ import annotations

import signal
from threading import Event
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ToldToEndError(Exception):
    """Somebody wants it to end: no fault."""


class Ending:
    """Whether it has been told to end."""

    def __init__(self) -> None:
        """Take the signals over."""
        self._told = Event()
        self._gently = False
        for name in SIGNALS:
            # What was started to outlive its terminal (nohup) goes on doing so.
            if signal.getsignal(name) is not signal.SIG_IGN:
                signal.signal(name, self._hear)

    def _hear(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  # the system's
        first = not self._told.is_set()
        self._told.set()
        if first and not self._gently:
            raise KeyboardInterrupt

    def gently(self) -> None:
        """Only note signals from here on."""
        self._gently = True

    def pause(self, seconds: float) -> None:
        """Wait; raises `ToldToEndError` as soon as it has been told to end."""
        if self._told.wait(seconds):
            raise ToldToEndError
