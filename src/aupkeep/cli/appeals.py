"""`aupkeep appeal`: what customers appealed against, and the decisions."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aupkeep.base.clock import format_instant
from aupkeep.base.errors import MisuseError, unknown_word
from aupkeep.cli.faces import now, plain_errors, say_json
from aupkeep.cli.person import whoever
from aupkeep.cli.place import Folder, opened
from aupkeep.flow import appealing
from aupkeep.flow.knocking import knock
from aupkeep.sanctions.appeal import Appeal
from aupkeep.sanctions.wording import one_line
from aupkeep.store import appeals, links

app = typer.Typer(
    add_completion=False, name="appeal", help="List and decide appeals.", no_args_is_help=True
)


@app.command("list")
def list_appeals(
    *,
    folder: Folder = None,
    provider: Annotated[str, typer.Option(help="only this provider's")] = "",
    undecided: Annotated[bool, typer.Option("--open", help="only what waits")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """List the appeals, the oldest first."""
    with plain_errors():
        opened(folder)
        listed = appeals.appeals(provider=provider, undecided=undecided)
        for item in listed:
            if as_json:
                say_json(appeal_object(item))
            else:
                print(text(item))
        if not listed and not as_json:
            print("no appeal waits" if undecided else "no appeal")


@app.command("decide")
def decide(
    appeal: Annotated[str, typer.Argument(metavar="APPEAL", help="its id, or its beginning")],
    outcome: Annotated[
        str, typer.Argument(metavar="DECISION", help="`uphold`, `overturn` or `partly`")
    ],
    *,
    folder: Folder = None,
    reason: Annotated[str, typer.Option(help="why; the customer reads it")],
    by: Annotated[
        str, typer.Option("--by", metavar="PERSON", help="who decides; default: who you are here")
    ] = "",
) -> None:
    """Decide an appeal; what was wrong is taken back, and the customer gets a letter."""
    with plain_errors():
        installation = opened(folder)
        alone = installation.settings.single_operator
        person = _person(by) if by else whoever()
        new = appealing.decide(appeal, person, outcome, reason, now=now(), alone=alone)
        knock(installation.data, new.sanction)
        print(text(new))


def _person(name: str) -> str:
    """Return the name of a person who works here; raises `MisuseError` for another one."""
    people = tuple(person for person, active in links.people() if active)
    if name not in people:
        raise MisuseError(
            unknown_word(name, people, what="a person of this installation", place=None)
        )
    return name


def appeal_object(item: Appeal) -> dict[str, Any]:
    """Return the JSON object of an appeal."""
    return {
        "id": item.id,
        "case": item.case,
        "sanction": item.sanction,
        "provider": item.provider,
        "customer": item.customer,
        "at": format_instant(item.at),
        "text": item.text,
        "outcome": item.outcome,
        "reason": item.reason,
        "decided_by": item.decided_by,
        "decided_at": format_instant(item.decided_at) if item.decided_at else None,
        "same_person": item.same_person,
    }


def text(item: Appeal) -> str:
    """Return an appeal as one line for people."""
    about = f"{item.id[:12]} of {item.customer} against sanction {item.sanction[:12]}"
    if item.open:
        return one_line(f"{about}, open since {format_instant(item.at)}: {item.text}")
    same = ", who had part in it" if item.same_person else ""
    return one_line(f"{about}, {item.outcome} by {item.decided_by}{same}: {item.reason}")
