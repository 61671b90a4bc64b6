"""Counts put into bars, and told apart by what became of the rows.

In: counts by minute and the window. Out: totals by bar and mark, and which look each mark has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aupkeep.desk.chart.times import Window, window
from aupkeep.desk.chart.values import Count, Span

#: Marks that always look the same, from the bottom of a bar to its top.
KNOWN: Mapping[str, int] = {
    "": 0,
    "accepted": 0,
    "sent": 0,
    "deferred": 2,
    "held": 4,
    "expired": 5,
    "rejected": 3,
    "bounced": 1,
    "failed": 1,
}
#: Looks that there are; the last one is for all marks that have none of their own.
LOOKS = 8
OTHER = "other kinds"

_ORDER = {mark: place for place, mark in enumerate(KNOWN)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row of the table: a bar's part for one mark."""

    at: int
    until: int
    mark: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A part of the stacked bars with one look."""

    word: str
    look: int
    marks: frozenset[str]
    total: int


def table(
    series: Sequence[Count], spans: Sequence[Span] = (), *, until: int | None = None
) -> list[Bar]:
    """Return the numbers of the bars that `chart` draws for the same arguments, the earliest first.

    Bars without a row are left out.
    """
    shown = window(series, spans, until=until)
    totals: Counter[tuple[int, str]] = Counter()
    for item in series:
        totals[shown.start(item.at), item.mark] += item.n
    order = {mark: place for place, mark in enumerate(_sorted(series))}
    return [
        Bar(at=at, until=at + shown.step, mark=mark, n=n)
        for (at, mark), n in sorted(totals.items(), key=lambda one: (one[0][0], order[one[0][1]]))
        if n
    ]


def layers(series: Sequence[Count]) -> list[Layer]:
    """Return the layers of the bars from bottom to top: known marks, then the most frequent."""
    totals = _totals(series)
    listed = _sorted(series)
    free = [look for look in range(LOOKS - 1) if look not in {KNOWN.get(mark) for mark in listed}]
    found, left = [], []
    for mark in listed:
        look = KNOWN[mark] if mark in KNOWN else (free.pop(0) if free else None)
        if look is None:
            left.append(mark)
        else:
            own = frozenset({mark})
            word = mark.replace("_", " ")
            found.append(Layer(word=word, look=look, marks=own, total=totals[mark]))
    if left:
        total = sum(totals[mark] for mark in left)
        rest = Layer(word=OTHER, look=LOOKS - 1, marks=frozenset(left), total=total)
        found.append(rest)
    return found


def stacked(
    series: Sequence[Count], shown: Window, listed: Sequence[Layer]
) -> dict[int, list[int]]:
    """Return for each bar that has rows how many there are in each layer."""
    place = {mark: number for number, layer in enumerate(listed) for mark in layer.marks}
    bars: dict[int, list[int]] = {}
    for item in series:
        parts = bars.setdefault(shown.start(item.at), [0] * len(listed))
        parts[place[item.mark]] += item.n
    return {at: parts for at, parts in sorted(bars.items()) if any(parts)}


def _totals(series: Sequence[Count]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for item in series:
        totals[item.mark] += item.n
    return totals


def _sorted(series: Sequence[Count]) -> list[str]:
    totals = _totals(series)
    last = len(_ORDER)
    return sorted(totals, key=lambda mark: (_ORDER.get(mark, last), -totals[mark], mark))


def height_ticks(highest: int) -> list[int]:
    """Return two to four round numbers above zero, the last not below `highest` (at least 1)."""
    step = 1
    factors = (2, 5, 10)
    turn = 0
    while step * 4 < highest:
        step = 10 ** (turn // 3) * factors[turn % 3]
        turn += 1
    count = max(-(-highest // step), 2)
    return [step * number for number in range(1, count + 1)]


def short(number: int) -> str:
    """Return `15,000`, `150k`, `1.5M`: a round number in six letters at most."""
    for unit, word in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= max(unit, 100_000):
            return f"{number / unit:g}{word}"
    return f"{number:,}"
