"""`aupkeep record`: verify, prove and export the account of every act."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from aupkeep.base.clock import format_instant
from aupkeep.base.errors import Fault, MisuseError
from aupkeep.cli.elsewhere import installed, pinned
from aupkeep.cli.faces import FINE, FOUND, now, plain_errors, say_json
from aupkeep.cli.person import whoever
from aupkeep.cli.place import Folder, opened
from aupkeep.cli.record_keys import backup_keys, erase_record
from aupkeep.cli.record_proof import export_case, is_proof, prove_entries, verify_proof
from aupkeep.flow.viewing import viewed
from aupkeep.record.checkpoint import Checkpoint, reference
from aupkeep.record.compare import Altered, altered
from aupkeep.record.verify import Verdict, verify, verify_stored
from aupkeep.store import chain
from aupkeep.store.database import snapshot
from aupkeep.store.stored import kept

app = typer.Typer(
    add_completion=False,
    name="record",
    help="Verify, prove and export the record; erase people from it.",
    no_args_is_help=True,
)
app.command("prove")(prove_entries)
app.command("erase")(erase_record)
app.command("backup-keys")(backup_keys)

#: Ends what is said of a database whose chains hold.
_NOT_COMPARED = (
    "not compared: cases, findings of no case, holdings, profiles, the files of policies, and "
    "columns that repeat what a body says"
)

_Json = Annotated[bool, typer.Option("--json", help="one JSON object a line")]


@app.command("verify")
def verify_record(
    export: Annotated[
        Path | None,
        typer.Argument(
            metavar="[EXPORT]", help="an export, a proof or a bag; default: the database"
        ),
    ] = None,
    *,
    folder: Folder = None,
    head: Annotated[
        list[str] | None,
        typer.Option(metavar="PROVIDER:ENTRIES:HASH", help="a head known from another place"),
    ] = None,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="signed checkpoints known from another place"),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE_OR_TEXT", help="a public key that signs the checkpoints"),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Check every entry against its hash, the one before it and the checkpoints.

    Names the first bad one, and says what cannot be proven.
    """
    files, keys = checkpoint or [], key or []
    with plain_errors():
        heads = dict(_head(text) for text in head or [])
        if export is not None and is_proof(export):
            if heads:
                what = "a head says nothing of a proof, which needs a checkpoint"
                raise MisuseError(Fault(code="no-head", what=what, hint="give --checkpoint FILE"))
            raise typer.Exit(verify_proof(export, files, keys, as_json=as_json))
        if export is None:
            verdicts, differing, note = _database(folder, heads, files, keys)
            if note and not as_json:
                print(note)
        else:
            said = pinned(files, keys).checkpoints
            verdicts = verify(_lines(export), known_heads=heads, checkpoints=said)
            differing = []
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
def export_record(  # a command takes its options one by one
    target: Annotated[
        Path | None, typer.Argument(metavar="[BAG]", help="with --case: a new folder")
    ] = None,
    *,
    provider: Annotated[str, typer.Option(help="only this provider's chain")] = "",
    case: Annotated[str, typer.Option(help="one case as a bag; its id, or the beginning")] = "",
    since: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="with --case: checkpoints that somebody knows"),
    ] = None,
    is_open: Annotated[bool, typer.Option("--open", help="open the envelopes")] = False,
    reason: Annotated[str, typer.Option(help="needed for a case or --open: why")] = "",
    by: Annotated[str, typer.Option(help="who asks for it; default: who runs the command")] = "",
    folder: Folder = None,
) -> None:
    """Write every entry, word for word, one a line; or one case as a bag."""
    with plain_errors():
        if bool(case) != (target is not None):
            what = "a bag needs both `--case` and the new folder"
            raise MisuseError(Fault(code="one-of-two", what=what))
        installation = opened(folder)
        if target is not None:
            export_case(
                installation,
                case,
                target,
                since=since or [],
                keys=is_open,
                reason=reason,
                by=by or whoever(),
            )
            return
        if is_open:
            for name in (
                [provider] if provider else [one.name for one in installation.settings.provider]
            ):
                viewed(name, "record", by=by or whoever(), purpose=reason, how="export", now=now())
            _export_opened(provider)
            return
        for line in chain.lines(provider):
            sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()


def _export_opened(provider: str) -> None:
    """Print each entry with what is in its envelope; this is a view, and verifies as no export."""
    for line, envelope in chain.opened(provider=provider):
        said = {"entry": json.loads(line), "envelope": envelope.state}
        say_json({**said, "personal": dict(envelope.personal)})


def _database(
    folder: Path | None, heads: dict[str, tuple[int, str]], files: list[Path], keys: list[str]
) -> tuple[list[Verdict], list[Altered], str]:
    """Verify the chains, and only where they hold, what is stored beside them.

    Returns also what must be said of the installation's checkpoints.
    """
    installation = opened(folder)
    names = [item.name for item in installation.settings.provider]
    # Before the snapshot: a checkpoint that is put in between would be ahead of the chain.
    said = installed(installation, files, keys)
    with snapshot():
        verdicts = verify_stored(
            chain.rows(),
            expected=chain.expected(names),
            known_heads=heads,
            checkpoints=said.checkpoints,
        )
        if not all(verdict.ok for verdict in verdicts):
            return verdicts, [], said.note
        chain.check_pages()
        return verdicts, altered((row.line for row in chain.rows()), kept()), said.note


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
                "checkpoint": verdict.checkpoint
                and {"size": verdict.checkpoint.size, "signed": verdict.signed},
            }
        )
    elif verdict.first_bad is not None:
        print(f"{verdict.provider}: entry {verdict.first_bad} is wrong: {verdict.why}")
    elif not verdict.ok:
        print(f"{verdict.provider}: a checkpoint is wrong: {verdict.why}")
    elif not verdict.entries:
        print(f"{verdict.provider}: no entry")
    else:
        print(f"{verdict.provider}: {verdict.entries} entries, all in order; head {verdict.head}")
        if verdict.checkpoint is not None:
            print(f"  {_proven(verdict.checkpoint, signed=verdict.signed)}")
        if verdict.why:
            print(f"  not proven: {verdict.why}")


def _proven(checkpoint: Checkpoint, *, signed: bool | None) -> str:
    """Return what the newest checkpoint, which the chain fits, says."""
    how = "signed" if signed else "of unknown signature"
    return (
        f"proven: the first {checkpoint.size} are those of checkpoint {reference(checkpoint)}, "
        f"{how}, of {format_instant(checkpoint.at)}"
    )


def _say_altered(item: Altered, *, as_json: bool) -> None:
    if as_json:
        say_json({"altered": f"{item.kind} {item.id}", "ok": False, "why": item.why})
    else:
        print(f"altered outside the chain: {item.kind} {item.id}: {item.why}")
