"""Which holdings are missing, read off the input itself.

In: a replay over files. Out: CSV rows to fill in. Nothing is kept and no rule is evaluated.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from aupkeep.attribution.suggest import suggest, write_suggestions
from aupkeep.detection.engine import Engine
from aupkeep.flow.installation import Installation
from aupkeep.flow.replay import Replay
from aupkeep.flow.stream import Stream
from aupkeep.inlets.files.family import families
from aupkeep.signals.source import Source

#: Columns that a suggestion is counted from; `actor_ip` only flows have.
_NEEDED = frozenset({"provider", "actor", "attribution", "event_time", "actor_ip"})


def suggested_csv(replay: Replay, files: Sequence[tuple[Path, Source]]) -> str:
    """Return the CSV of holdings that the rows of `files` would need."""
    seen: list[pl.DataFrame] = []

    def look(frame: pl.DataFrame) -> None:
        unknown = frame.filter(pl.col("attribution") == "unknown")
        if unknown.height:
            seen.append(unknown.select(name for name in unknown.columns if name in _NEEDED))

    replay.stream.onlooker = look
    deque(replay.findings(files), maxlen=0)
    return write_suggestions(suggest(seen))


def over_inlets(installation: Installation, now: int) -> tuple[Replay, list[tuple[Path, Source]]]:
    """Prepare a replay over every file that the installation's inlets name."""
    files = []
    for inlet in installation.settings.inlet:
        if inlet.journal or inlet.format == "report":
            continue
        for family in families(inlet.path, installation.folder):
            for path in (*family.rotated, family.path):
                source = Source(
                    name=str(path),
                    format=inlet.format,
                    provider=inlet.provider,
                    zone=inlet.zone,
                    year=inlet.year,
                    exporter=inlet.exporter,
                )
                files.append((path, source))
    stream = Stream(ground=installation.ground(), engine=Engine({}))
    return Replay(stream=stream, now=now), files
