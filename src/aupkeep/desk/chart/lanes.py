"""Lanes: one for each rule that held, with its findings from opening to end.

In: spans. Out: markup, and how high it is. More rules than there is room for are counted in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aupkeep.desk.chart.frame import LEFT, LINE, RIGHT, SIZE, place
from aupkeep.desk.chart.svg import element, label, words
from aupkeep.desk.chart.times import Window, full, merged, near
from aupkeep.desk.chart.values import Span

MOST_LANES = 8
LANE = 38.0
#: Longest name of a rule that is shown whole.
LONGEST = 80
_THICK = 10.0
_SHORTEST = 6.0


@dataclass(frozen=True, slots=True)
class Lane:
    """Findings of one rule, without overlaps, the earliest first."""

    label: str
    spans: tuple[Span, ...]


def lanes(spans: Sequence[Span], shown: Window) -> list[Lane]:
    """Return a lane for each label, the earliest opening first."""
    by_label: dict[str, list[Span]] = {}
    for item in sorted(spans, key=lambda item: (item.first, item.label)):
        by_label.setdefault(item.label, []).append(item)
    return [Lane(name, tuple(merged(items, shown.until))) for name, items in by_label.items()]


def told(lane: Lane) -> str:
    """Return when the findings of a lane held, in words."""
    last = lane.spans[-1]
    if last.last is None:
        said = f"since {full(last.first)}, still holds"
    elif last.last == last.first:
        said = f"at {full(last.first)}"
    else:
        said = f"{full(last.first)} to {near(last.last, last.first)}"
    count = len(lane.spans)
    return said if count == 1 else f"{count} times, the last {said}"


def height(listed: Sequence[Lane]) -> float:
    """Return how high the lanes are."""
    return min(len(listed), MOST_LANES) * LANE + (LINE if len(listed) > MOST_LANES else 0)


def tracks(listed: Sequence[Lane], y: float) -> list[tuple[float, float]]:
    """Return from where to where the bars of lanes go, without the words above them."""
    tops = [y + number * LANE + SIZE + 8 for number in range(min(len(listed), MOST_LANES))]
    return [(top - 1, top + _THICK + 3) for top in tops]


def draw(listed: Sequence[Lane], shown: Window, y: float) -> str:
    """Return the lanes from height `y` on."""
    parts = []
    for lane in listed[:MOST_LANES]:
        parts.append(_lane(lane, shown, y))
        y += LANE
    left = len(listed) - MOST_LANES
    if left > 0:
        rules = "1 more rule" if left == 1 else f"{left} more rules"
        parts.append(label(LEFT, y + SIZE, f"and {rules}", font_size=SIZE))
    return element("g", "".join(parts), class_="chart-lanes")


def _lane(lane: Lane, shown: Window, y: float) -> str:
    name = lane.label if len(lane.label) <= LONGEST else lane.label[: LONGEST - 1] + "\u2026"
    said = f"{name}: {told(lane)}"
    text = label(LEFT, y + SIZE + 2, said, font_size=SIZE, class_="chart-lane-label")
    top = y + SIZE + 8
    track = element(
        "rect",
        x=LEFT,
        y=top,
        width=RIGHT - LEFT,
        height=_THICK,
        fill="currentColor",
        fill_opacity="0.08",
    )
    drawn = "".join(_span(item, lane.label, shown, top) for item in lane.spans)
    return element("g", text + track + drawn)


def _span(item: Span, name: str, shown: Window, top: float) -> str:
    left = place(shown, item.first)
    right = RIGHT if item.last is None else place(shown, item.last)
    if right - left < _SHORTEST:
        left = min(max(left - _SHORTEST / 2, LEFT), RIGHT - _SHORTEST)
        right = left + _SHORTEST
    middle, bottom = top + _THICK / 2, top + _THICK
    if item.last is None:
        # An arrow: nobody knows the end yet.
        point = min(_THICK, right - left)
        edge = right - point
        outline = f"M{left:.2f} {top:g}H{edge:.2f}L{right:.2f} {middle:g}L{edge:.2f} {bottom:g}"
        outline += f"H{left:.2f}Z"
    else:
        outline = f"M{left:.2f} {top:g}H{right:.2f}V{bottom:g}H{left:.2f}Z"
    told_of = words(f"{name}: {told(Lane(name, (item,)))}")
    shape = element("path", d=outline, fill="#b3261e", class_="chart-finding")
    return element("g", element("title", told_of) + shape)
