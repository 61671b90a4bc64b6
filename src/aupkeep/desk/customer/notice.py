"""The page of one notice: what, which clause, on what evidence, until when, and an answer.

Whoever holds the link may read and answer; the link names this notice and nothing else. Nobody of
the abuse desk is named here.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from aupkeep.base.errors import AupkeepError
from aupkeep.desk.customer.standing import standing
from aupkeep.desk.markup import is_mail
from aupkeep.desk.page import page, render, typed
from aupkeep.desk.site import site
from aupkeep.flow import answering
from aupkeep.policy.model import Measure, Policy
from aupkeep.sanctions.notice import WORDS
from aupkeep.sanctions.observed import evidence
from aupkeep.store import queries
from aupkeep.store.links import read_notice

_TEMPLATE = "customer/templates/notice.html"


@page(who="link", methods=("GET", "POST"))
def notice(request: HttpRequest, token: str) -> HttpResponse:
    """Show the notice that `token` names; keep the customer's answer."""
    identity = read_notice(token, site().secret)
    found = queries.notice_page(identity) if identity else None
    if found is None:
        raise Http404
    if request.method != "POST":
        return _show(request, found, token)
    text = typed(request, "text", answering.LONGEST + 1)
    try:
        answering.answer(found.notice.id, text, now=site().now())
    except AupkeepError as error:
        return _show(request, found, token, text=text, error=error)
    return redirect(f"{request.path}?answered#answers")


def _show(
    request: HttpRequest,
    found: queries.NoticePage,
    token: str,
    *,
    text: str = "",
    error: AupkeepError | None = None,
) -> HttpResponse:
    said = found.notice
    policy = site().library.shelf().version(said.provider, said.policy_version)
    if policy is None:
        raise Http404
    context = {
        **_told(found, policy),
        "token": token,
        "answered": "answered" in request.GET and found.answers,
        "text": text,
        "faults": error.faults if error else (),
        "longest": answering.LONGEST,
    }
    return render(request, _TEMPLATE, context, status=400 if error else 200)


def _told(found: queries.NoticePage, policy: Policy) -> dict[str, object]:
    """Return what the page tells, whatever was typed."""
    sanction = found.sanction
    return {
        "found": found,
        "notice": found.notice,
        "policy": policy,
        "clause": policy.clauses.get(found.notice.clause),
        "zone": policy.time_zone,
        "contact_mail": is_mail(policy.contact),
        "measure": WORDS[Measure(sanction.measure)] if sanction else "",
        "standing": standing(sanction, site().now()) if sanction else None,
        "evidence": evidence(found.findings, policy),
    }
