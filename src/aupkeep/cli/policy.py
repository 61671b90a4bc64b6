"""`aupkeep policy`: check, show, test and cover policy folders.

In: folders or names of shipped policies. Out: text, or JSON lines. The rules are judged by
detection and everything else by policy; a person sees one list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from aupkeep.attribution.holdings import read_holdings
from aupkeep.attribution.profiles import read_profiles
from aupkeep.base.errors import AupkeepError, Fault, MisuseError, Place, render
from aupkeep.cli.explain import explain_rule
from aupkeep.cli.faces import FOUND, now, plain_errors, say_json
from aupkeep.cli.given import read_text
from aupkeep.cli.import_sigma import import_sigma
from aupkeep.cli.place import Folder as Where
from aupkeep.cli.place import opened
from aupkeep.cli.tested import explained, result_object
from aupkeep.detection.reading import read_rules
from aupkeep.detection.rule import RuleSet
from aupkeep.detection.samples import Result, run_tests
from aupkeep.flow.folders import (
    Folder,
    find_folder,
    load_policy,
    read_folder,
    shipped_policies,
)
from aupkeep.flow.plans import plans_in_the_books, plans_of, unheld
from aupkeep.flow.publish_policy import publish_policy
from aupkeep.outlets.kinds import MEASURES
from aupkeep.policy.coverage import Row, coverage
from aupkeep.policy.draft import open_folder
from aupkeep.policy.explaining import show as explain_policy
from aupkeep.policy.model import Policy
from aupkeep.policy.noticed import noticed_by, noticing_documents
from aupkeep.policy.reading import FaultyPolicyError, draft_faults, read_policy

app = typer.Typer(
    add_completion=False,
    name="policy",
    help="Check, show, test and cover policy folders.",
    no_args_is_help=True,
)
app.command("import-sigma")(import_sigma)

_Folder = Annotated[str, typer.Argument(help="A policy folder, or the name of a shipped policy.")]
_Folders = Annotated[
    list[str] | None,
    typer.Argument(help="Policy folders or names of shipped policies; all shipped ones if none."),
]
_Holdings = Annotated[Path | None, typer.Option(help="CSV: who held what, on which plan")]
_Profiles = Annotated[Path | None, typer.Option(help="CSV: plans and status of customers")]
_Books = Annotated[
    Path | None, typer.Option("--dir", help="an installation, whose books tell the plans")
]
_Json = Annotated[bool, typer.Option("--json", help="JSON lines.")]


#: Tells the plans of a provider; None where nothing does.
_Plans = Callable[[str], frozenset[str] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """A folder with everything that is wrong with it."""

    folder: Folder
    faults: tuple[Fault, ...]
    policy: Policy | None
    rules: RuleSet | None


@app.command()
def check(
    folders: _Folders = None,
    *,
    holdings: _Holdings = None,
    profiles: _Profiles = None,
    where: _Books = None,
) -> None:
    """Check folders as a whole and print every fault, with its place.

    Where holdings, profiles or an installation are given, thresholds may name only plans that
    somebody has or had there.
    """
    with plain_errors():
        found = 0
        plans = _plans(holdings, profiles, where)
        for argument in _arguments(folders):
            checked = _check(argument, plans)
            found += len(checked.faults)
            for fault in checked.faults:
                print(render(fault))
            print(_verdict(checked))
    if found:
        raise typer.Exit(FOUND)


@app.command()
def publish(
    folder: Annotated[str, typer.Argument(help="A policy folder of the installation.")],
    *,
    where: Where = None,
) -> None:
    """Publish a folder's version in an installation; from then on it never changes."""
    with plain_errors():
        opened(where)
        ruled = load_policy(find_folder(folder))
        version = f"{ruled.policy.provider} {ruled.policy.version}"
        if publish_policy(ruled, now=now()):
            print(f"published {version}, hash {ruled.policy.hash[:16]}")
        else:
            print(f"{version} is published already, with the same text")
        strange = unheld(ruled.rules, plans_in_the_books(ruled.policy.provider))
        if strange:
            print(f"nobody has or had these plans that thresholds name: {', '.join(strange)}")


@app.command()
def show(
    folder: _Folder,
    clause: Annotated[str | None, typer.Argument(help="A clause; all if left out.")] = None,
) -> None:
    """Say in plain words what a policy says and what follows."""
    with plain_errors():
        policy, _ = _sound(folder)
        print(explain_policy(policy, clause), end="")


app.command("explain")(explain_rule)


