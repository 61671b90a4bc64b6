"""A customer answers on the page of a notice.

In: the notice and the customer's words. Out: the answer, kept word for word, its hash entered.
"""

from __future__ import annotations

from aupkeep.base.canonical import sha256
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.base.ids import make_id
from aupkeep.flow.postponing import answered
from aupkeep.flow.recording import Recording
from aupkeep.store import dialogue
from aupkeep.store.database import unit

#: Characters of one answer, and answers to one notice, at most.
LONGEST, MOST = 10_000, 50


def answer(notice: str, text: str, *, now: int) -> None:
    """Keep the answer `text`; the same text again changes nothing.

    Raises `AupkeepError` for an empty or too long answer, too many of them, or no such notice.
    """
    # What cannot be written down as UTF-8 cannot be kept word for word either.
    said = text.encode("utf-8", "replace").decode().strip()
    if not said:
        raise AupkeepError(Fault(code="empty-answer", what="the answer is empty"))
    if len(said) > LONGEST:
        what = f"the answer has {len(said)} characters, and {LONGEST} is the most"
        raise AupkeepError(
            Fault(code="long-answer", what=what, hint="send the rest as another one")
        )
    with unit():
        found = dialogue.get_notice(notice)
        if found is None:
            raise AupkeepError(Fault(code="no-such-notice", what="there is no such notice"))
        there = dialogue.answers_to(notice)
        identity = make_id("answer", notice, said)
        if any(item.id == identity for item in there):
            return
        if len(there) >= MOST:
            what = f"{MOST} answers to this notice have arrived, which is the most"
            raise AupkeepError(Fault(code="many-answers", what=what))
        dialogue.put_answer(
            dialogue.Answer(id=identity, notice=notice, case=found.case, at=now, text=said)
        )
        recording = Recording()
        content = sha256(said.encode())
        body = {"notice": notice, "sanction": found.sanction, "content": content}
        recording.enter(found.provider, "customer_answered", found.case, body, at=now)
        answered(found.case, recording, now=now)
        recording.keep()
