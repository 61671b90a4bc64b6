"""People agree, refuse, choose milder, lift.

In: a sanction, a person's name and words, an instant. Out: the sanction after it. How many people
must agree stands in the sanction (DESIGN section 5); here it is kept that they are different ones,
that nobody agrees to what they proposed themselves, and that each act gives its reason.
"""

from __future__ import annotations

from dataclasses import replace

from aupkeep.base.clock import DAY, format_duration, format_instant
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.base.ids import make_id
from aupkeep.policy.model import TOUCH_SERVICE, Measure, Tier
from aupkeep.policy.people import least_people
from aupkeep.policy.words import LIFTABLE
from aupkeep.sanctions.sanction import Sanction, State, move

#: How long a measure of two people waits where one person runs the desk alone.
ALONE_WAITS = DAY
#: People whose agreement makes a measure one that waits.
TWO = 2


def approve(sanction: Sanction, person: str, *, now: int, alone: bool = False) -> Sanction:
    """Return `sanction` with the agreement of `person`, approved where they were the last needed.

    `alone` is the mode for one operator: their agreement is enough, and what needs two people
    waits a day. Raises `AupkeepError` for a second agreement of the same person, for agreement to
    what they proposed themselves, and as `move` does.
    """
    if sanction.state is not State.PROPOSED or sanction.would_do:
        return move(sanction, State.APPROVED)
    if sanction.waits_until is not None and now < sanction.waits_until:
        what = f"{sanction.put_off_by} put this off until {format_instant(sanction.waits_until)}"
        hint = "put it off to a nearer instant, or refuse it"
        raise AupkeepError(Fault(code="put-off", what=what, hint=hint))
    if not alone:
        _another(sanction, person)
    agreed = replace(sanction, approved_by=(*sanction.approved_by, person))
    needed = TWO if sanction.proposed_by == person else sanction.people
    if alone and needed >= TWO:
        return replace(agreed, state=State.APPROVED, ready_at=now + ALONE_WAITS)
    if len(set(agreed.approved_by)) < agreed.people:
        return agreed
    return move(agreed, State.APPROVED, ready_at=now)


def enough(sanction: Sanction, *, alone: bool = False) -> bool:
    """Whether as many people have agreed as must; one is enough where they run the desk alone."""
    others = set(sanction.approved_by) - ({sanction.proposed_by} if not alone else set())
    return len(others) >= sanction.people or (alone and bool(others))


def by_policy(sanction: Sanction, *, now: int) -> Sanction:
    """Return `sanction` approved by the ladder alone; raises `AupkeepError` where people must."""
    return move(sanction, State.APPROVED, ready_at=now)


def refuse(sanction: Sanction, person: str, reason: str, *, now: int) -> Sanction:
    """Return `sanction` refused: it is not carried out; raises `AupkeepError` as `move` does."""
    said = reasoned(reason)
    return move(sanction, State.REFUSED, reason=said, lifted_by=person, ended_at=now)


def lift(sanction: Sanction, person: str, reason: str, *, release: bool) -> Sanction:
    """Return `sanction` on its way to being lifted.

    Raises `AupkeepError` where it is not in force, or where nothing could be taken back; what
    failed can always be given up.
    """
    said = reasoned(reason)
    if Measure(sanction.measure) not in LIFTABLE and sanction.state is not State.FAILED:
        raise AupkeepError(
            Fault(
                code="nothing-to-lift",
                what=f"`{sanction.measure}` leaves nothing in force that could be lifted",
            )
        )
    changes = {"ends_as": State.LIFTED.value, "lifted_by": person, "release": release}
    return move(sanction, State.LIFTING, reason=said, **changes)


def milder(sanction: Sanction) -> tuple[str, ...]:
    """Return the measures that a person may choose instead: the same for a shorter time, a word."""
    measures = [sanction.measure] if sanction.length else []
    if sanction.touches_service:
        measures.append(Measure.WARN.value)
    return tuple(measures)


def override(
    sanction: Sanction, measure: str, length: int, person: str, reason: str, *, now: int
) -> Sanction:
    """Return the sanction that `person` proposes instead of `sanction`, which must be refused.

    `length` in microseconds is for the same measure, and must be shorter; a warning has none.
    Another person must agree, since a person proposed it. Raises `AupkeepError` for what is not
    milder and for what cannot be refused any more.
    """
    said = reasoned(reason)
    refuse(sanction, person, said, now=now)
    same = measure == sanction.measure
    if measure not in milder(sanction) or (same and not 0 < length < sanction.length):
        raise AupkeepError(
            Fault(
                code="not-milder",
                what=f"`{measure}` is not milder than what is proposed",
                allowed=milder(sanction),
                hint=f"`{sanction.measure}` may last less than {format_duration(sanction.length)}"
                if same and sanction.length
                else "",
            )
        )
    kept = Measure(measure)
    least = sanction.people if same else least_people(kept, Tier[sanction.tier.upper()])
    people = max(1, least or 0)
    return Sanction(
        id=make_id("sanction", sanction.id, "instead", measure, length, person, now),
        case=sanction.case,
        provider=sanction.provider,
        customer=sanction.customer,
        clause=sanction.clause,
        step=sanction.step,
        measure=kept.value,
        scope=sanction.scope,
        target=sanction.target,
        power=kept.value,
        state=State.PROPOSED,
        would_do=False,
        since=now,
        until=now + length if same else None,
        length=length if same else 0,
        people=people,
        tier=sanction.tier,
        policy_version=sanction.policy_version,
        touches_service=kept in TOUCH_SERVICE,
        findings=sanction.findings,
        proposed_by=person,
        instead_of=sanction.id,
        reason=said,
    )


def _another(sanction: Sanction, person: str) -> None:
    if person == sanction.proposed_by:
        raise AupkeepError(
            Fault(
                code="own-proposal",
                what=f"{person} proposed this, so another person must agree",
            )
        )
    if person in sanction.approved_by:
        raise AupkeepError(
            Fault(
                code="agreed-already",
                what=f"{person} has agreed already, so another person must",
            )
        )


def reasoned(text: str) -> str:
    """Return a reason as one line; raises `AupkeepError` where it says nothing."""
    said = " ".join(text.split())
    if not said:
        raise AupkeepError(
            Fault(code="no-reason", what="a reason is needed", hint="say why in a few words")
        )
    return said
