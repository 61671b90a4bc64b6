"""The act of erasing events: a customer's, or all with an address; for good.

In: whose, why, by whom. Out: an archive without these rows, and an entry that counts them. What
was erased is listed in a file apart from the database, so that a restored backup goes through all
of it again; and rows of the same past that are read anew do not come in. A hold beats erasure.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from aupkeep.base.canonical import digest
from aupkeep.base.errors import AupkeepError, Fault, Place
from aupkeep.base.ids import make_id
from aupkeep.flow.installation import Installation
from aupkeep.flow.recording import Recording
from aupkeep.flow.sweeping import exchange, remove_gone
from aupkeep.store.archive import catalog, keys, locks
from aupkeep.store.archive.files import BrokenFileError, Stored, refusal
from aupkeep.store.archive.owner import open_own
from aupkeep.store.archive.rewriting import Swap, count, take_back, without
from aupkeep.store.archive.standing import Erasure, Hold, erased, held
from aupkeep.store.database import unit
from aupkeep.store.rows import Value, from_text, to_text

#: The list of what was erased, beside the settings: outside the folder that a backup brings back.
LIST = "erasures.jsonl"
#: Lines of the list that begin so are erasures from the record: `flow.forgetting` has them.
OF_RECORD = '{"keys_before":'
#: Seconds to wait for whoever rewrites or reads at the moment.
PATIENCE = 30.0
#: Stands for the number that an erasure gets when it is stored: after all that are.
_NEXT = 1 << 62


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure took out."""

    rows: int
    files: int
    #: Old files that somebody still reads; the engine removes them within a day.
    left: int
    #: Files that could not be read: what is in them is erased when they are whole again.
    faults: tuple[Fault, ...]


def erase(installation: Installation, wanted: Erasure) -> Erased:
    """Take out the rows that `wanted` describes; raises `AupkeepError` where one is under hold."""
    folder = installation.archive
    with locks.rewriting(folder, patience=PATIENCE):
        before = replay(installation, wanted.at)
        erasure = replace(wanted, name=make_id(wanted.provider, wanted.until, to_text(wanted)))
        if erasure.name in {item.name for item in catalog.erasures()}:
            # It was asked for, cut off, and has been carried out now.
            return Erased(before, 0, remove_gone(folder, patience=PATIENCE), ())
        _refuse_held(folder, wanted)
        listed = put_on_list(installation, to_text(erasure))
        try:
            plan = _plan(folder, catalog.named(), [replace(erasure, id=_NEXT)])
            with _carried_out(folder, plan):
                number = catalog.put_erasure(erasure)
                _exchange(plan, number)
                _enter(erasure, plan)
        except BaseException:
            listed.truncate()
            raise
        # Files that the engine named meanwhile.
        rows = plan.rows + replay(installation, wanted.at)
        left = remove_gone(folder, patience=PATIENCE)
    return Erased(rows, len(plan.swaps), left, tuple(plan.faults))


@dataclass(slots=True)
class _Plan:
    """What an erasure does to the archive, before a transaction makes it so."""

    swaps: list[Swap] = field(default_factory=list)
    through: list[Stored] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(swap.removed for swap in self.swaps)

    def kinds(self) -> dict[str, int]:
        """Return rows by kind."""
        counts: Counter[str] = Counter()
        for swap in self.swaps:
            counts[swap.old[0].kind] += swap.removed
        return dict(sorted(counts.items()))


def replay(installation: Installation, now: int) -> int:
    """Carry out whatever was erased and is there again; return how many rows went.

    Erasures that the database does not know, because an older one was brought back, are entered.
    The caller alone rewrites meanwhile.
    """
    known = {item.name for item in catalog.erasures()}
    missing = [item for item in _listed(installation) if item.name not in known]
    for item in missing:
        with unit():
            catalog.put_erasure(item)
            body = {"by": item.by, "content": digest(to_text(item)), "again": True}
            recording = Recording()
            recording.enter(item.provider, "archive_erased", item.name, body, at=now)
            recording.keep()
    latest = catalog.latest_erasure()
    due = catalog.unerased(latest)
    if not due:
        return 0
    plan = _plan(installation.archive, due, catalog.erasures())
    with _carried_out(installation.archive, plan):
        _exchange(plan, latest)
    return plan.rows


def _refuse_held(folder: Path, wanted: Erasure) -> None:
    """Refuse the whole where a row is under hold, naming the holds."""
    holds = [hold for hold in catalog.holds() if hold.provider == wanted.provider]
    if not holds:
        return
    counts: Counter[str] = Counter()
    for item in catalog.named(provider=wanted.provider, until=wanted.until):
        touching = [one for one in holds if _touches(one, item)]
        if not touching or not _may_touch(folder, wanted, item):
            continue
        going = erased([wanted], item.kind)
        try:
            found = count(folder, item, *(going & held([hold], item.kind) for hold in touching))
        except BrokenFileError:
            continue
        counts.update({one.id: n for one, n in zip(touching, found, strict=True) if n})
    if counts:
        reasons = {hold.id: hold for hold in holds}
        raise AupkeepError(
            Fault(
                code="under-hold",
                what=f"{n} of these rows are under hold {name[:12]} "
                f"(by {reasons[name].by}: {reasons[name].reason})",
                hint=f"nothing was erased; `aupkeep archive hold release {name[:12]}` comes first",
            )
            for name, n in sorted(counts.items())
        )


