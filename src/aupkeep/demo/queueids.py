"""Postfix queue ids: long ones that never come again, short ones that do.

In: the instant a queue file is made. Out: its id. Long ids are six digits of seconds and four of
microseconds in base 52, `z`, and the file's number in base 51; short ones are five hexadecimal
digits of microseconds and the file's number (Postfix `enable_long_queue_ids`).
"""

from __future__ import annotations

import heapq
from random import Random

from aupkeep.base.clock import MINUTE, SECOND
from aupkeep.demo.dice import chance

_DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
#: How long a short id rests before it may be seen again, and how often it is.
_REST = 10 * MINUTE
_REUSED = 0.08


def _digits(value: int, base: int, width: int = 0) -> str:
    text = ""
    while value:
        value, digit = divmod(value, base)
        text = _DIGITS[digit] + text
    return text.rjust(width, "0")


class LongIds:
    """Ids made of time and file number; no two messages share one."""

    def __init__(self, roll: Random) -> None:
        """Begin with a file number as on a disk that has been in use."""
        self._roll = roll
        self._number = 1_000_000 + roll.randrange(1_000_000)

    def new(self, at: int) -> str:
        """Return the id of a queue file made at `at`."""
        seconds, micros = divmod(at, SECOND)
        self._number += self._roll.randrange(1, 5)
        return f"{_digits(seconds, 52, 6)}{_digits(micros, 52, 4)}z{_digits(self._number, 51)}"

    def release(self, queue: str, at: int) -> None:
        """Take note that the file was removed, which means nothing here."""


class ShortIds:
    """Ids of few digits; a removed message's id is used for another one later."""

    def __init__(self, roll: Random) -> None:
        """Begin with an empty queue."""
        self._roll = roll
        self._busy: dict[str, int] = {}
        self._free: list[tuple[int, str]] = []

    def new(self, at: int) -> str:
        """Return an id that no message has at `at`."""
        if self._free and self._free[0][0] + _REST < at and chance(self._roll, _REUSED):
            queue = heapq.heappop(self._free)[1]
        else:
            queue = self._draw(at)
        self._busy[queue] = 1 << 62
        return queue

    def release(self, queue: str, at: int) -> None:
        """Take note that the message's file was removed at `at`."""
        self._busy[queue] = at
        heapq.heappush(self._free, (at, queue))

    def _draw(self, at: int) -> str:
        while True:
            queue = f"{at % SECOND:05X}{0x1A0 + self._roll.randrange(0xE00):X}"
            if queue not in self._busy:
                return queue
            at += 1
