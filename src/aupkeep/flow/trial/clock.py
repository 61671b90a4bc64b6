"""Seconds, and the fixed loop that makes them comparable between machines.

In: nothing. Out: CPU seconds and seconds of the clock.
"""

from __future__ import annotations

from time import perf_counter, process_time

_TURNS = 2_000_000


class Clock:
    """CPU seconds and seconds of the clock since it was made."""

    def __init__(self) -> None:
        self._cpu, self._wall = process_time(), perf_counter()

    def read(self) -> tuple[float, float]:
        """Return both."""
        return process_time() - self._cpu, perf_counter() - self._wall


def calibrate() -> float:
    """Return the CPU seconds of a fixed loop of plain Python: the unit of every figure."""
    began = process_time()
    total = 0
    for number in range(_TURNS):
        total += number & 7
    if total != _TURNS * 7 // 2:
        raise RuntimeError(f"the calibration loop counted {total}")
    return process_time() - began
