"""Reports: readings in, one row an accused thing out.

In: the bytes of a report and what was read in them. Out: rows whose stream is the hash of the
bytes, so that the same report handed in twice gives the same ids. Readings that are noise or wait
for a person make no rows.
"""

from __future__ import annotations

import unicodedata

import polars as pl

from aupkeep.base.canonical import sha256
from aupkeep.base.ids import stream_id
from aupkeep.events.schema import REPORT
from aupkeep.signals.formats.accusation import Accusation
from aupkeep.signals.formats.accused import name_url, read_host
from aupkeep.signals.formats.report import Reading

#: Columns of the intake's frame: identity, then the report schema.
SCHEMA: dict[str, pl.DataType] = {
    "event_time": pl.Int64(),
    "stream": pl.Int64(),
    "position": pl.Int64(),
    "part": pl.Int64(),
    "source": pl.Int32(),
    **REPORT,
}
_PUNYCODE = "xn--"


class ReportIntake:
    """Gathers rows; keeps nothing between calls of `rows`."""

    def __init__(self) -> None:
        """Begin without rows."""
        self._rows: list[tuple[object, ...]] = []

    def take(self, data: bytes, reading: Reading, *, source: int, received: int) -> None:
        """Take one report.

        Args:
            data: the report's bytes, which name its stream.
            reading: what `read_report` made of them.
            source: index into the run's list of sources.
            received: when it came in (microseconds UTC), for a report that does not say.
        """
        stream = stream_id("report", sha256(data))
        time = received if reading.received is None else reading.received
        self._rows.extend(
            (time, stream, 0, part, source, *_columns(item))
            for part, item in enumerate(reading.accusations)
        )

    def rows(self) -> pl.DataFrame:
        """Return the rows since the last call, in the order of the reports."""
        rows, self._rows = self._rows, []
        return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _columns(item: Accusation) -> tuple[object, ...]:
    """Return the values of the report schema, in its order."""
    host = item.host or (name_url(item.url).host if item.url else None)
    return (
        item.kind,
        item.category,
        item.ip,
        item.port,
        host_form(host) if host else None,
        item.url,
        item.time,
        item.reporter,
        _domain(item.reporter),
        item.reference,
        item.message_id,
        item.confidence,
        item.reader,
    )


def _domain(reporter: str | None) -> str | None:
    host = read_host((reporter or "").rpartition("@")[2])
    return host_form(host) if host else None


def host_form(host: str) -> str:
    """Return `host` in lower case with its Punycode labels decoded, so that it has one spelling.

    A label that would not encode to itself again stays as it is: nobody may pass for a neighbour
    by a spelling of his name that no registry would take (RFC 3492, RFC 5891 section 4.4).
    """
    labels = unicodedata.normalize("NFKC", host.lower()).rstrip(".").split(".")
    return ".".join(map(_decoded, labels))


def _decoded(label: str) -> str:
    if not (label.startswith(_PUNYCODE) and label.isascii()):
        return label
    try:
        text = label.removeprefix(_PUNYCODE).encode("ascii").decode("punycode")
        back = text.encode("punycode").decode("ascii")
    except (UnicodeError, OverflowError):
        return label
    plain = unicodedata.normalize("NFKC", text.lower())
    fit = text == plain and not text.isascii() and text.replace("-", "x").isalnum()
    return text if fit and _PUNYCODE + back == label else label
