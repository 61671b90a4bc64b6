"""What people do: agree, choose milder, refuse, lift; acknowledge alarms; let a power go on.

Each view does one act of `flow` and then shows the page it was called from, anew where it was done,
and with the reason above the form where it was refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from aupkeep.base.clock import parse_duration
from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.desk.analyst import case as case_page
from aupkeep.desk.analyst import queue as queue_page
from aupkeep.desk.analyst.trouble import trouble
from aupkeep.desk.page import page, signed_in, typed
from aupkeep.desk.site import site
from aupkeep.flow import alarms, approving, pausing
from aupkeep.flow.knocking import knock
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.store import queries

#: Characters of a reason.
LONGEST_REASON = 1000

#: Fields that keep what was typed when an act is refused.
_FIELDS = ("reason", "measure", "length", "release")


def _refused(item: Sanction, person: str) -> bool:
    return item.state is State.REFUSED and item.lifted_by == person


#: Act -> whether `person` has done it already: the same button pressed twice is no fault.
_DONE: Mapping[str, Callable[[Sanction, str], bool]] = {
    "approve": lambda item, person: person in item.approved_by,
    "override": _refused,
    "refuse": _refused,
    "lift": lambda item, person: bool(item.ends_as) and item.lifted_by == person,
}


@page(who="person", methods=("POST",))
def approve(request: HttpRequest, case: str, sanction: str) -> HttpResponse:
    """Agree to a sanction."""
    alone = site().installation.settings.single_operator

    def act(_: Sanction) -> Sanction:
        return approving.approve(sanction, signed_in(request), now=site().now(), alone=alone)

    return _act(request, case, sanction, act, "You agreed.")


@page(who="person", methods=("POST",))
def override(request: HttpRequest, case: str, sanction: str) -> HttpResponse:
    """Propose a milder measure instead."""
    measure = typed(request, "measure", 100)
    reason = typed(request, "reason", LONGEST_REASON)

    def act(known: Sanction) -> Sanction:
        length = _length(request) if measure == known.measure else 0
        person, now = signed_in(request), site().now()
        return approving.override(sanction, measure, length, person, reason, now=now)

    return _act(request, case, sanction, act, "The milder measure is proposed instead.")


@page(who="person", methods=("POST",))
def refuse(request: HttpRequest, case: str, sanction: str) -> HttpResponse:
    """Refuse a sanction: it is not carried out."""
    reason = typed(request, "reason", LONGEST_REASON)

    def act(_: Sanction) -> Sanction:
        return approving.refuse(sanction, signed_in(request), reason, now=site().now())

    return _act(request, case, sanction, act, "You refused. Nothing is carried out.")


@page(who="person", methods=("POST",))
def lift(request: HttpRequest, case: str, sanction: str) -> HttpResponse:
    """Take back what is in force."""
    reason = typed(request, "reason", LONGEST_REASON)
    release = request.POST.get("release") == "yes"

    def act(_: Sanction) -> Sanction:
        person, now = signed_in(request), site().now()
        return approving.lift(sanction, person, reason, release=release, now=now)

    return _act(request, case, sanction, act, "It is being lifted.")


def _act(
    request: HttpRequest, case: str, sanction: str, act: Callable[[Sanction], Sanction], done: str
) -> HttpResponse:
    """Do `act` on a sanction of this case, wake the hand, and show the case."""
    known = queries.sanction_of(case, sanction)
    if known is None:
        raise Http404
    name = request.path.rpartition("/")[2]
    try:
        new = act(known)
    except AupkeepError as error:
        new = queries.sanction_of(case, sanction) or known
        if not _DONE[name](new, signed_in(request)):
            fields = {field: typed(request, field, LONGEST_REASON) for field in _FIELDS}
            return case_page.show(request, case, trouble(sanction, name, error, fields))
    knock(site().installation.data, new.id)
    messages.success(request, done)
    return redirect(f"{reverse('case', args=[case])}#s-{new.id}")


def _length(request: HttpRequest) -> int:
    """Return the length that was typed in microseconds; raises `AupkeepError` without one."""
    try:
        return parse_duration(typed(request, "length", 100))
    except ValueError:
        what = "a length is needed for the same measure"
        hint = "write it such as 30m, 6h or 2d"
        raise AupkeepError(Fault(code="no-length", what=what, hint=hint)) from None


@page(who="person", methods=("POST",))
def acknowledge(request: HttpRequest, alarm: str) -> HttpResponse:
    """Acknowledge an alarm, which ends its repetition."""
    try:
        alarms.acknowledge(alarm, signed_in(request), now=site().now())
    except AupkeepError as error:
        return queue_page.show(request, trouble(alarm, "acknowledge", error, {}))
    messages.success(request, "The alarm is acknowledged.")
    return redirect("queue")


@page(who="person", methods=("POST",))
def go_on(request: HttpRequest, provider: str, power: str) -> HttpResponse:
    """Let a paused power go on."""
    reason = typed(request, "reason", LONGEST_REASON)
    try:
        kind, name = queries.paused_as(provider, power)
        person, now = signed_in(request), site().now()
        pausing.go_on(provider, name, person, reason, now=now, kind=kind)
    except AupkeepError as error:
        subject = f"{provider} {power}"
        return queue_page.show(request, trouble(subject, "go-on", error, {"reason": reason}))
    knock(site().installation.data, "")
    messages.success(request, "It goes on.")
    return redirect("queue")
