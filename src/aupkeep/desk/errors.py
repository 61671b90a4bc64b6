"""Pages for what went wrong: in the desk's own style, without a word about its insides.

In: a request. Out: a page with its status. Django calls these by name.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from aupkeep.desk.page import render

_TEMPLATE = "templates/wrong.html"


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """Return the page for a request that cannot be understood, or for another name than ours."""
    return _page(
        request,
        400,
        "This address does not answer",
        "The desk is reached under the name that its settings give (`desk.url`), and by requests "
        "that a browser makes.",
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """Return the page for what is not allowed."""
    return _page(request, 403, "This is not allowed", "Nothing was changed.")


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  # Django's signature
    """Return the page for a form that did not come from a page of ours, or is too old."""
    return _page(
        request,
        403,
        "This form is out of date",
        "Nothing was changed. Go back, load the page again and send the form once more. Your "
        "browser must accept cookies of this site.",
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """Return the page for what is not there, or not for whoever asks."""
    return _page(
        request,
        404,
        "There is no such page",
        "The address is wrong or incomplete. If you came by a link in a letter, copy the whole "
        "link.",
    )


def failed(request: HttpRequest) -> HttpResponse:
    """Return the page for a fault of the program."""
    return _page(
        request,
        500,
        "Something went wrong here",
        "It is our fault, not yours, and it was written down. Try again in a moment.",
    )


def unusable(request: HttpRequest) -> HttpResponse:
    """Return the page for when the database or a policy cannot be read."""
    return _page(
        request,
        503,
        "The desk cannot work just now",
        "Nothing was changed. Whoever runs it finds the reason in its log. Try again in a moment.",
    )


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    context = {"title": title, "text": text}
    return render(request, _TEMPLATE, context, status=status, bare=True)
