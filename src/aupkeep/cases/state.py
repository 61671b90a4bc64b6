"""Where a case stands, and the moves that it may make.

In: nothing. Out: words and tables. `MOVES` is the whole state machine; `BY_ITSELF` says what brings
a case to a state without anybody's doing, `BY_PERSON` to which states a person may bring it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    WARNED = "warned"
    ANSWERED = "answered"
    CONTAINED = "contained"
    RESOLVED = "resolved"
    CLOSED = "closed"
    APPEALED = "appealed"


_O, _W, _A, _C, _R, _X, _P = CaseState

MOVES: Mapping[CaseState, tuple[CaseState, ...]] = {
    _O: (_W, _A, _C, _R, _X, _P),
    _W: (_O, _A, _C, _R, _X, _P),
    _A: (_O, _W, _C, _R, _X, _P),
    _C: (_O, _R, _X, _P),
    _R: (_O, _C, _X, _P),
    _X: (_O, _C, _P),
    _P: (_O, _C, _R, _X),
}


class Cause(StrEnum):
    """What moves a case by itself."""

    WARN_ANNOUNCED = "warn_announced"
    CUSTOMER_ANSWERED = "customer_answered"
    SERVICE_TOUCHED = "service_touched"
    SANCTION_ENDED = "sanction_ended"
    CAUSE_GONE = "cause_gone"
    CAUSE_BACK = "cause_back"
    QUIET = "quiet"
    APPEAL_LODGED = "appeal_lodged"
    APPEAL_DECIDED = "appeal_decided"


#: What happened -> (the states in which it moves a case, the state to which it does).
BY_ITSELF: Mapping[Cause, tuple[tuple[CaseState, ...], CaseState]] = {
    Cause.WARN_ANNOUNCED: ((_O,), _W),
    # A measure in force weighs more than what was said: an answer leaves the case contained.
    Cause.CUSTOMER_ANSWERED: ((_O, _W), _A),
    Cause.SERVICE_TOUCHED: ((_O, _W, _A, _R), _C),
    # The last one that touched service is over: what it kept down may come back.
    Cause.SANCTION_ENDED: ((_C,), _O),
    Cause.CAUSE_GONE: ((_O, _W, _A), _R),
    Cause.CAUSE_BACK: ((_R,), _O),
    Cause.QUIET: ((_R,), _X),
    # What is closed stays so: the queue shows the appeal all the same.
    Cause.APPEAL_LODGED: ((_O, _W, _A, _C, _R), _P),
    Cause.APPEAL_DECIDED: ((_P,), _O),
}

#: To these a person may bring a case; the others are what happened, which nobody can say.
BY_PERSON = frozenset({_O, _A, _R, _X, _P})

#: New findings join a case until it is closed.
TAKES_FINDINGS = frozenset(CaseState) - {_X}
#: The cause is looked at again by itself.
LOOKED_AT = frozenset({_O, _W, _A, _R})

#: Of two cases that are joined the one further to the right says where the whole stands.
RANK = (_X, _R, _O, _W, _A, _C, _P)
