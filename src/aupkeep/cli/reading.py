"""What `detect` and `events` share: the run over named files, made from the options.

In: (path, format) pairs and options. Out: a `Run` that yields findings, with a progress bar on a
terminal. Raises `AupkeepError` for holdings, profiles or policies that have faults.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from aupkeep.attribution.ground import Ground
from aupkeep.attribution.holdings import read_holdings
from aupkeep.attribution.profiles import read_profiles
from aupkeep.base.errors import AupkeepError
from aupkeep.cli.given import read_text
from aupkeep.detection.engine import Engine
from aupkeep.detection.finding import Finding
from aupkeep.flow.folders import find_folder, load_policy, shipped_policies
from aupkeep.flow.replay import Replay
from aupkeep.flow.rules import Ruled, rules_by_provider
from aupkeep.flow.stream import Stream
from aupkeep.policy.reading import FaultyPolicyError
from aupkeep.signals.source import Source

Read = TypeVar("Read")

#: Policies that come with Aupkeep; the first is taken where nothing says which.
SHIPPED = ("jasmo", "injazat")
#: Files smaller than this in all are read too fast for a bar to help.
WORTH_A_BAR = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """The options of `detect`, as typed."""

    holdings: Path | None = None
    profiles: Path | None = None
    policies: tuple[str, ...] = ()
    year: int = 0
    zone: str = "UTC"
    exporter: str = ""
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A prepared run over files."""

    replay: Replay
    files: Sequence[tuple[Path, Source]]

    def findings(self) -> Iterator[Finding]:
        """Read everything; yields each finding when it opens and whenever it changes."""
        size = sum(path.stat().st_size for path, _ in self.files if path.is_file())
        with _bar(size) as tick:
            self.replay.progress = tick
            yield from self.replay.findings(self.files)


def reading_run(pairs: Sequence[tuple[Path, str]], options: ReadOptions, now: int) -> Run:
    """Prepare the run; nothing of the files is read yet."""
    holdings = _read(options.holdings, read_holdings)
    profiles = _read(options.profiles, read_profiles)
    names = sorted({item.provider for item in holdings})
    folders = [find_folder(name) for name in options.policies] or _shipped(names)
    ruled = [_load(folder) for folder in folders]
    named = {item.policy.provider: item for item in ruled}
    default = ruled[0].policy.provider
    everyone = sorted({*names, default})
    rules: dict[str, Ruled] = {name: named.get(name, ruled[0]) for name in everyone}
    networks = dict.fromkeys(everyone, tuple(options.networks))
    provider = names[0] if len(names) == 1 else default
    ground = Ground(holdings=holdings, profiles=profiles, networks=networks)
    stream = Stream(ground=ground, engine=Engine(rules_by_provider(rules)))
    sources = [
        (
            path,
            Source(
                name=str(path),
                format=form,
                provider=provider,
                authenticated=form != "report",
                zone=options.zone,
                year=options.year,
                exporter=options.exporter,
            ),
        )
        for path, form in pairs
    ]
    return Run(Replay(stream=stream, now=now), sources)


def _shipped(providers: Sequence[str]) -> list[Path]:
    """Return the shipped policies of `providers`, or the first one where none has any.

    A folder of that name in the present folder is not meant: nobody typed it.
    """
    there = [name for name in SHIPPED if name in providers] or [SHIPPED[0]]
    folders = shipped_policies()
    return [folders[name] for name in there]


def _read(path: Path | None, reader: Callable[..., tuple[Read, ...]]) -> tuple[Read, ...]:
    return () if path is None else reader(read_text(path), file=str(path))


def _load(folder: Path) -> Ruled:
    """Load a policy to read by: its faults are no findings, so the job could not be done."""
    try:
        return load_policy(folder)
    except FaultyPolicyError as faulty:
        raise AupkeepError(faulty.faults) from None


class _bar:  # noqa: N801  # used like a function: `with _bar(size) as tick`
    """A progress bar on standard error, only where a person watches and there is time to watch."""

    def __init__(self, size: int) -> None:
        self._progress: Progress | None = None
        if size >= WORTH_A_BAR and sys.stderr.isatty():
            self._progress = Progress(
                TextColumn("reading"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
        self._size = size

    def __enter__(self) -> Callable[[int], None] | None:
        if self._progress is None:
            return None
        self._progress.start()
        task = self._progress.add_task("read", total=self._size)
        progress = self._progress
        return lambda count: progress.advance(task, count)

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()
