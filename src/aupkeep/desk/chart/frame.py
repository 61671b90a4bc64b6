"""Measures that all parts of the picture share, and the axis of time.

In: a window and where parts begin and end. Out: places in the picture's own units, and markup. The
picture is as wide as its page: units are scaled by the view box.
"""

from __future__ import annotations

from aupkeep.base.clock import DAY, to_datetime
from aupkeep.desk.chart.svg import element, label
from aupkeep.desk.chart.times import Window, day, hour, ticks

WIDTH = 960.0
LEFT = 52.0
RIGHT = 948.0
#: Height of a line of text with its distance to the next.
LINE = 20.0
#: Size of letters, and about how wide one is.
SIZE = 13.0
LETTER = 7.0
AXIS_HEIGHT = 2 * LINE


def place(shown: Window, instant: int) -> float:
    """Return how far right `instant` is; what is outside stays at the edge."""
    return LEFT + (RIGHT - LEFT) * shown.share(instant)


def axis(shown: Window, y: float) -> str:
    """Return the axis at height `y` with its labels below: hours, and days where they change."""
    line = element("path", d=f"M{LEFT:g} {y:g}H{RIGHT:g}", stroke="currentColor", fill="none")
    parts = [line]
    marked = ticks(shown)
    daily = all(tick % DAY == 0 for tick in marked)
    before = None
    for tick in marked:
        x = place(shown, tick)
        stroke = element("path", d=f"M{x:.2f} {y:g}v5", stroke="currentColor", fill="none")
        parts.append(stroke)
        year = str(to_datetime(tick).year)
        date = f"{day(tick)} {year}" if before is None else day(tick)
        anchor = "start" if x < LEFT + 40 else "end" if x > RIGHT - 30 else "middle"
        said = [day(tick)] if daily else [hour(tick)]
        if before is None or (not daily and tick // DAY != before // DAY):
            said = [day(tick), year] if daily else [hour(tick), date]
        for number, text in enumerate(said):
            below = y + 18 + number * (LINE - 4)
            parts.append(label(x, below, text, font_size=SIZE, text_anchor=anchor))
        before = tick
    parts.append(
        label(LEFT - 8, y + 18, "UTC", font_size=SIZE - 2, text_anchor="end", opacity="0.75")
    )
    return element("g", "".join(parts), class_="chart-axis")


def uprights(shown: Window, top: float, bottom: float) -> str:
    """Return faint lines at the ticks, from `top` to `bottom`."""
    drawn = "".join(f"M{place(shown, tick):.2f} {top:g}V{bottom:g}" for tick in ticks(shown))
    return grid(drawn)


def grid(drawn: str) -> str:
    """Return faint lines along the path `drawn`."""
    return element(
        "path",
        d=drawn,
        stroke="currentColor",
        stroke_opacity="0.15",
        fill="none",
        class_="chart-grid",
    )
