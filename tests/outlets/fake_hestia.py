"""A made-up HestiaCP on the loopback, written from notes about its API and not from our client.

POST `/api/` with form fields `hash` (ACCESS_KEY:SECRET_KEY), `returncode`, `cmd`, `arg1` ...; with
`returncode=yes` the answer is the exit code of the command alone, else what it printed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from moody import Moody, Request, serving

HASH = "ACCESS:SECRET"
_NOT_EXIST, _SUSPENDED, _UNSUSPENDED, _AUTH = 3, 5, 6, 9


@dataclass
class Hestia:
    #: User -> suspended.
    users: dict[str, bool] = field(default_factory=dict)
    #: Domain -> (user, suspended).
    domains: dict[str, tuple[str, bool]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def do(self, request: Request) -> bytes:
        assert request.path == "/api/"
        asked = dict(parse_qsl(request.body.decode(), strict_parsing=True))
        code, text = _AUTH, "Error: authentication failed"
        if asked.pop("hash") == HASH:
            arguments = [asked[f"arg{n}"] for n in range(1, 9) if f"arg{n}" in asked]
            name = asked["cmd"].removeprefix("v-").replace("-", "_")
            code, text = getattr(self, name)(*arguments)
        return (str(code) if asked.get("returncode") == "yes" else text).encode()

    def list_user(self, user: str, form: str) -> tuple[int, str]:
        assert form == "json"
        if user not in self.users:
            return _NOT_EXIST, f"Error: user {user} doesn't exist"
        return 0, json.dumps({user: {"SUSPENDED": _word(self.users[user])}})

    def list_web_domain(self, user: str, domain: str, form: str) -> tuple[int, str]:
        assert form == "json"
        if self.domains.get(domain, ("",))[0] != user:
            return _NOT_EXIST, f"Error: web domain {domain} doesn't exist"
        return 0, json.dumps({domain: {"SUSPENDED": _word(self.domains[domain][1])}})

    def search_domain_owner(self, domain: str, kind: str) -> tuple[int, str]:
        assert kind == "web"
        if domain not in self.domains:
            return _NOT_EXIST, ""
        return 0, self.domains[domain][0] + "\n"

    def suspend_user(self, user: str, restart: str) -> tuple[int, str]:
        return self._user(user, restart, to=True)

    def unsuspend_user(self, user: str, restart: str) -> tuple[int, str]:
        return self._user(user, restart, to=False)

    def _user(self, user: str, restart: str, *, to: bool) -> tuple[int, str]:
        assert restart == "yes"
        if user not in self.users:
            return _NOT_EXIST, "Error"
        if self.users[user] is to:
            return (_SUSPENDED if to else _UNSUSPENDED), "Error"
        self.users[user] = to
        self.done.append("suspend" if to else "unsuspend")
        return 0, ""

    def suspend_web_domain(self, user: str, domain: str) -> tuple[int, str]:
        return self._domain(user, domain, to=True)

    def unsuspend_web_domain(self, user: str, domain: str) -> tuple[int, str]:
        return self._domain(user, domain, to=False)

    def _domain(self, user: str, domain: str, *, to: bool) -> tuple[int, str]:
        if self.domains.get(domain, ("",))[0] != user:
            return _NOT_EXIST, "Error"
        if self.domains[domain][1] is to:
            return (_SUSPENDED if to else _UNSUSPENDED), "Error"
        self.domains[domain] = (user, to)
        self.done.append("suspend" if to else "unsuspend")
        return 0, ""


def _word(suspended: bool) -> str:  # noqa: FBT001  # one thing to say
    return "yes" if suspended else "no"


@contextmanager
def hestia() -> Iterator[tuple[Moody, Hestia]]:
    """Begin a HestiaCP with three users and three domains."""
    panel = Hestia(
        users={"ann": False, "bob": False, "cyd": False},
        domains={f"{name}.example": ("ann", False) for name in ("shop", "blog", "club")},
    )
    moody = Moody(do=panel.do, pretend=lambda _: b"0", error=b"Error: 10 forbidden")
    with serving(moody, "/api/") as server:
        yield server, panel
