"""The same lines, however they come, make the same findings; the oracle says which.

In any cut into blocks, doubled by a copy, read again after a restart, shuffled within what the
sources' disorder allows. What comes behind that is late, and counted. `AUPKEEP_ORACLE_DEPTH=10`
tries ten times as many examples.
"""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_cases import DEPTH, QUIET, called

from aupkeep.attribution.ground import Ground, attribute
from aupkeep.attribution.holdings import Holding
from aupkeep.detection import rule as ir
from aupkeep.detection.engine import Engine
from aupkeep.detection.finding import Finding
from aupkeep.events.frontier import ENDED
from aupkeep.events.schema import columns
from aupkeep.flow.lines import LineReader
from aupkeep.flow.merging import drain
from aupkeep.flow.replay import Replay
from aupkeep.flow.stream import Stream
from aupkeep.inlets.files import blocks
from aupkeep.inlets.files.blocks import Block, Cutter
from aupkeep.policy.model import Tier
from aupkeep.signals.formats import LINE_FORMATS
from aupkeep.signals.formats.lineclock import LineClock
from aupkeep.signals.source import Source
from oracle import Found, Oracle

SECOND = 1_000_000
BEGIN = 1_767_571_200 * SECOND
DISORDER = 2 * SECOND
GROUND = Ground(
    holdings=[
        Holding(
            provider="p", kind="ip", value=f"10.0.0.{n}", customer=f"c{n}", since=0, recorded_at=0
        )
        for n in (1, 2)
    ],
    profiles=(),
    networks={"p": ("10.0.0.0/8",)},
)
Story = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Line:
    """One attempt to log in, told in one line."""

    time: int
    address: str
    user: str
    number: int

    def text(self, host: str) -> bytes:
        at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=self.time)
        return (
            f"{at.isoformat(timespec='microseconds')} {host} sshd[{self.number}]: Failed password"
            f" for {self.user} from {self.address} port 22 ssh2\n"
        ).encode()


@st.composite
def logs(draw: st.DrawFn, host: int) -> list[Line]:
    """Lines of one host, mostly in order; no two hosts have lines of one instant."""
    dice = random.Random(draw(st.integers(0, 2**32)))
    time, lines = BEGIN, []
    for number in range(draw(st.sampled_from([40, 80, 5, 2]))):
        time += dice.choice((0, 2, 1_000, SECOND, SECOND, 20 * SECOND, 40 * SECOND, 1500 * SECOND))
        back = dice.choice((0, 0, 0, 1_000, SECOND, DISORDER, DISORDER + 2, 30 * SECOND))
        lines.append(
            Line(
                (time - back) // 2 * 2 + host,
                dice.choice(("10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.3", "192.0.2.1")),
                dice.choice(("root", "Root", "a", "b")),
                1000 + number,
            )
        )
    return lines


def shuffled(lines: Sequence[Line], dice: random.Random) -> list[Line]:
    """Return the lines that are not late in another order, of which none is late either."""
    waiting = sorted(punctual(lines), key=lambda line: line.time)
    mixed: list[Line] = []
    while waiting:
        near = [one for one in waiting if one.time <= waiting[0].time + DISORDER]
        mixed.append(waiting.pop(dice.randrange(len(near))))
    return mixed


def punctual(lines: Sequence[Line]) -> list[Line]:
    """A line is late where one before it in its file is more than the disorder ahead."""
    largest, kept = lines[0].time, []
    for line in lines:
        if line.time >= largest - DISORDER:
            kept.append(line)
        largest = max(largest, line.time)
    return kept


# --- the rules, and what the oracle says of them --------------------------------------------------


