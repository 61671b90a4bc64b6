"""Any report, in any format: what it accuses, or why it is none, or that a person must look.

In: the bytes of a mail or file. Out: a `Reading`, always; nothing raises, nothing is dropped. The
readers are tried in the order of one table; the first that finds something is believed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from typing import Literal

from aupkeep.signals.formats.accusation import Accusation, Found
from aupkeep.signals.formats.arf import is_feedback, read_arf
from aupkeep.signals.formats.jmrp import read_jmrp
from aupkeep.signals.formats.letter import Letter, open_letter
from aupkeep.signals.formats.mime import open_mail
from aupkeep.signals.formats.noise import is_bounce, noise_reason
from aupkeep.signals.formats.trace import received_at
from aupkeep.signals.formats.unsubscribe import read_unsubscribe
from aupkeep.signals.formats.xarf import read_xarf

Outcome = Literal["report", "noise", "review"]
Reader = Callable[[Letter], Found]

#: Reader -> function, in the order they are tried. A new format is one line here.
READERS: dict[str, Reader] = {
    "arf": read_arf,
    "xarf4": read_xarf,
    "jmrp": read_jmrp,
    "unsubscribe": read_unsubscribe,
}
#: Larger inputs are left to a person.
MOST_BYTES = 30_000_000
#: An address that nobody of ours holds makes an accusation worth this share.
_NOT_HELD = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What became of one report."""

    outcome: Outcome
    accusations: tuple[Accusation, ...] = ()
    warnings: tuple[str, ...] = ()
    #: Why it is noise or must be reviewed; empty for a report.
    reason: str = ""
    #: When it came in by its own fields, in microseconds UTC, or None.
    received: int | None = None
    #: Items that are in it but could not be taken; over 0, a person should look as well.
    unread: int = 0
    #: About the sexual abuse of children: the bytes must be sealed, whatever the outcome.
    sealed: bool = False


def read_report(data: bytes, *, holdings: Container[str] | None = None) -> Reading:
    """Return what the report in `data` says.

    Args:
        data: a whole mail, or a bare report file.
        holdings: the addresses that are ours; accusations of others lose confidence.
    """
    if len(data) > MOST_BYTES:
        return Reading(outcome="review", reason=f"larger than {MOST_BYTES // 1_000_000} MB")
    if not data.strip():
        return Reading(outcome="review", reason="empty")
    mail, oddities = open_mail(data)
    letter = open_letter(mail)
    found = _settle(letter)
    reading = Reading(
        outcome="report" if found.items else "review",
        accusations=found.items,
        warnings=oddities + found.warnings,
        reason="" if found.items else "no reader knows its form",
        received=received_at(mail.fields),
        unread=found.unread,
        sealed=found.sealed,
    )
    return _with_holdings(reading, holdings) if found.items else _without_items(reading, found)


def received_by(reading: Reading, written: int) -> int:
    """Return the instant by which a report without a trace of its way counts as received.

    It is the latest time that it accuses anybody of, but never after `written`, when the bytes
    were there already (both in microseconds UTC): nobody reports what is still to come.
    """
    times = [item.time for item in reading.accusations if item.time is not None]
    return min(max(times, default=written), written)


def _without_items(reading: Reading, found: Found) -> Reading:
    if found.unread:
        return replace(reading, reason="it accuses, but nothing of it could be read")
    if found.noise and not found.sealed:
        return replace(reading, outcome="noise", reason=found.noise)
    return reading


def _settle(letter: Letter) -> Found:
    """Try the letter, then the mails inside it (a forwarded complaint), nearest first."""
    if is_bounce(letter) and not any(map(is_feedback, letter.parts)):
        return Found(noise="a bounce or receipt")  # what it sends back is ours, not a complaint
    first = _read(letter)
    noise = "" if first.settled else noise_reason(letter)
    if first.settled or noise:
        return replace(first, noise=first.noise or noise)
    waiting = deque(letter.enclosed)
    while waiting:
        inner = waiting.popleft()
        found = _read(inner)
        if found.settled:
            return found
        waiting.extend(inner.enclosed)
    return first


def _read(letter: Letter) -> Found:
    """Return what the first reader that knows the letter says, with warnings of those before."""
    together = Found()
    for name, reader in READERS.items():
        found = _guarded(name, reader, letter)
        together = Found(
            items=found.items,
            warnings=together.warnings + found.warnings,
            noise=together.noise or found.noise,
            unread=together.unread + found.unread,
            sealed=together.sealed or found.sealed,
        )
        if found.items or found.noise or found.sealed:
            break
    return together


def _guarded(name: str, reader: Reader, letter: Letter) -> Found:
    """Run one reader: its failure is a warning and an item for review, never a lost mail."""
    try:
        return reader(letter)
    except Exception as error:  # noqa: BLE001 -- a fault in one reader must not lose the mail
        return Found(warnings=(f"reader {name} failed: {type(error).__name__}",), unread=1)


def _with_holdings(reading: Reading, holdings: Container[str] | None) -> Reading:
    if holdings is None:
        return reading
    strangers = {item.ip for item in reading.accusations if item.ip and item.ip not in holdings}
    items = tuple(
        replace(item, confidence=round(item.confidence * _NOT_HELD, 3))
        if item.ip in strangers
        else item
        for item in reading.accusations
    )
    warnings = tuple(f"{address} is held by nobody" for address in sorted(filter(None, strangers)))
    return replace(reading, accusations=items, warnings=reading.warnings + warnings)
