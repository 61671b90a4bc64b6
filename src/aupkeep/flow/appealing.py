"""The acts of appealing and of deciding an appeal.

In: a notice's page and the customer's words; then a person, a decision and its reason. Out: the
appeal, entered; where it was right, what the measure did is taken back in the same transaction, and
the customer gets a letter. `appeal_decided` says what no longer counts against the customer.
"""

from __future__ import annotations

from aupkeep.base.canonical import sha256
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.flow.alarms import alarm
from aupkeep.flow.answering import no_such_notice
from aupkeep.flow.changing import keep
from aupkeep.flow.moving import appeal_decided, appeal_lodged
from aupkeep.flow.recording import Recording
from aupkeep.flow.talking import Saying, say
from aupkeep.policy.model import Measure, Policy
from aupkeep.policy.words import CREDITED, REVERSIBLE
from aupkeep.sanctions import approval
from aupkeep.sanctions.appeal import Appeal, involved, lodge, stands, told, undoes
from aupkeep.sanctions.appeal import decide as decided
from aupkeep.sanctions.notice import APPEAL_DECISION, APPEAL_RECEIPT, OF_MEASURE, notice_id
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.store import appeals, dialogue, sanctions
from aupkeep.store.database import unit

_NOT_BEGUN = frozenset({State.PROPOSED, State.APPROVED})


def appeal_until(sanction: Sanction, policy: Policy) -> int | None:
    """Return until when `sanction` can be appealed; None: the customer was not told of it yet."""
    measure = dialogue.get_notice(notice_id(sanction.id, OF_MEASURE))
    return measure.at + policy.appeal_within if measure else None


def appeal(notice: str, text: str, policy: Policy, *, now: int, alone: bool = False) -> Appeal:
    """Keep the appeal `text` against what `notice` tells of; the same again changes nothing.

    `policy` is the version that the notice names; `alone` says that one person runs the desk.
    Raises `AupkeepError` for no such notice and as `sanctions.appeal.lodge` does.
    """
    with unit():
        found = dialogue.get_notice(notice)
        sanction = sanctions.get_sanction(found.sanction) if found else None
        until = appeal_until(sanction, policy) if sanction else None
        if found is None or sanction is None or until is None:
            raise no_such_notice()
        earlier = appeals.appeals_against(sanction.id)
        made = lodge(sanction, notice, text, earlier, until=until, now=now)
        if made in earlier:
            return made
        appeals.put_appeal(made)
        recording = Recording()
        dialogue.mark_seen(notice, now=now)
        body = {
            "appeal": made.id,
            "sanction": sanction.id,
            "measure": sanction.measure,
            "customer": made.customer,
            "answer": sha256(made.text.encode()),
        }
        entry = recording.enter(made.provider, "appeal_lodged", made.case, body, at=now)
        receipt = Saying(kind=APPEAL_RECEIPT, about=made.id, alone=alone)
        say(sanction, receipt, entry, now=now)
        appeal_lodged(made.case, recording, now=now)
        what = f"an appeal against {sanction.measure} of case {made.case[:12]} waits for a decision"
        alarm(recording, made.provider, "appeal", made.id, what, now=now)
        recording.keep()
    return made


def decide(
    identity: str, person: str, outcome: str, reason: str, *, now: int, alone: bool = False
) -> Appeal:
    """Let `person` decide an appeal: `uphold`, `overturn` or `partly`; see `sanctions.appeal`.

    `alone` is the mode for one operator. Raises `AupkeepError` for no such appeal and as `decide`
    there does, and then nothing is changed.
    """
    with unit():
        found = appeals.get_appeal(identity)
        sanction = sanctions.get_sanction(found.sanction) if found else None
        if found is None or sanction is None:
            what = f"no appeal, or more than one, has an id that begins with `{identity}`"
            hint = "`aupkeep appeal list` names them all"
            raise AupkeepError(Fault(code="no-such-appeal", what=what, hint=hint))
        made = decided(found, involved(sanction), person, outcome, reason, now=now, alone=alone)
        appeals.put_appeal(made)
        recording = Recording()
        taken_back = _take_back(made, sanction, recording, now=now) if undoes(made) else ""
        body: dict[str, object] = {
            "appeal": made.id,
            "sanction": sanction.id,
            "measure": sanction.measure,
            "outcome": made.outcome,
            # What others read: whether the breach still counts as a strike, and a fee is owed.
            "strike_stands": not made.clears,
            "fee_stands": not undoes(made),
            "taken_back": taken_back,
            "same_person": made.same_person,
            "by": person,
            "customer": made.customer,
            "text": sha256(made.reason.encode("utf-8", "replace")),
        }
        entry = recording.enter(made.provider, "appeal_decided", made.case, body, at=now)
        saying = Saying(
            kind=APPEAL_DECISION, about=made.id, reason=told(made), alone=made.same_person
        )
        say(sanction, saying, entry, now=now)
        appeal_decided(made.case, recording, now=now)
        recording.keep()
    return made


def _take_back(made: Appeal, sanction: Sanction, recording: Recording, *, now: int) -> str:
    """Run the inverse of what `sanction` did; return how: `lifting`, `refused`, or nothing."""
    person, reason = made.decided_by, f"appeal {made.outcome}: {made.reason}"
    if not stands(sanction):
        return ""
    if sanction.state in _NOT_BEGUN:
        new = approval.refuse(sanction, person, reason, now=now)
    elif Measure(sanction.measure) not in REVERSIBLE | CREDITED:
        return ""
    elif sanction.state is State.APPLYING:
        # The power may be at it: it is looked at again by whoever decides, a moment later.
        what = "it is being carried out at this moment"
        raise AupkeepError(Fault(code="at-work", what=what, hint="decide again in a minute"))
    else:
        new = approval.lift(sanction, person, reason, release=True)
    keep(new, recording, now=now, by=person, next_at=now)
    return new.state.value
