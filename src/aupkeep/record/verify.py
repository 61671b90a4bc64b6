"""Verify an exported record: name the first entry that is altered, missing, inserted or moved.

In: lines of an export (one canonical JSON object each), from any number of providers, or the rows
of a database, of which the columns beside the line are compared with it. Out: one verdict a
provider. A chain that was cut at its end, or written anew as a whole, verifies: without a head or a
checkpoint known from elsewhere nobody can tell, and the verdict says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

import msgspec

from aupkeep.base.canonical import canonical
from aupkeep.record.checkpoint import Checkpoint
from aupkeep.record.entry import GENESIS, VERSION
from aupkeep.record.envelope import envelope_hash
from aupkeep.record.known import Comparison, Known


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What can be said of one provider's chain."""

    provider: str
    #: Entries that verified before the first bad one.
    entries: int
    ok: bool
    #: Number of the first bad entry, or None; also where only a checkpoint is not in order.
    first_bad: int | None
    #: In plain words what is wrong with it, or what is not proven.
    why: str
    #: Hash of the last good entry.
    head: str
    #: The checkpoint that speaks for most entries, or the first whose signature is wrong.
    checkpoint: Checkpoint | None = None
    #: Whether a given key signed it; None where no key was given, or there is no checkpoint.
    signed: bool | None = None


class Stored(NamedTuple):
    """One row of a database: the line and the columns beside it, as the bytes they are."""

    line: bytes
    provider: bytes
    number: bytes
    hash: bytes
    #: Whether every column has the type it was written with.
    sound: bool
    #: What is personal of it, encrypted; None: nothing is.
    envelope: bytes | None = None


@dataclass(frozen=True, slots=True)
class Sound:
    """What a line says that fits its own hash."""

    provider: str
    seq: int
    act: str
    subject: str
    at: str
    #: The hash of its envelope; empty: it has none.
    sealed: str


