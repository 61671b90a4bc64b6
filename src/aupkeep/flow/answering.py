"""What a customer does on the page of a notice: answer, say that it is mended, say that it is read.

In: the notice and the customer's words. Out: the answer, kept word for word, its hash entered. Only
what is posted is an act: programs that follow every link of a mail open pages, and post nothing.
"""

from __future__ import annotations

from aupkeep.base.canonical import sha256
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.base.ids import make_id
from aupkeep.cases.state import Cause
from aupkeep.flow.moving import happen
from aupkeep.flow.postponing import answered
from aupkeep.flow.recording import Recording
from aupkeep.store import dialogue, evidence
from aupkeep.store.database import unit

#: Characters of one answer, and answers to one notice, at most.
LONGEST, MOST = 10_000, 50

_ACTS = {dialogue.ANSWER: "customer_answered", dialogue.FIXED: "customer_fixed"}


def answer(notice: str, text: str, *, now: int) -> None:
    """Keep the answer `text`; the same text again changes nothing.

    Raises `AupkeepError` for an empty or too long answer, too many of them, or no such notice.
    """
    _keep(notice, text, dialogue.ANSWER, now=now)


def fixed(notice: str, text: str, *, now: int) -> None:
    """Keep that the customer says the cause is gone, in the words `text`: it is looked at anew.

    The case is decided again at once, and `store.dialogue.claims` names the claim for the check of
    its cause. Raises as `answer` does.
    """
    _keep(notice, text, dialogue.FIXED, now=now)


def read(notice: str, *, now: int) -> None:
    """Keep that somebody says they have read the notice; again changes nothing.

    Raises `AupkeepError` where there is no such notice.
    """
    with unit():
        found = dialogue.sent(notice)
        if found is None:
            raise no_such_notice()
        if found.seen_at is not None:
            return
        dialogue.mark_seen(notice, now=now)
        recording = Recording()
        body = {
            "notice": notice,
            "sanction": found.notice.sanction,
            "customer": found.notice.customer,
        }
        recording.enter(found.notice.provider, "notice_seen", found.notice.case, body, at=now)
        evidence.look_again(found.notice.case, now)
        recording.keep()


def _keep(notice: str, text: str, kind: str, *, now: int) -> None:
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
            raise no_such_notice()
        there = dialogue.answers_to(notice)
        # The same words may first be an answer and then a claim; older ids have no kind in them.
        identity = make_id("answer", notice, said, *([kind] if kind != dialogue.ANSWER else []))
        if any(item.id == identity for item in there):
            return
        if len(there) >= MOST:
            what = f"{MOST} answers to this notice have arrived, which is the most"
            raise AupkeepError(Fault(code="many-answers", what=what))
        # A case may have been taken over since the notice was written.
        standing = evidence.standing_case(found.case)
        case = standing.id if standing else found.case
        dialogue.put_answer(
            dialogue.Answer(id=identity, notice=notice, case=case, at=now, text=said, kind=kind)
        )
        recording = Recording()
        dialogue.mark_seen(notice, now=now)
        body = {
            "notice": notice,
            "sanction": found.sanction,
            "customer": found.customer,
            "answer": sha256(said.encode()),
        }
        recording.enter(found.provider, _ACTS[kind], case, body, at=now)
        answered(case, recording, now=now)
        if standing is not None:
            happen(standing, Cause.CUSTOMER_ANSWERED, recording, now=now)
        if kind == dialogue.FIXED:
            evidence.look_again(case, now)
            evidence.probe_again(case, now)
        recording.keep()


def no_such_notice() -> AupkeepError:
    """Return the fault of a link to nothing."""
    return AupkeepError(Fault(code="no-such-notice", what="there is no such notice"))
