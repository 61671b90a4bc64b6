"""Findings and summaries, as the JSON that other programs rely on and as text for people.

In: findings and a stream. Out: JSON objects (DESIGN section 9) and lines of text.
"""

from __future__ import annotations

from typing import Any

from aupkeep.base.clock import format_instant
from aupkeep.decisions.words import evidence_line
from aupkeep.detection.bundle import moment
from aupkeep.detection.finding import Finding
from aupkeep.flow.stream import Stream
from aupkeep.flow.tally import Shares, Tally

#: Customers named in a summary on the screen; JSON has all of them.
MOST_NAMED = 10
#: Samples of each reason shown to people.
MOST_SAMPLES = 3


def finding_object(finding: Finding) -> dict[str, Any]:
    """Return the JSON object of `finding`, in its state at the last row."""
    return {
        "id": finding.id,
        "state": "ended" if finding.state == "ended" else "open",
        "rule": finding.rule,
        "rule_name": finding.rule_name,
        "rule_version": finding.rule_version,
        "rule_status": finding.rule_status,
        "policy_version": finding.policy_version,
        "clause": finding.clause,
        "tier": finding.tier.word,
        "provider": finding.provider,
        "customer": finding.customer,
        "service": finding.service,
        "attribution": finding.attribution,
        "actor": finding.actor,
        "key": dict(finding.key),
        "first": format_instant(finding.first),
        "last": format_instant(finding.last),
        "value": finding.value,
        "unit": finding.unit,
        "threshold": finding.threshold,
        "events": list(finding.events),
        "forgeable": finding.forgeable,
        "degraded": finding.degraded,
        "window": [moment(instant) for instant in finding.window] if finding.window else None,
        "parameters": dict(finding.parameters),
        "because": dict(finding.because),
        "exception": finding.exception or None,
        "excepted_until": (
            moment(finding.excepted_until) if finding.excepted_until is not None else None
        ),
    }


def finding_text(finding: Finding) -> str:
    """Return `finding` as one line for people."""
    who = finding.customer or f"{finding.attribution} ({finding.actor})"
    return f"{finding.clause:<22} {who:<24} {evidence_line(finding)}"


def summary_object(stream: Stream) -> dict[str, Any]:
    """Return the JSON object that ends the output of `detect`."""
    total = totals(stream.tallies)
    return {
        **total,
        "degraded": stream.engine.degraded(),
        "customers": dict(sorted(stream.shares.customers.items())),
        "unknown": stream.shares.unknown,
        "ambiguous": stream.shares.ambiguous,
        "outsiders": stream.shares.outsiders,
        "outside_failures": stream.shares.outside_failures,
        "outside_addresses": len(stream.shares.outside_addresses),
    }


def totals(tallies: list[Tally]) -> dict[str, int]:
    """Return the counters of all sources added up."""
    names = ("lines", "events", "rejects", "late", "duplicates", "ignored")
    return {name: sum(tally.counts[name] for tally in tallies) for name in names}


def summary_text(stream: Stream) -> list[str]:
    """Return the summary as lines for people, ending with the next step."""
    total = totals(stream.tallies)
    lines = [
        "",
        (
            f"{total['lines']} lines, {total['events']} events; {total['ignored']} ignored, "
            f"{total['rejects']} rejected, {total['late']} late, {total['duplicates']} duplicates"
        ),
        *shares_text(stream.shares),
    ]
    for source, tally in zip(stream.sources, stream.tallies, strict=True):
        lines += rejects_text(source.name, tally)
    lines += [f"degraded: {line}" for line in stream.engine.degraded()]
    lines += next_step(stream.shares, total)
    return lines


def shares_text(shares: Shares) -> list[str]:
    """Return whose rows they were."""
    known = sum(shares.customers.values())
    lines = [
        (
            f"rows: {known} of {len(shares.customers)} customers, {shares.unknown} unknown, "
            f"{shares.ambiguous} ambiguous, {shares.outsiders} of outsiders"
        )
    ]
    most = shares.customers.most_common(MOST_NAMED)
    if most:
        lines.append("  " + ", ".join(f"{name} {count}" for name, count in most))
    if shares.outside_failures:
        lines.append(
            f"{shares.outside_failures} failed logins from {len(shares.outside_addresses)} outside "
            "addresses: your customers are the victims, no clause applies"
        )
    return lines


def rejects_text(name: str, tally: Tally) -> list[str]:
    """Return what could not be read of one source, with samples."""
    lines = [f"{name}: {tally.trouble}"] if tally.trouble else []
    for reason, count in tally.reasons.most_common():
        lines.append(f"{name}: {count} rejected: {reason}")
        for position, head in tally.samples.get(reason, [])[:MOST_SAMPLES]:
            lines.append(f"    at byte {position}: {head[:100]!r}")
    return lines


def next_step(shares: Shares, total: dict[str, int]) -> list[str]:
    """Return what to do next, where something is plainly missing."""
    if total["events"] == 0 and total["lines"]:
        return ["next: no line became an event; is `--as` the right format for these files?"]
    if not shares.customers and shares.unknown:
        return ["next: nobody can be named; `aupkeep holdings suggest` shows which holdings to add"]
    if shares.unknown > sum(shares.customers.values()):
        return ["next: most rows are nobody's; `aupkeep holdings suggest` shows whose to add"]
    return []
