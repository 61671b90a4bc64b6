"""`aupkeep policy import-sigma`: public Sigma rules as shadow rules under one clause.

In: a folder of public rules, a clause, a policy folder. Out: what became of each rule, as a table
or JSON lines, and a rule file for each that was taken.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aupkeep.base.errors import Fault, MisuseError, Place, render
from aupkeep.cli.faces import FOUND, plain_errors, say_json
from aupkeep.detection.importing.taking import DRL, Ask, Outcome
from aupkeep.flow.folders import find_folder, shipped_policies
from aupkeep.flow.import_rules import look_at, place, policy_for, public_rules, summary, write
from aupkeep.policy.draft import PAGE

#: The clause that stands in for one that a dry run did not name.
_SOME_CLAUSE = "clause"

_Rules = Annotated[
    Path, typer.Argument(metavar="DIR", help="A folder of public rules, or one rule file.")
]
_Clause = Annotated[
    str, typer.Option("--clause", help="The clause that the rules are to notice a breach of.")
]
_Into = Annotated[
    str, typer.Option("--into", help="The policy folder; the present one if left out.")
]
_Licence = Annotated[
    str, typer.Option("--licence", help="The licence of rules that do not state one.")
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be taken.")]
_Json = Annotated[bool, typer.Option("--json", help="JSON lines.")]


def import_sigma(
    rules: _Rules,
    *,
    clause: _Clause = "",
    into: _Into = "",
    licence: _Licence = DRL,
    dry_run: _DryRun = False,
    json: _Json = False,
) -> None:
    """Take public Sigma rules into a policy as shadow rules under one clause."""
    with plain_errors():
        if not rules.exists():
            what = f"`{rules}` is not there: name a folder of public rules"
            raise MisuseError(Fault(code="no-rules", what=what))
        public_rules(rules)
        if dry_run and not into:
            outcomes = _looked_at(
                rules, Ask(clause=clause or _SOME_CLAUSE, licence=licence), json=json
            )
        else:
            outcomes = _imported(rules, clause, into, licence, dry_run=dry_run, json=json)
        if not json:
            print("\n".join(_closing(outcomes, dry_run=dry_run)))
    if any(not outcome.taken for outcome in outcomes):
        raise typer.Exit(FOUND)


def _looked_at(rules: Path, ask: Ask, *, json: bool) -> list[Outcome]:
    outcomes = []
    for outcome in look_at(rules, ask):
        _say(outcome, json=json)
        outcomes.append(outcome)
    return outcomes


def _imported(
    rules: Path, clause: str, into: str, licence: str, *, dry_run: bool, json: bool
) -> list[Outcome]:
    if not clause:
        raise MisuseError(
            Fault(
                code="no-clause",
                what="name the clause of the policy that the rules belong to, by --clause",
            )
        )
    path = _target(into, dry_run=dry_run)
    folder, asked = policy_for(path, clause)
    ask = Ask(clause=asked.clause, limit=asked.limit, licence=licence)
    if dry_run:
        made = place(folder, look_at(rules, ask), ask, lambda outcome: _say(outcome, json=json))
        return list(made.outcomes)
    made = place(folder, look_at(rules, ask), ask, lambda _: None)
    # Written before a word is said: a reader that goes away must not leave the rules half taken.
    write(folder, made.files)
    for outcome in made.outcomes:
        _say(outcome, json=json)
    return list(made.outcomes)


def _target(into: str, *, dry_run: bool) -> Path:
    """Return the folder to write into; a shipped policy is not written to."""
    if not into and not Path(PAGE).is_file():
        what = "name the policy folder by --into: the present folder is none"
        raise MisuseError(Fault(code="no-folder", what=what))
    path = find_folder(into or ".")
    shipped = [one.resolve() for one in shipped_policies().values()]
    if not dry_run and not Path(into or ".").is_dir() and path.resolve() in shipped:
        what = f"`{into}` is a policy that comes with the program: copy it and name the copy"
        raise MisuseError(Fault(code="shipped", what=what))
    return path


def _say(outcome: Outcome, *, json: bool) -> None:
    status = "taken" if outcome.taken else "refused"
    if json:
        say_json(
            {"file": outcome.file, "id": outcome.id, "status": status, "reason": outcome.reason}
        )
    else:
        place_of = Place(file=f"{status:8}{outcome.file}")
        print(render(Fault(code=status, what=outcome.reason, place=place_of)))


def _closing(outcomes: list[Outcome], *, dry_run: bool) -> list[str]:
    taken = sum(outcome.taken for outcome in outcomes)
    lines = ["", f"{taken} of {len(outcomes)} rules {'can be' if dry_run else 'were'} taken"]
    lines += [f"{count:6d}  {reason}" for reason, count in summary(outcomes)]
    if taken and not dry_run:
        lines.append("They are shadow rules: findings are kept and nothing follows from them.")
        lines.append("Give the policy a new version and publish it to put them to work.")
    return lines
