"""Stacked bars: how many rows there were, by what became of them.

In: layers and counts by bar. Out: markup of the legend and of the plot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aupkeep.desk.chart.counting import Layer, height_ticks, short
from aupkeep.desk.chart.frame import LEFT, LETTER, LINE, RIGHT, SIZE, grid, place
from aupkeep.desk.chart.looks import fill
from aupkeep.desk.chart.svg import element, label, words
from aupkeep.desk.chart.times import Window, full, near

HEIGHT = 180.0
#: A part with rows is never lower than this.
LOWEST = 1.5
_SWATCH = 14.0
_LONGEST = 40


def legend(listed: Sequence[Layer], unit: str, name: str, y: float) -> tuple[str, float]:
    """Return the legend from height `y` on, and where it ends."""
    parts = []
    x = LEFT
    for layer in listed:
        said = f"{(layer.word or unit)[:_LONGEST]} {layer.total:,}"
        wide = _SWATCH + 6 + len(said) * LETTER + 22
        if x + wide > RIGHT and x > LEFT:
            x, y = LEFT, y + LINE
        box = element(
            "rect", x=x, y=y + 2, width=_SWATCH, height=_SWATCH, fill=fill(name, layer.look)
        )
        parts += [box, label(x + _SWATCH + 6, y + SIZE, said, font_size=SIZE)]
        x += wide
    return element("g", "".join(parts), class_="chart-legend"), y + LINE


def plot(
    shown: Window, listed: Sequence[Layer], counts: Mapping[int, Sequence[int]], name: str, y: float
) -> str:
    """Return the bars between `y` and `y` + HEIGHT, with the scale at their left."""
    marked = height_ticks(max(map(sum, counts.values())))
    scale = HEIGHT / marked[-1]
    bottom = y + HEIGHT
    parts = []
    for tick in marked:
        at = bottom - tick * scale
        parts.append(grid(f"M{LEFT:g} {at:.2f}H{RIGHT:g}"))
        parts.append(label(LEFT - 8, at + 4, short(tick), font_size=SIZE, text_anchor="end"))
    for at, numbers in counts.items():
        parts.append(_bar(shown, listed, at, numbers, (name, bottom, scale)))
    return element("g", "".join(parts), class_="chart-bars")


def _bar(
    shown: Window,
    listed: Sequence[Layer],
    at: int,
    numbers: Sequence[int],
    drawing: tuple[str, float, float],
) -> str:
    name, bottom, scale = drawing
    left, right = place(shown, at), place(shown, at + shown.step)
    gap = min((right - left) * 0.12, 3.0)
    said = [f"{n:,} {layer.word}".strip() for layer, n in zip(listed, numbers, strict=True) if n]
    until = near(at + shown.step, at)
    parts = [element("title", words(f"{full(at)} to {until} UTC: {', '.join(said)}"))]
    top = bottom
    for layer, n in zip(listed, numbers, strict=True):
        if n:
            high = max(n * scale, LOWEST)
            top -= high
            parts.append(
                element(
                    "rect",
                    x=left + gap / 2,
                    y=top,
                    width=right - left - gap,
                    height=high,
                    fill=fill(name, layer.look),
                )
            )
    return element("g", "".join(parts))
