"""Exceptions: for some time a clause or rule leads to nothing for one customer or service.

In: exceptions and a finding. Out: which exception covers the finding, and until when. Findings are
computed as ever; what an exception covers is history. It covers a finding that opens within it,
until the exception ends; a finding that still holds then goes on as an ordinary one. All of it
follows from instants of the event alone, so that a replay comes to the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from aupkeep.base.clock import DAY, format_instant
from aupkeep.cases.case import accused
from aupkeep.detection.finding import Finding

#: An exception lasts so long at most.
LONGEST = 366 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyException:
    """One exception, as a person approved it."""

    id: str
    #: Empty: any, which only a file of exceptions can say.
    provider: str
    #: One of the two is given.
    customer: str = ""
    service: str = ""
    #: One of the two is given; a rule by its id, in a file of exceptions also by its name.
    rule: str = ""
    clause: str = ""
    #: Half-open: it is in force from `since` on and no more at `until`.
    since: int
    until: int
    reason: str
    #: The person who approved it.
    by: str
    made_at: int
    #: When a person ended it before its time, who, and why.
    ended_at: int | None = None
    ended_by: str = ""
    ended_why: str = ""

    @property
    def end(self) -> int:
        """The first instant at which it is in force no more."""
        return self.until if self.ended_at is None else min(self.until, self.ended_at)

    @property
    def whom(self) -> str:
        """For whom it is, in words."""
        return f"customer {self.customer}" if self.customer else f"service {self.service}"

    @property
    def what(self) -> str:
        """From what it excepts, in words."""
        return f"rule {self.rule}" if self.rule else f"clause {self.clause}"

    def at(self, instant: int) -> bool:
        """Whether it is in force at `instant`."""
        return self.since <= instant < self.end

    def about(self, finding: Finding) -> bool:
        """Whether `finding` is of the customer or service, and of the rule or clause, it names."""
        if self.provider not in ("", finding.provider) or not accused(finding):
            return False
        whose = finding.customer == self.customer if self.customer else _service(self, finding)
        if self.rule:
            return whose and self.rule in (finding.rule, finding.rule_name)
        return whose and finding.clause == self.clause


@dataclass(frozen=True, slots=True)
class Excuse:
    """What covers a finding from its opening on."""

    #: The one that covers its opening.
    exception: PolicyException
    #: When the last of those that follow on each other without a gap ends.
    until: int


def excuse(finding: Finding, exceptions: Iterable[PolicyException]) -> Excuse | None:
    """Return what covers `finding` from its opening on, or None where nothing does."""
    about = [item for item in exceptions if item.about(finding)]
    instant, first = finding.first, None
    while True:
        there = [item for item in about if item.at(instant)]
        if not there:
            break
        latest = max(there, key=lambda item: (item.end, item.id))
        first = first or latest
        instant = latest.end
    return Excuse(first, instant) if first else None


def excused(finding: Finding, exceptions: Iterable[PolicyException], now: int) -> Finding:
    """Return `finding` with what covers it or covered it, as things stand at `now`."""
    found = excuse(finding, exceptions)
    if found is None:
        return finding
    over = finding.last if finding.state == "ended" else now
    return replace(
        finding,
        exception=found.exception.id,
        excepted_until=found.until if found.until < over else None,
    )


def said(item: PolicyException) -> str:
    """Return why a finding leads to nothing, in words."""
    return (
        f"suppressed by exception {item.id[:12]} ({item.reason}; until"
        f" {format_instant(item.end)}; approved by {item.by})"
    )


def _service(item: PolicyException, finding: Finding) -> bool:
    return bool(item.service) and finding.service == item.service
