"""Whether the cause of a case is gone, and when that can be told.

In: a case, its findings, what probes saw, an instant. Out: a verdict, and the case after it. A
count that is over its threshold is gone when its finding ended and none came for a time; a page, an
open port or a file is gone when somebody looked and it is not there. What nobody could see is
unknown, and unknown is never gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from aupkeep.base.clock import format_duration, format_instant
from aupkeep.cases.case import Case
from aupkeep.cases.moving import happened
from aupkeep.cases.state import LOOKED_AT, CaseState, Cause
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Policy

PORT, URL, FILE = "port", "url", "file"
#: Reports of this type are about a port that should not answer.
_OPEN_SERVICE = "open_service"
#: Where a file event states its hashes.
_SHA256 = re.compile(r"\bSHA256=([0-9A-Fa-f]{64})\b")


class Gone(StrEnum):
    """Whether something is gone."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What somebody saw who looked, and how."""

    gone: Gone
    #: In plain words.
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A thing that can be looked at: `port` ADDRESS:PORT, `url` URL, `file` SHA256 PATH."""

    kind: str
    value: str


class Probe(Protocol):
    """A door that looks whether one kind of thing is still there."""

    def gone(self, target: str) -> Seen:
        """Return whether `target` is gone; what cannot be seen is unknown, never an error."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a finding's cause is gone."""

    gone: Gone
    how: str
    #: When time alone may change that; None: it does not.
    next_at: int | None = None


def target_of(finding: Finding) -> Target | None:
    """Return the thing that can be looked at to know whether `finding` is over, or None."""
    said: dict[str, str] = {
        name: value for name, value in (finding.evidence or {}).items() if value
    }
    said |= {name: value for name, value in finding.key.items() if value}
    if finding.actor.startswith("url:"):
        said.setdefault("accused_url", finding.actor.removeprefix("url:"))
    if said.get("report_type") == _OPEN_SERVICE:
        address, port = said.get("accused_ip"), said.get("accused_port")
        return Target(kind=PORT, value=f"{address}:{port}") if address and port else None
    if "accused_url" in said:
        return Target(kind=URL, value=said["accused_url"])
    digest = said.get("sha256") or _SHA256.search(said.get("hashes", ""))
    if digest and "path" in said:
        value = digest if isinstance(digest, str) else digest[1]
        return Target(kind=FILE, value=f"{value.lower()} {said['path']}")
    return None


def verdict(
    finding: Finding, seen: Mapping[Target, Seen], *, now: int, wait: int, since: int
) -> Verdict:
    """Return whether the cause of `finding` is gone at `now`.

    A count is gone `wait` microseconds after it ended, and after `since`, when the last measure
    that kept it down was over.
    """
    target = target_of(finding)
    if target is not None:
        found = seen.get(target)
        if found is None:
            return Verdict(gone=Gone.UNKNOWN, how=f"nobody looked at {target.kind} {target.value}")
        return Verdict(gone=found.gone, how=found.how)
    if finding.state != "ended":
        return Verdict(gone=Gone.NO, how=f"{finding.called} still holds")
    due = max(finding.last, since) + wait
    if now < due:
        how = f"{finding.called} ended, and may come back until {format_instant(due)}"
        return Verdict(gone=Gone.UNKNOWN, how=how, next_at=due)
    how = f"{finding.called} ended, and did not come back within {format_duration(wait)}"
    return Verdict(gone=Gone.YES, how=how)


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict on a case: gone where everything is, there where anything is."""
    listed = list(verdicts)
    how = "; ".join(dict.fromkeys(item.how for item in listed))
    if any(item.gone is Gone.NO for item in listed):
        return Verdict(gone=Gone.NO, how=how)
    unknown = [item for item in listed if item.gone is Gone.UNKNOWN]
    if not unknown and listed:
        return Verdict(gone=Gone.YES, how=how)
    instants = [item.next_at for item in unknown if item.next_at is not None]
    soon = len(instants) == len(unknown)
    return Verdict(
        gone=Gone.UNKNOWN, how=how, next_at=max(instants, default=None) if soon else None
    )


def cause(
    case: Case,
    findings: Iterable[Finding],
    policy: Policy,
    *,
    now: int,
    seen: Mapping[Target, Seen] | None = None,
) -> Verdict:
    """Return whether the cause of `case` is gone, as `policy` counts; `seen` is what probes saw."""
    since = (case.moved_at or 0) if case.state == CaseState.OPEN else 0
    return together(
        verdict(item, seen or {}, now=now, wait=policy.resolve_after, since=since)
        for item in findings
    )


def quiet_time(policy: Policy, clause: str) -> int:
    """Return how long a case stays resolved before it is closed.

    Never less than the longest time for which its ladder counts findings: closing one must not
    make the next breach look like a first one.
    """
    ladder = policy.ladders[policy.clauses[clause].ladder]
    return max(policy.close_after, *(step.when.within for step in ladder.steps))


def looked(
    case: Case,
    findings: Iterable[Finding],
    policy: Policy,
    *,
    now: int,
    seen: Mapping[Target, Seen] | None = None,
) -> tuple[Case, Verdict]:
    """Return `case` after a look at its cause at `now`, and what that showed.

    Its `look_at` says when the next one is due without anything new.
    """
    found = cause(case, findings, policy, now=now, seen=seen)
    state = CaseState(case.state)
    if case.merged_into or state not in LOOKED_AT:
        return replace(case, look_at=None), found
    if state is CaseState.RESOLVED:
        back = found.gone is Gone.NO and bool(seen)
        return _resolved(case, found, policy, now=now, back=back), found
    if found.gone is not Gone.YES:
        return replace(case, look_at=found.next_at), found
    gone = happened(case, Cause.CAUSE_GONE, at=now)
    return replace(gone, look_at=now + quiet_time(policy, case.clause)), found


def _resolved(case: Case, found: Verdict, policy: Policy, *, now: int, back: bool) -> Case:
    """Return a resolved `case`: open again where somebody saw it `back`, closed when it is time."""
    if back:
        return replace(happened(case, Cause.CAUSE_BACK, at=now), look_at=now)
    closes = (case.moved_at or 0) + quiet_time(policy, case.clause)
    if now < closes:
        return replace(case, look_at=closes)
    # A person may have called it resolved while it went on.
    cause_now = Cause.CAUSE_BACK if found.gone is Gone.NO else Cause.QUIET
    return replace(happened(case, cause_now, at=now), look_at=None)


def look(targets: Iterable[Target], probes: Mapping[str, Probe]) -> dict[Target, Seen]:
    """Return what `probes`, by kind, see of each target; a kind without a probe is unknown."""
    seen = {}
    for target in targets:
        probe = probes.get(target.kind)
        seen[target] = (
            Seen(gone=Gone.UNKNOWN, how=f"nothing here looks at a {target.kind}")
            if probe is None
            else probe.gone(target.value)
        )
    return seen
