"""How a page is declared and rendered.

In: a view. Out: the same view behind its declaration: who may see it, and by which methods. A test
walks all addresses and finds a declaration on each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, cast

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template

from aupkeep.desk.site import site
from aupkeep.desk.visible import visible
from aupkeep.record.rights import Role
from aupkeep.store import links

#: person: somebody who signed in; link: whoever holds the link, which names one thing; anyone.
Who = Literal["person", "link", "anyone"]
View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Declared:
    """What stands on top of a view."""

    who: Who
    methods: tuple[str, ...]


def page(*, who: Who, methods: tuple[str, ...] = ("GET",)) -> Callable[[View], View]:
    """Declare who may call a view and how; everybody else gets a page that says what to do."""
    declared = Declared(who, methods)
    allowed = {*methods, "HEAD"} if "GET" in methods else {*methods}

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **words: Any) -> HttpResponse:
            if who == "person" and not request.user.is_authenticated:
                return render(request, "templates/signed_out.html", status=401)
            if request.method not in allowed:
                refused = render(request, "templates/method.html", status=405)
                refused["Allow"] = ", ".join(sorted(allowed))
                return refused
            return view(request, **words)

        guarded.declared = declared  # type: ignore[attr-defined]  # read by the test
        return guarded

    return declare


def render(
    request: HttpRequest,
    template: str,
    context: Mapping[str, object] | None = None,
    *,
    status: int = 200,
    bare: bool = False,
) -> HttpResponse:
    """Return a page; `template` is a path below the desk's folder.

    A `bare` page asks nobody's name: the database may be what is in trouble.
    """
    common = {
        "stylesheet": site().stylesheet,
        "person": "" if bare else signed_in(request),
        "now": site().now(),
    }
    text = get_template(template).render({**common, **(context or {})}, request)
    return HttpResponse(visible(text), status=status)


def signed_in(request: HttpRequest) -> str:
    """Return the name of the person who is signed in, or empty text."""
    user = getattr(request, "user", None)
    return cast("Any", user).name if user is not None and user.is_authenticated else ""


def role_of(request: HttpRequest) -> Role:
    """Return what the person who is signed in may read; nobody reads least."""
    return links.role_of(signed_in(request))


def typed(request: HttpRequest, name: str, most: int) -> str:
    """Return what was typed into a field, at most `most` characters of it."""
    return str(request.POST.get(name, "")).replace("\r\n", "\n")[:most]
