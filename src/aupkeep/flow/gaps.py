"""Findings of rules one of whose sources cannot be read at this moment: no measure rests on them.

In: findings as the engine hands them on, the sources that are in trouble, the rules. Out: the
findings, those that open meanwhile marked as degraded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from aupkeep.detection.finding import Finding
from aupkeep.detection.naming import kinds_of
from aupkeep.flow.rules import Ruled
from aupkeep.flow.tally import Tally
from aupkeep.signals.formats import FORMATS
from aupkeep.signals.source import Source

#: Provider and kind of events.
Blind = frozenset[tuple[str, str]]


def blind(sources: Iterable[Source], tallies: Iterable[Tally]) -> Blind:
    """Return of whom which kind of events is not read in full: a source of it is in trouble."""
    return frozenset(
        (source.provider, FORMATS[source.format])
        for source, tally in zip(sources, tallies, strict=True)
        if tally.trouble
    )


def marked(findings: Iterable[Finding], gaps: Blind, ruled: Mapping[str, Ruled]) -> list[Finding]:
    """Return `findings`; what opens while its rule does not see everything is degraded."""
    listed = list(findings)
    if not gaps:
        return listed
    return [
        replace(item, degraded=True) if item.state == "open" and _blind(item, gaps, ruled) else item
        for item in listed
    ]


def _blind(finding: Finding, gaps: Blind, ruled: Mapping[str, Ruled]) -> bool:
    rules = ruled[finding.provider].rules.rules if finding.provider in ruled else {}
    rule = rules.get(finding.rule)
    return rule is not None and any((finding.provider, kind) in gaps for kind in kinds_of(rule))
