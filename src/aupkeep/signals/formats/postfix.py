"""Postfix mail log, whatever syslog form it has.

In: a block of lines. Out: `parse`: the records that the mail join needs, `fields`: all that one
line states. Free text (greetings, subjects, addresses, replies) forges no field; see
`postfix_kernel` and `postfix_grammar`.

Records are tuples of text, first their kind, then `host queueid`; a field that is not stated is
empty text, or None where empty text means something:

    C  client: name, address, login, first queue id, first client's name and address (XFORWARD)
    M  message id: id
    Q  queued: sender, size, recipients
    O  outcome: transport, recipient, original recipient, relay, delay, dsn, status, reply
    R  removed
    P  picked up: uid, sender, first queue id
    E  expired: sender
    N  notification: its queue id
    A  action of an administrator: placed on hold, released from hold, requeued
    J  refused: status, transport, client name and address, login, sender, recipient, dsn, reply;
       the status is rejected, held, or withheld: held by our own map
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from aupkeep.signals.formats import postfix_kernel as kernel
from aupkeep.signals.formats.postfix_cleanup import cleanup
from aupkeep.signals.formats.postfix_delivery import delivery
from aupkeep.signals.formats.postfix_grammar import QUEUE_ID, Fields, strip_level
from aupkeep.signals.formats.postfix_queue import bounce, pickup, postsuper, qmgr
from aupkeep.signals.formats.postfix_smtpd import smtpd
from aupkeep.signals.formats.syslog import LineClock, Lines, read
from aupkeep.signals.parsed import KEPT_OF_REJECT, Parsed, Reject

__all__ = ["LineClock", "fields", "parse"]

Record = tuple[Any, ...]

_READERS: dict[str, Callable[[str], Fields]] = {
    "smtpd": smtpd,
    "cleanup": cleanup,
    "qmgr": qmgr,
    "nqmgr": qmgr,
    "pickup": pickup,
    "bounce": bounce,
    "postsuper": postsuper,
}
_ID = re.compile(rf"({QUEUE_ID}): ")
_CONTROL = re.compile("[\x00-\x1f\x7f]")
#: Reason word of a line whose form is known and which does not fit it (cut off, as a rule).
_BROKEN = "broken fields"
_STATUSES = {"reject": "rejected", "hold": "held"}


def parse(block: bytes, clock: LineClock) -> Parsed:
    """Read the records of a block of whole lines, in order; moves `clock` on."""
    lines = read(block, clock)
    heads = kernel.to_heads(
        lines.host, lines.host_end, lines.program, lines.program_end, lines.body, lines.end
    )
    out, owners, kinds = kernel.compile_records(np.frombuffer(block, dtype=np.uint8), heads)
    text = out.tobytes().decode("utf-8", "replace")
    separator = kernel.SEPARATOR
    records: list[Any] = [tuple(line.split(separator)) for line in text.split("\n")[:-1]]
    kept = kinds != kernel.BROKEN
    broken = np.flatnonzero(~kept).tolist()
    for i in np.flatnonzero(kinds == kernel.FULL).tolist():
        records[i] = _full(records[i][1], *_texts(block, lines, int(owners[i])))
        kept[i] = records[i] is not None
    if not kept.all():
        records = [record for record, keep in zip(records, kept.tolist(), strict=True) if keep]
    rejects = lines.rejects + [_reject(block, lines, int(owners[i])) for i in broken]
    return Parsed(
        times=lines.time[owners[kept]],
        offsets=lines.start[owners[kept]],
        records=records,
        first=lines.first,
        lines=lines.lines,
        ignored=lines.lines - len(records) - len(rejects),
        rejects=sorted(rejects, key=lambda reject: reject.offset),
    )


def fields(program: str, body: str) -> dict[str, object]:
    """Return what the body of a line of `program` (such as `postfix/smtpd`) states, by name."""
    level, rest = strip_level(body)
    found = _ID.match(rest)
    stated: Fields = dict(level)
    if found:
        stated["queue_id"] = found[1]
        rest = rest[found.end() :]
    name = program.rpartition("/")[2]
    if level and found:
        # A warning about a message is prose; only smtpd and postsuper's own forms are grammar.
        return stated | {"message": rest}
    return stated | _READERS.get(name, delivery)(rest)


def _texts(block: bytes, lines: Lines, line: int) -> tuple[str, str]:
    """Return the last part of a line's program, and its body without control characters."""
    program = block[lines.program[line] : lines.program_end[line]].decode("utf-8", "replace")
    body = block[lines.body[line] : lines.end[line]].decode("utf-8", "replace")
    return program.rpartition("/")[2], _CONTROL.sub("?", body)


def _full(key: str, program: str, body: str) -> Record | None:
    """Return the record of a line that needs the whole grammar; None where it says nothing."""
    stated = fields(program, body)
    action = str(stated.get("action", ""))
    if program in ("smtpd", "cleanup"):
        return _refused(key, program, action, stated)
    if program == "bounce" and "bounce_queue_id" in stated:
        return ("N", key, stated["bounce_queue_id"])
    if program == "postsuper" and action:
        return ("A", key, action)
    expired = str(stated.get("status", "")).endswith("expired")
    return ("E", key, stated["sender"]) if expired else None


def _refused(key: str, program: str, action: str, stated: Fields) -> Record | None:
    """Return the record of a message that was rejected or held, by its own name or a milter's."""
    status = _STATUSES.get(action.rpartition("-")[2])
    if status is None:
        return None
    if "sanctions" in stated:
        status = "withheld"
    # A line of cleanup names the client after text of strangers; the client's own line is better.
    names = ("client_name", "client_ip", "login") if program == "smtpd" else ()
    client = tuple(stated.get(name, "") for name in names) or ("", "", "")
    envelope = (stated.get("sender"), stated.get("recipient"))
    said = stated.get("reply") or stated.get("argument") or stated.get("message", "")
    return ("J", key, status, program, *client, *envelope, stated.get("dsn", ""), said)


def _reject(block: bytes, lines: Lines, line: int) -> Reject:
    start, end = int(lines.start[line]), int(lines.end[line])
    return Reject(
        offset=start, head=block[start : min(end, start + KEPT_OF_REJECT)], reason=_BROKEN
    )
