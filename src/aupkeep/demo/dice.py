"""Chance that is the same on every machine.

In: a seed and words that name what the chance is for. Out: a `random.Random`, or columns of
numbers. Columns come from the raw bits of PCG64, whose stream is fixed for good, while NumPy's
own distributions may change between its releases.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from aupkeep.base.ids import stream_id

Whole = NDArray[np.int64]

_FRACTION_BITS = 53


def dice(seed: int, *words: str | int) -> Random:
    """Return the dice of `seed` for one purpose; other words give independent dice."""
    return Random(stream_id("demo", seed, *words))  # noqa: S311  made-up data needs no secret


def chance(roll: Random, share: float) -> bool:
    """Tell whether something happens that happens in `share` of all cases."""
    return roll.random() < share


class Draws:
    """Columns of chance for one purpose."""

    def __init__(self, seed: int, *words: str | int) -> None:
        """Start the stream of `seed` for the purpose that `words` name."""
        self._bits = np.random.PCG64(stream_id("draws", seed, *words))

    def fractions(self, count: int) -> NDArray[np.float64]:
        """Return `count` numbers in [0, 1)."""
        raw = np.asarray(self._bits.random_raw(count), dtype=np.uint64)
        return (raw >> np.uint64(64 - _FRACTION_BITS)).astype(np.float64) / 2.0**_FRACTION_BITS

    def whole(self, low: int, high: int, count: int) -> Whole:
        """Return `count` whole numbers in [low, high)."""
        return low + (self.fractions(count) * (high - low)).astype(np.int64)

    def pick(self, values: Sequence[int] | Whole, count: int) -> Whole:
        """Return `count` of `values`, each as likely."""
        pool = np.asarray(values, dtype=np.int64)
        return np.asarray(pool[self.whole(0, len(pool), count)], dtype=np.int64)
