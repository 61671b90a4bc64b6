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
from aupkeep.inlets.journal.follow import export
from aupkeep.signals.source import Source

#: Columns that a suggestion is counted from; `actor_ip` only flows have.
_NEEDED = frozenset({"provider", "actor", "attribution", "event_time", "actor_ip"})


def suggested_csv(replay: Replay, files: Sequence[tuple[Path, Source]]) -> str:
    """Return the CSV of holdings that the rows of `files` would need."""
    seen: list[pl.DataFrame] = []

    def look(_kind: str, frame: pl.DataFrame) -> None:
        unknown = frame.filter(pl.col("attribution") == "unknown")
        if unknown.height:
            seen.append(unknown.select(name for name in unknown.columns if name in _NEEDED))

    replay.stream.onlooker = look
    deque(replay.findings(files), maxlen=0)
    return write_suggestions(suggest(seen))


def over_inlets(
    installation: Installation, scratch: Path, now: int
) -> tuple[Replay, list[tuple[Path, Source]]]:
    """Prepare a replay over everything that the installation's line and flow inlets name.

    What the journal has is written to the folder `scratch` first. Raises `AupkeepError`.
    """
    files = []
    for number, inlet in enumerate(installation.settings.inlet):
        if inlet.format == "report":
            continue
        pattern = inlet.path
        if inlet.journal:
            pattern = str(scratch / f"journal-{number}.log")
            export(inlet.journal, Path(pattern))
        for family in families(pattern, installation.folder.absolute()):
            for path in (*family.rotated, family.path):
                if not path.exists():
                    continue
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
