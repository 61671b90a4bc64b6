"""Which step of a ladder the evidence reaches.

In: usable findings of one customer and clause, a ladder, an instant. Out: the steps whose conditions
all hold, and the instant at which the next look is due. Monotone by construction: every
condition is a lower bound on something that more, longer or better evidence only raises.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aupkeep.base.clock import format_duration
from aupkeep.decisions.decision import Reason
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Ladder, Step, Tier


@dataclass(frozen=True, slots=True)
class Reached:
    """A step that is reached, the findings that carry it, and why."""

    step: Step
    findings: tuple[Finding, ...]
    #: The best tier of which findings alone reach the step: worse ones lend it no weight.
    tier: Tier
    reason: Reason


def climb(ladder: Ladder, findings: Sequence[Finding], now: int) -> tuple[Reached, ...]:
    """Return the steps that are reached, the gravest first."""
    reached = []
    for step in reversed(ladder.steps):
        for tier in sorted(Tier, reverse=True):
            found = _meets(step, [item for item in findings if item.tier >= tier], now)
            if found is not None:
                reached.append(Reached(step, found[0], tier, found[1]))
                break
    return tuple(reached)


def next_look(ladder: Ladder, findings: Sequence[Finding], now: int) -> int | None:
    """Return when an open finding will have lasted long enough for a step, if no row comes."""
    instants = [
        finding.first + step.when.lasting
        for finding in findings
        if finding.state != "ended"
        for step in ladder.steps
        if step.when.lasting and finding.tier >= step.when.tier
    ]
    return min((instant for instant in instants if instant > now), default=None)


def lasted(finding: Finding, now: int) -> int:
    """Return how long `finding` has held, in microseconds."""
    end = finding.last if finding.state == "ended" else max(now, finding.last)
    return max(0, end - finding.first)


def _meets(
    step: Step, findings: Sequence[Finding], now: int
) -> tuple[tuple[Finding, ...], Reason] | None:
    when = step.when
    if when.unanswered:
        # Nothing has been asked of anybody: notices are not delivered in this version.
        return None
    good = [finding for finding in findings if finding.tier >= when.tier]
    if not good:
        return None
    if when.within:
        good = _densest(good, when.within)
    if len(good) < when.findings:
        return None
    longest = max(lasted(finding, now) for finding in good)
    if longest < when.lasting:
        return None
    return tuple(good), _reason(step, good, longest)


def _densest(findings: Sequence[Finding], within: int) -> list[Finding]:
    """Return the findings of the fullest window of width `within`, the earliest of equals.

    Not the latest window: a later finding must never make an earlier cluster count for less.
    """
    best: list[Finding] = []
    for last in findings:
        window = [item for item in findings if last.first - within <= item.first <= last.first]
        if len(window) > len(best):
            best = window
    return best


def _reason(step: Step, good: Sequence[Finding], longest: int) -> Reason:
    when = step.when
    window = f" within {format_duration(when.within)}" if when.within else ""
    because = [Reason(f"{len(good)} findings count{window}; the step asks for {when.findings}")]
    if when.lasting:
        because.append(
            Reason(
                f"the longest lasted {format_duration(longest // 1_000_000 * 1_000_000)}; "
                f"the step asks for {format_duration(when.lasting)}"
            )
        )
    because.append(
        Reason(
            f"the evidence is {max(item.tier for item in good).word}; "
            f"the step asks for {when.tier.word} or better"
        )
    )
    return Reason(f"step `{step.name}` is reached", tuple(because))
