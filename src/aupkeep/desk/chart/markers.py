"""Upright lines at named instants: found, held, lifted.

In: moments. Out: markup, and how many lines of text their names take above the plot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from aupkeep.desk.chart.frame import LETTER, LINE, RIGHT, SIZE, place
from aupkeep.desk.chart.svg import element, label
from aupkeep.desk.chart.times import Window, near
from aupkeep.desk.chart.values import Moment

#: Most lines of names; what has no room there is told in words only.
MOST_ROWS = 5
LONGEST = 40
#: Moments nearer to each other than this share a line and a name of at most so many letters.
APART = 8.0
MOST_LETTERS = 70


@dataclass(frozen=True, slots=True)
class Flag:
    """A moment with the place of its name."""

    x: float
    row: int
    text: str
    #: The name stands at the left of the line.
    back: bool
    #: The instant is outside of what is shown: no line, only the name with an arrow.
    outside: bool

    @property
    def left(self) -> float:
        """Where the name begins."""
        return self.x - _wide(self.text) if self.back else self.x

    @property
    def right(self) -> float:
        """Where the name ends."""
        return self.x if self.back else self.x + _wide(self.text)


def flags(moments: Sequence[Moment], shown: Window) -> list[Flag]:
    """Return the moments with their names placed so that none covers another."""
    wanted = [_flag_of(items, shown) for items in _together(moments, shown)]
    # Names that stand before their lines come from the right, so that the lines pass beside them.
    ordered = [flag for flag in wanted if not flag.back]
    ordered += [flag for flag in reversed(wanted) if flag.back]
    found: list[Flag] = []
    for flag in ordered:
        tried = (replace(flag, row=row) for row in range(MOST_ROWS))
        free = next((one for one in tried if not any(_hit(one, other) for other in found)), None)
        if free is not None:
            found.append(free)
    return found


def rows(placed: Sequence[Flag]) -> int:
    """Return how many lines of names there are."""
    return max((flag.row + 1 for flag in placed), default=0)


def draw(placed: Sequence[Flag], top: float, runs: Sequence[tuple[float, float]]) -> str:
    """Return the names from `top` on; lines go down to the end of the first run, and the others."""
    return element("g", "".join(_flag(one, top, runs) for one in placed), class_="chart-moments")


def _together(moments: Sequence[Moment], shown: Window) -> list[list[Moment]]:
    """Return moments in order of time, those in one list that one line stands for."""
    found: list[list[Moment]] = []
    for item in sorted(moments, key=lambda one: (one.at, one.label)):
        before = found[-1][0] if found else None
        if (
            before is not None
            and shown.shows(before.at) == shown.shows(item.at)
            and place(shown, item.at) - place(shown, before.at) < APART
        ):
            found[-1].append(item)
        else:
            found.append([item])
    return found


def _flag_of(items: Sequence[Moment], shown: Window) -> Flag:
    first = items[0].at
    outside = not shown.shows(first)
    text = _names(items, shown.since if outside else first)
    if outside:
        text = f"{text} \u2192" if first > shown.until else f"\u2190 {text}"
    x = place(shown, first)
    return Flag(x=x, row=0, text=text, back=x + _wide(text) > RIGHT, outside=outside)


def _names(items: Sequence[Moment], day_of: int) -> str:
    said = ""
    for number, item in enumerate(items):
        name = item.label if len(item.label) <= LONGEST else item.label[: LONGEST - 1] + "\u2026"
        more = f"{name} {near(item.at, day_of)}"
        if said and len(said) + len(more) > MOST_LETTERS:
            return f"{said} and {len(items) - number} more"
        said = f"{said}, {more}" if said else more
    return said


def _wide(text: str) -> float:
    return len(text) * LETTER + 10


def _hit(one: Flag, other: Flag) -> bool:
    """Say whether names cover each other, or a line runs through a name below its own."""
    if one.row == other.row:
        return one.left < other.right and other.left < one.right
    upper, lower = (one, other) if one.row < other.row else (other, one)
    return not upper.outside and lower.left < upper.x < lower.right


def _flag(flag: Flag, top: float, runs: Sequence[tuple[float, float]]) -> str:
    y = top + flag.row * LINE
    beside = flag.x - 5 if flag.back else flag.x + 5
    anchor = "end" if flag.back else "start"
    text = label(beside, y + SIZE + 1, flag.text, font_size=SIZE, text_anchor=anchor)
    if flag.outside:
        return element("g", text)
    (_, first), *others = runs
    drawn = [f"M{flag.x:.2f} {y + 2:g}V{first:g}"]
    drawn += [f"M{flag.x:.2f} {begin:g}V{end:g}" for begin, end in others]
    line = element(
        "path",
        d="".join(drawn),
        stroke="currentColor",
        stroke_width=1.5,
        stroke_dasharray="5 3",
        fill="none",
    )
    return element("g", line + text)
