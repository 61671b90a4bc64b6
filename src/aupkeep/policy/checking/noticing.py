"""Noticing: no clause without a rule that notices it, or the word that only reports and people do.

In: a draft, and which rules notice which clause. Out: faults. What a rule means is not known here;
only its `aup` block is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aupkeep.base.errors import Fault
from aupkeep.policy.draft import Draft
from aupkeep.policy.noticed import noticing_blocks
from aupkeep.policy.words import TIERS


def check_noticing(draft: Draft, noticed: Mapping[str, tuple[str, ...]]) -> Iterator[Fault]:
    """Yield clauses that nothing notices, contradictions, and rules that claim too much."""
    # A rule file that cannot be read may hold the very rule that seems to be missing.
    complete = not any(_broken_rules(fault) for fault in draft.faults)
    for clause, node in draft.entries.items():
        reported = node.at("reported")
        rules = noticed.get(clause, ())
        if rules and reported.value is True:
            what = f"clause `{clause}` is `reported`, but the rule `{rules[0]}` notices it"
            yield Fault(code="reported-and-noticed", what=what, place=reported.key_place)
        if not rules and reported.value is not True and complete:
            what = f"no rule notices the clause `{clause}`"
            hint = "write a rule with `aup: {clause: " + clause + "}`, or `reported: true`"
            place = node.key_place
            yield Fault(code="not-noticed", what=what, place=place, hint=hint)
    for block in noticing_blocks(draft.rule_nodes):
        clause = block.at("clause").text
        limit = draft.entries[clause].at("tier").text if clause in draft.entries else ""
        tier = block.at("tier")
        if tier.text in TIERS and limit in TIERS and TIERS[tier.text] > TIERS[limit]:
            what = (
                f"clause `{clause}` rests on `{limit}` at best, so no rule can yield `{tier.text}`"
            )
            yield Fault(code="tier-too-high", what=what, place=tier.place)


def _broken_rules(fault: Fault) -> bool:
    place = fault.place
    return fault.code == "yaml-syntax" and place is not None and place.file.startswith("rules/")
