"""The policy as everybody may read it: the version in force, and every published one."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse

from aupkeep.desk.markup import is_mail, without_title
from aupkeep.desk.page import page, render
from aupkeep.desk.site import site
from aupkeep.policy.model import Policy

_TEMPLATE = "public/templates/policy.html"
#: What is public may be kept a little, and found.
_OPEN = {"Cache-Control": "public, max-age=300", "X-Robots-Tag": "all"}


@page(who="anyone")
def in_force(request: HttpRequest, provider: str) -> HttpResponse:
    """Show the version in force."""
    return _show(request, provider, site().library.shelf().at(provider, site().now()))


@page(who="anyone")
def version(request: HttpRequest, provider: str, version: str) -> HttpResponse:
    """Show one published version."""
    return _show(request, provider, site().library.shelf().version(provider, version))


def _show(request: HttpRequest, provider: str, policy: Policy | None) -> HttpResponse:
    if policy is None:
        raise Http404
    shelf, now = site().library.shelf(), site().now()
    current = shelf.at(provider, now)
    context = {
        "policy": policy,
        "current": current,
        "in_force": policy == current,
        "ahead": policy.effective > now,
        "versions": tuple(reversed(shelf.versions(provider))),
        "preamble": without_title(policy.preamble),
        "contact_mail": is_mail(policy.contact),
    }
    response = render(request, _TEMPLATE, context, bare=True)
    for name, value in _OPEN.items():
        response[name] = value
    return response
