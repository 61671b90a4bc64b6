"""What people do with a case itself: say whose it is, what it was, and where it stands.

Each view does one act of `flow` and then shows the case, anew where it was done, and with the
reason above the form where it was refused.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from aupkeep.base.errors import AupkeepError
from aupkeep.cases.case import Case
from aupkeep.desk.analyst import case as case_page
from aupkeep.desk.analyst.trouble import trouble
from aupkeep.desk.page import page, signed_in, typed
from aupkeep.desk.site import site
from aupkeep.flow.attribute_case import attribute_case
from aupkeep.flow.casework import Said
from aupkeep.flow.dispose_case import dispose_case
from aupkeep.flow.knocking import knock
from aupkeep.flow.move_case import move_case
from aupkeep.flow.persons import LONGEST_REASON

#: Characters of a customer's or service's name, and of a word out of a list.
_NAME, _WORD = 200, 40
_FIELDS = ("reason", "customer", "service", "disposition", "state")


@page(who="person", methods=("POST",))
def attribute(request: HttpRequest, case: str) -> HttpResponse:
    """Say whose an unattributed case is."""
    customer, service = (typed(request, name, _NAME).strip() for name in ("customer", "service"))

    def act(said: Said) -> Case:
        return attribute_case(site().installation, case, customer, service, said)

    return _act(request, case, "attribute", act, "The case has a customer now.")


@page(who="person", methods=("POST",))
def dispose(request: HttpRequest, case: str) -> HttpResponse:
    """Say what a case turned out to be."""
    word = typed(request, "disposition", _WORD)

    def act(said: Said) -> Case:
        return dispose_case(site().installation, case, word, said)

    return _act(request, case, "dispose", act, "You said what it turned out to be.")


@page(who="person", methods=("POST",))
def move(request: HttpRequest, case: str) -> HttpResponse:
    """Bring a case to another state."""
    state = typed(request, "state", _WORD)
    return _act(
        request, case, "move", lambda said: move_case(case, state, said), "The case was moved."
    )


def _act(
    request: HttpRequest, case: str, name: str, act: Callable[[Said], Case], done: str
) -> HttpResponse:
    """Do `act` on the case, wake the hand for what it lifted, and show where the case is now."""
    said = Said(
        by=signed_in(request), reason=typed(request, "reason", LONGEST_REASON), now=site().now()
    )
    try:
        new = act(said)
    except AupkeepError as error:
        fields = {field: typed(request, field, LONGEST_REASON) for field in _FIELDS}
        return case_page.show(request, case, trouble("case", name, error, fields))
    knock(site().installation.data, "")
    messages.success(request, done)
    return redirect(f"{reverse('case', args=[new.id])}#work")
