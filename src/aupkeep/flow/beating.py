"""A sign of life, so that silence is noticed.

In: an installation whose settings name a heartbeat. Out: a message every so often, to an address
or people outside, only while engine, hand and web are all at work. Who gets none any more knows
that something stands still, even if the machine is gone.
"""

from __future__ import annotations

from aupkeep.base.clock import MINUTE, format_instant, parse_duration
from aupkeep.base.errors import AupkeepError
from aupkeep.flow.announcing import Announcer
from aupkeep.flow.health import at_work
from aupkeep.flow.installation import Installation
from aupkeep.outlets.mail.letter import Letter
from aupkeep.outlets.webhook.post import Webhook
from aupkeep.store import heartbeats
from aupkeep.store.database import unit
from aupkeep.store.heartbeats import Heartbeat

#: One that did not leave is tried again after this time, if the next is not due sooner.
RETRY = MINUTE


def beat(announcer: Announcer, provider: str, *, now: int) -> int | None:
    """Send a sign of life where one is due; return when to look again, None: never.

    One that cannot be sent, or that some process does not earn, is tried again at the next look.
    """
    installation = announcer.installation
    wanted = installation.settings.alarm
    if not wanted.heartbeat or not (wanted.heartbeat_url or wanted.heartbeat_mail):
        return None
    every = parse_duration(wanted.heartbeat)
    last = heartbeats.heartbeat()
    if now < last.at + every <= now + every:
        return last.at + every
    idle = [name for name, there in at_work(installation).items() if not there]
    troubles = [f"{name} is not at work" for name in idle] or _send(announcer, provider, now)
    kept = Heartbeat(at=last.at if troubles else now, trouble="; ".join(troubles))
    if kept != last:
        with unit():
            heartbeats.put_heartbeat(kept)
    return now + (min(every, RETRY) if troubles else every)


def overdue(installation: Installation, now: int) -> list[str]:
    """Return why signs of life are missed outside, for `doctor`."""
    wanted = installation.settings.alarm
    if not wanted.heartbeat:
        return []
    last = heartbeats.heartbeat()
    late = now > last.at + 2 * parse_duration(wanted.heartbeat)
    why = last.trouble or "no hand has sent one"
    when = format_instant(last.at) if last.at else "never"
    return [f"heartbeat: the last one left {when}: {why}"] if late or last.trouble else []


def _send(announcer: Announcer, provider: str, now: int) -> list[str]:
    """Send one by every way; return why it did not reach somebody."""
    wanted, troubles = announcer.installation.settings.alarm, []
    said = "engine, hand and web are at work"
    for recipient in wanted.heartbeat_mail:
        letter = Letter(
            id=f"heartbeat-{now}-{recipient}",
            provider=provider,
            sender=announcer.sender(provider, now),
            recipient=recipient,
            subject="[aupkeep] heartbeat",
            text=f"{said} at {format_instant(now)}. When this stops coming, look.\n",
            at=now,
        )
        try:
            if announcer.channel is None:
                troubles.append("no way for letters is named in the settings")
            else:
                announcer.channel.send(letter)
        except AupkeepError as fault:
            troubles += [one.what for one in fault.faults]
    if wanted.heartbeat_url:
        try:
            Webhook(url=wanted.heartbeat_url).post(
                f"heartbeat-{now}", {"heartbeat": said, "at": now}
            )
        except AupkeepError as fault:
            troubles += [one.what for one in fault.faults]
    return troubles
