"""Colours, each with a pattern of its own, so that nothing is told by colour alone.

In: the number of a look. Out: its pattern. Colours have a contrast of 3 to 1 at least against white
and against black; a stylesheet may change them by class.
"""

from __future__ import annotations

from aupkeep.desk.chart.svg import element

_COLOURS = (
    "#2f6fb3",
    "#c2410c",
    "#a87408",
    "#8250c4",
    "#0f8277",
    "#6b7280",
    "#c0357a",
    "#7a7a7a",
)
#: What is drawn over each colour, in a tile of eight by eight.
_HATCHES = (
    "",
    "M-2 2L2 -2M0 8L8 0M6 10L10 6",
    "M1 2h2M5 6h2",
    "M0 0L8 8M0 8L8 0",
    "M0 2H8M0 6H8",
    "M2 0V8M6 0V8",
    "M-2 6L2 10M0 0L8 8M6 -2L10 2",
    "M0 4H8M4 0V8",
)


def pattern(name: str, look: int) -> str:
    """Return the pattern of a look; `fill` refers to it."""
    ground = element(
        "rect", width=8, height=8, fill=_COLOURS[look], class_=f"chart-look chart-look-{look}"
    )
    drawn = ""
    if _HATCHES[look]:
        drawn = element(
            "path", d=_HATCHES[look], stroke="#fff", stroke_width=1.5, class_="chart-hatch"
        )
    return element(
        "pattern",
        ground + drawn,
        id=f"{name}-look-{look}",
        width=8,
        height=8,
        patternUnits="userSpaceOnUse",
    )


def fill(name: str, look: int) -> str:
    """Return the value of `fill` that shows a look."""
    return f"url(#{name}-look-{look})"
