"""The acts of pausing a power, a clause or everything, and letting it go on.

In: a provider, and what should wait. Out: the pause, entered. While something is paused, what it
should do waits; nothing that is in force changes, and lifting goes on.
"""

from __future__ import annotations

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.flow.alarms import alarm
from aupkeep.flow.recording import Recording
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.store import arming, sanctions
from aupkeep.store.database import unit

#: What can be paused: one power, what follows from one clause, all of a provider.
POWER, CLAUSE, ALL = "power", "clause", "all"


def pause(
    provider: str, name: str, reason: str, *, now: int, by: str = "", kind: str = POWER
) -> bool:
    """Pause the power or clause `name`, or all, and raise an alarm; False where it is already.

    Raises `AupkeepError` without a reason.
    """
    said = _reason(reason)
    with unit():
        item = arming.Paused(provider=provider, power=name, since=now, reason=said, kind=kind)
        if not arming.pause(item):
            return False
        recording = Recording()
        body = {"kind": kind} | ({"by": by} if by else {})
        recording.enter(provider, "paused", item.called, body, at=now)
        text = (
            f"`{item.called}` is paused: {said}. What it should do waits until a person says go on."
        )
        alarm(recording, provider, "paused", item.called, text, now=now)
        recording.keep()
    return True


def go_on(
    provider: str, name: str, person: str, reason: str, *, now: int, kind: str = POWER
) -> None:
    """Let it go on; raises `AupkeepError` without a reason or where nothing is paused."""
    _reason(reason)
    called = "everything" if kind == ALL else name
    with unit():
        if not arming.unpause(provider, name, now=now, kind=kind):
            raise AupkeepError(
                Fault(code="not-paused", what=f"`{called}` of `{provider}` is not paused")
            )
        recording = Recording()
        recording.enter(provider, "resumed", called, {"kind": kind, "by": person}, at=now)
        recording.keep()
        for item in sanctions.all_sanctions(states=[State.APPROVED], provider=provider):
            # What something else still keeps waiting goes back to its rest when it is looked at.
            if _meant(item.sanction, kind, name):
                due = max(now, item.sanction.ready_at or now)
                sanctions.put_waiting(
                    item.sanction, next_at=due, attempts=item.attempts, trouble=""
                )


def _meant(sanction: Sanction, kind: str, name: str) -> bool:
    return kind == ALL or name == (sanction.power if kind == POWER else sanction.clause)


def _reason(text: str) -> str:
    said = " ".join(text.split())
    if not said:
        raise AupkeepError(
            Fault(code="no-reason", what="a reason is needed", hint="say why in a few words")
        )
    return said
