"""What a person may ask of the archive beside the engine, and how the archive stands.

In: an installation. Out: a sweep or a merging done now; sizes, days and troubles for `doctor`.
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.base.clock import format_instant
from aupkeep.base.errors import AupkeepError
from aupkeep.flow import forgetting, sweeping
from aupkeep.flow.erasing import PATIENCE, replay
from aupkeep.flow.installation import Installation
from aupkeep.store.archive import catalog, locks
from aupkeep.store.archive.columns import day_text
from aupkeep.store.archive.files import read, seems_whole

#: Bytes that `doctor` reads of files that look altered; the rest is for `archive verify`.
MOST_READ = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the archive stands."""

    #: Kind -> files, rows, bytes, and its oldest day.
    kinds: dict[str, dict[str, int | str]]
    holds: int
    last_sweep: str | None
    troubles: tuple[str, ...]


def providers(installation: Installation) -> tuple[str, ...]:
    """Return the providers of the settings, then those that only old events have."""
    named = [item.name for item in installation.settings.provider]
    return tuple(dict.fromkeys([*named, *catalog.providers()]))


def compact(installation: Installation) -> int:
    """Merge the small files of every day; return how many files there are fewer."""
    with locks.rewriting(installation.archive, patience=PATIENCE):
        fewer = sweeping.merge_all(installation.archive)
        sweeping.remove_gone(installation.archive, patience=PATIENCE)
    return fewer


def sweep_now(installation: Installation, now: int) -> sweeping.Swept:
    """Carry out erasures that are owed, and retention."""
    with locks.rewriting(installation.archive, patience=PATIENCE):
        replay(installation, now)
        forgetting.replay(installation, now)
        forgetting.sweep(installation, now)
        done = sweeping.sweep(installation, now)
        sweeping.remove_gone(installation.archive, patience=PATIENCE)
    return done


def standing(installation: Installation) -> Standing:
    """Look at the archive from outside; files that look altered are read."""
    kinds: dict[str, dict[str, int | str]] = {}
    for kind, said in catalog.summary().items():
        kinds[kind] = {name: said[name] for name in ("files", "rows", "bytes")}
        kinds[kind]["oldest"] = day_text(said["oldest"])
    swept = catalog.last_sweep()
    return Standing(
        kinds=kinds,
        holds=len(catalog.holds()),
        last_sweep=_instant(swept[0]) if swept else None,
        troubles=tuple(_broken(installation)),
    )


def _broken(installation: Installation) -> list[str]:
    folder, found, budget = installation.archive, [], MOST_READ
    unread = 0
    for item in catalog.named():
        if seems_whole(folder, item) and not item.trouble:
            continue
        if item.size > budget:
            unread += 1
            continue
        budget -= item.size
        try:
            read(folder, item)
        except AupkeepError as error:
            if item.path in catalog.paths():
                found += [f"{folder / item.path}: {fault.what}" for fault in error.faults]
    if unread:
        found.append(f"{unread} files of the archive look altered: `aupkeep archive verify`")
    return found


def _instant(at: int) -> str:
    try:
        return format_instant(at)
    except OverflowError:
        return str(at)
