"""The evidence of a case over time, as a picture and as a table.

In: a case with its findings, sanctions and minute counts. Out: SVG, and the rows behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from aupkeep.desk.chart import UNITS, Bar, Moment, Span, chart, table
from aupkeep.desk.markup import picture
from aupkeep.policy.model import Measure
from aupkeep.store.queries import CasePage


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One chart and its numbers."""

    #: What one counted row is.
    unit: str
    svg: SafeString
    rows: Sequence[Bar]


def course_of(found: CasePage, now: int) -> list[Course]:
    """Return a chart for each kind of rows that was counted; without any, one of lanes alone."""
    until = min(found.until, now)
    kinds = list(dict.fromkeys(item.kind for item in found.minutes)) or [""]
    spans, moments = _spans(found), _moments(found)
    made = []
    for kind in kinds:
        series = [item for item in found.minutes if item.kind == kind]
        unit = UNITS.get(kind, "rows")
        svg = chart(
            series,
            spans,
            moments,
            title=f"{found.case.customer or 'Nobody yet'}: {unit} around the findings",
            unit=unit,
            name=f"course-{kind or 'lanes'}",
            until=until,
        )
        rows = table(series, spans, until=until)
        made.append(Course(unit=unit, svg=picture(svg), rows=rows))
    return made


def _spans(found: CasePage) -> list[Span]:
    return [
        Span(
            label=item.called,
            first=item.first,
            last=item.last if item.state == "ended" else None,
        )
        for item in found.findings
    ]


def _moments(found: CasePage) -> list[Moment]:
    moments = [Moment(label="found", at=found.case.opened_at)]
    for waiting in found.sanctions:
        item = waiting.sanction
        if item.would_do or item.applied_at is None:
            continue
        label = "letter" if item.measure == Measure.WARN else "held"
        moments.append(Moment(label=label, at=item.applied_at))
        if item.ended_at is not None:
            moments.append(Moment(label=item.state.value, at=item.ended_at))
    return moments
