"""An appeal against a sanction: who may lodge it until when, and who may decide it.

In: a sanction, the notice that told of it, a customer's or a person's words, an instant. Out: an
appeal. One is open at a time. It goes to a person who had no part in the decision; where one person
runs the desk alone, that person decides and the appeal says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from aupkeep.base.clock import format_instant
from aupkeep.base.errors import AupkeepError, Fault, unknown_word
from aupkeep.base.ids import make_id
from aupkeep.sanctions.sanction import OVER, Sanction, State

UPHELD, OVERTURNED, PARTLY = "upheld", "overturned", "partly"
#: Word of a command or form -> what the decision is.
OUTCOMES: Final = {"uphold": UPHELD, "overturn": OVERTURNED, "partly": PARTLY}
#: Outcome -> what the customer is told first.
WORDS: Final = {
    UPHELD: "Our decision stands.",
    OVERTURNED: "You are right: our decision is taken back.",
    PARTLY: "You are right in part: the breach stands, but the measure is taken back.",
}
#: Characters of an appeal and of a decision's reason, and appeals against one sanction, at most.
LONGEST, LONGEST_REASON, MOST = 10_000, 1000, 3

_NEVER_DONE = frozenset({State.PROPOSED, State.REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """One appeal in its present state."""

    id: str
    sanction: str
    case: str
    provider: str
    customer: str
    #: The notice on whose page it was lodged.
    notice: str
    at: int
    #: The customer's words.
    text: str
    #: `upheld`, `overturned` or `partly`; empty: it is open.
    outcome: str = ""
    reason: str = ""
    decided_by: str = ""
    decided_at: int | None = None
    #: Whoever decided had part in the sanction: one person runs the desk alone.
    same_person: bool = False

    @property
    def open(self) -> bool:
        """Whether somebody must still decide it."""
        return not self.outcome

    @property
    def clears(self) -> bool:
        """Whether the breach itself no longer counts against the customer: strikes, fees."""
        return self.outcome == OVERTURNED


def lodge(
    sanction: Sanction, notice: str, text: str, earlier: Sequence[Appeal], *, until: int, now: int
) -> Appeal:
    """Return the appeal in the words `text`; the same words again give the same one.

    Raises `AupkeepError` for no or too many words, where the time is over (`until`), where nothing
    was done that could be appealed, and where another one is open or enough were decided.
    """
    said = text.encode("utf-8", "replace").decode().strip()
    identity = make_id("appeal", sanction.id, said)
    there = next((one for one in earlier if one.id == identity), None)
    if there is not None:
        return there
    count = len(earlier)
    refusals = (
        (not said, "empty-appeal", "the appeal says nothing", "say why we are wrong"),
        (
            len(said) > LONGEST,
            "long-appeal",
            f"the appeal has {len(said)} characters, and {LONGEST} is the most",
            "add the rest as an answer",
        ),
        (
            sanction.would_do or sanction.state in _NEVER_DONE,
            "nothing-done",
            "nothing was done that could be appealed",
            "",
        ),
        (now > until, "appeal-late", f"the time to appeal was over at {format_instant(until)}", ""),
        (
            any(one.open for one in earlier),
            "appeal-open",
            "an appeal against this is open already",
            "add what is missing as an answer",
        ),
        (count >= MOST, "many-appeals", f"{count} appeals against this were decided", ""),
    )
    for holds, code, what, hint in refusals:
        if holds:
            raise AupkeepError(Fault(code=code, what=what, hint=hint))
    return Appeal(
        id=identity,
        sanction=sanction.id,
        case=sanction.case,
        provider=sanction.provider,
        customer=sanction.customer,
        notice=notice,
        at=now,
        text=said,
    )


def involved(sanction: Sanction) -> frozenset[str]:
    """Return the people who had part in `sanction`: they proposed, agreed to or lifted it."""
    named = {*sanction.approved_by, sanction.proposed_by, sanction.lifted_by}
    return frozenset(named - {""})


def decide(
    appeal: Appeal,
    parties: frozenset[str],
    person: str,
    outcome: str,
    reason: str,
    *,
    now: int,
    alone: bool = False,
) -> Appeal:
    """Return `appeal` as `person` decided it; `outcome` is a key of `OUTCOMES`.

    `parties` had part in the sanction and may not decide, but where one runs the desk `alone`.
    Raises `AupkeepError` for them, for an unknown outcome, without a reason, and where it is
    decided already.
    """
    said = " ".join(reason.split())
    if outcome not in OUTCOMES:
        words = tuple(OUTCOMES)
        raise AupkeepError(unknown_word(outcome, words, what="a decision", place=None))
    if not said:
        hint = "the customer reads it"
        raise AupkeepError(Fault(code="no-reason", what="a reason is needed", hint=hint))
    if len(said) > LONGEST_REASON:
        what = f"a reason has {LONGEST_REASON} characters at most"
        raise AupkeepError(Fault(code="long-reason", what=what))
    if not appeal.open:
        what = f"this appeal was decided already: {appeal.outcome}"
        raise AupkeepError(Fault(code="decided-already", what=what))
    if person in parties and not alone:
        what = f"{person} had part in this decision, so another person must decide the appeal"
        raise AupkeepError(Fault(code="own-decision", what=what))
    return replace(
        appeal,
        outcome=OUTCOMES[outcome],
        reason=said,
        decided_by=person,
        decided_at=now,
        same_person=person in parties,
    )


def undoes(appeal: Appeal) -> bool:
    """Whether what the sanction did is taken back."""
    return appeal.outcome in (OVERTURNED, PARTLY)


def stands(sanction: Sanction) -> bool:
    """Whether there is something of `sanction` that could be taken back or kept from happening."""
    return sanction.state not in OVER and not sanction.ends_as


def told(appeal: Appeal) -> str:
    """Return what the customer is told of the decision."""
    return f"{WORDS[appeal.outcome]} {appeal.reason}"
