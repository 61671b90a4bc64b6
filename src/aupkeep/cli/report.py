"""`aupkeep report parse`: what each report accuses, and of what.

In: report files. Out: one JSON object a file, or a table. Exit codes: 0 all read, 1 some wait for a
person, 3 a file could not be opened.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from aupkeep.attribution.holdings import Holding, read_holdings
from aupkeep.base.clock import format_instant
from aupkeep.base.errors import Fault, Place
from aupkeep.cli.faces import FAILED, FINE, FOUND, complain, plain_errors, say_json
from aupkeep.cli.given import read_text
from aupkeep.cli.held import HeldAddresses
from aupkeep.signals.formats.accusation import Accusation
from aupkeep.signals.formats.headers import clean
from aupkeep.signals.formats.report import Reading, read_report

app = typer.Typer(add_completion=False, no_args_is_help=True)

#: One file and what was read in it.
_Read = tuple[str, Reading]


@app.callback()
def report() -> None:
    """Read abuse reports: feedback reports (ARF) and XARF 4, as mails or bare files."""


@app.command()
def parse(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", show_default=False)],
    holdings: Annotated[
        Path | None, typer.Option(help="CSV of who holds what; other addresses count for less")
    ] = None,
    as_json: Annotated[  # a flag of the command line has no other form
        bool, typer.Option("--json", help="one JSON object a line")
    ] = False,
) -> None:
    """Say what each report accuses; `-` reads standard input."""
    with plain_errors():
        ours = None if holdings is None else HeldAddresses(_holdings(holdings))
        read, faults = _read_all(files, ours)
        if as_json:
            for name, reading in read:
                say_json(reading_object(name, reading))
        else:
            _print_table(read)
        failed = complain(faults)
    waiting = any(reading.outcome == "review" for _, reading in read)
    raise typer.Exit(FAILED if failed else FOUND if waiting else FINE)


def _read_all(files: Iterable[str], ours: Container[str] | None) -> tuple[list[_Read], list[Fault]]:
    read: list[_Read] = []
    faults: list[Fault] = []
    for name in files:
        shown = os.fsencode(name).decode("utf-8", "replace")
        try:
            data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        except OSError as refused:
            faults.append(_unreadable(shown, refused))
            continue
        read.append((shown, read_report(data, holdings=ours)))
    return read, faults


def _holdings(path: Path) -> tuple[Holding, ...]:
    return read_holdings(read_text(path), file=str(path))


def _unreadable(name: str, refused: OSError) -> Fault:
    why = (refused.strerror or str(refused)).lower()
    return Fault(code="unreadable", what=f"cannot be read: {why}", place=Place(file=name))


def reading_object(file: str, reading: Reading) -> dict[str, Any]:
    """Return the JSON object of one report."""
    return {
        "file": file,
        "outcome": reading.outcome,
        "reports": [_item_object(item) for item in reading.accusations],
        "warnings": list(reading.warnings),
        "reason": reading.reason,
        "received": _time(reading.received),
        "unread": reading.unread,
        "sealed": reading.sealed,
    }


def _item_object(item: Accusation) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "category": item.category,
        "accused": {"ip": item.ip, "port": item.port, "host": item.host, "url": item.url},
        "time": _time(item.time),
        "reporter": item.reporter,
        "reference": item.reference,
        "confidence": item.confidence,
        "reader": item.reader,
        "feedback_type": item.feedback_type,
        "message_id": item.message_id,
    }


def _time(instant: int | None) -> str | None:
    return None if instant is None else format_instant(instant)


def _print_table(read: Iterable[_Read]) -> None:
    """Print one row an accused thing, then what a person should know about each file."""
    table = Table("file", "kind", "accused", Column("time", no_wrap=True), "reporter")
    remarks = []
    for name, reading in read:
        for item in reading.accusations:
            table.add_row(*(_shown(cell) for cell in (Path(name).name, *_cells(item))))
        said = [f"{reading.outcome}: {reading.reason}"] if reading.reason else []
        remarks += [_shown(f"{name}: {text}") for text in (*said, *reading.warnings)]
        if reading.unread and reading.accusations:
            remarks.append(_shown(f"{name}: {reading.unread} more could not be read"))
    console = Console()
    if table.row_count:
        console.print(table)
    for remark in remarks:
        console.print(remark)


def _shown(text: str) -> Text:
    """Return a reporter's or an offender's words without what could drive a terminal."""
    return Text(clean(text, 300), overflow="fold")


def _cells(item: Accusation) -> tuple[str, str, str, str]:
    address = f"{item.ip or ''}{f' port {item.port}' if item.port else ''}"
    return (
        f"{item.kind} ({item.confidence:.2f})",
        " ".join(filter(None, (address, item.url or item.host))),
        _time(item.time) or "not stated",
        item.reporter or "",
    )
