"""`aupkeep case`: the cases there are, and why."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from aupkeep.base.clock import format_instant
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.cases.case import Case
from aupkeep.cli.faces import plain_errors, say_json
from aupkeep.cli.place import Folder, opened
from aupkeep.decisions.words import explain
from aupkeep.flow.installation import PolicyBook
from aupkeep.store import chain, evidence
from aupkeep.store.sanctions import sanctions_of

#: Columns the table needs where the output is no wide terminal.
WIDTH = 132

app = typer.Typer(
    add_completion=False, name="case", help="List and explain cases.", no_args_is_help=True
)


@app.command("list")
def list_cases(
    *,
    folder: Folder = None,
    provider: Annotated[str, typer.Option(help="only this provider's")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """List every case, the oldest awareness first."""
    with plain_errors():
        opened(folder)
        if not as_json:
            print_cases(provider)
            return
        for case in evidence.all_cases(provider=provider):
            say_json(case_object(case))


@app.command("show")
def show_case(
    case: Annotated[str, typer.Argument(metavar="CASE", help="a case's id, or its beginning")],
    *,
    folder: Folder = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Say what happened, on what evidence, what the policy says to do, and why."""
    with plain_errors():
        installation = opened(folder)
        found = evidence.get_case(case)
        if found is None:
            raise AupkeepError(
                Fault(
                    code="no-such-case",
                    what=f"no case, or more than one, has an id that begins with `{case}`",
                    hint="`aupkeep case list` names them all",
                )
            )
        decision = evidence.decision_of(found.id)
        if as_json or decision is None:
            say_json(case_object(found))
            return
        policies = PolicyBook(installation.policies())
        clause = policies.at(found.provider, found.opened_at).clauses[found.clause]
        members = list(evidence.findings_of(found.id).values())
        print("\n".join(explain(decision, found, members, clause)))
        print("\nrecord:")
        subjects = [found.id, *(item.id for item in sanctions_of(found.id))]
        for line in chain.entries_about(*subjects):
            print("  " + line)


def print_cases(provider: str = "") -> None:
    """Print all cases as a table."""
    table = Table(box=None, pad_edge=False)
    for head in ("case", "provider", "customer", "clause", "evidence", "aware", "measures"):
        table.add_column(head)
    for case in evidence.all_cases(provider=provider):
        table.add_row(
            case.id[:8],
            case.provider,
            case.customer or f"? {case.actor}",
            case.clause,
            case.tier.word,
            format_instant(case.aware_at)[:16],
            ", ".join(_measures(case)) or "review",
        )
    console = Console()
    Console(width=max(console.width, WIDTH)).print(table)


def _measures(case: Case) -> list[str]:
    """Return what is done about a case, or, in observe, what would be."""
    done = [item for item in sanctions_of(case.id) if not item.would_do]
    if done:
        return list(dict.fromkeys(f"{item.measure} {item.state}" for item in done))
    decision = evidence.decision_of(case.id)
    asked = {item.measure.value for item in decision.proposals} if decision else set()
    return [f"would do {measure}" for measure in sorted(asked)]


def case_object(case: Case) -> dict[str, Any]:
    """Return the JSON object of a case (DESIGN section 9)."""
    decision = evidence.decision_of(case.id)
    return {
        "id": case.id,
        "provider": case.provider,
        "customer": case.customer,
        "clause": case.clause,
        "state": case.state,
        "tier": case.tier.word,
        "attribution": case.attribution,
        "aware_at": format_instant(case.aware_at),
        "findings": list(case.findings),
        "sanctions": [
            {
                "id": item.id,
                "measure": item.measure,
                "scope": item.scope,
                "target": item.target,
                "state": item.state.value,
                "would_do": item.would_do,
                "people": item.people,
            }
            for item in sanctions_of(case.id)
        ],
        "step": decision.step if decision else "",
        "review": list(decision.review) if decision else [],
    }
