"""On what a measure would fall: the smallest thing that stops the breach.

In: findings and the scope a step names. Out: the distinct targets, sorted. A scope that a finding
cannot name (no site in a mail finding) falls back to what it is a part of, up to the account. An
address is never a fall-back: others may share it.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from aupkeep.detection.finding import Finding

#: Scope -> the scope it is a part of.
_WIDER = {
    "file": "path",
    "path": "site",
    "site": "service",
    "mailbox": "service",
    "address": "service",
    "service": "account",
}

#: Scope -> keys of a finding that name it, best first; then prefixes of the actor's text.
_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "file": (("path",), ()),
    "path": (("accused_url",), ("url:",)),
    "site": (("accused_host",), ("domain:",)),
    "mailbox": (("login",), ("login:", "user:")),
    "address": (("actor_ip", "client_ip", "accused_ip"), ("ip:",)),
    "service": (("service",), ()),
    "account": (("customer",), ()),
}

#: Stands in an actor's text for something that is not known.
_NOTHING = "-"


def targets(findings: Iterable[Finding], scope: str) -> tuple[tuple[str, str], ...]:
    """Return (scope, target) pairs, each once, for `findings` and the wanted `scope`."""
    return tuple(sorted({_target(finding, scope) for finding in findings}))


def _target(finding: Finding, scope: str) -> tuple[str, str]:
    wider: str | None = scope
    while wider is not None:
        found = _named(finding, wider)
        if found:
            return wider, found
        wider = _WIDER.get(wider)
    return "account", finding.customer or finding.actor


def _named(finding: Finding, scope: str) -> str:
    keys, prefixes = _KEYS[scope]
    for key in keys:
        value = finding.key.get(key)
        if value:
            return value
    for prefix in prefixes:
        name = finding.actor.removeprefix(prefix)
        if name not in (finding.actor, "", _NOTHING):
            return name
    if scope == "site":
        return _host(finding)
    if scope == "service" and finding.service:
        return finding.service
    if scope == "account" and finding.customer:
        return finding.customer
    return ""


def _host(finding: Finding) -> str:
    """Return the host of the URL that a finding is about, or empty text."""
    url = finding.key.get("accused_url") or ""
    if not url and finding.actor.startswith("url:"):
        url = finding.actor.removeprefix("url:")
    try:
        return urlsplit(url if "//" in url else f"//{url}").hostname or ""
    except ValueError:
        return ""
