"""The jobs of `aupkeep bench engine`: each is a process of its own, and prints JSON.

In: how many events and rounds. Out: figures, of which each says whether the same was found. Ours
is `bench_run`; the peers are programs in `benchmarks/peers` of the repository.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.demo.hosting.known import known_hits
from aupkeep.flow.trial.clock import calibrate
from aupkeep.flow.trial.file import write_events

PEERS = Path(__file__).parents[3] / "benchmarks" / "peers"
#: Events that are given to the peer that takes them one by one and slowly.
FEW = 20_000
#: Events of a batch: where figures are compared, and in 50 ms of 20,000 events a second.
BATCH, LIVE = 100_000, 1_000

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Peer:
    """Another engine: what people call it, its program, the module that must be installed."""

    name: str
    program: str
    module: str
    jobs: tuple[str, ...]


ALL_PEERS = (
    Peer("DuckDB", "with_duckdb.py", "duckdb", ("stateless", "batches", "windowed")),
    Peer("Polars", "with_polars.py", "polars", ("stateless", "batches", "windowed")),
    Peer("plain Python", "plain_python.py", "polars", ("stateless",)),
    Peer("CEL", "with_cel.py", "cel", ("stateless",)),
)
_PARTS = {
    "stateless": "20 rules",
    "batches": "40 rules, batches",
    "windowed": "40 rules, at once",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table."""

    part: str
    engine: str
    version: str
    events: int
    #: Best CPU seconds, best seconds of the clock.
    cpu: float
    wall: float
    #: Events in the time of the calibration loop.
    a_loop: float
    #: How many times as fast ours is; 0 for ours.
    times: float = 0.0
    #: Rules for which something else was found.
    differs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def rate(self) -> float:
        """Events a second of CPU time."""
        return self.events / self.cpu

    def as_object(self) -> dict[str, Any]:
        """Return the JSON object of the line."""
        return {
            "part": self.part,
            "engine": self.engine,
            "version": self.version,
            "events": self.events,
            "cpu": self.cpu,
            "wall": self.wall,
            "rate": self.rate,
            "a_loop": self.a_loop,
            "times": self.times or None,
            "differs": list(self.differs),
            "notes": list(self.notes),
        }


def missing_peers() -> list[str]:
    """Return a sentence for each peer that could not be measured."""
    if not PEERS.is_dir():
        return ["The peers are measured from a copy of the repository: they are in benchmarks/."]
    return [
        f"{peer.name} is not installed: `make bench` in the repository installs it, or"
        " `pip install -r requirements/bench.lock`."
        for peer in ALL_PEERS
        if not _installed(peer)
    ]


def _installed(peer: Peer) -> bool:
    return PEERS.is_dir() and importlib.util.find_spec(peer.module) is not None


class Measuring:
    """One measurement; files lie in `folder` while it goes on."""

    def __init__(self, folder: Path, *, events: int, rounds: int) -> None:
        """Write the events."""
        self.load = os.getloadavg()[0]
        self.loop = min(calibrate() for _ in range(rounds))
        self._rounds = rounds
        self._events = events
        self._whole, self._few = folder / "day.parquet", folder / "few.parquet"
        write_events(self._whole, events)
        write_events(self._few, min(events, FEW))

    def figures(self, workers: int) -> Iterator[Figure]:
        """Yield one figure after the other; those with other threads only compare the clock."""
        yield from self._stateless()
        yield from self._windowed(workers)

    def _stateless(self) -> Iterator[Figure]:
        ours = self._own("stateless", self._whole)
        few = self._own("stateless", self._few, rounds=1)
        figure = self._figure("stateless", "Aupkeep", ours, _known(self._events))
        yield figure
        for peer in filter(_installed, ALL_PEERS):
            slow = peer.module == "cel"
            path, expected = (self._few, few) if slow else (self._whole, ours)
            found = self._peer(peer, "stateless", path)
            events = min(self._events, FEW) if slow else self._events
            yield self._figure(
                "stateless", peer.name, found, expected["hits"], than=figure, events=events
            )

    def _windowed(self, workers: int) -> Iterator[Figure]:
        ours = self._own("windowed", self._whole, "--batch", str(BATCH))
        figure = self._figure("batches", "Aupkeep", ours, _known(self._events))
        yield figure
        if workers > 1:
            yield self._several(workers, ours)
        for job in ("batches", "windowed"):
            for peer in filter(_installed, ALL_PEERS):
                if job in peer.jobs:
                    found = self._peer(peer, job, self._whole)
                    yield self._figure(job, peer.name, found, ours["hits"], than=figure)
        live = self._own("windowed", self._whole, "--batch", str(LIVE), rounds=1)
        yield self._figure(
            "batches", f"Aupkeep, batches of {LIVE:,}", live, ours["hits"], notes=_each(live)
        )

    def _several(self, workers: int, alone: Result) -> Figure:
        words = ("--batch", str(BATCH), "--workers", str(workers))
        found = self._own("windowed", self._whole, *words)
        gain = min(alone["wall"]) / min(found["wall"])
        note = f"by the clock {gain:.2f} times as fast as one; load {os.getloadavg()[0]:.1f}"
        name = f"Aupkeep, {workers} workers"
        return self._figure("batches", name, found, alone["hits"], notes=(note,))

    def _own(self, job: str, path: Path, *words: str, rounds: int = 0) -> Result:
        command = [sys.executable, "-m", "aupkeep.cli.bench_run", job, str(path), *words]
        return _run([*command, "--rounds", str(rounds or self._rounds)])

    def _peer(self, peer: Peer, job: str, path: Path) -> Result:
        command = [sys.executable, str(PEERS / peer.program), job, str(path)]
        return _run([*command, "--rounds", str(self._rounds), "--batch", str(BATCH)])

    def _figure(
        self,
        job: str,
        engine: str,
        found: Result,
        expected: Mapping[str, Any],
        *,
        than: Figure | None = None,
        events: int = 0,
        notes: tuple[str, ...] = (),
    ) -> Figure:
        events = events or self._events
        cpu = min(found["cpu"])
        return Figure(
            part=_PARTS[job],
            engine=engine,
            version=found["version"],
            events=events,
            cpu=cpu,
            wall=min(found["wall"]),
            a_loop=events / cpu * self.loop,
            times=than.rate / (events / cpu) if than else 0.0,
            differs=_different(found["hits"], expected),
            notes=notes,
        )


def _known(events: int) -> dict[str, list[int]]:
    return {name: [count] for name, count in known_hits(events).items()}


def _different(found: Mapping[str, Any], expected: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the rules of which both say something, and not the same."""
    return tuple(name for name in sorted(found) if expected.get(name, found[name]) != found[name])


def _each(found: Result) -> tuple[str, ...]:
    """Return how long a batch took, in words."""
    lines = []
    for what, place in (("CPU time", 0), ("the clock", 1)):
        spent = sorted(batch[place] * 1000 for batch in found["batches"])
        mean, late = sum(spent) / len(spent), spent[int(0.99 * (len(spent) - 1))]
        lines.append(f"a batch by {what}: {mean:.1f} ms on average, 99 % within {late:.1f} ms")
    return tuple(lines)


def _run(command: list[str]) -> Result:
    # Several workers share out the work themselves: threads of Polars beside them are in their way.
    environment = {**os.environ, "POLARS_MAX_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    done = subprocess.run(  # noqa: S603  # our own programs, by their full path
        command, capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise AupkeepError(Fault(code="bench", what=f"{Path(command[1]).name}: {last[0]}"))
    result: Result = json.loads(done.stdout)
    return result
