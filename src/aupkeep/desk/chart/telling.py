"""The picture in words, for those who do not see it.

In: the same values as the picture. Out: one paragraph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aupkeep.desk.chart.counting import Layer
from aupkeep.desk.chart.lanes import Lane, told
from aupkeep.desk.chart.times import Window, full, near, per
from aupkeep.desk.chart.values import Moment


def telling(
    shown: Window,
    unit: str,
    listed: Sequence[Layer],
    counts: Mapping[int, Sequence[int]],
    found: Sequence[Lane],
    moments: Sequence[Moment],
) -> str:
    """Return what a chart shows: the stretch, the sums, the highest bar, findings, moments."""
    said = [f"{full(shown.since)} to {near(shown.until, shown.since)} UTC."]
    if counts:
        said.append(_sums(shown, unit, listed, counts))
    else:
        said.append("No counts are kept for this time.")
    said += [f"Finding: {lane.label}, {told(lane)}." for lane in found]
    ordered = sorted(moments, key=lambda item: (item.at, item.label))
    said += [f"{item.label}: {full(item.at)}." for item in ordered]
    return " ".join(said)


def _sums(
    shown: Window, unit: str, listed: Sequence[Layer], counts: Mapping[int, Sequence[int]]
) -> str:
    total = sum(layer.total for layer in listed)
    parts = ", ".join(f"{layer.total:,} {layer.word}" for layer in listed if layer.word)
    highest = max(counts, key=lambda at: (sum(counts[at]), -at))
    named = f": {parts}" if parts else ""
    return (
        f"{total:,} {unit}{named}. Counted {per(shown.step)}; the most are"
        f" {sum(counts[highest]):,} at {full(highest)}."
    )
