"""`aupkeep notice`: what became of notices, and letters that came back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from aupkeep.base.clock import format_instant
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.cli.faces import FINE, FOUND, now, plain_errors, say_json
from aupkeep.cli.place import Folder, opened
from aupkeep.flow.bouncing import take
from aupkeep.sanctions.wording import one_line
from aupkeep.store import dialogue, evidence
from aupkeep.store.dialogue import Sent

app = typer.Typer(
    add_completion=False,
    name="notice",
    help="List notices, and take letters that came back.",
    no_args_is_help=True,
)


@app.command("list")
def list_notices(
    case: Annotated[str, typer.Argument(metavar="CASE", help="a case's id, or its beginning")],
    *,
    folder: Folder = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """List the notices of a case, the oldest first, and whether each has reached the customer."""
    with plain_errors():
        opened(folder)
        found = evidence.get_case(case)
        if found is None:
            what = f"no case, or more than one, has an id that begins with `{case}`"
            raise AupkeepError(Fault(code="no-such-case", what=what))
        for item in dialogue.notices_of(found.id):
            if as_json:
                say_json(notice_object(item))
            else:
                print(one_line(f"{item.notice.id[:12]} {item.notice.subject}: {_state(item)}"))


@app.command("bounced")
def bounced(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="messages as they came back")
    ],
    *,
    folder: Folder = None,
) -> None:
    """Take messages that came back: their notices count as not delivered. 1 where one is none."""
    other = 0
    with plain_errors():
        opened(folder)
        for file in files:
            found, marked = take(file.read_bytes(), now=now())
            names = ", ".join(one[:12] for one in marked) or "no notice of ours that was not known"
            if found is None:
                said = "it reports no failure"
            elif not found.permanent:
                said = "the failure may pass; the mail server goes on trying"
            else:
                said = f"it could not be delivered to {', '.join(found.addresses)}: {names}"
            other += found is None
            print(one_line(f"{file}: {said}"))
    raise typer.Exit(FOUND if other else FINE)


def notice_object(item: Sent) -> dict[str, Any]:
    """Return the JSON object of a notice."""
    return {
        "id": item.notice.id,
        "case": item.notice.case,
        "sanction": item.notice.sanction,
        "kind": item.notice.kind,
        "recipient": item.notice.recipient,
        "subject": item.notice.subject,
        "written": format_instant(item.notice.at),
        "sent": _instant(item.sent_at),
        "bounced": _instant(item.bounced_at),
        "seen": _instant(item.seen_at),
        "delivered": _instant(item.delivered_at),
        "held_only": item.held_only,
    }


def _instant(at: int | None) -> str | None:
    return None if at is None else format_instant(at)


def _state(item: Sent) -> str:
    if item.seen_at is not None:
        return f"seen {format_instant(item.seen_at)}"
    if item.bounced_at is not None:
        return f"came back {format_instant(item.bounced_at)}: {item.bounce}"
    if item.sent_at is None:
        return "not sent yet"
    only = ", to nothing but the mailbox that it is about" if item.held_only else ""
    return f"sent {format_instant(item.sent_at)}{only}"