@app.command()
def test(folder: _Folder, *, json: _Json = False) -> None:  # noqa: PT028  # a command, no test
    """Run the samples inside the rules of a policy; say of a failed one how far the rule came."""
    with plain_errors():
        _, rules = _sound(folder)
        path = find_folder(folder)
        results = run_tests(rules)
        failures = [result for result in results if not result.passed]
        for result in results if json else failures:
            told = [] if result.passed else explained(rules, result)
            if json:
                say_json(result_object(result, told))
            else:
                print(render(_within(_failure(result), path)))
                print("\n".join(f"        {line}" for line in told))
        if not json:
            print(f"{_count(len(results), 'sample')}, {_count(len(failures), 'failure')}")
    if failures:
        raise typer.Exit(FOUND)


@app.command("coverage")
def cover(folders: _Folders = None, *, json: _Json = False) -> None:
    """Say for each clause and duty how it is noticed, what follows, and what is missing."""
    with plain_errors():
        for argument in _arguments(folders):
            policy, _ = _sound(argument)
            for row in coverage(policy, noticed_by(policy.rules), MEASURES):
                if json:
                    say_json(asdict(row))
                else:
                    print("\n".join(_lines(row)))


def _arguments(folders: list[str] | None) -> list[str]:
    """Return what was named, or every shipped policy; nothing to look at is no success."""
    found = folders or list(shipped_policies())
    if not found:
        raise MisuseError(Fault(code="no-folder", what="name a policy folder: none is shipped"))
    return found


def _plans(holdings: Path | None, profiles: Path | None, where: Path | None) -> _Plans:
    """Return what tells the plans of a provider."""
    if where is not None:
        opened(where)
        return plans_in_the_books
    held = read_holdings(read_text(holdings), file=str(holdings)) if holdings else ()
    said = read_profiles(read_text(profiles), file=str(profiles)) if profiles else ()
    return partial(plans_of, holdings=held, profiles=said)


def _nothing_said(_provider: str) -> None:
    """Nothing tells the plans."""


def _check(argument: str, plans: _Plans = _nothing_said) -> _Checked:
    """Return the folder with the faults of the policy and of its rules, in one order."""
    folder = read_folder(find_folder(argument))
    draft = open_folder(folder.files)
    faults = [*folder.faults, *draft_faults(draft)]
    rules = None
    known = plans(draft.front.at("provider").text)
    try:
        rules = read_rules(draft.rules, clauses=tuple(draft.clauses), plans=known)
    except AupkeepError as error:
        faults += _further(error.faults, faults)
    policy = None if faults else read_policy(folder.files)
    placed = (_within(fault, folder.path) for fault in faults)
    return _Checked(folder=folder, faults=AupkeepError(placed).faults, policy=policy, rules=rules)


def _further(more: Iterable[Fault], known: Iterable[Fault]) -> list[Fault]:
    """Return the faults of `more` that say nothing about a place already complained of."""
    places = {fault.place for fault in known if fault.place and fault.place.line}
    return [fault for fault in more if fault.place not in places]


def _failure(result: Result) -> Fault:
    opened = _count(result.found, "finding")
    what = f"`{result.rule}` opens {opened} in the sample `{result.name}`, not {result.expect}"
    return Fault(code="sample-failed", what=what, place=result.place)


def _within(fault: Fault, path: Path) -> Fault:
    """Return `fault` with a place that holds from where the person stands."""
    place: Place | None = fault.place
    if place is None:
        return fault
    return replace(fault, place=replace(place, file=str(path / place.file)))


def _sound(argument: str) -> tuple[Policy, RuleSet]:
    """Return a policy and its rules; raises `FaultyPolicyError` with every fault."""
    checked = _check(argument)
    if checked.policy is None or checked.rules is None:
        raise FaultyPolicyError(checked.faults)
    return checked.policy, checked.rules


def _verdict(checked: _Checked) -> str:
    path = checked.folder.path
    if checked.policy is None:
        return f"{path}: {_count(len(checked.faults), 'fault')}"
    clauses = _count(len(checked.policy.clauses), "clause")
    rules = _count(sum(1 for _ in noticing_documents(checked.policy.rules)), "rule")
    return f"{path}: {clauses}, {rules}, no fault"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _lines(row: Row) -> Iterable[str]:
    noticed = ", ".join(row.noticed_by) if row.noticed_by else "-"
    tested = ", tested" if row.tested else ""
    yield f"{row.policy}  {row.clause}"
    if row.ladder:
        yield f"    noticed by {noticed}{tested}; at best {row.tier}"
        yield f"    ladder {row.ladder}: {', '.join(row.measures)}"
    for missing in row.missing:
        yield f"    missing  {missing}"