class _Members(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The members of an entry; any other makes the line none."""

    act: str
    at: str
    body: dict[str, Any]
    hash: str
    prev: str
    provider: str
    seq: int
    subject: str
    #: The hash of the envelope; empty: there is none.
    sealed: str = ""
    #: Entries of the first form do not say it.
    version: int = 1


@dataclass(slots=True)
class _Chain:
    seq: int = 0
    prev: str = GENESIS
    bad: int | None = None
    why: str = ""
    #: Why the chain cannot be without an entry, or nothing.
    needed: str = ""
    #: What is known of the chain from elsewhere.
    against: Comparison = field(default_factory=lambda: Comparison(()))


def verify(
    lines: Iterable[bytes],
    *,
    known_heads: Mapping[str, tuple[int, str]] | None = None,
    checkpoints: Mapping[str, Sequence[Known]] | None = None,
) -> list[Verdict]:
    """Check every line, of which each may end with a newline; return verdicts by provider.

    `known_heads` (provider -> number of entries, hash of the last of them) and `checkpoints` (by
    provider) come from other places; a chain may have grown since. A line whose content does not
    fit its hash says nothing about whose it is: unless it claims to go on where the line before it
    stopped, or to begin a chain, it is charged to the provider of the line before it, or to `?`.
    """
    rows = ((raw.removesuffix(b"\n"), None) for raw in lines)
    return _verify(rows, _chains(known_heads or {}, checkpoints or {}))


def verify_stored(
    rows: Iterable[Stored],
    *,
    expected: Mapping[str, str],
    known_heads: Mapping[str, tuple[int, str]] | None = None,
    checkpoints: Mapping[str, Sequence[Known]] | None = None,
) -> list[Verdict]:
    """Check every row as `verify` does a line, and the columns beside it.

    `expected` names the providers that get a verdict even without an entry, each with the reason
    why a chain without one is wrong, or an empty text. A line that does not fit its hash is
    charged to the provider in the column beside it, where that is a known one.
    """
    chains = _chains(known_heads or {}, checkpoints or {})
    for provider, needed in expected.items():
        chains.setdefault(provider, _Chain()).needed = needed
    return _verify(((row.line, row) for row in rows), chains)


def sound(line: bytes) -> Sound | None:
    """Return what `line` says, or None where it is no entry as it was written."""
    members, own = _read(line)
    if members is None or not own or members.version > VERSION:
        return None
    return Sound(
        members.provider, members.seq, members.act, members.subject, members.at, members.sealed
    )


def _chains(
    heads: Mapping[str, tuple[int, str]], checkpoints: Mapping[str, Sequence[Known]]
) -> dict[str, _Chain]:
    """Return a chain for each provider of which something is known from elsewhere."""
    said = {provider: list(listed) for provider, listed in checkpoints.items()}
    for provider, (size, head) in heads.items():
        said.setdefault(provider, []).append(Known(size=size, head=head))
    return {provider: _Chain(against=Comparison(listed)) for provider, listed in said.items()}


def _verify(
    rows: Iterable[tuple[bytes, Stored | None]], chains: dict[str, _Chain]
) -> list[Verdict]:
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
        chain = chains.get(provider)
        if chain is None:
            chain = chains[provider] = _Chain()
        if chain.bad is None:
            _follow(chain, line, members, own, fault)
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
    if not row.sound:
        return "a column of it is stored as another type"
    return _envelope(members, row.envelope)


def _envelope(members: _Members, envelope: bytes | None) -> str:
    """Return what is wrong with the envelope beside an entry, or nothing; no key is needed."""
    if envelope is None:
        return "its envelope is missing" if members.sealed else ""
    if not members.sealed:
        return "an envelope stands beside it, but it names none"
    if envelope_hash(envelope) != members.sealed:
        return "its envelope is not the one that it names"
    return ""


def _follow(chain: _Chain, line: bytes, members: _Members | None, own: str, fault: str) -> None:
    """Let the chain go on by one entry, or note why it cannot."""
    if members is None:
        chain.why = "the line is no entry"
    elif not own:
        chain.why = "its content does not fit its hash"
    elif members.version > VERSION:
        chain.why = f"it has form {members.version}, which only a newer Aupkeep can read"
    elif fault:
        chain.why = fault
    elif members.seq != chain.seq:
        chain.why = f"entry {chain.seq} should stand here, not entry {members.seq}"
    elif members.prev != chain.prev:
        chain.why = "it does not follow the entry before it"
    elif differs := chain.against.take(line, chain.seq + 1, own):
        chain.why = differs
    else:
        chain.seq += 1
        chain.prev = own
        return
    chain.bad = chain.seq


def _verdict(provider: str, chain: _Chain) -> Verdict:
    bad, why, last = chain.bad, chain.why, chain.against.last
    false = next(iter(chain.against.false), None)
    if bad is None and last is not None and chain.seq < last.size:
        bad = chain.seq
        why = f"the chain ends here, but {last.name} has {last.size} entries"
    elif bad is None and chain.seq == 0 and chain.needed:
        bad, why = 0, f"it is missing: {chain.needed}, but the chain has no entry"
    elif bad is None and false is not None:
        why = f"{false.name} is not signed by a key that was given"
    elif bad is None:
        why = _not_proven(chain.seq, last)
    shown = (false or last) if bad is None else (last or false)
    return Verdict(
        provider=provider,
        entries=chain.seq,
        ok=bad is None and false is None,
        first_bad=bad,
        why=why,
        head=chain.prev,
        checkpoint=shown.checkpoint if shown is not None else None,
        signed=shown.signed if shown is not None else None,
    )


def _not_proven(entries: int, last: Known | None) -> str:
    """Return what nobody can tell of a chain in order, or nothing."""
    if last is None:
        return "entries cut off at the end cannot be noticed without a head known from elsewhere"
    if last.checkpoint is None:
        if entries == last.size:
            return ""
        return f"entries cut off at the end, after the first {entries}, cannot be noticed"
    what = f"entries after the checkpoint at {last.size}"
    if entries == last.size:
        what = f"whether there were {what}"
    if last.signed is None:
        what += f"; the signature of {last.name}: no key was given"
    return what


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
