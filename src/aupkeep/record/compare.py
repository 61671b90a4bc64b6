"""Compare what is stored beside the chain with what the newest entries say of it.

In: lines of chains that were verified, and what is stored now. Out: what differs. Findings,
decisions, sanctions, exceptions, bookings and published policies are compared, each by one hash;
of the other rows the entries hold no hash.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["policy", "finding", "decision", "sanction", "exception", "booking"]

#: Acts on cases that change several things, whose hashes they hold by id.
_MANY: dict[str, Kind] = {
    "case_attributed": "finding",
    "case_merged": "sanction",
    "case_split": "sanction",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One thing as it is stored now."""

    kind: Kind
    id: str
    #: As in the entry; empty: it is there, but no entry need tell how it is now.
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Altered:
    """One thing that is not what the entries say of it."""

    kind: Kind
    id: str
    why: str


@dataclass(frozen=True, slots=True)
class _Told:
    content: str
    entry: str


def altered(lines: Iterable[bytes], kept: Iterable[Kept]) -> list[Altered]:
    """Return what was changed, put in or taken out without an entry.

    `lines` are entries that verified, each chain in its order; `kept` is everything of the six
    kinds that must have an entry.
    """
    told: dict[tuple[Kind, str], _Told] = {}
    for line in lines:
        _tell(told, json.loads(line))
    found = []
    for item in kept:
        entry = told.pop((item.kind, item.id), None)
        if entry is None:
            if item.content:
                found.append(Altered(kind=item.kind, id=item.id, why="no entry tells of it"))
        elif item.content and entry.content not in ("", item.content):
            why = f"it is not what {entry.entry} says"
            found.append(Altered(kind=item.kind, id=item.id, why=why))
    for (kind, identity), entry in told.items():
        found.append(Altered(kind=kind, id=identity, why=f"it is gone, but {entry.entry} made it"))
    return found


def policy_id(provider: str, version: str) -> str:
    """Return the name of a published policy."""
    return f"{provider} {version}"


def _tell(told: dict[tuple[Kind, str], _Told], members: dict[str, Any]) -> None:
    body, act = members["body"], members["act"]
    entry = f"entry {members['seq']} of {members['provider']}"
    if act == "policy_published":
        identity = policy_id(members["provider"], body["version"])
        told["policy", identity] = _Told(body["hash"], entry)
    elif act in ("case_opened", "finding_joined", "finding_updated"):
        told["finding", body["finding"]] = _Told(body["content"], entry)
    elif act in _MANY:
        for identity, content in body["contents"].items():
            told[_MANY[act], identity] = _Told(content, entry)
    elif act == "decision_made":
        told["decision", body["decision"]] = _Told(body["content"], entry)
    elif act.startswith("fee_"):
        told["booking", body["booking"]] = _Told(body["content"], entry)
    elif act.startswith("exception_"):
        told["exception", members["subject"]] = _Told(body["content"], entry)
    elif act.startswith("sanction_") or act == "customer_asked":
        # Entries of the program's first version hold no hash of it, so nothing is compared.
        told["sanction", members["subject"]] = _Told(body.get("content", ""), entry)
