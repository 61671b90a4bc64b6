"""The act of looking again at the causes of cases, with probes.

In: an installation, probes, an instant. Out: cases resolved or opened again, each with an entry.
Probes look outside of any transaction; what they saw is then applied to the case as it is by then.
The hand does it by itself where the settings say which things may be looked at; a person may ask
for it at any time. Nothing outside of the provider's networks is ever called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from aupkeep.base.clock import DAY, HOUR, SECOND
from aupkeep.cases.case import Case
from aupkeep.cases.cause import FILE, PORT, URL, Gone, Probe, Seen, Target, Verdict, look, target_of
from aupkeep.cases.cause import looked as after_look
from aupkeep.cases.state import CaseState, Cause
from aupkeep.flow.installation import Installation, PolicyBook
from aupkeep.flow.moving import WORDS, keep_moved
from aupkeep.flow.recording import Recording
from aupkeep.outlets.probes.file import FileProbe
from aupkeep.outlets.probes.inside import Inside
from aupkeep.outlets.probes.port import PortProbe
from aupkeep.outlets.probes.url import UrlProbe
from aupkeep.store import evidence, sanctions
from aupkeep.store.database import unit

#: Time until a thing that is there is looked at again, and one that is gone.
WHILE_THERE, WHILE_GONE = HOUR, DAY
#: Cases in one turn, and things in one case: a slow server must not keep the hand.
MOST_CASES, MOST_TARGETS = 20, 3
#: After this time in one turn the rest waits for the next.
BUDGET = 10 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecked:
    """One case after a look at its cause."""

    case: Case
    verdict: Verdict
    #: The state in which it was before.
    before: str


def probes(
    installation: Installation, provider: str, kinds: Iterable[str] = (PORT, URL, FILE)
) -> dict[str, Probe]:
    """Return the probes of `kinds` for things of `provider`."""
    named = [item for item in installation.settings.provider if item.name == provider]
    inside = Inside(tuple(named[0].networks) if named else ())
    known: dict[str, Probe] = {
        PORT: PortProbe(inside=inside),
        URL: UrlProbe(inside=inside),
        FILE: FileProbe(),
    }
    return {kind: known[kind] for kind in kinds}


def recheck(
    case: Case, policies: PolicyBook, doors: Mapping[str, Probe], *, now: int, by: str = ""
) -> Rechecked:
    """Look at the cause of `case` at `now`, and move it where that is called for."""
    seen = look(targets_of(case), doors)
    with unit():
        # Read anew: meanwhile it may have been merged, closed or contained.
        case = evidence.standing_case(case.id) or case
        members = list(evidence.findings_of(case.id).values())
        policy = policies.at(case.provider, case.opened_at)
        held = any(one.in_force and one.touches_service for one in sanctions.sanctions_of(case.id))
        new, verdict = after_look(case, members, policy, now=now, seen=seen)
        if held or new.state == CaseState.CLOSED:
            # What a measure keeps down says nothing of the cause; closing follows from time.
            new = case
        recording = Recording()
        back = new.state == CaseState.OPEN
        because = Cause.CAUSE_BACK if back else Cause.CAUSE_GONE
        keep_moved(
            case,
            new,
            recording,
            because=because.value,
            reason=f"{WORDS[because]}: {verdict.how}",
            by=by,
            now=now,
        )
        recording.keep()
        evidence.put_probe(case.id, _next(new, seen, now))
    return Rechecked(case=new, verdict=verdict, before=case.state)


def recheck_due(
    installation: Installation, policies: PolicyBook, clock: Callable[[], int]
) -> list[Rechecked]:
    """Look at the causes that are due, as far as the settings allow; the hand's turn."""
    kinds, begun, done = installation.settings.recheck, clock(), []
    for case in evidence.cases_to_probe(begun, most=MOST_CASES) if kinds else []:
        if clock() - begun >= BUDGET:
            break
        doors = probes(installation, case.provider, kinds)
        done.append(recheck(case, policies, doors, now=clock()))
    return done


def targets_of(case: Case) -> list[Target]:
    """Return the things of a case that can be looked at, the latest first, so many at most."""
    found = [target_of(item) for item in reversed(evidence.findings_of(case.id).values())]
    listed = dict.fromkeys(item for item in found if item is not None)
    return list(listed)[:MOST_TARGETS]


def _next(case: Case, seen: Mapping[Target, Seen], now: int) -> int | None:
    """Return when probes look again; never where nothing of the case can be looked at."""
    if not seen or case.merged_into or case.state == CaseState.CLOSED:
        return None
    there = any(item.gone is not Gone.YES for item in seen.values())
    return now + (WHILE_THERE if there else WHILE_GONE)
