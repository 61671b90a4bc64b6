"""Verify an exported record: name the first entry that is altered, missing, inserted or moved.

In: lines of an export (one canonical JSON object each), from any number of providers. Out: one
verdict a provider. A chain that was cut at its end verifies: without a head known from elsewhere
nobody can tell, and the verdict says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec

from aupkeep.base.canonical import canonical
from aupkeep.record.entry import GENESIS


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


class _Members(msgspec.Struct, forbid_unknown_fields=True):
    """The members of an entry; any other makes the line none."""

    act: str
    at: str
    body: dict[str, Any]
    hash: str
    prev: str
    provider: str
    seq: int
    subject: str


@dataclass(slots=True)
class _Chain:
    seq: int = 0
    prev: str = GENESIS
    bad: int | None = None
    why: str = ""
    #: How many entries the chain had and its hash at a place known from elsewhere.
    known: tuple[int, str] | None = None


def verify(
    lines: Iterable[bytes], *, known_heads: Mapping[str, tuple[int, str]] | None = None
) -> list[Verdict]:
    """Check every line, of which each may end with a newline; return verdicts by provider.

    `known_heads` (provider -> number of entries, hash of the last of them) comes from another
    place; a chain may have grown since. A line whose content does not fit its hash says nothing
    about whose it is: unless it claims to go on where the line before it stopped, or to begin a
    chain, it is charged to the provider of the line before it, or to `?`.
    """
    known = known_heads or {}
    chains = {provider: _Chain(known=head) for provider, head in known.items()}
    latest = ""
    for raw in lines:
        line = raw.removesuffix(b"\n")
        members, own = _read(line)
        if members is not None and (own or members.provider == latest or members.seq == 0):
            provider = members.provider
        else:
            provider = latest or "?"
        chain = chains.get(provider)
        if chain is None:
            chain = chains[provider] = _Chain()
        if own:
            latest = provider
        if chain.bad is None:
            _follow(chain, members, own)
    return [_verdict(provider, chain) for provider, chain in sorted(chains.items())]


def _follow(chain: _Chain, members: _Members | None, own: str) -> None:
    """Let the chain go on by one entry, or note why it cannot."""
    if members is None:
        chain.why = "the line is no entry"
    elif not own:
        chain.why = "its content does not fit its hash"
    elif members.seq != chain.seq:
        chain.why = f"entry {chain.seq} should stand here, not entry {members.seq}"
    elif members.prev != chain.prev:
        chain.why = "it does not follow the entry before it"
    else:
        chain.seq += 1
        chain.prev = own
        if chain.known is not None and chain.known[0] == chain.seq and chain.known[1] != own:
            chain.bad, chain.why = chain.seq - 1, "it is not the entry that the known head names"
        return
    chain.bad = chain.seq


def _verdict(provider: str, chain: _Chain) -> Verdict:
    bad, why = chain.bad, chain.why
    if bad is None and chain.known is not None and chain.seq < chain.known[0]:
        bad = chain.seq
        why = f"the chain ends here, but the known head has {chain.known[0]} entries"
    elif bad is None and chain.known is None:
        why = "entries cut off at the end cannot be noticed without a head known from elsewhere"
    elif bad is None and chain.known is not None and chain.seq > chain.known[0]:
        why = f"entries cut off at the end, after the first {chain.seq}, cannot be noticed"
    return Verdict(
        provider=provider,
        entries=chain.seq,
        ok=bad is None,
        first_bad=bad,
        why=why,
        head=chain.prev,
    )


def _no_float(text: str) -> NoReturn:
    raise TypeError(f"no entry holds the float {text}")


_decode = msgspec.json.Decoder(_Members, float_hook=_no_float).decode
_encode = msgspec.json.Encoder(order="sorted").encode


def _read(line: bytes) -> tuple[_Members | None, str]:
    """Return the members of an entry's line, and its hash where the line is as it was written.

    The fast reader writes the line again and compares; where the two differ, the slow one, whose
    form is the canonical one by definition, has the last word.
    """
    try:
        members = _decode(line)
        if _encode(members) != line:
            return _read_slowly(line)
    except (msgspec.MsgspecError, UnicodeError, TypeError, ValueError, RecursionError):
        return _read_slowly(line)
    return members, _own_hash(line, members.hash)


def _read_slowly(line: bytes) -> tuple[_Members | None, str]:
    """Do the same for text that the fast reader refuses: half surrogate pairs."""
    try:
        value = json.loads(line.decode("utf-8", "surrogatepass"), parse_float=_no_float)
        members = msgspec.convert(value, _Members)
        written = canonical(value)
    except (msgspec.MsgspecError, UnicodeError, TypeError, ValueError, RecursionError):
        return None, ""
    return members, _own_hash(line, members.hash) if written == line else ""


def _own_hash(line: bytes, stated: str) -> str:
    """Return `stated` where it is the hash of the canonical `line` without its member `hash`.

    `hash` stands after `body`, and the members after it hold no objects, so the last place where
    its name stands as a key is the entry's own: a quote inside a text is always escaped.
    """
    start = line.rfind(b',"hash":"')
    end = line.find(b'"', start + 9) + 1
    own = hashlib.sha256(line[:start])
    own.update(line[end:])
    return stated if own.hexdigest() == stated else ""
