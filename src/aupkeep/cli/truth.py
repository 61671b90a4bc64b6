"""`demo --check`: what was found against what is true.

In: an installation that has replayed a fortnight. Out: precision and recall a clause, and every
fault: an offender missed, an honest customer with more than a warning, somebody accused for a
forged source or for what a former holder did. It compares `truth.jsonl` with what
`case list --json` says, and reads nothing else.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from aupkeep.cli.cases import case_object
from aupkeep.store import evidence

HEADS = ("clause", "offenders", "found", "recall", "accused", "right", "precision", "review")
#: Labels of customers about whom there may be no case at all.
NO_CASE = frozenset({"forged_source", "former_holder", "new_holder", "victim"})


@dataclass(slots=True)
class Counts:
    """Of one clause: offenders and those found; accusations and those that are right."""

    offenders: int = 0
    found: int = 0
    #: Cases about a customer with a measure that would be taken.
    accused: int = 0
    right: int = 0
    #: Cases that only a person looks at.
    review: int = 0


@dataclass(slots=True)
class Verdict:
    """How a replay compares with the truth."""

    clauses: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    faults: list[str] = field(default_factory=list)
    customers: int = 0

    @property
    def passed(self) -> bool:
        """Whether nothing was missed and nobody wronged."""
        return not self.faults


def check_truth(folder: Path) -> Verdict:
    """Compare the cases of the open installation with `folder`/raw/truth.jsonl."""
    truths = [
        json.loads(line)
        for line in (folder / "raw" / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    return compare(truths, [case_object(case) for case in evidence.all_cases()])


def compare(truths: Iterable[dict[str, Any]], cases: Iterable[dict[str, Any]]) -> Verdict:
    """Compare truths with case objects; pure."""
    verdict = Verdict()
    by_customer: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for case in cases:
        by_customer[case["provider"], case["customer"] or ""].append(case)
    allowed: dict[tuple[str, str], set[str]] = defaultdict(set)
    listed = list(truths)
    verdict.customers = len({(item["provider"], item["customer"]) for item in listed})
    for truth in listed:
        who = (truth["provider"], truth["customer"])
        if truth["what"] == "offender":
            allowed[who] |= {truth["clause"], *truth["also"]}
            _offender(verdict, truth, by_customer[who])
    for truth in listed:
        who = (truth["provider"], truth["customer"])
        others = [case for case in by_customer[who] if case["clause"] not in allowed[who]]
        if truth["what"] == "honest":
            _honest(verdict, truth, others)
        elif truth["what"] == "never":
            _never(verdict, truth, others)
    _precision(verdict, by_customer, allowed)
    return verdict


def _offender(verdict: Verdict, truth: dict[str, Any], cases: list[dict[str, Any]]) -> None:
    counts = verdict.clauses[truth["clause"]]
    counts.offenders += 1
    if any(case["clause"] == truth["clause"] for case in cases):
        counts.found += 1
    else:
        verdict.faults.append(
            f"missed: {truth['customer']} ({truth['provider']}) {truth['clause']}, {truth['label']}"
        )


def _honest(verdict: Verdict, truth: dict[str, Any], cases: list[dict[str, Any]]) -> None:
    for case in cases:
        graver = {item["measure"] for item in case["sanctions"]} - {"warn"}
        if graver:
            verdict.faults.append(
                f"honest {truth['customer']} ({truth['provider']}, {truth['label']}) under "
                f"{case['clause']}: {', '.join(sorted(graver))}"
            )


def _never(verdict: Verdict, truth: dict[str, Any], cases: list[dict[str, Any]]) -> None:
    for case in cases:
        fact = case["tier"] == "fact"
        if truth["label"] in NO_CASE or fact or case["sanctions"]:
            verdict.faults.append(
                f"accused: {truth['customer']} ({truth['provider']}, {truth['label']}) under "
                f"{case['clause']}, evidence {case['tier']}"
            )


def _precision(
    verdict: Verdict,
    by_customer: dict[tuple[str, str], list[dict[str, Any]]],
    allowed: dict[tuple[str, str], set[str]],
) -> None:
    for who, cases in by_customer.items():
        for case in cases:
            counts = verdict.clauses[case["clause"]]
            if case["sanctions"]:
                counts.accused += 1
                counts.right += case["clause"] in allowed[who]
            else:
                counts.review += 1


def print_check(verdict: Verdict) -> None:
    """Print precision and recall a clause, and every fault."""
    table = Table(box=None, pad_edge=False)
    for head in HEADS:
        table.add_column(head, justify="left" if head == "clause" else "right")
    for clause, counts in sorted(verdict.clauses.items()):
        table.add_row(
            clause,
            str(counts.offenders),
            str(counts.found),
            _share(counts.found, counts.offenders),
            str(counts.accused),
            str(counts.right),
            _share(counts.right, counts.accused),
            str(counts.review),
        )
    console = Console()
    console.print(table)
    for fault in verdict.faults:
        console.print(fault, markup=False, highlight=False)
    count = len(verdict.faults)
    console.print(f"{verdict.customers} customers, {count} faults", highlight=False)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "-"
