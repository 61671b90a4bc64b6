"""What an import changes: the difference of two lists of intervals.

In: the holdings known so far, those a source lists now, and the instant of the import. Out:
`Changes`. A list says who holds what *now*: what it no longer names ends at the import's instant,
and nothing that was already over is touched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from aupkeep.attribution.holdings import Holding
from aupkeep.attribution.timeline import FOREVER
from aupkeep.base.errors import AupkeepError, Fault

#: An import may end this share of what its source held, in percent, without being forced.
MOST_ENDED_PERCENT = 5

#: What makes two rows speak of the same tenancy; the plan may change within one.
_Tenancy = tuple[str, str, str, int | None, int | None, str, str]
#: Half-open, `FOREVER` for no end.
_Interval = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What to write: `opened` is new, `ended` are old rows with a new `until`."""

    opened: tuple[Holding, ...]
    #: Each differs in `until` alone from the old holding of the same place in `ending`.
    ended: tuple[Holding, ...]
    #: The old holdings that `ended` replaces, in the same order.
    ending: tuple[Holding, ...]
    #: Old holdings of the source that stay as they are.
    kept: tuple[Holding, ...]


def difference(
    old: Iterable[Holding],
    new: Iterable[Holding],
    source: str,
    *,
    at: int,
    forced: bool = False,
) -> Changes:
    """Return what an import of the list `new` from `source` changes in `old`.

    A row that is listed again is kept, whatever later `since` or other `recorded_at` it has. Where
    the list gives a tenancy an end, it ends then. A new plan begins at the import. An earlier
    `since` than the known one adds the time before. Another customer's new row is taken with the
    `since` it states: where that contradicts the books about the past, both stand, and attribution
    calls those instants ambiguous.

    Args:
        old: all holdings known; those of other sources are left alone.
        new: the source's list; its `source` is overwritten.
        source: the name of the list.
        at: instant of the import, in microseconds UTC.
        forced: take it whatever it ends.

    Raises:
        AupkeepError: where more than `MOST_ENDED_PERCENT` of the source's present holdings would
            end (one may always end, unless nothing is left), and it is not forced.
    """
    known = [holding for holding in old if holding.source == source]
    listed = [replace(holding, source=source) for holding in new]
    listed_by = _by_tenancy(listed)
    kept: list[Holding] = []
    ending: list[Holding] = []
    ended: list[Holding] = []
    for holding in known:
        end = _new_end(holding, listed_by.get(_tenancy(holding), ()), at)
        if end == _end(holding):
            kept.append(holding)
        else:
            ending.append(holding)
            ended.append(replace(holding, until=end))
    if not forced:
        _refuse_many(source, known, ended, listed_by, at)
    opened = _opened(listed, _by_tenancy([*kept, *ended]), at)
    return Changes(opened=tuple(opened), ended=tuple(ended), ending=tuple(ending), kept=tuple(kept))


def _tenancy(holding: Holding) -> _Tenancy:
    return (
        holding.provider,
        holding.kind,
        holding.value,
        holding.port_from,
        holding.port_to,
        holding.customer,
        holding.service,
    )


def _by_tenancy(holdings: Iterable[Holding]) -> dict[_Tenancy, list[Holding]]:
    grouped: dict[_Tenancy, list[Holding]] = defaultdict(list)
    for holding in holdings:
        grouped[_tenancy(holding)].append(holding)
    return grouped


def _end(holding: Holding) -> int:
    return FOREVER if holding.until is None else holding.until


def _new_end(holding: Holding, listed: Sequence[Holding], at: int) -> int:
    """Return when an old holding ends by the new list; never later than it already does."""
    if _end(holding) <= at:
        return _end(holding)
    ends = [
        _end(row)
        for row in listed
        if row.plan == holding.plan
        and row.since <= max(at, holding.since)
        and holding.since < _end(row)
    ]
    return min(_end(holding), max(ends)) if ends else max(at, holding.since)


def _refuse_many(
    source: str,
    known: Iterable[Holding],
    ended: Iterable[Holding],
    listed: dict[_Tenancy, list[Holding]],
    at: int,
) -> None:
    """Count the tenancies that would end; a new plan under the same tenancy ends nothing."""
    present = sum(_end(holding) > at for holding in known)
    lost = sum(not _goes_on(holding, listed.get(_tenancy(holding), ()), at) for holding in ended)
    allowed = max(present * MOST_ENDED_PERCENT // 100, 1 if present > 1 else 0)
    if lost > allowed:
        what = (
            f"this list would end {lost} of the {present} present holdings of source `{source}`"
            f" ({allowed} at most, {MOST_ENDED_PERCENT} %)"
        )
        hint = "is the list whole? if it is meant, force the import"
        raise AupkeepError(Fault(code="too-many-ended", what=what, hint=hint))


def _goes_on(holding: Holding, listed: Sequence[Holding], at: int) -> bool:
    end = at if holding.until is None else max(at, holding.until)
    return any(row.since <= end < _end(row) for row in listed)


def _opened(
    listed: Iterable[Holding], known: dict[_Tenancy, list[Holding]], at: int
) -> Iterable[Holding]:
    """Yield the parts of the listed rows that the books do not have yet."""
    taken = {tenancy: list(rows) for tenancy, rows in known.items()}
    for row in listed:
        rows = taken.setdefault(_tenancy(row), [])
        covered = [_covered(other, row, at) for other in rows]
        for since, end in _minus((row.since, _end(row)), covered):
            part = replace(row, since=since, until=None if end == FOREVER else end)
            rows.append(part)
            yield part


def _covered(known: Holding, row: Holding, at: int) -> _Interval:
    """Return what a known holding already says about a listed row of the same tenancy."""
    same_plan = known.plan == row.plan
    return known.since, _end(known) if same_plan else min(_end(known), at)


def _minus(whole: _Interval, parts: Iterable[_Interval]) -> Iterable[_Interval]:
    """Yield what is left of an interval without `parts`, in order."""
    begin, end = whole
    for since, until in sorted(parts):
        if since > begin:
            yield begin, min(since, end)
        begin = max(begin, until)
        if begin >= end:
            return
    yield begin, end
