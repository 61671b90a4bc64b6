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
#: How the time to decide is counted: by the clock, or in the provider's business days.
CLOCKS: Final = ("always", "business_days")
#: What parts the cases of one clause.
GROUPS: Final = ("customer", "service")
#: What a breach weighs whose customer was a victim first, in half strikes.
COMPROMISED: Final = {"none": 0, "half": 1}
#: Whom a notice about a reseller's customer goes to.
TELL: Final = ("customer", "reseller", "both")

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

#: Kinds of breaches as statements of reasons name them, there in capitals.
CATEGORIES: Final = (
    "animal_welfare",
    "consumer_information",
    "cyber_violence",
    "cyber_violence_against_women",
    "data_protection_and_privacy_violations",
    "illegal_or_harmful_speech",
    "intellectual_property_infringements",
    "negative_effects_on_civic_discourse_or_elections",
    "not_specified_notice",
    "other_violation_tc",
    "protection_of_minors",
    "risk_for_public_security",
    "scams_and_fraud",
    "self_harm",
    "unsafe_and_prohibited_products",
    "violence",
)
#: What can be taken back without having an end of its own: money, by a credit.
CREDITED: Final = frozenset({Measure.FEE})
#: Measures that a person may take back: those that end, those that stand until somebody says so,
#: and what is gone for good only when its copy is.
LIFTABLE: Final = REVERSIBLE | CREDITED | {Measure.PRESERVE, Measure.REMOVE_CONTENT}
