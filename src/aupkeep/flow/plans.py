"""Which plans there are, where something can tell: the books of an installation, or CSV files.

In: holdings and profiles, and a provider. Out: the plans anybody has or had there; None where
nothing says so, as then every plan that a rule names may be right.
"""

from __future__ import annotations

from collections.abc import Iterable

from aupkeep.attribution.holdings import Holding
from aupkeep.attribution.profiles import PLAN, Profile
from aupkeep.detection.rule import Baseline, RuleSet, Window
from aupkeep.store import ground


def plans_of(
    provider: str, holdings: Iterable[Holding], profiles: Iterable[Profile]
) -> frozenset[str] | None:
    """Return the plans that customers of `provider` have or had; None where none is known."""
    held = {item.plan for item in holdings if item.provider == provider and item.plan}
    said = {item.value for item in profiles if item.provider == provider and item.name == PLAN}
    return frozenset(held | said) or None


def plans_in_the_books(provider: str) -> frozenset[str] | None:
    """Return the plans that the books of the open installation know."""
    return plans_of(provider, ground.holdings(), ground.profiles())


def unheld(rules: RuleSet, plans: frozenset[str] | None) -> list[str]:
    """Return the plans that thresholds of `rules` name and that are none of `plans`."""
    named = {
        plan
        for rule in rules.rules.values()
        if isinstance(rule, Window | Baseline)
        for plan in rule.threshold.plans
    }
    return [] if plans is None else sorted(named - plans)
