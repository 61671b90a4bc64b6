"""How a case stands, in plain words.

In: a case and what is known of it. Out: lines of text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from aupkeep.base.clock import format_instant
from aupkeep.cases.act import CaseAct
from aupkeep.cases.case import Case
from aupkeep.cases.cause import Verdict
from aupkeep.cases.strikes import Strikes, said
from aupkeep.policy.model import Severity

#: Act -> what was done.
_DONE = {
    "case_merged": "took over case {other}",
    "case_split": "case {other} was split off",
    "case_attributed": "attributed to {customer} {service}",
    "case_disposed": "disposed: {disposition}",
    "case_moved": "{from} to {to}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a case besides its evidence and decision."""

    severity: Severity
    cause: Verdict
    #: The strikes of the customer, and those of the reseller's customers, that count now.
    strikes: Strikes
    resellers: Strikes
    #: Who is written to.
    told: tuple[str, ...]
    #: The contract is over.
    former: bool
    acts: Sequence[CaseAct]


def standing(case: Case, known: Known) -> list[str]:
    """Return how `case` stands: state, severity, cause, disposition, strikes, who is told, acts."""
    lines = ["", "standing:", *(f"  {text}" for text in _standing(case, known))]
    if known.acts:
        lines += [
            "",
            "what was done with the case:",
            *(f"  {act_line(item)}" for item in known.acts),
        ]
    return lines


def act_line(act: CaseAct) -> str:
    """Return one act as one line."""
    short = {name: value[:12] if name == "other" else value for name, value in act.details.items()}
    done = _DONE.get(act.act, act.act).format(**short).strip()
    by = f" by {act.by}" if act.by else ""
    return f"{format_instant(act.at)}{by}: {done} ({act.reason})"


def _standing(case: Case, known: Known) -> Iterator[str]:
    since = f" since {format_instant(case.moved_at)}" if case.moved_at is not None else ""
    yield f"{case.state}{since}, severity {known.severity.name.lower()}"
    if case.merged_into:
        yield f"merged into case {case.merged_into[:12]}, which has its findings now"
        return
    yield f"cause gone: {known.cause.gone} ({known.cause.how})"
    if case.disposition:
        yield f"it turned out to be {case.disposition.replace('_', ' ')}"
    else:
        yield "nobody has said yet what it turned out to be"
    if case.customer is None:
        return
    yield f"against {case.customer} count {_counted(known.strikes)}"
    if case.reseller:
        yield (
            f"{case.customer} is a customer of reseller {case.reseller}, against whose customers"
            f" count {_counted(known.resellers)}"
        )
    yield f"letters go to {' and '.join(known.told)}"
    if known.former:
        yield "the contract is over: no measure touches service, letters go to the last address"


def _counted(strikes: Strikes) -> str:
    return said(strikes.halves) + _clauses(item.clause for item in strikes.all)


def _clauses(named: Iterable[str]) -> str:
    words = ", ".join(dict.fromkeys(named))
    return f" ({words})" if words else ""
