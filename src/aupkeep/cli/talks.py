"""`aupkeep sanction statement`, `ask` and `remind`: what is said about one sanction."""

from __future__ import annotations

from typing import Annotated

import typer

from aupkeep.base.clock import parse_instant
from aupkeep.base.errors import AupkeepError, Fault, MisuseError
from aupkeep.cli.faces import now, plain_errors, say_json
from aupkeep.cli.person import whoever
from aupkeep.cli.place import Folder, opened
from aupkeep.flow import postponing, talking
from aupkeep.flow.appealing import appeal_until
from aupkeep.flow.installation import PolicyBook
from aupkeep.flow.knocking import knock
from aupkeep.sanctions.reasons import Grounds, plain, statement
from aupkeep.sanctions.sanction import Sanction
from aupkeep.store import evidence, sanctions

One = Annotated[str, typer.Argument(metavar="SANCTION", help="a sanction's id, or its beginning")]


def state(
    sanction: One,
    *,
    folder: Folder = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Print the statement of reasons, in plain words or as an object in the words of the EU."""
    with plain_errors():
        installation = opened(folder)
        found = _found(sanction)
        policies = PolicyBook(installation.policies())
        policy = policies.version(found.provider, found.policy_version)
        members = evidence.findings_of(found.case)
        base = installation.settings.desk.base
        grounds = Grounds(
            policy=policy,
            findings=[item for name, item in members.items() if name in found.findings],
            appeal_until=appeal_until(found, policy),
            page=f"{base}/policy/{found.provider}/{policy.version}/#{found.clause}",
        )
        if as_json:
            say_json(statement(found, grounds))
        else:
            print(plain(found, grounds))


def ask(
    sanction: One,
    *,
    folder: Folder = None,
    question: Annotated[str, typer.Option(help="what the customer is asked, as they will read it")],
    until: Annotated[
        str, typer.Option(help="of what has not begun: it waits for the answer, until then at most")
    ] = "",
) -> None:
    """Ask the customer something by letter; what has not begun waits for the answer."""
    with plain_errors():
        installation = opened(folder)
        found, person, present = _found(sanction), whoever(), now()
        if until:
            postponing.ask(installation, found.id, person, question, instant(until), now=present)
        else:
            talking.ask(found.id, person, question, now=present)
        knock(installation.data, found.id)
        print(f"the question goes out; the measure waits until {until}" if until
              else "the question goes out")  # fmt: skip


def remind(sanction: One, *, folder: Folder = None) -> None:
    """Remind the customer of a notice that they have not answered."""
    with plain_errors():
        installation = opened(folder)
        found = _found(sanction)
        talking.remind(found.id, whoever(), now=now())
        knock(installation.data, found.id)
        print("the reminder goes out")


def instant(text: str) -> int:
    """Return an instant as it is typed, in µs UTC; raises `MisuseError` for any other text."""
    try:
        return parse_instant(text)
    except ValueError as wrong:
        raise MisuseError(Fault(code="no-instant", what=str(wrong))) from None


def _found(identity: str) -> Sanction:
    found = sanctions.get_sanction(identity)
    if found is None:
        what = f"no sanction, or more than one, has an id that begins with `{identity}`"
        hint = "`aupkeep sanction list` names them all"
        raise AupkeepError(Fault(code="no-such-sanction", what=what, hint=hint))
    return found
