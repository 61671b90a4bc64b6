"""The acts on alarms: raise, send again and again, acknowledge.

In: what went wrong. Out: an alarm that reaches the operator's own addresses in every mode, observe
too, until somebody acknowledges it.
"""

from __future__ import annotations

from aupkeep.base.clock import MINUTE, format_instant
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.flow.recording import Recording
from aupkeep.sanctions.wording import one_line
from aupkeep.store import alarms
from aupkeep.store.database import unit

#: An alarm that could not be sent is tried again after this time, if repeating is not sooner.
TRY_AGAIN = MINUTE


def alarm(
    recording: Recording, provider: str, kind: str, subject: str, text: str, *, now: int
) -> None:
    """Raise an alarm inside a unit; the same one that still waits is not raised again.

    A stranger's words may be in `subject` and `text` (a login, a line of a map, which may be no
    text at all), so both are made one line.
    """
    raised = alarms.raise_alarm(provider, kind, one_line(subject), one_line(text), now=now)
    if raised is not None:
        recording.enter(provider, "alarm_raised", raised.id, {"alarm": kind}, at=now)


def raise_alarm(provider: str, kind: str, subject: str, text: str, *, now: int) -> None:
    """Raise an alarm in a transaction of its own."""
    with unit():
        recording = Recording()
        alarm(recording, provider, kind, subject, text, now=now)
        recording.keep()


def acknowledge(identity: str, person: str, *, now: int) -> None:
    """Let `person` acknowledge an alarm, which ends its repetition; twice is no fault.

    Raises `AupkeepError` where there is no such alarm.
    """
    with unit():
        known = alarms.get_alarm(identity)
        if known is None:
            raise AupkeepError(Fault(code="no-such-alarm", what=f"there is no alarm `{identity}`"))
        found = alarms.acknowledge(known.id, person, now=now)
        if found is None:
            return
        recording = Recording()
        body = {"alarm": found.kind, "by": person}
        recording.enter(found.provider, "alarm_acknowledged", found.id, body, at=now)
        recording.keep()


def wording(item: alarms.Alarm) -> tuple[str, str]:
    """Return subject and text of an alarm as it is sent."""
    again = f" (said {item.sent} times before)" if item.sent else ""
    text = (
        f"{item.text}\n\nProvider {item.provider}, since {format_instant(item.raised_at)}{again}.\n"
        f"It is repeated until somebody acknowledges it: on the desk, or by\n"
        f"    aupkeep alarm acknowledge {item.id[:12]}\n"
    )
    return f"[aupkeep] {item.provider}: {item.kind}", text
