"""Sign in by a link that works once; sign out."""

from __future__ import annotations

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from aupkeep.desk.page import page, render
from aupkeep.desk.site import site
from aupkeep.flow import signing_in
from aupkeep.store import queries

_TEMPLATE = "analyst/templates/sign_in.html"
_GONE = "analyst/templates/link_gone.html"


@page(who="anyone", methods=("GET", "POST"))
def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Show whom the link signs in; sign in on POST alone, so that no mail scanner uses it up."""
    now = site().now()
    if request.method == "POST":
        name = signing_in.sign_in(token, now=now)
        person = queries.person(name) if name else None
        if person is None:
            return render(request, _GONE, status=410)
        login(request, person)
        return redirect("queue")
    name = signing_in.link_person(token, now=now)
    if name is None:
        return render(request, _GONE, status=410)
    return render(request, _TEMPLATE, {"name": name})


@page(who="anyone", methods=("POST",))
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return render(request, "templates/signed_out.html", {"ended": True})
