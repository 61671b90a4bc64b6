"""`aupkeep detect`: files in, findings out, nothing kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aupkeep.cases.excepting import excused, said
from aupkeep.cli.excepted import read_exceptions
from aupkeep.cli.faces import FAILED, FINE, FOUND, complain, now, plain_errors, say_json
from aupkeep.cli.given import given_address, given_network, given_year, given_zone
from aupkeep.cli.inputs import OrderedFiles, files_with_formats
from aupkeep.cli.reading import ReadOptions, reading_run
from aupkeep.cli.words import finding_object, finding_text, summary_object, summary_text
from aupkeep.detection.finding import Finding

app = typer.Typer(add_completion=False)


@app.command(cls=OrderedFiles)
def detect(  # noqa: PLR0913  # one parameter an option of the documented command
    ctx: typer.Context,
    files: Annotated[list[str], typer.Argument(metavar="FILE...|-", show_default=False)],
    *,
    formats: Annotated[
        list[str], typer.Option("--as", metavar="FORMAT", help="format of the files after it")
    ],
    holdings: Annotated[
        Path | None, typer.Option(help="CSV: who held which address, login, domain, when")
    ] = None,
    profiles: Annotated[
        Path | None, typer.Option(help="CSV: plans and status of customers")
    ] = None,
    policy: Annotated[
        list[str] | None, typer.Option(help="policy folder or shipped name; may be given again")
    ] = None,
    year: Annotated[int, typer.Option(help="year of the first line that states none")] = 0,
    timezone: Annotated[str, typer.Option(help="zone of lines that state none")] = "UTC",
    exporter: Annotated[str, typer.Option(help="address that sent bare NetFlow datagrams")] = "",
    network: Annotated[
        list[str] | None, typer.Option(help="a prefix of ours; may be given again")
    ] = None,
    exceptions: Annotated[
        Path | None, typer.Option(help="JSON lines, as `exception list --json` prints them")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """Read files and say which clauses of the policy were breached, by whom, on what evidence."""
    del formats  # read from the order in which it was typed
    with plain_errors():
        options = ReadOptions(
            holdings=holdings,
            profiles=profiles,
            policies=tuple(policy or ()),
            year=given_year(year),
            zone=given_zone(timezone),
            exporter=given_address(exporter),
            networks=tuple(map(given_network, network or ())),
        )
        excepting = read_exceptions(exceptions) if exceptions else []
        pairs = files_with_formats(ctx, files)
        run = reading_run(pairs, options, now())
        last: dict[str, Finding] = {}
        for finding in run.findings():
            last[finding.id] = finding
        horizon = run.replay.stream.evaluated
        listed = (excused(item, excepting, horizon) for item in last.values())
        ordered = sorted(listed, key=lambda item: (item.first, item.id))
        by_id = {item.id: item for item in excepting}
        for finding in ordered:
            if as_json:
                say_json(finding_object(finding))
            else:
                why = f"; {said(by_id[finding.exception])}" if finding.suppressed else ""
                print(finding_text(finding) + why)
        if as_json:
            suppressed = sum(finding.suppressed for finding in ordered)
            say_json({"summary": summary_object(run.replay.stream) | {"suppressed": suppressed}})
        else:
            print("\n".join(summary_text(run.replay.stream)))
        unread = complain(run.replay.faults)
    found = any(not finding.suppressed for finding in ordered)
    raise typer.Exit(FAILED if unread else FOUND if found else FINE)
