"""`aupkeep bench engine` prints a table, and counts nothing that found something else."""

from __future__ import annotations

import json
from dataclasses import replace

from typer.testing import CliRunner

from aupkeep.cli.bench import _line, app
from aupkeep.cli.bench_jobs import ALL_PEERS, PEERS, Figure, _different, _installed


def test_a_small_run_prints_every_line() -> None:
    done = CliRunner().invoke(app, ["engine", "--events", "2000", "--rounds", "1", "--json"])
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in done.output.splitlines()]
    figures = [line for line in lines if "part" in line]
    there = [peer for peer in ALL_PEERS if _installed(peer)]
    assert len(figures) == 3 + sum(len(peer.jobs) for peer in there)
    assert not any(figure["differs"] for figure in figures)
    assert len([line for line in lines if "missing" in line]) == len(ALL_PEERS) - len(there)
    assert all(figure["rate"] > 0 for figure in figures)


def test_a_line_says_how_many_times_as_fast_ours_is() -> None:
    figure = Figure(
        part="20 rules",
        engine="Other",
        version="1",
        events=3_000,
        cpu=0.5,
        wall=1.0,
        a_loop=400.0,
        times=2.5,
        notes=("by the way",),
    )
    line, note = _line(figure).splitlines()
    assert line.split() == [
        "20",
        "rules:",
        "Other",
        "1",
        "6,000",
        "0.500",
        "1.000",
        "400",
        "2.5",
        "x",
    ]
    assert note == "    by the way"
    assert "does not count: other hits for R01" in _line(replace(figure, differs=("R01",)))


def test_programs_of_the_peers_are_there() -> None:
    assert all((PEERS / peer.program).is_file() for peer in ALL_PEERS)


def test_what_found_something_else_does_not_count() -> None:
    expected = {"R01": [2], "W01": [1, 7]}
    assert _different({"R01": [2], "R02": [5]}, expected) == ()
    assert _different({"R01": [3], "W01": [1, 8]}, expected) == ("R01", "W01")
    figure = Figure(
        part="", engine="", version="", events=10, cpu=2.0, wall=2.0, a_loop=1.0, differs=("R01",)
    )
    assert figure.as_object()["differs"] == ["R01"]
    assert figure.rate == 5.0
