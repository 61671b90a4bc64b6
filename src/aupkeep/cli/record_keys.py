"""`aupkeep record erase` and `backup-keys`: the keys of envelopes, destroyed or copied."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aupkeep.base.errors import AupkeepError, Fault, MisuseError
from aupkeep.cli.archive_words import Customer, Json, chosen_provider
from aupkeep.cli.faces import now, plain_errors, say_json
from aupkeep.cli.person import whoever
from aupkeep.cli.place import Folder, opened
from aupkeep.flow.forgetting import Forgotten, forget
from aupkeep.flow.sweeping import present
from aupkeep.store import keyring


def erase_record(
    *,
    folder: Folder = None,
    provider: Annotated[str, typer.Option(help="whose; needed where there are several")] = "",
    customer: Customer = "",
    reason: Annotated[str, typer.Option(help="why; it stays in the list of erasures")],
    by: Annotated[str, typer.Option(help="who asks for it; default: who runs the command")] = "",
    as_json: Json = False,
) -> None:
    """Destroy the keys of a customer's envelopes: the entries stay and verify, unreadable."""
    with plain_errors():
        if not customer or not reason.strip():
            what = "`--customer` and `--reason` are needed"
            raise MisuseError(Fault(code="no-reason", what=what))
        installation = opened(folder)
        at = now()
        done = forget(
            installation,
            Forgotten(
                keys_before=max(at, present(installation, at) + 1),
                provider=chosen_provider(provider, installation),
                customer=customer,
                reason=reason.strip(),
                by=by or whoever(),
                at=at,
            ),
        )
        if as_json:
            say_json({"keys": done})
        else:
            print(f"{done} keys are destroyed; the entries stay, and verify as before")


def backup_keys(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="a new file")],
    *,
    folder: Folder = None,
) -> None:
    """Copy the keys of envelopes into a file of its own, which must not lie with the data's."""
    with plain_errors():
        opened(folder)
        try:
            count = keyring.backup(target)
        except FileExistsError:
            what = f"`{target}` is there already: old keys may be worth more than new ones"
            raise AupkeepError(Fault(code="there-already", what=what)) from None
        print(f"{count} keys are in {target}; whoever has it and the data reads everything")
