"""Verify an exported record: name the first entry that is altered, missing, inserted or moved.

In: lines of an export (one canonical JSON object each), from any number of providers. Out: one
verdict a provider. A chain that was cut at its end verifies: without a head known from elsewhere
nobody can tell, and the verdict says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from aupkeep.base.canonical import canonical
from aupkeep.record.entry import GENESIS

_MEMBERS = {"provider", "seq", "at", "act", "subject", "body", "prev", "hash"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What can be said of one provider's chain."""

    provider: str
    #: Entries that verified before the first bad one.
    entries: int
    ok: bool
    #: Number of the first bad entry, or None.
    first_bad: int | None
    #: In plain words what is wrong with it, or what is not proven.
    why: str
    #: Hash of the last good entry.
    head: str


@dataclass(slots=True)
class _Chain:
    seq: int = 0
    prev: str = GENESIS
    bad: int | None = None
    why: str = ""


def verify(
    lines: Iterable[bytes], *, known_heads: Mapping[str, tuple[int, str]] | None = None
) -> list[Verdict]:
    """Check every line; `known_heads` (provider -> entries, hash) comes from another place.

    A line that is no entry at all is charged to the provider of the line before it, or to `?`.
    """
    chains: dict[str, _Chain] = {}
    latest = "?"
    for raw in lines:
        line = raw.rstrip(b"\n")
        if not line:
            continue
        members = _members(line)
        if members is not None and isinstance(members["provider"], str):
            latest = members["provider"]
        chain = chains.setdefault(latest, _Chain())
        if chain.bad is None:
            _check(chain, line, members)
    for provider in known_heads or {}:
        chains.setdefault(provider, _Chain())
    return [
        _verdict(provider, chain, (known_heads or {}).get(provider))
        for provider, chain in sorted(chains.items())
    ]


def _members(line: bytes) -> dict[str, object] | None:
    try:
        members = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(members, dict) or set(members) != _MEMBERS:
        return None
    return members


def _check(chain: _Chain, line: bytes, members: dict[str, object] | None) -> None:
    if members is None:
        chain.bad, chain.why = chain.seq, "the line is no entry"
        return
    stated = members["hash"]
    rest = {key: value for key, value in members.items() if key != "hash"}
    try:
        form = canonical(members)
        own = hashlib.sha256(canonical(rest)).hexdigest()
    except TypeError:
        chain.bad, chain.why = chain.seq, "the line holds a value that no entry has"
        return
    if members["seq"] != chain.seq:
        chain.bad = chain.seq
        chain.why = f"entry {chain.seq} should stand here, not entry {members['seq']}"
    elif members["prev"] != chain.prev:
        chain.bad, chain.why = chain.seq, "it does not follow the entry before it"
    elif own != stated or form != line:
        chain.bad, chain.why = chain.seq, "its content does not fit its hash"
    else:
        chain.seq += 1
        chain.prev = own


def _verdict(provider: str, chain: _Chain, known: tuple[int, str] | None) -> Verdict:
    bad, why = chain.bad, chain.why
    if bad is None and known is not None and (chain.seq, chain.prev) != known:
        bad = min(chain.seq, known[0])
        why = f"the known head is entry {known[0] - 1}, this chain ends otherwise"
    if bad is None and known is None:
        why = "entries cut off at the end cannot be noticed without a head known from elsewhere"
    return Verdict(
        provider=provider,
        entries=chain.seq,
        ok=bad is None,
        first_bad=bad,
        why=why,
        head=chain.prev,
    )
