"""A letter came back: its notice counts as not delivered, and people are told.

In: the bytes of messages, given or out of a Maildir. Out: notices marked, entered, with an alarm.
Who holds a letter can forge that it came back; that only keeps silence from being held against
them, and a person reads the alarm.
"""

from __future__ import annotations

from pathlib import Path

from aupkeep.base.canonical import sha256
from aupkeep.flow.alarms import alarm
from aupkeep.flow.recording import Recording
from aupkeep.outlets import durable
from aupkeep.sanctions.reaching import FIRSTS, SECONDS
from aupkeep.signals.formats.bounce import Bounce, read_bounce
from aupkeep.store import dialogue
from aupkeep.store.database import unit

#: Files of a Maildir taken at a time.
MOST = 100


def take(data: bytes, *, now: int) -> tuple[Bounce | None, list[str]]:
    """Return what a message says, and the ids of the notices that are newly known to have failed.

    A failure that may pass is no bounce yet: the mail server goes on trying.
    """
    found = read_bounce(data)
    if found is None or not found.permanent:
        return found, []
    with unit():
        recording = Recording()
        content = sha256(data)
        marked = [
            sent.notice.id
            for letter in found.letters
            for name, end in [_copy(letter)]
            for sent in _carried(name)
            if _mark(sent, found, recording, content, end=end, now=now)
        ]
        recording.keep()
    return found, marked


def sweep(maildir: Path, *, now: int) -> bool:
    """Take what is new in a Maildir and move it to what was read; False where nothing was.

    Raises `OSError` where the folder cannot be read.
    """
    fresh = sorted(one for one in (maildir / "new").iterdir() if one.is_file())[:MOST]
    for path in fresh:
        take(path.read_bytes(), now=now)
        durable.folder(maildir / "cur", mode=0o700)
        durable.move(path, maildir / "cur" / f"{path.name}:2,S")
    return bool(fresh)


def _copy(letter: str) -> tuple[str, str]:
    """Return the id of a letter, and what tells the copy apart."""
    ends = [end for end in (*FIRSTS, *SECONDS) if end and letter.endswith(end)]
    end = ends[0] if ends else ""
    return letter.removesuffix(end), end


def _carried(letter: str) -> list[dialogue.Sent]:
    """Return the notices in a letter: one of the same id, or several."""
    found = dialogue.sent(letter)
    return [found] if found else dialogue.carried(letter)


def _mark(  # one parameter a fact of what came back
    sent: dialogue.Sent,
    found: Bounce,
    recording: Recording,
    content: str,
    *,
    end: str,
    now: int,
) -> bool:
    notice = sent.notice
    why = f"it could not be delivered to {', '.join(found.addresses)}"
    if end in SECONDS:
        # The first letter went to the held mailbox: its owner was not reached elsewhere.
        fresh = not sent.held_only
        dialogue.mark_held_only(notice.id)
    elif notice.second and not end:
        return False
    else:
        fresh = dialogue.mark_bounced(notice.id, why, now=now)
    if not fresh:
        return False
    body = {
        "notice": notice.id,
        "sanction": notice.sanction,
        "customer": notice.customer,
        "text": content,
    }
    recording.enter(notice.provider, "notice_bounced", notice.case, body, at=now)
    text = f"the notice {notice.id[:12]} to {notice.customer} came back: {why}"
    alarm(recording, notice.provider, "bounced", notice.id, text, now=now)
    return True
