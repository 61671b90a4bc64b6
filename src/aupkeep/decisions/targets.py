"""On what a measure would fall: the smallest thing that stops the breach.

In: findings and the scope a step names. Out: the distinct targets, sorted, each with the findings
it is named by. A scope that a finding cannot name (no site in a mail finding) falls back to what it
is a part of, up to the account. A script's mail has no mailbox but the system user that ran it,
which is as small. An address is never a fall-back: others may share it.
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
    "mailbox": "user",
    "user": "service",
    "address": "service",
    "service": "account",
}

#: Scope -> keys of a finding that name it, best first; then prefixes of the actor's text.
_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "file": (("path",), ()),
    "path": (("accused_url",), ("url:",)),
    "site": (("accused_host",), ("domain:",)),
    "mailbox": (("login",), ("login:",)),
    "user": ((), ("user:",)),
    "address": (("actor_ip", "client_ip", "accused_ip"), ("ip:",)),
    "service": (("service",), ()),
    "account": (("customer",), ()),
}

#: Stands in an actor's text for something that is not known.
_NOTHING = "-"


def targets(
    findings: Iterable[Finding], scope: str
) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Return (scope, target, ids of its findings), each target once, for the wanted `scope`."""
    found: dict[tuple[str, str], list[str]] = {}
    for finding in sorted(findings, key=lambda item: (item.first, item.id)):
        found.setdefault(_target(finding, scope), []).append(finding.id)
    return tuple((*named, tuple(ids)) for named, ids in sorted(found.items()))


def as_small(scope: str, asked: str) -> bool:
    """Whether a target of `scope` stops no more than the `asked` scope says."""
    return scope == asked or (asked, scope) == ("mailbox", "user")


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
