"""How orderly the sources come, and which exceptions are in force: lines of `doctor`.

In: the saved state of the stream, and the database. Out: plain values and lines for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aupkeep.base.clock import SECOND
from aupkeep.cli.excepted import exception_object
from aupkeep.cli.faces import now
from aupkeep.detection.bundle import moment
from aupkeep.events.frontier import DISORDER
from aupkeep.signals.formats import FORMATS
from aupkeep.store import exceptions


def order_of_sources(stream: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return by (name, format) how late, how often doubled and how disordered a source is."""
    found = {}
    listed = zip(stream.get("sources", ()), stream.get("tallies", ()), strict=True)
    for (name, form, _), tally in listed:
        counts = tally["counts"]
        late, doubled = counts.get("late", 0), counts.get("duplicates", 0)
        events = counts.get("events", 0)
        last = tally.get("last_late")
        found[name, form] = {
            "late": late,
            "late_share": late / events if events else 0.0,
            "last_late": moment(last) if last is not None else None,
            "duplicates": doubled,
            "duplicate_share": doubled / (events + doubled) if events + doubled else 0.0,
            "disorder": tally.get("disorder", 0) / SECOND,
            "disorder_allowed": DISORDER.get(FORMATS[form], 0) / SECOND,
        }
    return found


def order_lines(source: Mapping[str, Any]) -> list[str]:
    """Return what there is to say of a source's order; nothing where all is well."""
    lines = []
    if source.get("late"):
        lines.append(
            f"    late: {source['late']} ({_share(source['late_share'])} of its rows), the latest"
            f" of {source['last_late'] or 'an unknown time'}: kept, but not evaluated"
        )
    if source.get("duplicates"):
        lines.append(
            f"    duplicates: {source['duplicates']} ({_share(source['duplicate_share'])} of what"
            " was read): read before, so not evaluated again"
        )
    if source.get("disorder", 0) > source.get("disorder_allowed", 0):
        lines.append(
            f"    disorder: rows up to {source['disorder']:g}s behind others;"
            f" {source['disorder_allowed']:g}s are waited for"
        )
    return lines


def exceptions_now() -> list[dict[str, Any]]:
    """Return the exceptions in force or to come, with how many findings each has covered."""
    present, counts = now(), exceptions.counts()
    return [
        exception_object(item) | {"findings": counts.get(item.id, 0)}
        for item in exceptions.exceptions()
        if item.end > present
    ]


def exception_lines(listed: list[dict[str, Any]]) -> list[str]:
    """Return how many exceptions there are and how much they cover, or nothing."""
    if not listed:
        return []
    covered = sum(item["findings"] for item in listed)
    plural = "" if covered == 1 else "s"
    ends = min(str(item["until"]) for item in listed)
    line = (
        f"exceptions: {len(listed)} in force or to come, {covered} finding{plural} covered by them;"
        f" the next one ends {ends}; `aupkeep exception list` shows them"
    )
    return [line]


def _share(share: float) -> str:
    return f"{share * 100:.3g} %"
