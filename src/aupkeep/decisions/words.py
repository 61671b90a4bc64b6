"""A decision in plain words, for the desk at three in the morning.

In: a decision, its case, findings and clause. Out: lines of text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from aupkeep.base.clock import format_duration, format_instant
from aupkeep.cases.case import Case
from aupkeep.decisions.blast import told
from aupkeep.decisions.decision import Decision, Proposal, Reason
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Clause
from aupkeep.policy.money import written


def explain(
    decision: Decision, case: Case, findings: Iterable[Finding], clause: Clause
) -> list[str]:
    """Return the whole story of a case as lines: what, who, evidence, why, what would be done."""
    listed = sorted(findings, key=lambda item: (item.first, item.id))
    lines = [
        f"{clause.title} [{case.clause}]: {_happened(case, listed)}",
        f"case {case.id}, {case.state}, evidence {case.tier.word}",
        f"policy version {decision.policy_version}",
        ", ".join(_deadlines(case, decision)),
        "",
        "evidence:",
    ]
    for finding in listed:
        lines.append(f"  {evidence_line(finding)}")
        lines += [f"    {text}" for text in _first_row(finding)]
    lines += ["", "why:"]
    lines += [f"  {text}" for text in tree(decision.reasons)]
    lines += ["", "would do:"]
    for item in decision.proposals:
        lines.append(f"  {proposal_line(item)}")
        if item.blast is not None:
            lines.append(f"    {told(item.blast)}")
    if not decision.proposals:
        lines.append("  nothing by itself")
    if decision.review:
        lines += ["", "for a person:"]
        lines += [f"  {text}" for text in decision.review]
    return lines


def _happened(case: Case, findings: Sequence[Finding]) -> str:
    """Return in one sentence who did what how often, and since when."""
    who = case.customer or f"nobody yet ({case.attribution}; actor {case.actor or 'unknown'})"
    count = "once" if len(findings) == 1 else f"{len(findings)} times"
    goes_on = any(item.state != "ended" for item in findings)
    return (
        f"{who} of {case.provider}, found {count}, first at {format_instant(case.opened_at)},"
        f" {'and it still holds' if goes_on else 'over now'}"
    )


def _deadlines(case: Case, decision: Decision) -> Iterator[str]:
    yield f"aware since {format_instant(case.aware_at)}"
    if decision.decide_by is not None:
        yield f"decide by {format_instant(decision.decide_by)}"
    if decision.answer_by is not None:
        yield f"the customer would have until {format_instant(decision.answer_by)} to answer"


def evidence_line(finding: Finding) -> str:
    """Return one finding as one line: rule, key, value against threshold, from and to."""
    named = [f"{name} {value}" for name, value in finding.key.items() if value]
    key = ", ".join(named) or finding.actor or "no key"
    until = f"to {format_instant(finding.last)}" if finding.state == "ended" else "and still holds"
    unit = f" {finding.unit}" if finding.unit else ""
    return (
        f"{finding.called}: {number(finding.value)}{unit} (threshold {number(finding.threshold)}) "
        f"for {key}, from {format_instant(finding.first)} {until}; {finding.tier.word}"
    )


def _first_row(finding: Finding) -> list[str]:
    """Return what the rule quotes of the row at which the finding opened."""
    quoted = finding.evidence or {}
    said = [f"{name} {value}" for name, value in quoted.items() if name not in finding.key]
    return ["at its opening: " + ", ".join(said)] if said else []


def proposal_line(proposal: Proposal) -> str:
    """Return one proposed measure as one line."""
    length = f" for {format_duration(proposal.length)}" if proposal.length else ""
    if proposal.amount:
        length = f" of {written(proposal.amount, proposal.currency)}"
    return (
        f"{proposal.measure} on {proposal.scope} {proposal.target}{length}"
        f" (step `{proposal.step}`), {agreement(proposal.people)}"
    )


def agreement(people: int) -> str:
    """Return in words how many people must agree."""
    if people == 0:
        return "nobody needs to agree once armed"
    return "one person must agree" if people == 1 else f"{people} people must agree"


def number(value: float) -> str:
    """Return a value without needless digits, and never rounded to nothing."""
    if isinstance(value, int):
        return str(value)
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return f"{value:.3g}" if value and text in ("0", "-0") else text


def tree(reason: Reason, depth: int = 0) -> Iterator[str]:
    """Yield the reason and what it rests on, indented."""
    yield "  " * depth + reason.text
    for item in reason.because:
        yield from tree(item, depth + 1)