def rules() -> ir.RuleSet:
    every = ir.Selection(id="s", name="s", title="", kind="login", predicate=ir.All(parts=()))
    root = ir.OneOf(field="user", values=("root",))
    selections = {
        "s": every,
        "r": ir.Selection(id="r", name="r", title="", kind="login", predicate=root),
    }
    aup = ir.Aup(clause="c", tier=Tier.FACT, status="review", cooldown=30 * SECOND)
    shared: dict[str, Any] = {"kind": "login", "group_by": ("customer", "client_ip"), "aup": aup}
    made: list[ir.Rule] = [
        ir.Window(
            **called("many"),
            **shared,
            measure="event_count",
            rules=("s",),
            op="gte",
            timespan=60 * SECOND,
            threshold=ir.Threshold(default=4),
        ),
        ir.Window(
            **called("users"),
            **shared,
            measure="value_count",
            rules=("s",),
            op="gt",
            timespan=3600 * SECOND,
            threshold=ir.Threshold(default=2),
            field="user",
        ),
        ir.Baseline(
            **called("usual"),
            **shared,
            rules=("s",),
            bucket=60 * SECOND,
            history=30,
            least=2,
            usual="median",
            times=1.0,
            threshold=ir.Threshold(default=1),
        ),
        ir.Absence(
            **called("silent"),
            rules=("s",),
            kinds=("login",),
            group_by=("client_ip",),
            aup=aup,
            timespan=600 * SECOND,
            forget=3600 * SECOND,
        ),
        ir.Conjunction(
            **called("both"),
            rules=("r", "many"),
            kinds=("login",),
            group_by=("client_ip",),
            timespan=300 * SECOND,
            ordered=True,
            aup=aup,
        ),
    ]
    return ir.RuleSet(selections=selections, rules={one.id: one for one in made})


RULES = rules()


def expected(files: Sequence[Sequence[Line]]) -> tuple[Story, int]:
    """Return what the oracle says of the lines in time, and how many are late."""
    rows: list[dict[str, Any]] = []
    for stream, lines in enumerate(files):
        for line in punctual(lines):
            row: dict[str, Any] = dict.fromkeys(columns("login"))
            row |= {"event_time": line.time, "observed_at": line.time, "stream": stream}
            row |= {"position": line.number, "part": 0, "source": 0, "provider": "p"}
            row |= {"authenticated": True, "late": False, "user": line.user}
            row |= {"client_ip": line.address, "client_host": line.address, "outcome": "failed"}
            rows.append(row)
    frame = attribute("login", pl.DataFrame(rows, schema=columns("login")), GROUND)
    listed = [{**row, "kind": "login"} for row in frame.iter_rows(named=True)]
    end = max(line.time for lines in files for line in punctual(lines))
    changes, still = Oracle(RULES, "p").run(listed, end)
    late = sum(len(lines) - len(punctual(lines)) for lines in files)
    return story([*changes, *still]), late


def story(found: Sequence[Found] | Sequence[Finding]) -> Story:
    """What findings say, apart from which bytes they were read from."""
    return sorted(
        (one.rule, one.state, one.customer or "", one.first, one.last, one.value, one.threshold)
        for one in found
    )


# --- the ways to read -----------------------------------------------------------------------------


def begun() -> Stream:
    return Stream(ground=GROUND, engine=Engine({"p": (RULES, "1")}))


def from_files(paths: Sequence[Path], block: int) -> tuple[list[Finding], dict[str, int]]:
    stream = begun()
    sources = [(path, Source(name=str(path), format="sshd", provider="p")) for path in paths]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK", block)
        found = list(Replay(stream=stream, now=BEGIN).findings(sources))
    counts = {
        name: sum(tally.counts[name] for tally in stream.tallies)
        for name in ("events", "late", "duplicates")
    }
    return found, counts


def written(folder: Path, name: str, data: bytes, *, pack: bool) -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(data) if pack else data)
    return path


def text(lines: Sequence[Line], host: str = "h") -> bytes:
    return b"".join(line.text(host) for line in lines)


@given(
    first=logs(0),
    second=logs(1),
    block=st.sampled_from([1 << 20, 4_000, 300, 61]),
    twice=st.booleans(),
    pack=st.booleans(),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=30 * DEPTH, **QUIET)
