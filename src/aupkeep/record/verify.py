"""Verify an exported record: name the first entry that is altered, missing, inserted or moved.

In: lines of an export (one canonical JSON object each), from any number of providers, or the rows
of a database, of which the columns beside the line are compared with it. Out: one verdict a
provider. A chain that was cut at its end verifies: without a head known from elsewhere
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One row of a database: the line and the columns beside it, as the bytes they are."""

    line: bytes
    provider: bytes
    number: bytes
    hash: bytes
    #: Whether every column has the type it was written with.
    sound: bool


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
    #: Why the chain cannot be without an entry, or nothing.
    needed: str = ""
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
    return _verify(((raw.removesuffix(b"\n"), None) for raw in lines), known_heads or {}, {})


def verify_stored(
    rows: Iterable[Stored],
    *,
    expected: Mapping[str, str],
    known_heads: Mapping[str, tuple[int, str]] | None = None,
) -> list[Verdict]:
    """Check every row as `verify` does a line, and the columns beside it.

    `expected` names the providers that get a verdict even without an entry, each with the reason
    why a chain without one is wrong, or an empty text. A line that does not fit its hash is
    charged to the provider in the column beside it, where that is a known one.
    """
    return _verify(((row.line, row) for row in rows), known_heads or {}, expected)


def _verify(
    rows: Iterable[tuple[bytes, Stored | None]],
    known: Mapping[str, tuple[int, str]],
    expected: Mapping[str, str],
) -> list[Verdict]:
    chains = {provider: _Chain(known=head) for provider, head in known.items()}
    for provider, needed in expected.items():
        chains.setdefault(provider, _Chain()).needed = needed
    latest = ""
    for line, row in rows:
        members, own = _read(line)
        fault = _beside(members, row) if members is not None and own else ""
        if not own and line != line.strip():
            # Only what surrounds it was touched, so the entry still says whose it is.
            inner, fits = _read(line.strip())
            if fits:
                members, own, fault = inner, fits, "white space stands before or after it"
        if own and members is not None:
            provider = latest = members.provider
        else:
            provider = _whose(members, row, latest, chains)
        chain = chains.setdefault(provider, _Chain())
        if chain.bad is None:
            _follow(chain, members, own, fault)
    return [_verdict(provider, chain) for provider, chain in sorted(chains.items())]


def _whose(
    members: _Members | None, row: Stored | None, latest: str, chains: Mapping[str, _Chain]
) -> str:
    """Return the provider that a line is charged to although it does not fit its hash."""
    if row is not None:
        beside = row.provider.decode("utf-8", "replace")
        if beside in chains or (members is not None and members.provider == beside):
            return beside
    if members is not None and (members.provider == latest or members.seq == 0):
        return members.provider
    return latest or "?"


def _beside(members: _Members, row: Stored | None) -> str:
    """Return which column beside a sound line says something else than the line, or nothing."""
    if row is None:
        return ""
    if row.provider != members.provider.encode("utf-8", "surrogatepass"):
        return "the column `provider` beside it names another provider"
    if row.number != str(members.seq).encode():
        return "the column `seq` beside it has another number"
    if row.hash != members.hash.encode():
        return "the column `hash` beside it has another hash"
    return "" if row.sound else "a column of it is stored as another type"


def _follow(chain: _Chain, members: _Members | None, own: str, fault: str) -> None:
    """Let the chain go on by one entry, or note why it cannot."""
    if members is None:
        chain.why = "the line is no entry"
    elif not own:
        chain.why = "its content does not fit its hash"
    elif fault:
        chain.why = fault
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
    elif bad is None and chain.seq == 0 and chain.needed:
        bad, why = 0, f"it is missing: {chain.needed}, but the chain has no entry"
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
