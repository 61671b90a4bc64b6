"""The acts of trying again and of settling a doubt.

In: a sanction that waits for a person. Out: the same, due at once.
"""

from __future__ import annotations

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.flow.installation import Installation
from aupkeep.flow.powers import channel
from aupkeep.outlets.mail.smtp import Smtp
from aupkeep.sanctions.notice import OF_END, OF_MEASURE, notice_id
from aupkeep.sanctions.sanction import OVER, Sanction, State
from aupkeep.store import dialogue, sanctions
from aupkeep.store.database import unit


def retry(identity: str, *, now: int) -> Sanction:
    """Make the next step of a sanction due now; raises `AupkeepError` where there is none."""
    with unit():
        item = sanctions.waiting(identity)
        if item is None:
            raise AupkeepError(Fault(code="no-such-sanction", what=f"no sanction is `{identity}`"))
        sanction = item.sanction
        over = sanction.state in OVER and not item.trouble
        if over or sanction.would_do or sanction.state is State.PROPOSED:
            raise AupkeepError(
                Fault(code="nothing-waits", what=f"nothing of sanction {sanction.id[:12]} waits")
            )
        sanctions.put_waiting(sanction, next_at=now, attempts=0, trouble="")
    return sanction


def settle(installation: Installation, identity: str, *, sent: bool, now: int) -> Sanction:
    """Say of the doubtful letter of a sanction that it was `sent`, or that it goes out again."""
    way = channel(installation)
    sanction = sanctions.get_sanction(identity)
    if sanction is None or not isinstance(way, Smtp):
        raise AupkeepError(Fault(code="no-doubt", what="no letter of it is in doubt"))
    doubtful = set(way.doubtful())
    ids = [notice_id(sanction.id, kind) for kind in (OF_MEASURE, OF_END)]
    found = [one for one in ids if one in doubtful]
    if not found:
        raise AupkeepError(Fault(code="no-doubt", what="no letter of it is in doubt"))
    for one in found:
        if sent:
            way.settle(one)
            with unit():
                dialogue.mark_sent(one, now=now)
        else:
            way.resend(one)
    return retry(sanction.id, now=now)
