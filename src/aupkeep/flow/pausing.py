"""The acts of pausing a power and letting it go on.

In: a provider and a power. Out: the pause, entered. While a power is paused, what it should do
waits; nothing that is in force changes, and lifting goes on.
"""

from __future__ import annotations

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.flow.alarms import alarm
from aupkeep.flow.recording import Recording
from aupkeep.sanctions.sanction import State
from aupkeep.store import arming, sanctions
from aupkeep.store.database import unit


def pause(provider: str, power: str, reason: str, *, now: int, by: str = "") -> bool:
    """Pause `power` and raise an alarm; False where it is paused already."""
    with unit():
        item = arming.Paused(provider=provider, power=power, since=now, reason=reason)
        if not arming.pause(item):
            return False
        recording = Recording()
        body = {"by": by} if by else {}
        recording.enter(provider, "paused", power, body, at=now)
        text = f"`{power}` is paused: {reason}. What it should do waits until a person says go on."
        alarm(recording, provider, "paused", power, text, now=now)
        recording.keep()
    return True


def go_on(provider: str, power: str, person: str, reason: str, *, now: int) -> None:
    """Let `power` go on; raises `AupkeepError` without a reason or where nothing is paused."""
    if not reason.strip():
        raise AupkeepError(
            Fault(code="no-reason", what="a reason is needed", hint="say why in a few words")
        )
    with unit():
        if not arming.unpause(provider, power, now=now):
            raise AupkeepError(
                Fault(code="not-paused", what=f"`{power}` of `{provider}` is not paused")
            )
        recording = Recording()
        recording.enter(provider, "resumed", power, {"by": person}, at=now)
        recording.keep()
        for item in sanctions.all_sanctions(states=[State.APPROVED], provider=provider):
            if item.sanction.power == power:
                due = max(now, item.sanction.ready_at or now)
                sanctions.put_waiting(
                    item.sanction, next_at=due, attempts=item.attempts, trouble=""
                )
