"""`aupkeep alarm`, `pause` and `resume`: what the operator must know, and what waits."""

from __future__ import annotations

from typing import Annotated

import typer

from aupkeep.base.clock import format_instant
from aupkeep.base.errors import MisuseError, unknown_word
from aupkeep.cli.faces import now, plain_errors, say_json
from aupkeep.cli.person import whoever
from aupkeep.cli.place import Folder, Provider, opened
from aupkeep.flow import alarms as acts
from aupkeep.flow import pausing, powers
from aupkeep.store import alarms

app = typer.Typer(
    add_completion=False, name="alarm", help="List and acknowledge alarms.", no_args_is_help=True
)
pause_app = typer.Typer(add_completion=False)
resume_app = typer.Typer(add_completion=False)

Power = Annotated[str, typer.Argument(metavar="POWER", help="e.g. hold_mail")]
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
def pause(power: Power, *, folder: Folder = None, reason: Reason, provider: Provider = "") -> None:
    """Let a power wait: what is in force stays, lifting goes on, nothing new is applied."""
    with plain_errors():
        for name in _having(folder, power, provider):
            done = pausing.pause(name, power, reason, now=now(), by=whoever())
            print(f"{power} of {name} is {'paused' if done else 'paused already'}")


@resume_app.command("resume")
def resume(power: Power, *, folder: Folder = None, reason: Reason, provider: Provider = "") -> None:
    """Let a paused power go on."""
    with plain_errors():
        for name in _having(folder, power, provider):
            pausing.go_on(name, power, whoever(), reason, now=now())
            print(f"{power} of {name} goes on")


def _having(folder: Folder, power: str, provider: str) -> list[str]:
    named = powers.named(opened(folder))
    if provider and provider not in named:
        raise MisuseError(
            unknown_word(provider, tuple(named), what="a provider of these settings", place=None)
        )
    chosen = {name: one for name, one in named.items() if provider in ("", name)}
    having = [name for name, one in chosen.items() if power in one]
    if not having:
        words = tuple(sorted({word for one in chosen.values() for word in one}))
        raise MisuseError(unknown_word(power, words, what="a power of these settings", place=None))
    return having
