"""Deciding an appeal: the form on the page of its case."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from aupkeep.base.errors import AupkeepError
from aupkeep.desk.analyst import case as case_page
from aupkeep.desk.analyst.trouble import trouble
from aupkeep.desk.page import page, signed_in, typed
from aupkeep.desk.site import site
from aupkeep.flow import appealing
from aupkeep.flow.knocking import knock
from aupkeep.sanctions.appeal import LONGEST_REASON, OUTCOMES
from aupkeep.store import queries


@page(who="person", methods=("POST",))
def decide(request: HttpRequest, case: str, appeal: str) -> HttpResponse:
    """Decide an appeal of this case; the same button pressed twice is no fault."""
    found = queries.appeal_of(case, appeal)
    if found is None:
        raise Http404
    outcome, reason = typed(request, "outcome", 20), typed(request, "reason", LONGEST_REASON)
    person, alone = signed_in(request), site().installation.settings.single_operator
    try:
        new = appealing.decide(found.id, person, outcome, reason, now=site().now(), alone=alone)
    except AupkeepError as error:
        new = queries.appeal_of(case, appeal) or found
        if (new.decided_by, new.outcome) != (person, OUTCOMES.get(outcome)):
            fields = {"outcome": outcome, "reason": reason}
            return case_page.show(request, case, trouble(found.id, "decide", error, fields))
    knock(site().installation.data, new.sanction)
    messages.success(request, "The appeal is decided. The customer gets a letter.")
    return redirect(f"{reverse('case', args=[case])}#a-{new.id}")
