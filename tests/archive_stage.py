"""An installation without an engine whose archive is filled by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from aupkeep.base.clock import DAY
from aupkeep.base.errors import Fault
from aupkeep.events.schema import ATTRIBUTED, COMMON, KINDS
from aupkeep.flow.installation import Installation, open_installation
from aupkeep.settings import FILE_NAME
from aupkeep.store.archive import catalog, locks
from aupkeep.store.archive.batch import Batch
from aupkeep.store.archive.files import Stored
from aupkeep.store.archive.look import Wanted, find
from aupkeep.store.database import unit

SETTINGS = """
[[provider]]
name = "jasmo"
policy = "policies/jasmo"

[archive]
retention = { mail = "60d" }
"""
#: The day on which the rows of the tests happened.
TODAY = 20_000 * DAY


def open_stage(folder: Path, settings: str = SETTINGS) -> Installation:
    """Make an installation in `folder`, and its archive."""
    folder.mkdir(exist_ok=True)
    (folder / FILE_NAME).write_text(settings)
    installation = open_installation(folder)
    locks.make_ready(installation.archive)
    return installation


def frame(kind: str, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Return attributed rows as the stream hands them on; what is not said is null."""
    schema = COMMON | KINDS[kind] | ATTRIBUTED
    usual = {
        "observed_at": TODAY,
        "stream": 1,
        "part": 0,
        "source": 0,
        "provider": "jasmo",
        "authenticated": True,
        "late": False,
        "attribution": "attributed",
    }
    return pl.DataFrame([usual | dict(row) for row in rows], schema=schema)


class Stage:
    """Puts rows into an archive, commit by commit, and reads them back."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.folder = installation.archive
        self.commits = 0
        self.faults: list[Fault] = []

    def put(self, kind: str, rows: Sequence[Mapping[str, Any]]) -> list[Stored]:
        """Write rows as one commit of an engine does."""
        batch = Batch()
        batch.see(kind, frame(kind, rows))
        self.commits += 1
        written = batch.write(
            self.folder, self.commits, ["mail.log"], catalog.erasures(), catalog.holds()
        )
        with unit():
            catalog.name(written)
        return written

    def find(self, **wanted: Any) -> list[dict[str, Any]]:
        """Return what is found; faults are gathered."""
        self.faults.clear()
        return list(find(self.folder, Wanted(**wanted), lambda _, fault: self.faults.append(fault)))

    def positions(self, **wanted: Any) -> list[int]:
        """Return the positions of what is found."""
        return [row["position"] for row in self.find(**wanted)]

    def on_disk(self) -> set[str]:
        """Return the files that are there."""
        return {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*.parquet")}


def mails(count: int, *, at: int = TODAY, first: int = 0, **said: Any) -> list[dict[str, Any]]:
    """Return rows a second apart, numbered by position."""
    return [
        {"event_time": at + n * 1_000_000, "position": first + n, "customer": "c-1", **said}
        for n in range(count)
    ]
