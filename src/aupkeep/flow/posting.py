"""Letters of the talk: written and sent by the hand, each once.

In: letters that acts of the desk left due. Out: notices with the checkpoint that only the hand can
sign, and letters that have left; what cannot leave waits, with an alarm, and is tried again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aupkeep.base.clock import MINUTE, SECOND
from aupkeep.base.errors import AupkeepError
from aupkeep.flow.alarms import raise_alarm
from aupkeep.flow.announcing import Announcer, Said
from aupkeep.sanctions.power import PowerFault
from aupkeep.store import appeals, dialogue, sanctions
from aupkeep.store.appeals import Posting
from aupkeep.store.database import unit

#: Letters in one turn, and how long it lasts: a server that hangs must not hold up the rest.
MOST, TURN = 100, MINUTE
#: Time until one is tried again: at first, and at most.
FIRST_WAIT, LONGEST_WAIT = 2 * SECOND, 10 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Sends what is due."""

    announcer: Announcer
    clock: Callable[[], int]

    def turn(self) -> bool:
        """Write and send what is due; False when nothing was."""
        listed = appeals.due_letters(self.clock(), most=MOST)
        until = self.clock() + TURN if listed else 0
        for posting in listed:
            if self.clock() > until:
                break
            try:
                self._send(posting)
            except AupkeepError as fault:
                if any(one.code == "database-refuses" for one in fault.faults):
                    raise
                self.announcer.signer.forget()
                self._wait(posting, fault)
        return bool(listed)

    def _send(self, posting: Posting) -> None:
        due = posting.letter
        if dialogue.sent(due.id) is None:
            sanction = sanctions.get_sanction(due.sanction)
            if sanction is not None:
                said = Said(reason=due.reason, about=due.about, alone=due.alone or None)
                with unit():
                    now = self.clock()
                    self.announcer.write(sanction, due.kind, due.entry, now=now, said=said)
        self.announcer.send(due.id, now=self.clock())
        with unit():
            appeals.put_waiting(due.id, next_at=None, attempts=posting.attempts, trouble="")

    def _wait(self, posting: Posting, fault: AupkeepError) -> None:
        due, now = posting.letter, self.clock()
        why = str(fault)
        lasting = isinstance(fault, PowerFault) and not fault.retry
        wait = LONGEST_WAIT if lasting else min(FIRST_WAIT * 2**posting.attempts, LONGEST_WAIT)
        with unit():
            attempts = posting.attempts + 1
            appeals.put_waiting(due.id, next_at=now + wait, attempts=attempts, trouble=why)
        sanction = sanctions.get_sanction(due.sanction)
        if why != posting.trouble and sanction is not None:
            text = f"the letter `{due.kind}` to {sanction.customer} has not left: {why}"
            raise_alarm(sanction.provider, "letter", due.id, text, now=now)
