"""A policy in plain words: what a clause says, what follows, who must agree, by when.

In: a checked policy, and a clause id or nothing. Out: text for a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aupkeep.base.clock import format_duration, format_instant
from aupkeep.base.errors import Fault, MisuseError, near
from aupkeep.policy.model import Clause, Measure, Policy, Step, Tier, When
from aupkeep.policy.money import written
from aupkeep.policy.noticed import noticed_by
from aupkeep.policy.people import least_people

#: Measure -> what it does, said to a person.
PLAIN: Final[dict[Measure, str]] = {
    Measure.WARN: "warn the customer",
    Measure.THROTTLE: "slow it down to a cap",
    Measure.HOLD_MAIL: "hold outgoing mail",
    Measure.LOCK_SITE: "close it to visitors",
    Measure.QUARANTINE_FILE: "put the file out of reach",
    Measure.REMOVE_CONTENT: "remove the content",
    Measure.BLOCK_TRAFFIC: "block its traffic",
    Measure.SUSPEND_SERVICE: "suspend the service",
    Measure.SUSPEND_ACCOUNT: "suspend the whole account",
    Measure.DENY_SERVICE: "refuse service",
    Measure.FEE: "charge a fee that the contract allows",
    Measure.TERMINATE: "end the contract",
    Measure.PRESERVE: "preserve the evidence",
    Measure.NOTIFY_AUTHORITY: "tell the authorities",
}

_TIER: Final[dict[Tier, str]] = {
    Tier.FACT: "facts",
    Tier.STRONG: "strong evidence",
    Tier.SCORE: "a score",
    Tier.JUDGEMENT: "a person's judgement",
}

#: Evidence that can lead to a measure, best first.
_ACTED_ON: Final = (Tier.FACT, Tier.STRONG, Tier.JUDGEMENT)


def show(policy: Policy, clause: str | None = None) -> str:
    """Return the text for `clause`, or for the whole policy.

    Raises `MisuseError` for a clause that the policy does not have.
    """
    if clause is None:
        parts = ["\n".join(_head(policy))]
        parts += ["\n".join(_clause(policy, each)) for each in policy.clauses.values()]
        return "\n\n".join(parts) + "\n"
    if clause not in policy.clauses:
        words = tuple(policy.clauses)
        guess = near(clause, words)
        raise MisuseError(
            Fault(
                code="unknown-word",
                what=f"`{clause}` is not a clause of `{policy.id}`",
                allowed=words,
                hint=f"did you mean `{guess}`?" if guess else "",
            )
        )
    return "\n".join(_clause(policy, policy.clauses[clause])) + "\n"


def _head(policy: Policy) -> Iterator[str]:
    yield f"{policy.title} ({policy.provider}, {policy.id} {policy.version})"
    yield f"in force from {format_instant(policy.effective)}, hash {policy.hash}"
    yield f"contact: {policy.contact}"
    yield "measures the provider reserved: " + ", ".join(policy.measures)
    yield "duties and rights: " + ", ".join(policy.duties)
    yield f"a measure rests only on what was received within {format_duration(policy.act_within)}"
    yield f"appeals within {format_duration(policy.appeal_within)}"
    yield (
        f"at most {policy.limits.accounts_per_hour} sanctions an hour that touch service, "
        f"on at most {policy.limits.share_permille} in 1000 customers"
    )
    if policy.fees is not None:
        fees = policy.fees
        yield (
            f"fees: at most {written(fees.cap, fees.currency)} from one customer within "
            f"{format_duration(fees.period)}, none before strike {fees.free_strikes + 1}"
        )


def _clause(policy: Policy, clause: Clause) -> Iterator[str]:
    yield f"{clause.id}: {clause.title}"
    yield from (f"  | {line}".rstrip() for line in clause.text.splitlines())
    rests = f"at best on {_TIER[clause.tier]}"
    yield f"  severity {clause.severity.name.lower()}; rests {rests}; " + _binds(clause)
    rules = noticed_by(policy.rules).get(clause.id, ())
    yield "  noticed by: " + (", ".join(rules) if rules else "reports and people only")
    if clause.immediate:
        yield "  the provider may act at once, on facts"
    if clause.duties:
        yield "  duties that go with it: " + ", ".join(clause.duties)
    if clause.decide_within:
        days = " of business days" if clause.business_days else ""
        yield f"  a person decides within {format_duration(clause.decide_within)}{days}"
    if clause.by_service:
        yield "  each service of a customer has a case of its own"
    yield f"  ladder {clause.ladder}:"
    for number, step in enumerate(policy.ladders[clause.ladder].steps, start=1):
        yield from _step(number, step, clause)
        price = policy.fees.amounts.get((clause.id, step.name)) if policy.fees else None
        if policy.fees and price:
            yield f"       the fee is {written(price, policy.fees.currency)}"


def _binds(clause: Clause) -> str:
    return "binds " + (", ".join(clause.applies_to) if clause.applies_to else "every service")


def _step(number: int, step: Step, clause: Clause) -> Iterator[str]:
    doing = " and ".join(PLAIN[measure] for measure in step.measures)
    end = f", for {format_duration(step.length)}" if step.length else ""
    yield f"    {number}. {step.name}: {_when(step.when)}"
    yield f"       {doing}; scope {step.scope}{end}"
    if step.answer_within:
        yield f"       the customer has {format_duration(step.answer_within)} to answer"
    yield f"       who must agree: {_agree(step, clause)}"


def _when(when: When) -> str:
    parts = ["at the first finding"]
    if when.findings > 1:
        window = f" within {format_duration(when.within)}" if when.within else ""
        parts = [f"at {when.findings} findings{window}"]
    if when.lasting:
        parts.append(f"when it lasts {format_duration(when.lasting)}")
    if when.unanswered:
        parts.append(f"when {format_duration(when.unanswered)} pass without an answer")
    if when.tier is not Tier.JUDGEMENT:
        parts.append(f"on {_TIER[when.tier]}" + ("" if when.tier is Tier.FACT else " or better"))
    return ", ".join(parts)


def _agree(step: Step, clause: Clause) -> str:
    """Return how many people agree on each kind of evidence that can reach this step."""
    counts = [
        f"{_people(step, clause, tier)} on {_TIER[tier]}"
        for tier in _ACTED_ON
        if step.when.tier <= tier <= clause.tier
    ]
    return ", ".join(counts) if counts else "nobody can: the clause never has such evidence"


def _people(step: Step, clause: Clause, tier: Tier) -> str:
    least = [least_people(each, tier, immediate=clause.immediate) or 0 for each in step.measures]
    number = max(step.people, *least)
    return {0: "nobody", 1: "one person"}.get(number, f"{number} people")
