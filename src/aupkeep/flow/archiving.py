"""The engine's hand on the archive: every row of a commit is in a file that the commit names.

In: attributed rows as the stream hands them on, and instants. Out: files, named in the engine's
one transaction. Between commits the archive is tended: many small files become few, what is past
its time goes, and what was erased is taken out wherever it turns up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from aupkeep.base.clock import DAY
from aupkeep.base.errors import AupkeepError
from aupkeep.flow import erasing, forgetting, sweeping
from aupkeep.flow.installation import Installation
from aupkeep.store.archive import catalog, locks, unnamed
from aupkeep.store.archive.batch import Batch
from aupkeep.store.archive.files import Stored, remove
from aupkeep.store.archive.rewriting import FAN_IN
from aupkeep.store.database import unit

#: A code that says: somebody else is at it.
_BUSY = "archive-busy"


class Archiving:
    """The rows of the commit to come, and what the archive needs between commits."""

    def __init__(self, installation: Installation) -> None:
        """Begin with what the last commit named; raises `AupkeepError` where that is impossible.

        Files that no transaction names are removed.
        """
        self.installation = installation
        self.batch = Batch()
        self._written: list[Stored] = []
        #: Files added to each provider, kind and day since they were last merged.
        self._added: Counter[tuple[str, str, int]] = Counter()
        locks.make_ready(self.folder)
        unnamed.remove_engines(self.folder)
        try:
            with locks.rewriting(self.folder, patience=0):
                unnamed.remove_all(self.folder)
        except AupkeepError as error:
            _unless_busy(error)
        self._replay = True

    @property
    def folder(self) -> Path:
        """The archive's folder."""
        return self.installation.archive

    def write(self, number: int, sources: Sequence[str]) -> None:
        """Write and sync what the commit `number` must name."""
        erasures = catalog.erasures() if catalog.latest_erasure() else []
        holds = catalog.holds() if erasures else []
        self._written = self.batch.write(self.folder, number, sources, erasures, holds)

    def name(self) -> None:
        """Name the files that were written; called inside the commit's transaction."""
        catalog.name(self._written)

    @contextmanager
    def named(self) -> Iterator[None]:
        """Let go of the rows when the transaction inside has named them.

        Where it fails, what was written for it is removed.
        """
        try:
            yield
        except BaseException:
            remove(self.folder, [item.path for item in self._written])
            raise
        self._added.update((item.provider, item.kind, item.day) for item in self._written)
        self._written = []
        self.batch.clear()

    def tend(self, now: int) -> None:
        """Merge, sweep and erase what is due; `now` is in the time of the installation's clock."""
        crowded = [where for where, count in self._added.items() if count >= FAN_IN]
        last = catalog.last_sweep()
        if last is None:
            # The first sweep is a day after the first commit: nobody is surprised by it.
            with unit():
                catalog.put_sweep(now, 0)
        due = last is not None and now - last[0] >= DAY
        latest = catalog.latest_erasure()
        owing = self._replay or (latest > 0 and bool(catalog.unerased(latest)))
        if not (crowded or due or owing):
            return
        try:
            with locks.rewriting(self.folder, patience=0):
                self._work(crowded, now, due=due)
        except AupkeepError as error:
            _unless_busy(error)

    def _work(self, crowded: list[tuple[str, str, int]], now: int, *, due: bool) -> None:
        erasing.replay(self.installation, now)
        forgetting.replay(self.installation, now)
        self._replay = False
        for where in crowded:
            sweeping.merge_day(self.folder, *where)
            del self._added[where]
        if due:
            sweeping.sweep(self.installation, now)
            forgetting.sweep(self.installation, now)
            sweeping.merge_closed(self.folder, now)
            self._added.clear()
        sweeping.remove_gone(self.folder, patience=0)


def _unless_busy(error: AupkeepError) -> None:
    if any(fault.code != _BUSY for fault in error.faults):
        raise error
