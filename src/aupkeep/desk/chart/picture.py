"""The whole chart: legend, moments, bars, axis, lanes, one below the other.

In: counts, spans and moments. Out: one SVG element to be put into a page.
"""

from __future__ import annotations

from collections.abc import Sequence

from aupkeep.desk.chart import bars, lanes, markers
from aupkeep.desk.chart.counting import Layer, layers, stacked
from aupkeep.desk.chart.frame import AXIS_HEIGHT, LEFT, LINE, SIZE, WIDTH, axis, uprights
from aupkeep.desk.chart.looks import pattern
from aupkeep.desk.chart.svg import element, label, words
from aupkeep.desk.chart.telling import telling
from aupkeep.desk.chart.times import Window, per, window
from aupkeep.desk.chart.values import Count, Moment, Span

#: From the axis to the first lane.
BELOW = AXIS_HEIGHT + 4


def chart(
    series: Sequence[Count],
    spans: Sequence[Span] = (),
    moments: Sequence[Moment] = (),
    *,
    title: str,
    unit: str = "rows",
    name: str = "chart",
    until: int | None = None,
) -> str:
    """Return the chart as SVG.

    Args:
        series: counts by minute; without any there is no plot, only lanes.
        spans: findings, a lane for each rule.
        moments: instants to mark; one far off is named at the edge.
        title: what is shown, for those who do not see it.
        unit: what one counted row is, in the plural, as in `UNITS`.
        name: begins all ids in it; two charts of one page need two names, of letters and `-`.
        until: how far is known, microseconds UTC; what still holds is drawn to there.
    """
    series = [item for item in series if item.n]
    shown = window(series, spans, moments, until=until)
    listed = layers(series)
    counts = stacked(series, shown, listed)
    found = lanes.lanes(spans, shown)
    told = telling(shown, unit, listed, counts, found, moments)
    head = element("title", words(title), id=f"{name}-title")
    head += element("desc", words(told, 4_000), id=f"{name}-desc")
    if counts:
        head += element("defs", "".join(pattern(name, layer.look) for layer in listed))
    legend, y = _legend(listed, f"{unit} {per(shown.step)}", unit, name) if counts else ("", 4.0)
    placed = markers.flags(moments, shown)
    upper = y + 8 + markers.rows(placed) * LINE
    plot = bars.plot(shown, listed, counts, name, upper) if counts else ""
    base = upper + (bars.HEIGHT if counts else 0)
    below, lower = _below(found, shown, base)
    lines = markers.draw(placed, y + 4, [(upper, base), *lanes.tracks(found, base + BELOW)])
    faint = uprights(shown, upper, base) if counts else ""
    return element(
        "svg",
        head + legend + faint + plot + below + lines,
        xmlns="http://www.w3.org/2000/svg",
        class_="chart",
        viewBox=f"0 0 {WIDTH:g} {lower + 6:g}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        font_size=SIZE,
    )


def _legend(listed: Sequence[Layer], said: str, unit: str, name: str) -> tuple[str, float]:
    """Return what is counted and what the looks stand for, and where that ends."""
    caption = label(LEFT, 4 + SIZE, said, font_size=SIZE, font_weight="600")
    drawn, y = bars.legend(listed, unit, name, 4 + LINE + 2)
    return caption + drawn, y


def _below(found: Sequence[lanes.Lane], shown: Window, base: float) -> tuple[str, float]:
    """Return the axis at height `base` and the lanes below it, and where they end."""
    top = base + BELOW
    bottom = top + lanes.height(found)
    faint = uprights(shown, top, bottom) if found else ""
    return axis(shown, base) + faint + lanes.draw(found, shown, top), bottom
