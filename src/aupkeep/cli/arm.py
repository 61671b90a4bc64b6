"""`aupkeep arm` and `aupkeep disarm`: what may be carried out, power by power, clause by clause."""

from __future__ import annotations

from typing import Annotated

import typer

from aupkeep.cli.faces import now, plain_errors
from aupkeep.cli.person import whoever
from aupkeep.cli.place import Folder, Provider, opened
from aupkeep.flow import arming
from aupkeep.sanctions.wording import one_line
from aupkeep.store.arming import armed

arm_app = typer.Typer(add_completion=False)
disarm_app = typer.Typer(add_completion=False)

Names = Annotated[
    list[str],
    typer.Argument(metavar="POWER|CLAUSE...", help="e.g. hold_mail warn spam"),
]


@arm_app.command("arm")
def arm(names: Names, *, folder: Folder = None, provider: Provider = "") -> None:
    """Let a power, or what follows from a clause, be carried out from now on.

    A measure is carried out only where its power and its clause are both armed. What was proposed
    before stays a proposal.
    """
    with plain_errors():
        installation = opened(folder)
        new = arming.arm(installation, names, provider=provider, by=whoever(), now=now())
        for item in new:
            print(f"armed: {item.kind} {item.name} of {item.provider}")
        if not new:
            print("armed already")
        _say_halves()


@disarm_app.command("disarm")
def disarm(names: Names, *, folder: Folder = None, provider: Provider = "") -> None:
    """Let it be carried out no more; what is in force stays until it ends or is lifted."""
    with plain_errors():
        installation = opened(folder)
        gone, refused = arming.disarm(
            installation, names, provider=provider, by=whoever(), now=now()
        )
        for item in gone:
            print(f"disarmed: {item.kind} {item.name} of {item.provider}")
        if not gone:
            print("was not armed")
        for sanction in refused:
            about = f"{sanction.measure} on {sanction.target}, sanction {sanction.id[:12]}"
            print(one_line(f"{'refused' if sanction.ended_at else 'taken back'}: {about}"))


def _say_halves() -> None:
    """Say where one half is armed and the other is not, since then nothing happens."""
    listed = armed()
    for provider in sorted({item.provider for item in listed}):
        powers = [item.name for item in listed if (item.provider, item.kind) == (provider, "power")]
        clauses = [
            item.name for item in listed if (item.provider, item.kind) == (provider, "clause")
        ]
        if not powers:
            print(f"{provider}: no power is armed, so nothing is carried out yet")
        elif not clauses:
            print(f"{provider}: no clause is armed, so nothing is carried out yet")
        else:
            print(f"{provider}: {', '.join(powers)} for {', '.join(clauses)}")
