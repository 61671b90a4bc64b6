"""`aupkeep alarm`, `pause` and `resume`: what the operator must know, and what waits."""

from __future__ import annotations

from typing import Annotated

import typer

from aupkeep.base.clock import format_instant
from aupkeep.base.errors import Fault, MisuseError, unknown_word
from aupkeep.cli.faces import now, plain_errors, say_json
from aupkeep.cli.person import whoever
from aupkeep.cli.place import Folder, Provider, opened
from aupkeep.flow import alarms as acts
from aupkeep.flow import pausing, powers
from aupkeep.flow.installation import PolicyBook
from aupkeep.store import alarms

app = typer.Typer(
    add_completion=False, name="alarm", help="List and acknowledge alarms.", no_args_is_help=True
)
pause_app = typer.Typer(add_completion=False)
resume_app = typer.Typer(add_completion=False)

Name = Annotated[str, typer.Argument(metavar="[POWER|CLAUSE]", help="e.g. hold_mail or spam")]
Everything = Annotated[
    bool, typer.Option("--all", help="all powers and clauses of the provider, or of each")
]
Reason = Annotated[str, typer.Option(help="why, for the record")]


@app.command("list")
def list_alarms(
    *,
    folder: Folder = None,
    every: Annotated[bool, typer.Option("--all", help="acknowledged ones too")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """List the alarms that nobody has acknowledged."""
    with plain_errors():
        opened(folder)
        for item in alarms.alarms(every=every):
            if as_json:
                said = {
                    "id": item.id,
                    "provider": item.provider,
                    "kind": item.kind,
                    "subject": item.subject,
                    "text": item.text,
                    "raised_at": format_instant(item.raised_at),
                    "sent": item.sent,
                    "trouble": item.trouble,
                    "acknowledged_by": item.acknowledged_by,
                }
                say_json(said)
            else:
                print(
                    f"{item.id[:12]} {format_instant(item.raised_at)} {item.provider}: {item.text}"
                )


@app.command("acknowledge")
def acknowledge(
    alarm: Annotated[str, typer.Argument(metavar="ALARM", help="an alarm's id, or its beginning")],
    *,
    folder: Folder = None,
) -> None:
    """Say that somebody knows: it is not repeated any more."""
    with plain_errors():
        opened(folder)
        acts.acknowledge(alarm, whoever(), now=now())
        print("acknowledged")


@pause_app.command("pause")
def pause(
    name: Name = "",
    *,
    folder: Folder = None,
    reason: Reason,
    everything: Everything = False,
    provider: Provider = "",
) -> None:
    """Let a power, a clause or all wait: what is in force stays, and nothing new begins."""
    with plain_errors():
        for brand, kind, one in _having(folder, name, provider, everything=everything):
            done = pausing.pause(brand, one, reason, now=now(), by=whoever(), kind=kind)
            called = one or "everything"
            print(f"{called} of {brand} is {'paused' if done else 'paused already'}")


@resume_app.command("resume")
def resume(
    name: Name = "",
    *,
    folder: Folder = None,
    reason: Reason,
    everything: Everything = False,
    provider: Provider = "",
) -> None:
    """Let what is paused go on."""
    with plain_errors():
        for brand, kind, one in _having(folder, name, provider, everything=everything):
            pausing.go_on(brand, one, whoever(), reason, now=now(), kind=kind)
            print(f"{one or 'everything'} of {brand} goes on")


def _having(
    folder: Folder, name: str, provider: str, *, everything: bool
) -> list[tuple[str, str, str]]:
    """Return (provider, kind, name) of what is meant."""
    installation = opened(folder)
    named = powers.named(installation)
    if provider and provider not in named:
        raise MisuseError(
            unknown_word(provider, tuple(named), what="a provider of these settings", place=None)
        )
    if everything == bool(name):
        what = "either one power or clause is named, or --all"
        raise MisuseError(Fault(code="one-or-all", what=what))
    brands = [brand for brand in named if provider in ("", brand)]
    if everything:
        return [(brand, pausing.ALL, "") for brand in brands]
    in_force = PolicyBook(installation.policies()).in_force(now())
    found, words = [], set()
    for brand in brands:
        clauses = in_force[brand].policy.clauses
        words |= {*named[brand], *clauses}
        if name in named[brand]:
            found.append((brand, pausing.POWER, name))
        elif name in clauses:
            found.append((brand, pausing.CLAUSE, name))
    if not found:
        what = "a power of these settings or a clause"
        raise MisuseError(unknown_word(name, tuple(sorted(words)), what=what, place=None))
    return found
