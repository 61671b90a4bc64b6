"""The words that the files of a policy may use, in the order people are shown them.

In: nothing. Out: tuples of words, and the tables from a word to its meaning.
"""

from __future__ import annotations

from typing import Final

from aupkeep.policy.model import Measure, Severity, Tier

MEASURES: Final = tuple(measure.value for measure in Measure)
TIERS: Final = {tier.word: tier for tier in sorted(Tier, reverse=True)}
SEVERITIES: Final = {severity.name.lower(): severity for severity in Severity}
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

#: Measures that end: they have an inverse, so a step that takes one says for how long.
REVERSIBLE: Final = frozenset(
    {
        Measure.THROTTLE,
        Measure.HOLD_MAIL,
        Measure.LOCK_SITE,
        Measure.QUARANTINE_FILE,
        Measure.BLOCK_TRAFFIC,
        Measure.SUSPEND_SERVICE,
        Measure.SUSPEND_ACCOUNT,
        Measure.DENY_SERVICE,
    }
)

#: What can be taken back without having an end of its own: money, by a credit.
CREDITED: Final = frozenset({Measure.FEE})
