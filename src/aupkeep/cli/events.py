"""`aupkeep events`: what each line, datagram or report became."""

from __future__ import annotations

from typing import Annotated

import typer

from aupkeep.base.clock import format_instant
from aupkeep.cli.faces import FAILED, FINE, complain, now, plain_errors, say_json
from aupkeep.cli.given import given_address, given_year, given_zone
from aupkeep.cli.inputs import OrderedFiles, files_with_formats
from aupkeep.flow.became import Became, Shown, counts, show
from aupkeep.signals.source import Source

app = typer.Typer(add_completion=False)


@app.command(cls=OrderedFiles)
def events(
    ctx: typer.Context,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", show_default=False)],
    *,
    formats: Annotated[
        list[str], typer.Option("--as", metavar="FORMAT", help="format of the files after it")
    ],
    lines: Annotated[
        bool, typer.Option("--lines", help="show every line, not only counts")
    ] = False,
    year: Annotated[int, typer.Option(help="year of the first line that states none")] = 0,
    timezone: Annotated[str, typer.Option(help="zone of lines that state none")] = "UTC",
    exporter: Annotated[str, typer.Option(help="address that sent bare NetFlow datagrams")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """Show what each line of a file became: a row, part of one, nothing, or a reject."""
    del formats  # read from the order in which it was typed
    with plain_errors():
        zone, sender = given_zone(timezone), given_address(exporter)
        first_year = given_year(year)
        pairs = files_with_formats(ctx, files)
        faults = []
        for path, form in pairs:
            source = Source(
                name=str(path),
                format=form,
                provider="",
                zone=zone,
                year=first_year,
                exporter=sender,
            )
            shown = show(path, source, now())
            if lines:
                _print_lines(shown, as_json=as_json)
            else:
                _print_counts(str(path), shown, as_json=as_json)
            faults += shown.faults
        unread = complain(faults)
    raise typer.Exit(FAILED if unread else FINE)


def _print_lines(shown: Shown, *, as_json: bool) -> None:
    for item in shown.items():
        if as_json:
            say_json(_object(item))
        else:
            stated = " ".join(f"{name}={value!r}" for name, value in item.fields.items())
            at = format_instant(item.time) if item.time is not None else "-"
            print(f"{item.offset:>10} {item.outcome:<8} {at:<28} {stated}")


def _print_counts(name: str, shown: Shown, *, as_json: bool) -> None:
    found = counts(shown)
    if as_json:
        say_json({"file": name, **found})
    else:
        print(name + ": " + ", ".join(f"{count} {word}" for word, count in found.items()))


def _object(item: Became) -> dict[str, object]:
    return {
        "file": item.file,
        "offset": item.offset,
        "outcome": item.outcome,
        "kind": item.kind,
        "time": format_instant(item.time) if item.time is not None else None,
        "fields": item.fields,
    }
