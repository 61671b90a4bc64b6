"""`aupkeep case merge|split|attribute|dispose|move|recheck`: what people do to cases."""

from __future__ import annotations

from typing import Annotated

import typer

from aupkeep.cases.case import Case
from aupkeep.cases.disposition import Disposition
from aupkeep.cases.state import BY_PERSON, CaseState
from aupkeep.cli.cases import app, case_object
from aupkeep.cli.faces import FINE, FOUND, now, plain_errors, say_json
from aupkeep.cli.person import whoever
from aupkeep.cli.place import Folder, opened
from aupkeep.flow.attribute_case import attribute_case
from aupkeep.flow.casework import Desk, Said, found_case
from aupkeep.flow.dispose_case import dispose_case
from aupkeep.flow.join_cases import merge_cases, split_case
from aupkeep.flow.knocking import knock
from aupkeep.flow.move_case import move_case
from aupkeep.flow.rechecking import probes, recheck
from aupkeep.sanctions.wording import one_line
from aupkeep.store import evidence

_DISPOSITIONS = ", ".join(Disposition)
_STATES = ", ".join(state for state in CaseState if state in BY_PERSON)

One = Annotated[str, typer.Argument(metavar="CASE", help="a case's id, or its beginning")]
Reason = Annotated[str, typer.Option(help="why, for those who read it later")]
Person = Annotated[
    str, typer.Option("--person", help="a person of the installation; default: who runs this")
]
Json = Annotated[bool, typer.Option("--json", help="one JSON object")]


@app.command("merge")
def merge(
    case: One,
    others: Annotated[list[str], typer.Argument(metavar="CASE...", help="cases it takes over")],
    *,
    folder: Folder = None,
    reason: Reason,
    person: Person = "",
    as_json: Json = False,
) -> None:
    """Let one case take over others of the same customer and clause."""
    with plain_errors():
        new = merge_cases(opened(folder), case, others, _said(reason, person))
        _tell(new, f"has {_count(new)} now", as_json=as_json)


@app.command("split")
def split(
    case: One,
    *,
    folder: Folder = None,
    finding: Annotated[list[str], typer.Option(help="a finding's id, or its beginning")],
    reason: Reason,
    person: Person = "",
    as_json: Json = False,
) -> None:
    """Part findings from a case; they become a case of their own."""
    with plain_errors():
        new = split_case(opened(folder), case, finding, _said(reason, person))
        _tell(new, f"was split off with {_count(new)}", as_json=as_json)


@app.command("attribute")
def attribute(
    case: One,
    *,
    folder: Folder = None,
    customer: Annotated[str, typer.Option(help="whose it is")],
    service: Annotated[str, typer.Option(help="of which service")] = "",
    reason: Reason,
    person: Person = "",
    as_json: Json = False,
) -> None:
    """Say whose an unattributed case is; on that word alone evidence is `strong` at most."""
    with plain_errors():
        said = _said(reason, person)
        new = attribute_case(opened(folder), case, customer, service, said)
        text = f"is about {new.customer} now, evidence {new.tier.word}"
        _tell(new, text, as_json=as_json)


@app.command("dispose")
def dispose(
    case: One,
    disposition: Annotated[str, typer.Argument(metavar="DISPOSITION", help=_DISPOSITIONS)],
    *,
    folder: Folder = None,
    reason: Reason,
    person: Person = "",
    as_json: Json = False,
) -> None:
    """Say what a case turned out to be; strikes follow."""
    with plain_errors():
        installation = opened(folder)
        new = dispose_case(installation, case, disposition, _said(reason, person))
        knock(installation.data, "")
        _tell(new, f"turned out to be {disposition}, and is {new.state}", as_json=as_json)


@app.command("move")
def move(
    case: One,
    state: Annotated[str, typer.Argument(metavar="STATE", help=_STATES)],
    *,
    folder: Folder = None,
    reason: Reason,
    person: Person = "",
    as_json: Json = False,
) -> None:
    """Bring a case to another state."""
    with plain_errors():
        opened(folder)
        new = move_case(case, state, _said(reason, person))
        _tell(new, f"is {new.state}", as_json=as_json)


@app.command("recheck")
def look_again(
    cases: Annotated[
        list[str] | None, typer.Argument(metavar="[CASE]...", help="default: all not closed")
    ] = None,
    *,
    folder: Folder = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """Look whether the cause of cases is gone, and move them where it is, or is back."""
    with plain_errors():
        installation = opened(folder)
        desk = Desk(installation, now=now())
        there = False
        for case in [found_case(word) for word in cases or ()] or _standing():
            doors = probes(installation, case.provider)
            found = recheck(case, desk.policies, doors, now=desk.instant)
            there = there or found.verdict.gone != "yes"
            if as_json:
                say_json(
                    {
                        "case": found.case.id,
                        "gone": found.verdict.gone.value,
                        "how": found.verdict.how,
                        "before": found.before,
                        "state": found.case.state,
                    }
                )
            else:
                state = found.case.state
                moved = f"{found.before} to {state}" if state != found.before else state
                said = f"{found.case.id[:12]} gone: {found.verdict.gone}; {found.verdict.how}"
                print(one_line(f"{said}; {moved}"))
    raise typer.Exit(FOUND if there else FINE)


def _standing() -> list[Case]:
    return [item for item in evidence.all_cases() if item.state != CaseState.CLOSED]


def _said(reason: str, person: str) -> Said:
    return Said(by=person or whoever(), reason=reason, now=now())


def _count(case: Case) -> str:
    count = len(case.findings)
    return f"{count} finding{'' if count == 1 else 's'}"


def _tell(case: Case, text: str, *, as_json: bool) -> None:
    if as_json:
        say_json(case_object(case))
    else:
        print(one_line(f"case {case.id[:12]} {text}"))
