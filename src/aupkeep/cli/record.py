"""`aupkeep record`: verify and export the account of every act."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from aupkeep.base.errors import Fault, MisuseError
from aupkeep.cli.faces import FINE, FOUND, plain_errors, say_json
from aupkeep.cli.place import Folder, opened
from aupkeep.record.compare import Altered, altered
from aupkeep.record.verify import Verdict, verify, verify_stored
from aupkeep.store import chain
from aupkeep.store.database import snapshot
from aupkeep.store.stored import kept

app = typer.Typer(
    add_completion=False, name="record", help="Verify and export the record.", no_args_is_help=True
)

#: Ends what is said of a database whose chains hold.
_NOT_COMPARED = (
    "not compared: cases, findings of no case, holdings, profiles, the files of policies, and "
    "columns that repeat what a body says"
)

_Json = Annotated[bool, typer.Option("--json", help="one JSON object a line")]


@app.command("verify")
def verify_record(
    export: Annotated[
        Path | None, typer.Argument(metavar="[EXPORT]", help="an export; default: the database")
    ] = None,
    *,
    folder: Folder = None,
    head: Annotated[
        list[str] | None,
        typer.Option(metavar="PROVIDER:ENTRIES:HASH", help="a head known from another place"),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Check every entry against its hash and the one before it, and name the first bad one."""
    with plain_errors():
        heads = dict(_head(text) for text in head or [])
        if export is None:
            verdicts, differing = _database(folder, heads)
        else:
            verdicts, differing = verify(_lines(export), known_heads=heads), []
            if not verdicts:
                print(f"{export}: the export has no entry", file=sys.stderr)
                raise typer.Exit(FOUND)
        for verdict in verdicts:
            _say(verdict, as_json=as_json)
        for item in differing:
            _say_altered(item, as_json=as_json)
        if export is None and all(item.ok for item in verdicts) and not as_json:
            print(_NOT_COMPARED)
    bad = differing or any(not verdict.ok for verdict in verdicts)
    raise typer.Exit(FOUND if bad else FINE)


@app.command("export")
def export_record(
    provider: Annotated[str, typer.Option(help="only this provider's chain")] = "",
    *,
    folder: Folder = None,
) -> None:
    """Write every entry, word for word, one a line, to standard output."""
    with plain_errors():
        opened(folder)
        for line in chain.lines(provider):
            sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()


def _database(
    folder: Path | None, heads: dict[str, tuple[int, str]]
) -> tuple[list[Verdict], list[Altered]]:
    """Verify the chains, and only where they hold, what is stored beside them."""
    names = [item.name for item in opened(folder).settings.provider]
    with snapshot():
        verdicts = verify_stored(chain.rows(), expected=chain.expected(names), known_heads=heads)
        if not all(verdict.ok for verdict in verdicts):
            return verdicts, []
        chain.check_pages()
        return verdicts, altered((row.line for row in chain.rows()), kept())


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as opened_file:
            yield from opened_file
    except OSError as refused:
        why = refused.strerror or str(refused)
        raise MisuseError(
            Fault(code="unreadable", what=f"cannot read `{path}`: {why.lower()}")
        ) from None


def _head(text: str) -> tuple[str, tuple[int, str]]:
    parts = text.split(":")
    if len(parts) != 3 or not parts[1].isdigit():  # noqa: PLR2004  # PROVIDER:ENTRIES:HASH
        raise MisuseError(Fault(code="bad-head", what=f"`{text}` is not PROVIDER:ENTRIES:HASH"))
    return parts[0], (int(parts[1]), parts[2])


def _say(verdict: Verdict, *, as_json: bool) -> None:
    if as_json:
        say_json(
            {
                "provider": verdict.provider,
                "entries": verdict.entries,
                "ok": verdict.ok,
                "first_bad": verdict.first_bad,
                "why": verdict.why,
                "head": verdict.head,
            }
        )
    elif verdict.ok and not verdict.entries:
        print(f"{verdict.provider}: no entry")
    elif verdict.ok:
        print(f"{verdict.provider}: {verdict.entries} entries, all in order; head {verdict.head}")
        if verdict.why:
            print(f"  not proven: {verdict.why}")
    else:
        print(f"{verdict.provider}: entry {verdict.first_bad} is wrong: {verdict.why}")


def _say_altered(item: Altered, *, as_json: bool) -> None:
    if as_json:
        say_json({"altered": f"{item.kind} {item.id}", "ok": False, "why": item.why})
    else:
        print(f"altered outside the chain: {item.kind} {item.id}: {item.why}")
