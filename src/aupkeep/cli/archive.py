"""`aupkeep archive`: old events found, verified, kept, held, swept, erased."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

import typer

from aupkeep.base.errors import Fault, MisuseError, unknown_word
from aupkeep.cli.archive_hold import app as hold_app
from aupkeep.cli.archive_words import (
    Address,
    Customer,
    Json,
    Kind,
    Since,
    Until,
    chosen_provider,
    given_address,
    given_kind,
    given_span,
    instant_text,
)
from aupkeep.cli.faces import FINE, FOUND, complain, now, plain_errors, say_json
from aupkeep.cli.person import whoever
from aupkeep.cli.place import Folder, opened
from aupkeep.flow import old_events, tending
from aupkeep.flow.erasing import erase
from aupkeep.flow.old_events import Row, Wanted
from aupkeep.flow.sweeping import present
from aupkeep.sanctions.wording import one_line
from aupkeep.store.archive.standing import Erasure

app = typer.Typer(
    add_completion=False,
    name="archive",
    help="Find, keep, hold and erase old events.",
    no_args_is_help=True,
)
app.add_typer(hold_app, name="hold")

#: Columns that a row's object says by itself.
_SAID = frozenset({"event", "kind", "event_time", "stream", "position", "part", "provider"})
_SAID_TOO = frozenset({"customer", "service", "attribution", "late"})


@app.command("find")
def find(  # noqa: PLR0913  # a command takes its options one by one
    *,
    folder: Folder = None,
    provider: Annotated[str, typer.Option(help="only this provider's")] = "",
    customer: Customer = "",
    since: Since = "",
    until: Until = "",
    message_id: Annotated[str, typer.Option(help="of a mail, with or without < and >")] = "",
    address: Address = "",
    kind: Kind = "",
    event: Annotated[list[str] | None, typer.Option(help="an event id; may be given again")] = None,
    limit: Annotated[int, typer.Option(min=0, help="at most so many; 0: all")] = 1000,
    as_json: Json = False,
) -> None:
    """Print the events that fit, in the order in which they happened."""
    with plain_errors():
        first, end = given_span(since, until)
        installation = opened(folder)
        wanted = Wanted(
            provider=provider,
            customer=customer,
            kind=given_kind(kind),
            since=first,
            until=end,
            message_id=message_id,
            address=given_address(address),
            events=tuple(map(_event, event or ())),
        )
        if provider:
            _known_provider(provider, installation)
        found = old_events.look_up(installation, wanted)
        for row in islice(found.rows, limit or None):
            if as_json:
                say_json(row_object(row))
            else:
                print(_line(row))
        if limit and next(found.rows, None) is not None:
            complain([_more(limit)])
        bad = complain(found.faults)
    raise typer.Exit(FOUND if bad else FINE)


@app.command("verify")
def verify(*, folder: Folder = None, as_json: Json = False) -> None:
    """Read every file, and say which is not what was written."""
    with plain_errors():
        done = old_events.verify(opened(folder))
        bad = complain(done.faults)
        if as_json:
            say_json({"files": done.files, "rows": done.rows, "broken": bad, "ok": not bad})
        else:
            print(f"{done.files} files, {done.rows} events read; {bad} files broken")
    raise typer.Exit(FOUND if bad else FINE)


@app.command("compact")
def compact(*, folder: Folder = None) -> None:
    """Merge the small files of each day now; the engine does it by itself."""
    with plain_errors():
        fewer = tending.compact(opened(folder))
        print(f"{fewer} files fewer")


@app.command("sweep")
def sweep(*, folder: Folder = None, as_json: Json = False) -> None:
    """Take out what is kept no longer now; the engine does it daily."""
    with plain_errors():
        installation = opened(folder)
        done = tending.sweep_now(installation, present(installation, now()))
        bad = complain(done.faults)
        for (name, kind), count in sorted(done.rows.items()):
            if as_json:
                say_json({"provider": name or None, "kind": kind, "rows": count})
            else:
                print(f"{count} {kind} events of {name or 'nobody'} are gone")
        if not done.rows and not as_json:
            print("nothing is past its time")
    raise typer.Exit(FOUND if bad else FINE)


@app.command("erase")
def erase_events(
    *,
    folder: Folder = None,
    provider: Annotated[str, typer.Option(help="whose; needed where there are several")] = "",
    customer: Customer = "",
    address: Address = "",
    reason: Annotated[str, typer.Option(help="why, for the record")],
    by: Annotated[str, typer.Option(help="who asks for it; default: who runs the command")] = "",
    as_json: Json = False,
) -> None:
    """Take a customer's events, or all with an address, out for good."""
    with plain_errors():
        if bool(customer) == bool(address):
            what = "either `--customer` or `--address` says whose events go"
            raise MisuseError(Fault(code="one-of-two", what=what))
        installation = opened(folder)
        at = now()
        wanted = Erasure(
            name="",
            provider=chosen_provider(provider, installation),
            customer=customer,
            address=given_address(address),
            until=max(at, present(installation, at) + 1),
            reason=_reason(reason),
            by=by or whoever(),
            at=at,
        )
        done = erase(installation, wanted)
        bad = complain(done.faults)
        if as_json:
            said = {"rows": done.rows, "files": done.files, "still_read": done.left, "broken": bad}
            say_json(said)
        else:
            print(f"{done.rows} events erased, {done.files} files rewritten")
            if done.left:
                print(f"{done.left} old files are still read; the engine removes them")
    raise typer.Exit(FOUND if bad else FINE)


def row_object(row: Row) -> dict[str, Any]:
    """Return the JSON object of an event."""
    rest = {
        name: value
        for name, value in row.items()
        if name not in _SAID and name not in _SAID_TOO and value is not None
    }
    return {
        "event": row["event"],
        "kind": row["kind"],
        "time": instant_text(row["event_time"]),
        "provider": row["provider"],
        "customer": row["customer"],
        "service": row["service"],
        "attribution": row["attribution"],
        "late": row["late"],
        "fields": rest | {"observed_at": instant_text(row["observed_at"])},
    }


def _line(row: Row) -> str:
    said = row_object(row)
    fields = " ".join(f"{name}={value}" for name, value in said["fields"].items())
    whose = said["customer"] or said["attribution"] or "unknown"
    return one_line(f"{said['time']} {said['kind']} {said['event']} {whose} {fields}")


def _event(text: str) -> tuple[int, int, int]:
    try:
        return old_events.parse_event(text)
    except ValueError:
        what = f"`--event`: `{text}` is no event id"
        hint = "such as 01ab23cd45ef6789:1234, as findings name them"
        raise MisuseError(Fault(code="wrong-value", what=what, hint=hint)) from None


def _more(limit: int) -> Fault:
    return Fault(
        code="more",
        what=f"there are more than these {limit} events",
        hint="ask more closely, or with `--limit 0`",
    )


def _reason(text: str) -> str:
    if not text.strip():
        raise MisuseError(Fault(code="no-reason", what="a reason is needed"))
    return text


def _known_provider(word: str, installation: Any) -> None:
    known = tending.providers(installation)
    if word not in known:
        raise MisuseError(
            unknown_word(word, known, what="a provider of this installation", place=None)
        )
