"""Evidence over time as a picture: bars of counts, lanes of findings, instants of acts.

In: counts by time, spans, moments. Out: one SVG that needs no script and no style of its own, says
the same in words, and shows nothing by colour alone; or the same counts as rows of a table.
Strangers' text is escaped here. Never: a database, a clock.
"""

from aupkeep.desk.chart.counting import Bar, table
from aupkeep.desk.chart.picture import chart
from aupkeep.desk.chart.values import UNITS, Count, Moment, Span

__all__ = ["UNITS", "Bar", "Count", "Moment", "Span", "chart", "table"]
