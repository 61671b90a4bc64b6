"""`aupkeep case`: the cases there are, and why."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from aupkeep.base.clock import format_instant
from aupkeep.cases.case import Case
from aupkeep.cases.disposition import WHOLE
from aupkeep.cases.words import Known, standing
from aupkeep.cli.faces import now, plain_errors, say_json
from aupkeep.cli.place import Folder, opened
from aupkeep.decisions.words import explain
from aupkeep.flow.case_standing import known_of
from aupkeep.flow.casework import Desk, found_case
from aupkeep.sanctions.wording import one_line
from aupkeep.store import chain, evidence
from aupkeep.store.sanctions import sanctions_of

#: Columns the table needs where the output is no wide terminal.
WIDTH = 132

app = typer.Typer(
    add_completion=False, name="case", help="List, explain and work on cases.", no_args_is_help=True
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
        found = found_case(case)
        desk = Desk(installation, now=now())
        known = known_of(found, desk.policies, desk.profiles, now=desk.instant)
        decision = evidence.decision_of(found.id)
        if as_json or decision is None:
            say_json(case_object(found) | known_object(known))
            return
        clause = desk.policy(found).clauses[found.clause]
        members = list(evidence.findings_of(found.id).values())
        lines = explain(decision, found, members, clause) if members else []
        print("\n".join([*lines, *map(one_line, standing(found, known))]))
        print("\nrecord:")
        taken = [item.id for item in evidence.merged_cases(found.id)]
        subjects = [found.id, *taken, *(item.id for item in sanctions_of(found.id))]
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
        "disposition": case.disposition,
        "service": case.service,
        "reseller": case.reseller,
        "merged_into": case.merged_into,
        "step": decision.step if decision else "",
        "review": list(decision.review) if decision else [],
    }


def known_object(known: Known) -> dict[str, Any]:
    """Return what `case show --json` says besides the object of a case."""
    return {
        "severity": known.severity.name.lower(),
        "gone": known.cause.gone.value,
        "how": known.cause.how,
        "strikes": known.strikes.halves / WHOLE,
        "reseller_strikes": known.resellers.halves / WHOLE,
        "told": list(known.told),
        "former": known.former,
        "acts": [
            {
                "act": item.act,
                "at": format_instant(item.at),
                "by": item.by,
                "reason": item.reason,
                "details": dict(item.details),
            }
            for item in known.acts
        ],
    }
