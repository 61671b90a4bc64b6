"""`aupkeep sanction`: what is proposed and in force, lifting it, comparing it with the powers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aupkeep.base.clock import format_instant
from aupkeep.cli import talks
from aupkeep.cli.faces import FINE, FOUND, now, plain_errors, say_json
from aupkeep.cli.person import whoever
from aupkeep.cli.place import Folder, opened
from aupkeep.flow import approving, postponing, powers
from aupkeep.flow.knocking import knock
from aupkeep.flow.reconciling import reconcile
from aupkeep.flow.retrying import retry, settle
from aupkeep.sanctions.wording import one_line
from aupkeep.store import sanctions
from aupkeep.store.sanctions import Waiting

#: Columns the table needs where the output is no wide terminal.
WIDTH = 132

app = typer.Typer(
    add_completion=False,
    name="sanction",
    help="List, lift and compare what is in force.",
    no_args_is_help=True,
)

app.command("statement")(talks.state)
app.command("ask")(talks.ask)
app.command("remind")(talks.remind)

One = Annotated[str, typer.Argument(metavar="SANCTION", help="a sanction's id, or its beginning")]
Reason = Annotated[str, typer.Option(help="why, for the record")]
Until = Annotated[str, typer.Option(help="an instant with its zone: 2026-03-02T08:00:00Z")]
Json = Annotated[bool, typer.Option("--json", help="one JSON object a line")]


@app.command("list")
def list_sanctions(
    *,
    folder: Folder = None,
    provider: Annotated[str, typer.Option(help="only this provider's")] = "",
    state: Annotated[list[str] | None, typer.Option(help="only in this state")] = None,
    as_json: Json = False,
) -> None:
    """List every sanction, the oldest first."""
    with plain_errors():
        opened(folder)
        listed = sanctions.all_sanctions(states=state or (), provider=provider)
        if as_json:
            for item in listed:
                say_json(sanction_object(item))
            return
        _table(listed)


@app.command("lift")
def lift(
    sanction: One,
    *,
    folder: Folder = None,
    reason: Annotated[str, typer.Option(help="why, for the record")],
    release: Annotated[
        bool, typer.Option("--release", help="send on the mail that was held")
    ] = False,
) -> None:
    """Take a measure back; the hand undoes it, verifies that, and tells the customer."""
    with plain_errors():
        installation = opened(folder)
        new = approving.lift(sanction, whoever(), reason, release=release, now=now())
        knock(installation.data, new.id)
        print(one_line(f"{new.measure} on {new.target} is {new.state}"))


@app.command("postpone")
def postpone_it(sanction: One, *, folder: Folder = None, reason: Reason, until: Until) -> None:
    """Put a measure off that has not begun; it comes back by itself."""
    with plain_errors():
        installation = opened(folder)
        new = postponing.postpone(sanction, whoever(), reason, talks.instant(until), now=now())
        knock(installation.data, new.id)
        print(one_line(f"{new.measure} on {new.target} waits until {until}"))


@app.command("retry")
def retry_now(sanction: One, *, folder: Folder = None) -> None:
    """Try a step that failed or waits again, now."""
    with plain_errors():
        installation = opened(folder)
        new = retry(sanction, now=now())
        knock(installation.data, new.id)
        print(one_line(f"{new.measure} on {new.target} is tried again"))


@app.command("settle")
def settle_letter(
    sanction: One,
    *,
    folder: Folder = None,
    sent: Annotated[
        bool, typer.Option("--sent/--again", help="the doubtful letter has left / send it again")
    ],
) -> None:
    """Say whether a letter had left, where a crash left that in doubt."""
    with plain_errors():
        installation = opened(folder)
        new = settle(installation, sanction, sent=sent, now=now())
        knock(installation.data, new.id)
        print("taken as sent" if sent else "it is sent again")


@app.command("reconcile")
def compare(*, folder: Folder = None, as_json: Json = False) -> None:
    """Name marks in force that no sanction accounts for, and sanctions whose mark is gone."""
    with plain_errors():
        found = reconcile(powers.holds(opened(folder)))
        for orphan in found.orphans:
            if as_json:
                _say_difference(orphan.provider, orphan.measure, orphan.mark.target, orphan.why)
            else:
                about = f"{orphan.measure} on {orphan.mark.target} of {orphan.provider}"
                print(one_line(f"orphan: {about}: {orphan.why}: {orphan.mark.text}"))
        for item in found.missing:
            if as_json:
                why = f"the mark of sanction {item.id} is gone"
                _say_difference(item.provider, item.measure, item.target, why, missing=item.id)
            else:
                about = f"{item.measure} on {item.target}"
                print(one_line(f"missing: {about}: sanction {item.id} has no mark"))
        if not found.orphans and not found.missing and not as_json:
            print("what is in force is what the sanctions say")
    raise typer.Exit(FOUND if found.orphans or found.missing else FINE)


def _say_difference(
    provider: str, measure: str, target: str, why: str, *, missing: str = ""
) -> None:
    kind = "missing" if missing else "orphan"
    said = {"difference": kind, "provider": provider, "measure": measure, "target": target}
    say_json(said | {"sanction": missing, "why": why})


def sanction_object(item: Waiting) -> dict[str, Any]:
    """Return the JSON object of a sanction (DESIGN section 9)."""
    one = item.sanction
    return {
        "id": one.id,
        "case": one.case,
        "provider": one.provider,
        "customer": one.customer,
        "clause": one.clause,
        "step": one.step,
        "measure": one.measure,
        "scope": one.scope,
        "target": one.target,
        "power": one.power,
        "state": one.state.value,
        "would_do": one.would_do,
        "from": _instant(one.applied_at),
        "until": _instant(one.until),
        "people": one.people,
        "approved_by": list(one.approved_by),
        "proposed_by": one.proposed_by,
        "reason": one.reason,
        "amount": one.amount,
        "currency": one.currency,
        "waits_until": _instant(one.waits_until),
        "waits_for": one.waits_for,
        "behind": None if one.blast is None else asdict(one.blast),
        "trouble": item.trouble,
        "next": _instant(item.next_at),
    }


def _instant(at: int | None) -> str | None:
    return None if at is None else format_instant(at)


def _table(listed: list[Waiting]) -> None:
    table = Table(box=None, pad_edge=False)
    for head in ("sanction", "case", "measure", "target", "state", "until", "trouble"):
        table.add_column(head)
    for item in listed:
        one = item.sanction
        state = "would do" if one.would_do else one.state.value
        until = "" if one.until is None or one.would_do else format_instant(one.until)[:16]
        # Strangers choose logins: no markup, one line.
        cells = (one.id[:12], one.case[:8], one.measure, one.target, state, until, item.trouble)
        table.add_row(*(Text(one_line(cell)) for cell in cells))
    console = Console()
    Console(width=max(console.width, WIDTH)).print(table)
