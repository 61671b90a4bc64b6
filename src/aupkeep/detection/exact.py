"""Numbers that pySigma would bend: it keeps those as floats that no float64 equals.

In: the detection part of a rule. Out: the same with a stand-in for each such number, and what the
stand-ins stand for. A stand-in is a number that the rule does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count


class StandIns:
    """The numbers of one detection part that stand for others."""

    def __init__(self, detection: object) -> None:
        """Find a stand-in for each number of `detection` that would be bent."""
        given = dict.fromkeys(_numbers(detection))
        free = (number for at in count() if (number := -at - 0.5) not in given)
        bent = [number for number in given if isinstance(number, int) and _bent(number)]
        self._stand_ins = dict(zip(bent, free, strict=False))
        self._meant = {stand_in: number for number, stand_in in self._stand_ins.items()}
        self.detection = self._with(detection)

    def meant(self, number: float) -> int | float:
        """Return the number that `number` stands for; most stand for themselves."""
        return self._meant.get(number, number)

    def _with(self, value: object) -> object:
        if isinstance(value, Mapping):
            return {key: self._with(child) for key, child in value.items()}
        if isinstance(value, list):
            return [self._with(child) for child in value]
        if isinstance(value, int) and not isinstance(value, bool):
            return self._stand_ins.get(value, value)
        return value


def _numbers(value: object) -> Iterator[int | float]:
    if isinstance(value, Mapping | list):
        for child in value.values() if isinstance(value, Mapping) else value:
            yield from _numbers(child)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def _bent(number: int) -> bool:
    try:
        return float(number) != number
    except OverflowError:
        return True
