"""Lines about messages in the queue: qmgr, pickup, bounce, postsuper.

In: the body of a line, its queue id already split off. Out: the fields that it states.
"""

from __future__ import annotations

import re

from aupkeep.signals.formats.postfix_grammar import QUEUE_ID, Fields

_QUEUED = re.compile(r"from=<(?P<sender>.*)>, size=(?P<size>\d+), nrcpt=(?P<recipients>\d+) \(.*")
_EXPIRED = re.compile(
    r"from=<(?P<sender>.*)>, status=(?P<status>(?:force-)?expired), (?P<message>returned to sender)"
)
_PICKED = re.compile(
    r"uid=(?P<system_user>\d+) from=<(?P<sender>.*)>(?: orig_id=(?P<orig_queue_id>[0-9A-Za-z]+))?"
)
_NOTICE = re.compile(
    r"(?P<notified>sender|postmaster) (?P<notification>[a-z -]+?) notification: "
    rf"(?P<bounce_queue_id>{QUEUE_ID})"
)
_SUMMARY = re.compile(r"(?P<action>[A-Z][a-z ]+): (?P<count>\d+) messages?")
#: What postsuper did to a message.
_ACTIONS = ("removed", "requeued", "placed on hold", "released from hold", "expired")


def qmgr(body: str) -> Fields:
    """Read a line of qmgr; the sender, all free text there is, ends where the line's end begins."""
    queued = _QUEUED.fullmatch(body)
    if queued:
        counts = {"size": int(queued["size"]), "recipients": int(queued["recipients"])}
        return {"sender": queued["sender"], **counts}
    expired = _EXPIRED.fullmatch(body)
    return expired.groupdict() if expired else {"message": body}


def pickup(body: str) -> Fields:
    """Read `uid=1000 from=<sender>` and `uid=110 from=<sender> orig_id=QUEUEID` (requeued)."""
    found = _PICKED.fullmatch(body)
    if found is None:
        return {"message": body}
    fields: Fields = {"system_user": int(found["system_user"]), "sender": found["sender"]}
    return fields | ({"orig_queue_id": found["orig_queue_id"]} if found["orig_queue_id"] else {})


def bounce(body: str) -> Fields:
    """Read `sender non-delivery notification: QUEUEID`."""
    found = _NOTICE.fullmatch(body)
    return found.groupdict() if found else {"message": body}


def postsuper(body: str) -> Fields:
    """Read what was done to one message, or the count at the end."""
    found = _SUMMARY.fullmatch(body)
    if found:
        return {"action": found["action"], "count": int(found["count"])}
    return {"action": body} if body in _ACTIONS else {"message": body}
