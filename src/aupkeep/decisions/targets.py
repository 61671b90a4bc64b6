"""On what a measure would fall: the smallest thing that stops the breach.

In: findings and the scope a step names. Out: the distinct targets, sorted. A scope that a finding
cannot name (no site in a mail finding) falls back to the next wider one, up to the account.
"""

from __future__ import annotations

from collections.abc import Iterable

from aupkeep.detection.finding import Finding
from aupkeep.policy.model import SCOPES

#: Scope -> keys of a finding that name it, best first; then prefixes of the actor's text.
_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "file": (("path",), ()),
    "path": (("accused_url",), ("url:",)),
    "site": (("accused_host",), ("domain:", "url:")),
    "mailbox": (("login",), ("login:", "user:")),
    "address": (("actor_ip", "client_ip", "accused_ip"), ("ip:",)),
    "service": (("service",), ()),
    "account": (("customer",), ()),
}


def targets(findings: Iterable[Finding], scope: str) -> tuple[tuple[str, str], ...]:
    """Return (scope, target) pairs, each once, for `findings` and the wanted `scope`."""
    return tuple(sorted({_target(finding, scope) for finding in findings}))


def _target(finding: Finding, scope: str) -> tuple[str, str]:
    for wider in SCOPES[SCOPES.index(scope) :]:
        found = _named(finding, wider)
        if found:
            return wider, found
    return "account", finding.customer or finding.actor


def _named(finding: Finding, scope: str) -> str:
    keys, prefixes = _KEYS[scope]
    for key in keys:
        value = finding.key.get(key)
        if value:
            return value
    for prefix in prefixes:
        if finding.actor.startswith(prefix):
            return finding.actor.removeprefix(prefix)
    if scope == "service" and finding.service:
        return finding.service
    if scope == "account" and finding.customer:
        return finding.customer
    return ""