def _plan(folder: Path, listed: Sequence[Stored], erasures: Sequence[Erasure]) -> _Plan:
    """Write what stays of every file that has not been through all of `erasures`."""
    holds = catalog.holds()
    plan = _Plan()
    try:
        for item in listed:
            owed = [one for one in erasures if one.id > item.erased]
            due = [one for one in owed if _may_touch(folder, one, item)]
            try:
                swap = _without(folder, item, due, holds) if due else None
            except BrokenFileError as error:
                plan.faults += error.faults
                plan.broken[item.path] = error.faults[0].what
                continue
            if swap is None:
                plan.through.append(item)
            else:
                plan.swaps.append(swap)
    except BaseException:
        take_back(folder, plan.swaps)
        raise
    return plan


@contextmanager
def _carried_out(folder: Path, plan: _Plan) -> Iterator[None]:
    """Open the transaction that carries a plan out; where it fails its new files are removed."""
    try:
        with unit():
            yield
    except BaseException:
        take_back(folder, plan.swaps)
        raise


def _exchange(plan: _Plan, number: int) -> None:
    exchange(
        [
            replace(swap, new=tuple(replace(one, erased=number) for one in swap.new))
            for swap in plan.swaps
        ]
    )
    catalog.went_through(plan.through, number)
    for path, why in plan.broken.items():
        catalog.say_trouble(path, why)


def _without(
    folder: Path, item: Stored, due: Sequence[Erasure], holds: Sequence[Hold]
) -> Swap | None:
    touching = [one for one in holds if _touches(one, item)]
    return without(folder, item, erased(due, item.kind) & ~held(touching, item.kind))


def _touches(hold: Hold, item: Stored) -> bool:
    return hold.may_touch(item.provider, item.kind, item.first, item.last)


def _may_touch(folder: Path, erasure: Erasure, item: Stored) -> bool:
    if item.provider not in ("", erasure.provider) or item.first >= erasure.until:
        return False
    key = erasure.customer or erasure.address
    return keys.may_hold(folder / item.path, item.sha256, [key])


def _enter(erasure: Erasure, plan: _Plan) -> None:
    body = {
        "by": erasure.by,
        "content": digest(to_text(erasure)),
        "rows": plan.kinds(),
        "files": len(plan.swaps),
    }
    recording = Recording()
    recording.enter(erasure.provider, "archive_erased", erasure.name, body, at=erasure.at)
    recording.keep()


@dataclass(frozen=True, slots=True)
class _Written:
    path: Path
    size: int

    def truncate(self) -> None:
        """Take the last line back."""
        os.truncate(self.path, self.size)


def put_on_list(installation: Installation, text: str) -> _Written:
    """Add the line of an erasure to the list, durably; raises `AupkeepError`."""
    path = installation.folder / LIST
    try:
        opened = open_own(path, os.O_RDWR, mode=0o600, like=installation.data)
        with os.fdopen(opened, "r+b") as out:
            # A line that a crash cut off was never carried out.
            size = out.read().rfind(b"\n") + 1
            out.truncate(size)
            out.seek(size)
            out.write(text.encode() + b"\n")
            out.flush()
            os.fsync(out.fileno())
    except OSError as refused:
        raise refusal(path, refused) from None
    return _Written(path, size)


def _listed(installation: Installation) -> list[Erasure]:
    """Return the list; raises `AupkeepError` where it cannot be read."""
    return listed(installation.folder, Erasure, of_record=False)


def listed(folder: Path, kind: type[Value], *, of_record: bool) -> list[Value]:
    """Return the erasures from the archive, or those from the record, that the list has.

    Raises `AupkeepError` where it cannot be read.
    """
    path = folder / LIST
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as refused:
        raise _unreadable(path, 0, str(refused)) from None
    found = []
    for number, line in enumerate(lines, 1):
        if line.startswith(OF_RECORD) is not of_record:
            continue
        try:
            found.append(from_text(line, kind))
        except (msgspec.DecodeError, msgspec.ValidationError) as wrong:
            if number == len(lines):
                # A crash cut the line off before anything was erased.
                continue
            raise _unreadable(path, number, str(wrong)) from None
    return found


def _unreadable(path: Path, line: int, why: str) -> AupkeepError:
    return AupkeepError(
        Fault(
            code="broken-erasures",
            what=f"the list of what was erased cannot be read ({why})",
            place=Place(file=str(path), line=line),
            hint="bring it back from its backup: without it, erased rows may come back",
        )
    )
