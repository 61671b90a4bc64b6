"""`aupkeep holdings`: who holds what."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from aupkeep.attribution.holdings import read_holdings
from aupkeep.attribution.profiles import read_profiles
from aupkeep.cli.faces import now, plain_errors
from aupkeep.cli.given import given_zone, read_text
from aupkeep.cli.inputs import OrderedFiles, files_with_formats
from aupkeep.cli.place import Folder, opened
from aupkeep.cli.reading import ReadOptions, reading_run
from aupkeep.flow.books import import_holdings, import_profiles
from aupkeep.flow.suggesting import over_inlets, suggested_csv

app = typer.Typer(
    add_completion=False,
    name="holdings",
    help="Import who holds what; suggest what is missing.",
    no_args_is_help=True,
)


@app.command("import")
def import_csv(
    file: Annotated[Path, typer.Argument(help="CSV of holdings, or of profiles")],
    *,
    source: Annotated[str, typer.Option("--source", help="name of the list, e.g. billing")],
    folder: Folder = None,
    force: Annotated[
        bool, typer.Option("--force", help="take it even if it ends more than 5 %")
    ] = False,
) -> None:
    """Take over a list: what it no longer names ends now, what is new begins as it says."""
    with plain_errors():
        opened(folder)
        text = read_text(file)
        if "name,value" in text.split("\n", 1)[0]:
            count = import_profiles(read_profiles(text, file=str(file)), source=source, now=now())
            print(f"{count} profile statements are new")
            return
        listed = read_holdings(text, file=str(file))
        changes = import_holdings(listed, source=source, now=now(), forced=force)
        print(
            f"{len(changes.opened)} holdings begin, {len(changes.ended)} end, "
            f"{len(changes.kept)} stay"
        )


@app.command("suggest", cls=OrderedFiles)
def suggest(
    ctx: typer.Context,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE...]", show_default=False)
    ] = None,
    *,
    formats: Annotated[
        list[str] | None, typer.Option("--as", metavar="FORMAT", help="format of the files")
    ] = None,
    folder: Folder = None,
    timezone: Annotated[str, typer.Option(help="zone of lines that state none")] = "UTC",
    provider: Annotated[str, typer.Option(help="the brand the rows belong to")] = "jasmo",
) -> None:
    """Print CSV rows to fill in, for the logins, users and addresses that nobody holds yet.

    With files it reads them; without, it reads the line inlets of the installation.
    """
    del formats
    with plain_errors():
        zone = given_zone(timezone)
        if files:
            pairs = files_with_formats(ctx, files)
            options = ReadOptions(zone=zone, policies=(provider,))
            run = reading_run(pairs, options, now())
            print(suggested_csv(run.replay, run.files), end="")
            return
        with tempfile.TemporaryDirectory(prefix="aupkeep-") as scratch:
            print(suggested_csv(*over_inlets(opened(folder), Path(scratch), now())), end="")
