"""What a customer sends from the page of a notice besides an answer.

That it is mended, that it is read, a file, an appeal. Each is posted: opening a link does nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.desk.customer import notice as notice_page
from aupkeep.desk.page import page, typed
from aupkeep.desk.site import site
from aupkeep.flow import answering, appealing, attaching
from aupkeep.flow.knocking import knock
from aupkeep.sanctions.appeal import LONGEST
from aupkeep.store import queries

Act = Callable[[queries.NoticePage, int], object]


@page(who="link", methods=("POST",))
def fixed(request: HttpRequest, token: str) -> HttpResponse:
    """Take it that the customer says the cause is gone."""
    text = typed(request, "mended", answering.LONGEST + 1)

    def act(found: queries.NoticePage, now: int) -> None:
        answering.fixed(found.notice.id, text, now=now)

    return _act(request, token, "fixed", act, {"mended": text})


@page(who="link", methods=("POST",))
def read(request: HttpRequest, token: str) -> HttpResponse:
    """Take it that somebody has read the notice."""

    def act(found: queries.NoticePage, now: int) -> None:
        answering.read(found.notice.id, now=now)

    return _act(request, token, "read", act, {})


@page(who="link", methods=("POST",))
def appeal(request: HttpRequest, token: str) -> HttpResponse:
    """Take an appeal."""
    text = typed(request, "appeal", LONGEST + 1)

    def act(found: queries.NoticePage, now: int) -> None:
        alone = site().installation.settings.single_operator
        policy = notice_page.policy_of(found)
        appealing.appeal(found.notice.id, text, policy, now=now, alone=alone)

    return _act(request, token, "appeal", act, {"appeal": text})


@page(who="link", methods=("POST",))
def attach(request: HttpRequest, token: str) -> HttpResponse:
    """Take a file."""

    def act(found: queries.NoticePage, now: int) -> None:
        sent = request.FILES.get("file")
        if sent is None:
            raise AupkeepError(Fault(code="empty-file", what="no file was chosen"))
        data = sent.read(attaching.LARGEST + 1)
        attaching.attach(site().installation, found.notice.id, sent.name or "", data, now=now)

    return _act(request, token, "attach", act, {})


def _act(
    request: HttpRequest, token: str, name: str, act: Act, fields: dict[str, str]
) -> HttpResponse:
    """Do `act` for the notice of `token`, and show its page, with what was wrong where it was."""
    found = notice_page.find(token)
    if found is None:
        raise Http404
    try:
        act(found, site().now())
    except AupkeepError as error:
        said = notice_page.Refused(act=name, faults=error.faults, typed=fields)
        return notice_page.show(request, found, token, said)
    knock(site().installation.data, "")
    return redirect(f"{reverse('notice', args=[token])}?{name}#{name}")