def test_files_in_any_blocks_doubled_and_shuffled(
    tmp_path_factory: pytest.TempPathFactory,
    first: list[Line],
    second: list[Line],
    block: int,
    *,
    twice: bool,
    pack: bool,
    seed: int,
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    dice = random.Random(seed)
    one = written(folder, "one.log", text(first, "one"), pack=False)
    two = written(folder, "two.log", text(second, "two"), pack=pack)
    told, late = expected([first, second])
    found, counts = from_files([one, two], 1 << 20)
    assert story(found) == told
    assert counts == {
        "events": len(first) + len(second),
        "late": late,
        "duplicates": 0,
    }
    copy = written(folder, "copy.log.gz", text(second, "two"), pack=not pack)
    paths = [one, two, copy] if twice else [two, one]
    again, counted = from_files(paths, block)
    assert again == found
    assert (counted["events"], counted["late"]) == (counts["events"], late)
    assert counted["duplicates"] == (len(second) if twice else 0)
    mixed = written(folder, "mixed.log", text(shuffled(first, dice), "one"), pack=pack)
    other, counted = from_files([mixed, two], block)
    assert story(other) == told
    assert counted["late"] == late - (len(first) - len(punctual(first)))


class Living:
    """One growing file, read as it grows, and from its start again after each restart."""

    def __init__(self) -> None:
        self.stream = begun()
        self.found: list[Finding] = []
        self._begin()

    def _begin(self) -> None:
        self.index = self.stream.source(Source(name="log", format="sshd", provider="p"))
        self.reader = LineReader(
            source=self.index,
            parse=LINE_FORMATS["sshd"].parse,
            clock=LineClock(zone="UTC", year=0, now=BEGIN),
            tally=self.stream.tallies[self.index],
            taken=self.stream.taken,
        )
        self.cutter = Cutter(0)

    def add(self, data: bytes) -> None:
        for block in self.cutter.add(data):
            self._read(block)

    def _read(self, block: Block) -> None:
        self.reader.read(block)
        drain([self.reader], self.stream.joins["sshd"], LINE_FORMATS["sshd"].rank)
        self.stream.collect("sshd", None)
        self.found += self.stream.advance(self.reader.bound() - DISORDER)

    def restart(self) -> None:
        saved = msgspec.msgpack.decode(msgspec.msgpack.encode(self.stream.save()))
        self.stream = begun()
        assert self.stream.restore(saved) == []
        self._begin()

    def end(self) -> list[Finding]:
        self.reader.ended = True
        drain([self.reader], self.stream.joins["sshd"], LINE_FORMATS["sshd"].rank)
        self.stream.collect("sshd", None, silent=True)
        self.stream.end_source(self.index, observed_at=None, now=BEGIN)
        self.found += self.stream.advance(ENDED)
        return [*self.found, *self.stream.engine.finish()]


@given(lines=logs(0), cuts=st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=5))
@settings(max_examples=40 * DEPTH, **QUIET)
def test_a_growing_file_read_from_its_start_after_each_restart(
    lines: list[Line], cuts: list[tuple[float, bool]]
) -> None:
    data = text(lines)
    told, late = expected([lines])
    living, read = Living(), 0
    for share, restart in sorted(cuts):
        stop = int(share * len(data))
        living.add(data[read:stop])
        read = stop
        if restart:
            living.restart()
            read = 0
    living.add(data[read:])
    assert story(living.end()) == told
    assert living.stream.tallies[0].counts["late"] == late


def test_the_lines_reach_what_the_laws_are_about() -> None:
    """A fixed sample opens and ends findings of every rule, and holds late lines."""
    seen: set[tuple[str, str]] = set()
    behind = []

    @given(first=logs(0), second=logs(1))
    @settings(max_examples=25, derandomize=True, database=None, **QUIET)
    def gather(first: list[Line], second: list[Line]) -> None:
        told, late = expected([first, second])
        seen.update((rule, state) for rule, state, *_ in told)
        behind.append(late)

    gather()
    assert seen >= {(rule, state) for rule in RULES.rules for state in ("open", "ended")}
    assert sum(behind) > 100
