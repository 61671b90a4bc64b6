"""What nginx reads: a file a locked site, and the two lines of configuration that ask it.

In: targets and sanctions. Out: the text of the files, and what a file of the folder says. Pure.
Sources: ngx_http_map_module, ngx_http_rewrite_module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from aupkeep.base.clock import format_instant, parse_instant
from aupkeep.outlets.ledger import Held

#: Characters of a sanction's id that a visitor is shown.
SHOWN = 12
#: Status with which a locked site answers: it is meant to come back.
STATUS = 503
HTTP, SITE, LOCKS = "http.conf", "site.conf", "locks"

_HOST = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
#: What cannot end a word in double quotes there.
_PATH = re.compile(r"/[^\s\"\\$]*")
_SANCTION = re.compile(r"# aupkeep (?P<sanction>\S+) until (?P<until>\S+)")
_KEY = re.compile(r'"(?P<key>[^"]+)" "[^"]*";')
_LONGEST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A site, or one page of it."""

    host: str
    #: Decoded and begins with `/`; empty: the whole site.
    path: str = ""

    @property
    def key(self) -> str:
        """What nginx compares: `$host`, or `$host$uri`."""
        return self.host + self.path


def page(scope: str, target: str) -> Page:
    """Return what `target` names; raises `ValueError` in plain words."""
    if scope == "site":
        return Page(host=_host(target))
    if len(target) > _LONGEST:
        raise ValueError(f"an address of more than {_LONGEST} characters is not taken")
    if any(sign.isspace() or not sign.isprintable() for sign in target):
        raise ValueError("an address with white space or control characters is none")
    parts = urlsplit(target if "://" in target else f"//{target}")
    if parts.scheme not in ("", "http", "https"):
        raise ValueError("only http and https are locked")
    path = parts.path or "/"
    decoded = unquote(path)
    if not _PATH.fullmatch(decoded) or "//" in decoded or not decoded.isprintable():
        raise ValueError("this path has characters that cannot stand in a map of nginx")
    if any(name in (".", "..") for name in decoded.split("/")):
        raise ValueError("a path with . or .. is refused")
    return Page(host=_host(parts.hostname or ""), path=decoded)


def body(reference: str) -> str:
    """Return what a visitor of a locked site reads."""
    return f"This page is locked by its provider. Reference {reference}.\n"


def lock(held: Held) -> str:
    """Return the text of the file of one locked site."""
    ends = {name: _until(until) for name, until in held.sanctions.items()}
    lines = [f"# aupkeep {name} until {until}\n" for name, until in ends.items()]
    first = next(iter(held.sanctions))
    return "".join([*lines, f'"{held.target}" "{first[:SHOWN]}";\n'])


def read(text: str) -> Held | None:
    """Return what a file says; None: it is not ours."""
    *comments, last = text.splitlines() or [""]
    marks = [_SANCTION.fullmatch(line) for line in comments]
    key = _KEY.fullmatch(last)
    if key is None or not marks or not all(marks):
        return None
    sanctions = {one["sanction"]: _instant(one["until"]) for one in marks if one}
    return Held(target=key["key"], before={}, sanctions=sanctions)


def configuration(folder: Path) -> Mapping[str, str]:
    """Return the files that nginx is told to include, by their names."""
    locks = f"include {folder / LOCKS}/"
    said = body("$aupkeep_lock").replace("\n", "\\n")
    page = "/.aupkeep-lock"
    return {
        HTTP: (
            "# Written by aupkeep; included once, in http { }.\n"
            f'map $host $aupkeep_site {{ default ""; {locks}*.site; }}\n'
            f"map $host$uri $aupkeep_lock {{ default $aupkeep_site; {locks}*.page; }}\n"
        ),
        SITE: (
            "# Written by aupkeep; included first in each server { } that may be locked.\n"
            f"if ($aupkeep_lock) {{ rewrite ^ {page} last; }}\n"
            f"location = {page} {{\n"
            "    internal;\n"
            "    default_type text/plain;\n"
            "    add_header Cache-Control no-store always;\n"
            f'    return {STATUS} "{said}";\n'
            "}\n"
        ),
    }


def _host(text: str) -> str:
    host = text.lower().rstrip(".")
    if not _HOST.fullmatch(host):
        raise ValueError("this is no name of a site (international names in their xn-- form)")
    return host


def _until(until: int | None) -> str:
    return "-" if until is None else format_instant(until)


def _instant(text: str) -> int | None:
    return None if text == "-" else parse_instant(text)
