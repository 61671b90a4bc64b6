"""What the tables of powers behind somebody else's door ask for alike.

In: values as TOML gives them. Out: the same, checked, or a `ValueError` in plain words.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from aupkeep.base.clock import HOUR, parse_duration
from aupkeep.outlets.remit import Remit
from aupkeep.policy.model import SCOPES, Measure

#: How long `terminate` waits where the settings do not say, and at the least.
DELAY: Final = "24h"
_SHORTEST = HOUR
#: A script's mail has no mailbox but the system user that ran it.
_SCOPES = (*SCOPES, "user")


def address(value: str) -> str:
    """Return a web address that orders may be posted to; plain http only to this machine."""
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        parts.port  # noqa: B018  # it raises for what is no port
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https") or any(map(str.isspace, value)):
        raise ValueError("this is no address such as https://panel.example/orders")
    if parts.scheme == "http" and not _here(host):
        raise ValueError(f"`{host}` is another machine, so its address begins with https://")
    return value


def scopes(value: list[str]) -> list[str]:
    """Return scopes by the policy's words."""
    for word in value:
        if word not in _SCOPES:
            raise ValueError(f"`{word}` is no scope ({', '.join(_SCOPES)})")
    return value


def delay(value: str) -> str:
    """Return a time that is long enough to think again."""
    if parse_duration(value) < _SHORTEST:
        raise ValueError("it must be an hour at least")
    return value


def remit(measure: str, words: Sequence[str], wait: str) -> Remit:
    """Return what a door may be asked; only the end of a contract waits."""
    waits = parse_duration(wait) if measure == Measure.TERMINATE else 0
    return Remit(measure=measure, scopes=tuple(words), delay=waits)


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
