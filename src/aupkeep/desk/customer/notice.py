"""The page of one notice: what, which clause, on what evidence, until when, and an answer.

Whoever holds the link may read and answer; the link names this notice and nothing else. Nobody of
the abuse desk is named here. Opening it changes nothing: programs that guard mailboxes open links.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.desk.customer.standing import standing
from aupkeep.desk.markup import is_mail
from aupkeep.desk.page import page, render, typed
from aupkeep.desk.site import site
from aupkeep.flow import answering, attaching
from aupkeep.policy.model import Measure, Policy
from aupkeep.sanctions.appeal import LONGEST, WORDS
from aupkeep.sanctions.notice import WORDS as MEASURES
from aupkeep.sanctions.observed import evidence
from aupkeep.sanctions.reasons import Grounds, plain
from aupkeep.store import queries
from aupkeep.store.links import read_notice

_TEMPLATE = "customer/templates/notice.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What was not taken, by which form, and what had been typed there."""

    act: str
    faults: tuple[Fault, ...]
    typed: Mapping[str, str] = field(default_factory=dict)


@page(who="link", methods=("GET", "POST"))
def notice(request: HttpRequest, token: str) -> HttpResponse:
    """Show the notice that `token` names; keep the customer's answer."""
    found = find(token)
    if found is None:
        raise Http404
    if request.method != "POST":
        return show(request, found, token)
    text = typed(request, "text", answering.LONGEST + 1)
    try:
        answering.answer(found.notice.id, text, now=site().now())
    except AupkeepError as error:
        refused = Refused(act="answer", faults=error.faults, typed={"text": text})
        return show(request, found, token, refused)
    return redirect(f"{request.path}?answered#answers")


def find(token: str) -> queries.NoticePage | None:
    """Return what the notice of `token` tells; None for a link to nothing."""
    identity = read_notice(token, site().secret)
    return queries.notice_page(identity) if identity else None


def policy_of(found: queries.NoticePage) -> Policy:
    """Return the version that the notice names; raises `Http404` where it cannot be read."""
    said = found.notice
    policy = site().library.shelf().version(said.provider, said.policy_version)
    if policy is None:
        raise Http404
    return policy


def show(
    request: HttpRequest, found: queries.NoticePage, token: str, refused: Refused | None = None
) -> HttpResponse:
    """Return the page, with what was refused beside the form it came of."""
    context = {
        **_told(found, policy_of(found)),
        **_done(request, found),
        "token": token,
        "refused": refused,
        "typed": refused.typed if refused else {},
        "longest": answering.LONGEST,
        "longest_appeal": LONGEST,
        "largest": attaching.LARGEST // 1_000_000,
        "kinds": ", ".join(attaching.KINDS),
    }
    return render(request, _TEMPLATE, context, status=400 if refused else 200)


def _done(request: HttpRequest, found: queries.NoticePage) -> dict[str, object]:
    """Return what the page thanks for; nothing that is not there."""
    said = request.GET
    return {
        "answered": "answered" in said and found.answers,
        "mended": "fixed" in said and any(one.kind == "fixed" for one in found.answers),
        "sent_file": "attach" in said and found.attachments,
        "appealed": "appeal" in said and found.appeals,
        "read": found.seen_at is not None,
    }


def _told(found: queries.NoticePage, policy: Policy) -> dict[str, object]:
    """Return what the page tells, whatever was typed."""
    sanction, now = found.sanction, site().now()
    until = found.told_at + policy.appeal_within if found.told_at is not None else None
    grounds = Grounds(policy=policy, findings=found.findings, appeal_until=until)
    return {
        "found": found,
        "notice": found.notice,
        "policy": policy,
        "clause": policy.clauses.get(found.notice.clause),
        "zone": policy.time_zone,
        "contact_mail": is_mail(policy.contact),
        "measure": MEASURES[Measure(sanction.measure)] if sanction else "",
        "standing": standing(sanction, now) if sanction else None,
        "evidence": evidence(found.findings, policy),
        "statement": plain(sanction, grounds).splitlines() if sanction else [],
        "appeals": [(one, WORDS.get(one.outcome, "")) for one in found.appeals],
        "appeal_until": until,
        "may_appeal": until is not None
        and now <= until
        and not any(one.open for one in found.appeals),
    }
