"""Retention and merging: what is past its time goes, what is under hold stays, many become few.

In: the archive and an instant. Out: fewer files, in transactions that exchange names. The caller
alone rewrites meanwhile (`store.archive.locks.rewriting`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aupkeep.base.clock import DAY, HOUR, format_instant, parse_duration
from aupkeep.base.errors import Fault
from aupkeep.flow.installation import Installation
from aupkeep.flow.recording import Recording
from aupkeep.store.archive import catalog, locks
from aupkeep.store.archive.files import BrokenFileError, Stored, remove
from aupkeep.store.archive.merging import Broken
from aupkeep.store.archive.rewriting import Swap, merge, take_back, to_merge, without
from aupkeep.store.archive.standing import Hold, digest, held
from aupkeep.store.database import unit
from aupkeep.store.intake import latest

#: A day is closed when it has been over for so long: stragglers are in by then.
CLOSING = HOUR


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep took out."""

    #: (provider, kind) -> rows.
    rows: Mapping[tuple[str, str], int]
    files: int
    #: Files that could not be read, and are left as they are.
    faults: tuple[Fault, ...]


def present(installation: Installation, now: int) -> int:
    """Return the present by the installation's clock: `now`, or how far a replay has come."""
    if installation.settings.clock == "system":
        return now
    committed = latest()
    return committed.frontier if committed else now


def sweep(installation: Installation, now: int) -> Swept:
    """Take out every row whose kind's retention is over and that no hold keeps, in whole days."""
    keeping = {
        kind: parse_duration(text) for kind, text in installation.settings.archive.kept().items()
    }
    holds = catalog.holds()
    swaps: list[Swap] = []
    judged: list[Stored] = []
    faults: list[Fault] = []
    try:
        for item in catalog.named():
            kept = keeping.get(item.kind)
            if kept is None or (item.day + 1) * DAY + kept > now:
                continue
            _judge(installation.archive, item, holds, swaps, judged, faults)
    except BaseException:
        take_back(installation.archive, swaps)
        raise
    rows: Counter[tuple[str, str]] = Counter()
    for swap in swaps:
        rows[swap.old[0].provider, swap.old[0].kind] += swap.removed
    with unit():
        exchange(swaps)
        catalog.judged(judged, digest(holds))
        catalog.put_sweep(now, sum(rows.values()))
        _enter(installation, rows, now)
    return Swept(rows=rows, files=len(swaps), faults=tuple(faults))


def _judge(
    folder: Path,
    item: Stored,
    holds: Sequence[Hold],
    swaps: list[Swap],
    judged: list[Stored],
    faults: list[Fault],
) -> None:
    """Decide what becomes of a file whose time is over."""
    where = (item.provider, item.kind, item.first, item.last)
    touching = [one for one in holds if one.may_touch(*where)]
    if not touching:
        swaps.append(Swap((item,), (), item.rows))
        return
    if item.held == digest(holds):
        return
    try:
        swap = without(folder, item, ~held(touching, item.kind))
    except BrokenFileError as error:
        faults.extend(error.faults)
        return
    if swap is None:
        judged.append(item)
    else:
        swaps.append(swap)
        judged.extend(swap.new)


def _enter(installation: Installation, rows: Mapping[tuple[str, str], int], now: int) -> None:
    """Enter what went, by provider; rows of nobody stand in the first provider's chain."""
    first = installation.settings.provider[0].name
    by_provider: dict[str, dict[str, int]] = {}
    for (provider, kind), count in rows.items():
        said = by_provider.setdefault(provider or first, {})
        said[kind] = said.get(kind, 0) + count
    recording = Recording()
    for provider, counts in sorted(by_provider.items()):
        body = {"rows": dict(sorted(counts.items()))}
        recording.enter(provider, "archive_swept", format_instant(now), body, at=now)
    recording.keep()


def merge_day(folder: Path, provider: str, kind: str, day: int) -> None:
    """Merge files of like size of one provider, kind and day, until there are few of each."""
    while True:
        own = [
            item
            for item in catalog.named(
                provider=provider, kind=kind, since=day * DAY, until=(day + 1) * DAY
            )
            if item.provider == provider
        ]
        groups = to_merge(own, closed=False)
        if not groups or not merge_groups(folder, groups):
            return


def merge_closed(folder: Path, now: int) -> int:
    """Merge the files of days that are over; return how many files there are fewer."""
    over = [item for item in catalog.named() if (item.day + 1) * DAY + CLOSING <= now]
    return merge_groups(folder, to_merge(over, closed=True))


def merge_all(folder: Path) -> int:
    """Merge the files of every day, over or not; return how many files there are fewer."""
    return merge_groups(folder, to_merge(catalog.named(), closed=True))


def merge_groups(folder: Path, groups: Sequence[Sequence[Stored]]) -> int:
    """Merge each group in a transaction of its own; return how many files there are fewer."""
    fewer = 0
    for group in groups:
        bad: dict[str, str] = {}
        swap = merge(folder, group, _noting(bad))
        try:
            with unit():
                exchange([swap])
                for path, why in bad.items():
                    catalog.say_trouble(path, why)
        except BaseException:
            take_back(folder, [swap])
            raise
        fewer += len(swap.old) - len(swap.new)
    return fewer


def _noting(bad: dict[str, str]) -> Broken:
    def note(item: Stored, fault: Fault) -> None:
        bad[item.path] = fault.what

    return note


def exchange(swaps: Sequence[Swap]) -> None:
    """Let new files take the place of old ones; called inside a transaction."""
    catalog.unname([item for swap in swaps for item in swap.old])
    catalog.name([item for swap in swaps for item in swap.new])


def remove_gone(folder: Path, *, patience: float) -> int:
    """Remove from the disk what belongs to the archive no more; return how much is left of it."""
    waiting = catalog.gone()
    if not waiting:
        return 0
    with locks.alone(folder, patience=patience) as nobody_reads:
        if not nobody_reads:
            return len(waiting)
        removed = remove(folder, waiting)
    with unit():
        catalog.forget(removed)
    return len(waiting) - len(removed)
