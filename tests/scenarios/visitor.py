"""Somebody with a browser that runs no script: pages, links and forms over plain HTTP."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

_FORM = re.compile(
    r'<form method="post"(?: action="(?P<action>[^"]*)")?[^>]*>.*?</form>', re.DOTALL
)
_HIDDEN = re.compile(r'<input type="hidden" name="(?P<name>[^"]*)" value="(?P<value>[^"]*)">')


@dataclass(frozen=True)
class Form:
    """A form on a page that is open."""

    target: httpx.URL
    hidden: dict[str, str]


@dataclass(frozen=True)
class Visitor:
    """One browser, with its own cookies."""

    client: httpx.Client

    def open(self, address: str) -> httpx.Response:
        """Open a page."""
        return self.client.get(address)

    def form(self, address: str, action: str = "") -> Form:
        """Open the page at `address` and return its first form whose action ends so."""
        page = self.open(address)
        assert page.status_code == 200, f"{address}: {page.status_code} {page.text}"
        forms = [
            form for form in _FORM.finditer(page.text) if (form["action"] or "").endswith(action)
        ]
        assert forms, f"{address} has no form `{action}`:\n{page.text}"
        hidden = {one["name"]: html.unescape(one["value"]) for one in _HIDDEN.finditer(forms[0][0])}
        assert "csrfmiddlewaretoken" in hidden
        return Form(page.url.join(html.unescape(forms[0]["action"] or str(page.url))), hidden)

    def post(self, form: Form, **typed: str) -> httpx.Response:
        """Send a form off with what was typed into it."""
        headers = {"Origin": f"{form.target.scheme}://{form.target.netloc.decode()}"}
        return self.client.post(form.target, data={**form.hidden, **typed}, headers=headers)

    def send(self, address: str, action: str = "", **typed: str) -> httpx.Response:
        """Open a page, fill in a form, send it off."""
        return self.post(self.form(address, action), **typed)


@contextmanager
def visitor(sign_in: str = "") -> Iterator[Visitor]:
    """A browser; signed in by a link, where one is given."""
    with httpx.Client(follow_redirects=True, trust_env=False, timeout=20) as client:
        one = Visitor(client)
        if sign_in:
            assert one.send(sign_in).status_code == 200
        yield one
