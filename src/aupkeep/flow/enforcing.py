"""One step of carrying a sanction out: what the hand does when it looks at one.

In: a sanction that is due. Out: the same sanction one state on, or a visible reason why not and
when to try again. The order is fixed: what stood before is kept, then the power acts, then it is
looked at, then it is announced. Each step can be done again after a crash without doing more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aupkeep.base.clock import HOUR, MINUTE, SECOND, format_instant
from aupkeep.base.errors import AupkeepError, render
from aupkeep.flow.alarms import alarm
from aupkeep.flow.announcing import Announcer, Said, end_of, waits_for_others
from aupkeep.flow.changing import change
from aupkeep.flow.pausing import pause
from aupkeep.flow.powers import WARN, Powers
from aupkeep.flow.recording import Recording
from aupkeep.policy.model import Measure
from aupkeep.policy.money import written
from aupkeep.record.entry import Entry
from aupkeep.sanctions.approval import enough
from aupkeep.sanctions.caps import over
from aupkeep.sanctions.notice import OF_END, OF_MEASURE, notice_id
from aupkeep.sanctions.power import Delayed, Order, Power, PowerFault
from aupkeep.sanctions.sanction import Sanction, State, move
from aupkeep.store import arming, ground, sanctions
from aupkeep.store.database import unit
from aupkeep.store.sanctions import Waiting

#: Time until a step that failed is tried again: at first, and at most.
FIRST_WAIT, LONGEST_WAIT = 2 * SECOND, 10 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Enforcer:
    """What the hand works with."""

    announcer: Announcer
    powers: Powers
    clock: Callable[[], int]
    steps: Mapping[State, Callable[[Enforcer, Waiting, Power], None]] = field(
        default_factory=lambda: _STEPS
    )

    def step(self, item: Waiting) -> None:
        """Do the one step that is due for `item`; faults of the outside become its `trouble`."""
        sanction = item.sanction
        power = self.powers.get((sanction.provider, sanction.measure))
        try:
            if sanction.state in (State.LIFTED, State.EXPIRED):
                self._tell_end(sanction)
            elif power is None:
                what = f"no power for `{sanction.measure}` is named in the settings"
                self.wait(item, what, retry=True)
            elif sanction.state in _MAY_STAND and _over(sanction, self.clock()):
                self.expire(item, power)
            else:
                self.steps[sanction.state](self, item, power)
        except PowerFault as fault:
            self.wait(item, _plain(fault), retry=fault.retry)

    def wait(self, item: Waiting, why: str, *, retry: bool) -> None:
        """Let `item` wait in its state, with an alarm; `retry`: the hand tries again by itself."""
        now, sanction = self.clock(), item.sanction
        with unit():
            sanctions.put_waiting(
                sanction,
                next_at=_next(item, now, retry=retry),
                attempts=item.attempts + 1,
                trouble=why,
            )
            # The same trouble again is no news, also where somebody has acknowledged it.
            if why != item.trouble:
                recording = Recording()
                _alarm(sanction, why, recording, now=now)
                recording.keep()

    def fail(self, item: Waiting, why: str, *, retry: bool) -> None:
        """Let `item` be failed, which everybody sees, with an alarm."""
        now = self.clock()

        def after(new: Sanction, _: Entry, recording: Recording) -> None:
            _alarm(new, why, recording, now=now)

        change(
            item.sanction.id,
            _from(item, State.FAILED),
            now=now,
            next_at=_next(item, now, retry=retry),
            attempts=item.attempts + 1,
            trouble=why,
            after=after,
        )

    def begin(self, item: Waiting, power: Power) -> None:
        """From approved to applying, where nothing stands in the way."""
        sanction, now = item.sanction, self.clock()
        if self._too_early(item, power, now):
            return
        if (paused := _paused(sanction)) != "":
            self._rest(item, paused)
            return
        refused = self._lacking(sanction) or power.carries(sanction.scope, sanction.target)
        if refused:
            self.wait(item, refused, retry=False)
            return
        if (cap := self._cap(sanction, now)) != "":
            pause(sanction.provider, sanction.power, cap, now=now)
            self._rest(item, f"`{sanction.power}` is paused: {cap}")
            return
        before = power.plan(_order(sanction))
        until = now + sanction.length if sanction.length else None

        def after(new: Sanction, entry: Entry, recording: Recording) -> None:
            if new.measure == WARN:
                recording.keep()
                self.announcer.write(new, OF_MEASURE, entry.seq, now=now)

        change(
            sanction.id,
            _from(item, State.APPLYING, applied_at=now, until=until, before=before),
            now=now,
            next_at=now,
            after=after,
        )

    def _too_early(self, item: Waiting, power: Power, now: int) -> bool:
        """Let it sleep where its time has not come; return whether it does."""
        sanction = item.sanction
        if sanction.ready_at is not None and sanction.ready_at > now:
            why = "it waits a day: one person runs the desk alone"
            if sanction.waits_until is not None and sanction.waits_until > now:
                why = f"{sanction.put_off_by} put it off"
            self._sleep(item, sanction.ready_at, why)
            return True
        if (called := _called_at(sanction, power)) > now:
            what = f"nothing is done before {format_instant(called)}; it can be refused until then"
            self._sleep(item, called, what)
            return True
        gathered = self.announcer.gathers_until(sanction, now) if sanction.measure == WARN else now
        if gathered > now:
            self._sleep(item, gathered, waits_for_others(gathered))
        return gathered > now

    def apply(self, item: Waiting, power: Power) -> None:
        """From applying to applied: the power acts, where it still may."""
        late = _over(item.sanction, self.clock())
        if why := "its time is over" if late else self._lacking(item.sanction):
            # A hand that was away for hours; what it may have done before is taken back next.
            self.fail(item, why, retry=True)
            return
        try:
            power.apply(_order(item.sanction))
        except PowerFault as fault:
            self.fail(item, _plain(fault), retry=fault.retry)
            return
        # Failures are counted until it was seen in force, or a loop would never slow down.
        self._on(item, State.APPLIED, self.clock(), attempts=item.attempts)

    def verify(self, item: Waiting, power: Power) -> None:
        """From applied to verified: only what is seen in force is so."""
        seen = power.look(_order(item.sanction))
        if not seen.in_force:
            self.fail(item, f"it was applied, but is not in force: {seen.how}", retry=True)
            return
        now = self.clock()

        def after(new: Sanction, entry: Entry, recording: Recording) -> None:
            if new.measure != WARN and not self.announcer.written(new.id, OF_MEASURE):
                recording.keep()
                self.announcer.write(new, OF_MEASURE, entry.seq, now=now)

        self._on(item, State.VERIFIED, now, after=after)

    def announce(self, item: Waiting, power: Power) -> None:
        """From verified to announced: the customer is told what is still so."""
        sanction, now = item.sanction, self.clock()
        if sanction.measure != WARN:
            seen = power.look(_order(sanction))
            if not seen.in_force:
                self.fail(item, f"it is no longer in force: {seen.how}", retry=False)
                return
            self.announcer.send(notice_id(sanction.id, OF_MEASURE), now=now)
        change(
            sanction.id,
            _from(item, State.ANNOUNCED),
            now=self.clock(),
            next_at=sanction.until,
        )

    def expire(self, item: Waiting, power: Power) -> None:  # noqa: ARG002  # every step has this form
        """From wherever it may be in force to lifting, when its time is over."""
        now = self.clock()
        if not _over(item.sanction, now):
            self._sleep(item, item.sanction.until, "")
            return
        change(
            item.sanction.id,
            _from(item, State.LIFTING, ends_as=State.EXPIRED.value),
            now=now,
            next_at=now,
        )

    def undo(self, item: Waiting, power: Power) -> None:
        """From lifting to lifted or expired: the power takes it back, and that is looked at."""
        order = _order(item.sanction)
        try:
            power.undo(order)
            seen = power.look(order)
        except PowerFault as fault:
            self.fail(item, _plain(fault), retry=fault.retry)
            return
        # A letter that left has left: nothing of it can be seen to be gone.
        if seen.in_force and power.reversible:
            self.fail(item, f"it was taken back, but is still in force: {seen.how}", retry=True)
            return
        self._end(item)

    def again(self, item: Waiting, power: Power) -> None:
        """From failed on: the same act again; it moves only when the power has done it."""
        sanction = item.sanction
        if sanction.ends_as:
            power.undo(_order(sanction))
            self._on(item, State.LIFTING, self.clock(), attempts=item.attempts)
            return
        if why := self._lacking(sanction):
            self._take_back(item, why)
            return
        if (paused := _paused(sanction)) != "":
            # Not for ever: going on wakes only what has not begun.
            self._sleep(item, self.clock() + LONGEST_WAIT, paused)
            return
        power.apply(_order(sanction))
        self._on(item, State.APPLYING, self.clock(), attempts=item.attempts)

    def _on(
        self,
        item: Waiting,
        to: State,
        now: int,
        *,
        attempts: int = 0,
        after: Callable[[Sanction, Entry, Recording], None] | None = None,
    ) -> None:
        moved = _from(item, to)
        change(item.sanction.id, moved, now=now, next_at=now, attempts=attempts, after=after)

    def _end(self, item: Waiting) -> None:
        now, to = self.clock(), State(item.sanction.ends_as)
        # Of a letter alone nothing ends that the customer would have to be told.
        told = item.sanction.measure != WARN and self.announcer.told(item.sanction.id)

        def after(new: Sanction, entry: Entry, recording: Recording) -> None:
            arming.afresh(new.provider, new.clause, new.customer, now=now)
            if told:
                recording.keep()
                reason = _why_ended(new)
                self.announcer.write(new, OF_END, entry.seq, now=now, said=Said(reason=reason))

        change(
            item.sanction.id,
            _from(item, to, ended_at=now),
            now=now,
            next_at=now if told else None,
            after=after,
        )

    def _tell_end(self, sanction: Sanction) -> None:
        self.announcer.send(end_of(sanction), now=self.clock())
        with unit():
            sanctions.put_waiting(sanction, next_at=None, attempts=0, trouble="")

    def _lacking(self, sanction: Sanction) -> str:
        """Return what the hand, which believes nobody, finds missing; empty: nothing."""
        alone = self.announcer.installation.settings.single_operator
        policy = self.announcer.policies.version(sanction.provider, sanction.policy_version)
        armed = {(one.provider, one.kind, one.name) for one in arming.armed()}
        provider = sanction.provider
        missing = (
            (not enough(sanction, alone=alone), "too few people have agreed"),
            (sanction.measure not in policy.measures, "the policy did not reserve this measure"),
            ((provider, "power", sanction.power) not in armed, f"{sanction.power} is not armed"),
            ((provider, "clause", sanction.clause) not in armed, f"{sanction.clause} is not armed"),
            (_passed_on(sanction, self.clock()), "what it falls on is another customer's now"),
        )
        return next((text for holds, text in missing if holds), "")

    def _cap(self, sanction: Sanction, now: int) -> str:
        limits = self.announcer.policies.at(sanction.provider, now).limits
        others = sanctions.touching(sanction.provider, since=now - HOUR)
        count = ground.customers(sanction.provider, now)
        vouched = arming.resumed(sanction.provider, sanction.power)
        return over(sanction, others, limits, customers=count, now=now, vouched=vouched)

    def _take_back(self, item: Waiting, why: str) -> None:
        """From failed to lifting, since it may no longer be carried out."""
        now = self.clock()
        ending = {"ends_as": State.LIFTED.value, "reason": why}
        change(item.sanction.id, _from(item, State.LIFTING, **ending), now=now, next_at=now)

    def _rest(self, item: Waiting, why: str) -> None:
        """Let `item` wait until its power goes on; where it does already, it is due at once.

        Going on wakes what waits, so whether it is still paused is read where waiting is written.
        """
        now = self.clock()
        with unit():
            still = bool(_paused(item.sanction))
            sanctions.put_waiting(
                item.sanction,
                next_at=None if still else now,
                attempts=item.attempts,
                trouble=why if still else "",
            )

    def _sleep(self, item: Waiting, until: int | None, why: str) -> None:
        with unit():
            sanctions.put_waiting(item.sanction, next_at=until, attempts=item.attempts, trouble=why)


#: States in which it may be in force, and nobody has asked for its end yet.
_MAY_STAND = frozenset({State.APPLIED, State.VERIFIED, State.ANNOUNCED, State.FAILED})

_STEPS: Mapping[State, Callable[[Enforcer, Waiting, Power], None]] = {
    State.APPROVED: Enforcer.begin,
    State.APPLYING: Enforcer.apply,
    State.APPLIED: Enforcer.verify,
    State.VERIFIED: Enforcer.announce,
    State.ANNOUNCED: Enforcer.expire,
    State.LIFTING: Enforcer.undo,
    State.FAILED: Enforcer.again,
}


def _passed_on(sanction: Sanction, now: int) -> bool:
    """Whether somebody else holds the mailbox now: nobody is held for who was there before."""
    if sanction.scope != "mailbox":
        return False
    provider, target = sanction.provider, sanction.target
    domain = target.rpartition("@")[2]
    exact = ground.holders(provider, ("login", "mailbox"), target, now)
    holders = exact or ground.holders(provider, ("domain",), domain, now)
    return bool(holders) and sanction.customer not in holders


def _from(item: Waiting, to: State, **changes: Any) -> Callable[[Sanction], Sanction]:
    """Return the move from the state that was seen; nothing moves where a person was faster."""

    def moved(before: Sanction) -> Sanction:
        return move(before, to, **changes) if before.state is item.sanction.state else before

    return moved


def _over(sanction: Sanction, now: int) -> bool:
    return sanction.until is not None and sanction.until <= now and not sanction.ends_as


def _called_at(sanction: Sanction, power: Power) -> int:
    """Return from when on the power may be called; 0: at once."""
    delay = power.delay if isinstance(power, Delayed) else 0
    return (sanction.ready_at or 0) + delay if delay else 0


def _paused(sanction: Sanction) -> str:
    """Return what is paused that `sanction` waits for, in words; empty: nothing."""
    of = {"power": sanction.power, "clause": sanction.clause, "all": ""}
    found = [
        one
        for one in arming.paused()
        if one.provider == sanction.provider and one.power == of[one.kind]
    ]
    return f"`{found[0].called}` is paused" if found else ""


def _next(item: Waiting, now: int, *, retry: bool) -> int | None:
    """Return when to look again: soon, then ever later; what waits for a person still ends."""
    sanction = item.sanction
    if retry:
        return now + min(FIRST_WAIT << min(item.attempts, 20), LONGEST_WAIT)
    if sanction.in_force and sanction.until is not None and not sanction.ends_as:
        return max(sanction.until, now + FIRST_WAIT)
    return None


def _order(sanction: Sanction) -> Order:
    return Order(
        sanction=sanction.id,
        provider=sanction.provider,
        case=sanction.case,
        measure=sanction.measure,
        scope=sanction.scope,
        target=sanction.target,
        until=sanction.until,
        before=sanction.before,
        release=sanction.release,
        customer=sanction.customer,
        agreed_at=sanction.ready_at,
        amount=sanction.amount,
        currency=sanction.currency,
    )


def _alarm(sanction: Sanction, why: str, recording: Recording, *, now: int) -> None:
    what = f"{sanction.measure} of case {sanction.case[:12]} is {sanction.state}"
    text = f"{what} and cannot go on: {why}. Sanction {sanction.id[:12]}."
    alarm(recording, sanction.provider, "sanction-fails", sanction.id, text, now=now)


def _plain(fault: AupkeepError) -> str:
    return "; ".join(render(one).replace("\n", " ") for one in fault.faults)


def _why_ended(sanction: Sanction) -> str:
    if sanction.amount:
        return f"The fee of {written(sanction.amount, sanction.currency)} is credited in full."
    if sanction.release:
        return "Mail that was held for this reason alone has been sent on."
    if sanction.measure == Measure.HOLD_MAIL:
        return (
            "Mail that was held meanwhile is still held: tell us whether it should be sent on or "
            "deleted."
        )
    return ""
