"""How grave a case is: its clause, the evidence, and how long it lasted.

In: the clause's severity, the tier of the evidence, a length in microseconds. Out: a `Severity`.
The law: a graver clause, better evidence or a longer time never makes a case less grave.
"""

from __future__ import annotations

from collections.abc import Iterable

from aupkeep.base.clock import DAY
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Severity, Tier

#: What lasts so long is one degree graver than its clause by itself.
LONG = DAY


def severity(clause: Severity, tier: Tier, lasted: int) -> Severity:
    """Return the severity of a case.

    Evidence below `strong` may be wrong, and takes a degree off; a day or longer adds one.
    """
    degree = int(clause) - (tier < Tier.STRONG) + (lasted >= LONG)
    return Severity(max(int(Severity.LOW), min(int(Severity.CRITICAL), degree)))


def longest(findings: Iterable[Finding], now: int) -> int:
    """Return the longest time for which one finding held, in microseconds.

    What still holds has lasted to `now`; the time that an exception covered does not count.
    """
    return max(
        (
            max(0, (item.last if item.state == "ended" else now) - item.counts_from)
            for item in findings
        ),
        default=0,
    )
