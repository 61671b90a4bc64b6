"""Which steps of a ladder the evidence reaches, and which findings carry each of them.

In: usable findings of one customer and clause, a ladder, an instant. Out: the steps that are
reached, tier by tier, and the instant at which the next look is due. Two laws hold by construction.
Every condition is a lower bound on something that more, longer or better evidence only raises, so
such evidence never takes a step away. And what evidence of a tier reaches is worked out from that
tier and better ones alone, so worse evidence neither adds to it nor takes from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aupkeep.base.clock import DAY, HOUR, MINUTE, SECOND, format_duration
from aupkeep.decisions.decision import Reason
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Ladder, Step, Tier

#: Openings closer together than this are one occasion: a day to notice and to act.
OCCASION = DAY

#: The tiers that can carry a step, the best first; a score is not among them.
CARRYING = (Tier.FACT, Tier.STRONG, Tier.JUDGEMENT)


@dataclass(frozen=True, slots=True)
class Reached:
    """A step that is reached."""

    step: Step
    #: The findings that carry it: on what they are about, its measures fall.
    findings: tuple[Finding, ...]
    #: All its findings are at least this good, and none but such were counted.
    tier: Tier
    #: When it was looked at.
    now: int
    #: How long the customer had not answered a notice that was delivered, in µs.
    silent: int = 0

    @property
    def reason(self) -> Reason:
        """Why it is reached, in words; made when somebody asks, since most are never read."""
        return _reason(self.step, self.findings, self.tier, self.now, self.silent)


def climb(
    ladder: Ladder, findings: Sequence[Finding], now: int, *, silent: int = 0
) -> tuple[Reached, ...]:
    """Return the steps that are reached, by tier from the best, and then the gravest first.

    `silent` is how long the customer has not answered a notice that was delivered, in µs.
    """
    reached = []
    counted = -1
    for tier in CARRYING:
        able = [item for item in findings if item.tier in CARRYING and item.tier >= tier]
        if len(able) == counted:
            continue  # No evidence is just so good: what better evidence reaches is reached.
        counted = len(able)
        for step in reversed(ladder.steps):
            if step.when.tier > tier or silent < step.when.unanswered:
                # Of a better tier, only better evidence counts, and that has been looked at alone.
                continue
            carrying = _carrying(step, able, now)
            if carrying:
                reached.append(Reached(step, carrying, tier, now, silent))
    return tuple(reached)


def next_look(
    ladder: Ladder, findings: Sequence[Finding], now: int, *, silent_since: int | None = None
) -> int | None:
    """Return when an open finding will have lasted, or the customer been silent, long enough.

    It is the first such instant, if no row and no answer comes.
    """
    instants = [
        finding.counts_from + step.when.lasting
        for finding in findings
        if finding.state != "ended"
        for step in ladder.steps
        if step.when.lasting and finding.tier >= step.when.tier
    ]
    if silent_since is not None and findings:
        asked = {step.when.unanswered for step in ladder.steps if step.when.unanswered}
        instants += [silent_since + time for time in asked]
    return min((instant for instant in instants if instant > now), default=None)


def lasted(finding: Finding, now: int) -> int:
    """Return how long `finding` has held, in microseconds."""
    end = finding.last if finding.state == "ended" else max(now, finding.last)
    return max(0, end - finding.counts_from)


def occasions(findings: Sequence[Finding]) -> int:
    """Return on how many occasions the findings opened, at least `OCCASION` apart.

    One burst that ten keys or three rules notice is one occasion: a customer has not repeated what
    nobody had the time to tell them of. Counted from openings alone, so that more findings never
    count for less.
    """
    count, latest = 0, 0
    for first in sorted(finding.counts_from for finding in findings):
        if count == 0 or first >= latest + OCCASION:
            count, latest = count + 1, first
    return count


def _carrying(step: Step, findings: Sequence[Finding], now: int) -> tuple[Finding, ...]:
    """Return the findings that are in some group for which every condition of `step` holds.

    A step that asks for one finding looks at each by itself, so that a measure never falls on what
    did not last.
    """
    when = step.when
    if when.findings <= 1:
        if not when.lasting:
            return tuple(findings)
        return tuple(item for item in findings if lasted(item, now) >= when.lasting)
    # No group counts for more than all together do.
    if occasions(findings) < when.findings:
        return ()
    carrying = {
        finding.id
        for group in _groups(findings, when.within)
        if occasions(group) >= when.findings
        and max(lasted(item, now) for item in group) >= when.lasting
        for finding in group
    }
    return tuple(item for item in findings if item.id in carrying)


def _groups(findings: Sequence[Finding], within: int) -> list[Sequence[Finding]]:
    """Return the groups of findings that are counted together.

    A group is what opened within `within` before one of the findings (0 = all):
    every such window counts, not the latest, so a later finding never undoes an earlier cluster.
    """
    if not within:
        return [findings] if findings else []
    return [
        [
            item
            for item in findings
            if last.counts_from - within <= item.counts_from <= last.counts_from
        ]
        for last in findings
    ]


def _reason(step: Step, carrying: Sequence[Finding], tier: Tier, now: int, silent: int) -> Reason:
    when = step.when
    window = f" within {format_duration(when.within)}" if when.within else ""
    number = occasions(carrying)
    count = "1 occasion counts" if number == 1 else f"{number} occasions count"
    because = [Reason(f"{count}; the step asks for {when.findings}{window}")]
    if when.lasting:
        longest = max(lasted(item, now) for item in carrying)
        because.append(
            Reason(
                f"the longest lasted {spoken(longest)}; "
                f"the step asks for {format_duration(when.lasting)}"
            )
        )
    if when.unanswered:
        asked = format_duration(when.unanswered)
        because.append(
            Reason(
                f"the customer has not answered for {spoken(silent)} since a notice was delivered; "
                f"the step asks for {asked}"
            )
        )
    asked = f"{when.tier.word} or better" if when.tier > Tier.JUDGEMENT else "any evidence"
    because.append(Reason(f"this evidence is {tier.word}; the step asks for {asked}"))
    return Reason(f"step `{step.name}` is reached", tuple(because))


def spoken(micros: int) -> str:
    """Return a length as people say it, in its two largest units: `27h 28m`, `5m 10s`."""
    hours, minutes, seconds = micros // HOUR, micros % HOUR // MINUTE, micros % MINUTE // SECOND
    if hours:
        return f"{hours}h {minutes}m"
    return f"{minutes}m {seconds}s" if minutes else f"{seconds}s"
