"""`aupkeep demo`: two made-up providers, from raw bytes to decided cases.

In: a seed and an end instant. Out: raw files with known truth, and what Aupkeep makes of them by
the same path that a real installation uses: settings, published policies, imported holdings, the
engine, the database, the record.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from aupkeep.base.clock import format_instant, parse_instant
from aupkeep.base.errors import Fault, MisuseError
from aupkeep.cli.cases import print_cases
from aupkeep.cli.faces import FAILED, FINE, FOUND, now, plain_errors
from aupkeep.cli.truth import check_truth, print_check
from aupkeep.demo.brand import BRANDS
from aupkeep.demo.fortnight import Fortnight, make, write
from aupkeep.flow.engine import run_to_end
from aupkeep.flow.founding import found
from aupkeep.flow.installation import open_installation
from aupkeep.store.database import close_store

app = typer.Typer(add_completion=False)


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
) -> None:
    """Replay a made-up fortnight of two providers and show the cases it leads to."""
    with plain_errors():
        instant = _instant(end) if end else now() // 1_000_000 * 1_000_000
        if folder is not None:
            fortnight = make(seed, instant, mail_lines=mail_lines)
            write(fortnight, folder)
            print(f"wrote {len(fortnight.files)} files to {folder}")
            raise typer.Exit(FINE)
        fortnight = make(seed, instant)
        where = keep or Path(tempfile.mkdtemp(prefix="aupkeep-demo-"))
        try:
            code = _play(fortnight, where, check=check)
        finally:
            close_store()
            if keep is None:
                shutil.rmtree(where)
    raise typer.Exit(code)


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
    print(
        "\nnext: aupkeep demo --keep DIR   then, in DIR: aupkeep case show CASE, aupkeep doctor,\n"
        "      aupkeep record verify; aupkeep demo --check compares all of it with the truth"
    )
    return FAILED if trouble else FINE


def found_demo(fortnight: Fortnight, where: Path) -> None:
    """Make an installation at `where` that reads the fortnight below `where`/raw."""
    networks = {brand.name: brand.networks for brand in BRANDS}
    lines = ['mode = "observe"', 'clock = "event"', ""]
    for name, prefixes in networks.items():
        listed = ", ".join(f'"{network}"' for network in prefixes)
        lines += ["[[provider]]", f'name = "{name}"', f'policy = "policies/{name}"']
        lines += [f"networks = [{listed}]", ""]
    for source in fortnight.sources:
        path = _inlet_path(source.path, source.format)
        if path is None:
            continue
        lines += ["[[inlet]]", f'provider = "{source.provider}"', f'format = "{source.format}"']
        lines += [f'path = "raw/{path}"', f'zone = "{source.zone}"', f"year = {source.year}"]
        lines += [f"authenticated = {str(source.authenticated).lower()}"]
        lines += [f'exporter = "{source.exporter}"', ""]
    for item in fortnight.exporters:
        lines += ["[[exporter]]", f'address = "{item.address}"', f'provider = "{item.provider}"']
        lines += [f"authenticated = {str(item.authenticated).lower()}"]
        lines += [f"source_guarded = {str(item.guarded).lower()}", f"sampling = {item.sampling}"]
        lines += [""]
    found(
        where,
        "\n".join(lines),
        policies=tuple(networks),
        holdings=where / "raw" / "holdings.csv",
        profiles=where / "raw" / "profiles.csv",
        now=fortnight.start,
    )


def _inlet_path(path: str, form: str) -> str | None:
    """Return the glob of an inlet as a person would write it; None where another one covers it."""
    if form == "report":
        return f"{Path(path).parent}/*" if _first_of_folder(path) else None
    if form in ("postfix", "sshd"):
        return f"{path}*" if path.endswith(".log") else None
    return path


def _first_of_folder(path: str) -> bool:
    """Reports are numbered from one in their folder."""
    return Path(path).stem.endswith("-001")
