"""What stands around every page: headers, static files, refusals.

In: requests and responses. Out: the same, with the headers that keep a page from being framed,
sniffed, kept or made to run anything, and without a traceback.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware

from aupkeep.base.errors import AupkeepError
from aupkeep.base.errors import render as render_fault
from aupkeep.desk import errors

_LOG = logging.getLogger("aupkeep.desk")

Answer = Callable[[HttpRequest], HttpResponse]

CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: `same-origin` keeps links, which are secrets, from every other site. `no-referrer` would do no
#: more, and makes browsers send `Origin: null` with forms, which the check of forms must refuse.
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex, nofollow",
}


class Headers:
    """Adds the headers to every response; nothing is kept but what says so itself."""

    def __init__(self, get_response: Answer) -> None:
        """Stand around `get_response`."""
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer `request`."""
        response = self._next(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class Static(WhiteNoiseMiddleware):
    """Serves the stylesheet out of the package."""

    @staticmethod
    def serve(  # type: ignore[override]  # WhiteNoise itself overrides it so
        static_file: Any, request: HttpRequest
    ) -> HttpResponse:
        """Return the file whole: it is small, and a response in parts suits no ASGI server."""
        found = static_file.get_response(request.method, request.META)
        response = HttpResponse(found.file.read() if found.file else b"", status=int(found.status))
        if found.file:
            found.file.close()
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        return response


class Refusals:
    """Turns what the program refuses while a page is made into a page; why, the operator reads."""

    def __init__(self, get_response: Answer) -> None:
        """Stand around `get_response`."""
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer `request`."""
        return self._next(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the page for a database that cannot be used or a policy that cannot be read."""
        if not isinstance(error, AupkeepError):
            return None
        for fault in error.faults:
            _LOG.error("the desk cannot show a page: %s", render_fault(fault))
        return errors.unusable(request)
