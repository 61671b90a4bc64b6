"""`aupkeep bench`: how fast the engine is, beside others that must find the same first."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from aupkeep.cli.bench_jobs import Figure, Measuring, missing_peers
from aupkeep.cli.faces import FINE, FOUND, plain_errors, say_json

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Measure.")


@app.callback()
def bench() -> None:
    """Measure how fast Aupkeep is on this machine."""


@app.command()
def engine(
    *,
    events: Annotated[int, typer.Option(min=1000, help="events of the made-up day")] = 1_000_000,
    rounds: Annotated[int, typer.Option(min=1, help="the best of so many counts")] = 5,
    workers: Annotated[int, typer.Option(min=1, help="also measure with so many threads")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """Measure the detection engine on forty rules, beside the peers that are installed."""
    differing = False
    with plain_errors(), tempfile.TemporaryDirectory() as folder:
        measuring = Measuring(Path(folder), events=events, rounds=rounds)
        if not as_json:
            print(
                f"{events:,} events, best of {rounds}, from Parquet; a loop is"
                f" {measuring.loop:.3f} s of CPU time; load {measuring.load:.1f}\n\n{_HEAD}"
            )
        for figure in measuring.figures(workers):
            differing = differing or bool(figure.differs)
            if as_json:
                say_json(figure.as_object())
            else:
                print(_line(figure), flush=True)
        for sentence in missing_peers():
            if as_json:
                say_json({"missing": sentence})
            else:
                print(sentence)
    raise typer.Exit(FOUND if differing else FINE)


_HEAD = (
    f"{'':52} {'events/s':>11} {'CPU s':>8} {'clock s':>8} {'a loop':>9} {'ours is':>9}\n"
    + "-" * 102
)


def _line(figure: Figure) -> str:
    name = f"{figure.part}: {figure.engine} {figure.version}"
    if figure.differs:
        return f"{name:52} does not count: other hits for {', '.join(figure.differs)}"
    times = f"{figure.times:.1f} x" if figure.times else ""
    return (
        f"{name:52} {figure.rate:>11,.0f} {figure.cpu:>8.3f} {figure.wall:>8.3f}"
        f" {figure.a_loop:>9,.0f} {times:>9}"
    ) + "".join(f"\n    {note}" for note in figure.notes)
