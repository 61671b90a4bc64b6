"""`aupkeep archive hold`: events that neither retention nor erasure may take."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aupkeep.base.errors import Fault, MisuseError
from aupkeep.cli.archive_words import (
    Customer,
    Json,
    Kind,
    Since,
    Until,
    chosen_provider,
    given_kind,
    given_span,
    instant_text,
)
from aupkeep.cli.faces import now, plain_errors, say_json
from aupkeep.cli.person import whoever
from aupkeep.cli.place import Folder, opened
from aupkeep.flow import holding
from aupkeep.sanctions.wording import one_line
from aupkeep.store.archive import catalog
from aupkeep.store.archive.standing import Hold

app = typer.Typer(
    add_completion=False,
    name="hold",
    help="Keep events from retention and erasure; list and release what is kept so.",
    invoke_without_command=True,
)

By = Annotated[str, typer.Option(help="who says so; default: who runs the command")]


@app.callback()
def hold(  # noqa: PLR0913  # a command takes its options one by one
    context: typer.Context,
    *,
    folder: Folder = None,
    provider: Annotated[str, typer.Option(help="whose; needed where there are several")] = "",
    customer: Customer = "",
    since: Since = "",
    until: Until = "",
    kind: Kind = "",
    reason: Annotated[str, typer.Option(help="needed to place one: why, for the record")] = "",
    by: By = "",
) -> None:
    """Hold the events that fit all that is said, those still to come too."""
    if context.invoked_subcommand is not None:
        return
    with plain_errors():
        if not reason.strip():
            raise MisuseError(Fault(code="no-reason", what="`--reason` is needed"))
        first, end = given_span(since, until)
        installation = opened(folder)
        placed = holding.place(
            installation,
            Hold(
                id="",
                provider=chosen_provider(provider, installation),
                customer=customer,
                kind=given_kind(kind),
                since=first,
                until=end,
                reason=reason,
                by=by or whoever(),
                at=now(),
            ),
        )
        print(f"hold {placed.id[:12]}: {_what(placed)}")


@app.command("list")
def list_holds(
    *,
    folder: Folder = None,
    every: Annotated[bool, typer.Option("--all", help="released ones too")] = False,
    as_json: Json = False,
) -> None:
    """List the holds in force, the oldest first."""
    with plain_errors():
        opened(folder)
        for item in catalog.holds(every=every):
            if as_json:
                say_json(hold_object(item))
                continue
            end = f", released by {item.released_by}" if item.released_at is not None else ""
            said = f"{item.id[:12]} {instant_text(item.at)} {_what(item)}: {item.reason}"
            print(one_line(f"{said} ({item.by}{end})"))


@app.command("release")
def release(
    hold_id: Annotated[str, typer.Argument(metavar="HOLD", help="a hold's id, or its beginning")],
    *,
    folder: Folder = None,
    by: By = "",
) -> None:
    """Release a hold: retention and erasure go on with what it kept."""
    with plain_errors():
        gone = holding.release(opened(folder), hold_id, now=now(), by=by or whoever())
        print(f"hold {gone.id[:12]} is released")


def hold_object(item: Hold) -> dict[str, Any]:
    """Return the JSON object of a hold."""
    return {
        "id": item.id,
        "provider": item.provider,
        "customer": item.customer or None,
        "kind": item.kind or None,
        "from": instant_text(item.since),
        "until": instant_text(item.until),
        "reason": item.reason,
        "by": item.by,
        "at": instant_text(item.at),
        "released_at": instant_text(item.released_at),
        "released_by": item.released_by or None,
    }


def _what(item: Hold) -> str:
    words = [item.provider]
    words += [f"customer {item.customer}"] if item.customer else []
    words += [item.kind] if item.kind else []
    words += [f"from {instant_text(item.since)}"] if item.since is not None else []
    words += [f"until {instant_text(item.until)}"] if item.until is not None else []
    return one_line(", ".join(words))
