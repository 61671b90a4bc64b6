"""`aupkeep person`: who works at the desk, and the links by which they sign in."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from aupkeep.base.errors import MisuseError, unknown_word
from aupkeep.cli.faces import now, plain_errors, say_json
from aupkeep.cli.place import Folder, opened
from aupkeep.flow.installation import Installation
from aupkeep.flow.signing_in import add_person, give_role, make_link, remove_person
from aupkeep.record.rights import ROLES, Role
from aupkeep.store import links

app = typer.Typer(
    add_completion=False,
    name="person",
    help="Let people in, and make links to sign in.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="as it stands in the record")]


@app.command("add")
def add(
    name: Name,
    *,
    folder: Folder = None,
    email: Annotated[str, typer.Option(help="where to write to them")] = "",
) -> None:
    """Let somebody work at the desk, and print a link that signs them in once."""
    with plain_errors():
        installation = opened(folder)
        providers = tuple(item.name for item in installation.settings.provider)
        if not add_person(name, providers, now=now(), email=email):
            print(f"{name} is let in already")
        print(sign_in_link(installation, name))


@app.command("link")
def link(name: Name, *, folder: Folder = None) -> None:
    """Print a new link that signs somebody in once, within a day."""
    with plain_errors():
        print(sign_in_link(opened(folder), name))


@app.command("role")
def role(
    name: Name,
    word: Annotated[str, typer.Argument(metavar="ROLE", help=", ".join(ROLES))],
    *,
    folder: Folder = None,
) -> None:
    """Say what somebody may read; what they may do stays as it is."""
    with plain_errors():
        known: dict[str, Role] = {one: one for one in ROLES}
        if word not in known:
            raise MisuseError(unknown_word(word, ROLES, what="a role", place=None))
        installation = opened(folder)
        providers = tuple(item.name for item in installation.settings.provider)
        if not give_role(name, known[word], providers, by=whoever(), now=now()):
            print(f"{name} is {word} already")
            return
        print(f"{name} reads what the role {word} may")


@app.command("remove")
def remove(name: Name, *, folder: Folder = None) -> None:
    """Let somebody in no more, from their next page on; what they decided stays in the record."""
    with plain_errors():
        installation = opened(folder)
        providers = tuple(item.name for item in installation.settings.provider)
        remove_person(name, providers, now=now())
        print(f"{name} may not sign in any more")


@app.command("list")
def list_people(
    *,
    folder: Folder = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """List who may sign in."""
    with plain_errors():
        opened(folder)
        for name, active in links.people():
            if as_json:
                say_json({"name": name, "active": active, "role": links.role_of(name)})
            else:
                print(f"{name}, {links.role_of(name)}{'' if active else ' (may not sign in)'}")


def sign_in_link(installation: Installation, name: str) -> str:
    """Return an address that signs `name` in once, within a day."""
    token = make_link(name, now=now())
    return f"{installation.settings.desk.base}/sign-in/{token}"


def whoever() -> str:
    """Return the name of who runs this command, as the record should have it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"
