"""`aupkeep demo`: two made-up providers, from raw bytes to decided cases, then live.

In: a seed and an end instant. Out: raw files with known truth, and what Aupkeep makes of them by
the same path that a real installation uses: settings, published policies, imported holdings, the
engine, the database, the record; after that live mail, a real hold and the desk.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from aupkeep.base.clock import format_instant, parse_instant
from aupkeep.base.errors import Fault, MisuseError
from aupkeep.cli.cases import print_cases
from aupkeep.cli.demo_ending import Ending
from aupkeep.cli.demo_serving import PEOPLE, serve
from aupkeep.cli.demo_settings import replay_settings
from aupkeep.cli.faces import FAILED, FINE, FOUND, now, plain_errors
from aupkeep.cli.truth import check_truth, print_check
from aupkeep.demo.brand import BRANDS
from aupkeep.demo.fortnight import Fortnight, make, write
from aupkeep.flow.engine import run_to_end
from aupkeep.flow.founding import found
from aupkeep.flow.installation import open_installation
from aupkeep.store.database import close_store

app = typer.Typer(add_completion=False)

#: Seconds in which whoever still writes into the folder has ended.
LEAVING = 5.0
#: What is said where nothing is served.
NEXT = (
    "\nnext: aupkeep demo   goes on live and serves the desk; --keep DIR keeps the installation:\n"
    "      then, in DIR: aupkeep case show CASE, aupkeep doctor, aupkeep record verify;\n"
    "      aupkeep demo --check compares all of it with the truth"
)


@app.command()
def demo(
    *,
    folder: Annotated[
        Path | None,
        typer.Option("--write", metavar="DIR", help="only write the raw files, holdings and truth"),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="compare what is found with the truth, clause by clause")
    ] = False,
    seed: Annotated[int, typer.Option(help="another seed, another fortnight")] = 1,
    end: Annotated[
        str, typer.Option(metavar="T", help="end of the fortnight, ISO 8601; default: now")
    ] = "",
    mail_lines: Annotated[
        int, typer.Option(help="with --write: also a Postfix log of at least so many lines")
    ] = 0,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="keep the installation in this folder")
    ] = None,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="end after the table of cases")
    ] = False,
) -> None:
    """Replay a fortnight of two made-up providers, then hold mail live and serve the desk."""
    with plain_errors():
        ending = Ending()
        instant = _instant(end) if end else now() // 1_000_000 * 1_000_000
        serving = not (check or no_serve)
        if folder is not None:
            fortnight = make(seed, instant, mail_lines=mail_lines)
            write(fortnight, folder)
            print(f"wrote {len(fortnight.files)} files to {folder}")
            raise typer.Exit(FINE)
        if serving and instant > now():
            raise MisuseError(
                Fault(
                    code="end-ahead",
                    what=f"the fortnight ends at {format_instant(instant)}, and what follows it "
                    "is live",
                    hint="give an end in the past, or --no-serve",
                )
            )
        fortnight = make(seed, instant)
        with _place(keep, ending) as where:
            code = _play(fortnight, where, check=check)
            if serving and code == FINE:
                code = serve(fortnight, where, ending)
                _say_goodbye(where, kept=keep is not None)
            elif code == FINE and not check:
                print(NEXT)
    raise typer.Exit(code)


@contextmanager
def _place(keep: Path | None, ending: Ending) -> Iterator[Path]:
    """Yield the folder of the installation; remove it in the end, but for one that is kept."""
    where = (keep or Path(tempfile.mkdtemp(prefix="aupkeep-demo-"))).resolve()
    if keep is None:
        # Postfix works as a user of its own, who must be able to pass.
        where.chmod(0o711)
    try:
        yield where
    finally:
        ending.gently()
        close_store()
        if keep is None:
            _remove(where)


def _remove(where: Path) -> None:
    """Remove the folder; a process that is about to end may still write into it."""
    until = time.monotonic() + LEAVING
    while True:
        try:
            shutil.rmtree(where)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def _say_goodbye(where: Path, *, kept: bool) -> None:
    if kept:
        print(f"{where} is kept; without its mail host it starts again by: aupkeep run {where}")
        print(f"links to sign in: aupkeep person link {PEOPLE[0]} --dir {where}")
    else:
        print("its folder is removed")


def _instant(text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError as wrong:
        raise MisuseError(Fault(code="bad-end", what=str(wrong))) from None


def _play(fortnight: Fortnight, where: Path, *, check: bool) -> int:
    console = Console(stderr=True)
    with console.status("writing two weeks of raw logs, flows and complaints"):
        write(fortnight, where / "raw")
        for source in fortnight.sources:
            if source.received:
                at = parse_instant(source.received) / 1_000_000
                os.utime(where / "raw" / source.path, (at, at))
        found_demo(fortnight, where)
    with console.status("reading them"):
        running = run_to_end(open_installation(where), lambda: fortnight.end)
    if check:
        verdict = check_truth(where)
        print_check(verdict)
        return FINE if verdict.passed else FOUND
    print(
        f"Two weeks of two made-up providers to {format_instant(fortnight.end)}, "
        f"seed {fortnight.seed}: {len(fortnight.customers)} customers.\n"
        "Mode observe: nothing is carried out; this is what would be done.\n"
    )
    print_cases()
    trouble = [tally.trouble for tally in running.stream.tallies if tally.trouble]
    for line in trouble:
        print(line)
    return FAILED if trouble else FINE


def found_demo(fortnight: Fortnight, where: Path) -> None:
    """Make an installation at `where` that reads the fortnight below `where`/raw."""
    found(
        where,
        replay_settings(fortnight),
        policies=tuple(brand.name for brand in BRANDS),
        holdings=where / "raw" / "holdings.csv",
        profiles=where / "raw" / "profiles.csv",
        now=fortnight.start,
    )
