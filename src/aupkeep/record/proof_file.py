"""A proof on its own: some entries, and why they are in a chain that was signed.

In: a chain's lines, which of them, and signed checkpoints; or the bytes of a file, pinned keys and
checkpoints known from elsewhere. Out: one JSON object; or what it proves and what it does not. Who
checks it needs neither the database nor the other entries.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from aupkeep.base.errors import AupkeepError, Fault, Place
from aupkeep.record.checkpoint import Checkpoint, read, reference
from aupkeep.record.envelope import envelope_hash
from aupkeep.record.known import Known
from aupkeep.record.note import unbase64
from aupkeep.record.proofs import (
    Levels,
    above,
    consistency,
    goes_on,
    inclusion,
    leaf,
    root_above,
    root_of,
)
from aupkeep.record.signing import PublicKey
from aupkeep.record.verify import Sound, sound

#: The form of the file; its first member, by which it is told from an export.
FORM = 1
BEGINS = b'{"aupkeep_proof":'


class Claimed(msgspec.Struct, forbid_unknown_fields=True):
    """One entry and its path to the root."""

    seq: int
    line: str
    path: list[str]
    #: What is personal of it, encrypted, in base64; empty: it has none, or it was left out.
    envelope: str = ""
    #: The key that opens the envelope, in base64; empty: it was not given.
    key: str = ""


class Since(msgspec.Struct, forbid_unknown_fields=True):
    """An older checkpoint, and the path by which the newer one goes on from it."""

    checkpoint: str
    path: list[str]


class Proof(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file."""

    aupkeep_proof: int
    provider: str
    checkpoint: str
    entries: list[Claimed]
    since: list[Since] = msgspec.field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What a proof says of itself and of what is known from elsewhere."""

    provider: str
    #: What is proven to be in the chain, in order, before the first bad one.
    entries: tuple[Sound, ...]
    ok: bool
    #: Number of the first entry that is not proven, or None.
    first_bad: int | None
    why: str
    checkpoint: Checkpoint
    #: Whether a given key signed the checkpoint; None: no key was given.
    signed: bool | None
    #: What it cannot prove, each in plain words.
    unproven: tuple[str, ...]


def prove(
    lines: Iterable[bytes],
    wanted: Sequence[int],
    checkpoint: Checkpoint,
    *,
    since: Iterable[Checkpoint] = (),
    envelopes: Mapping[int, tuple[bytes, bytes]] | None = None,
) -> bytes:
    """Return the file that proves the entries `wanted` under `checkpoint`.

    `lines` are the first `checkpoint.size` of its chain; `envelopes` has, by number, an envelope
    and its key (empty: not given). Raises `AupkeepError` where the lines are not what a checkpoint
    says, so that nothing is handed out that would not be believed.
    """
    tree, kept = _read(lines, set(wanted))
    _refuse_other(tree, checkpoint, whole=True)
    claimed = []
    for seq in wanted:
        envelope, key = (envelopes or {}).get(seq, (b"", b""))
        claimed.append(
            Claimed(
                seq=seq,
                line=kept[seq].decode("utf-8", "surrogatepass"),
                path=[one.hex() for one in inclusion(tree, seq)],
                envelope=base64.b64encode(envelope).decode(),
                key=base64.b64encode(key).decode(),
            )
        )
    older = []
    for one in since:
        _refuse_other(tree, one, whole=False)
        path = [found.hex() for found in consistency(tree, one.size)] if one.size else []
        older.append(Since(checkpoint=one.text, path=path))
    proof = Proof(
        aupkeep_proof=FORM,
        provider=checkpoint.provider,
        checkpoint=checkpoint.text,
        entries=claimed,
        since=older,
    )
    return msgspec.json.encode(proof) + b"\n"


def read_proof(data: bytes, *, file: str) -> Proof:
    """Return the proof in `data`; raises `AupkeepError` where it is none."""
    try:
        proof = msgspec.json.decode(data, type=Proof)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as wrong:
        what = f"this is no proof of the record ({str(wrong)[:200]})"
        raise AupkeepError(Fault(code="not-a-proof", what=what, place=Place(file=file))) from None
    if proof.aupkeep_proof != FORM:
        what = f"this proof has form {proof.aupkeep_proof}, which another Aupkeep reads"
        raise AupkeepError(Fault(code="not-a-proof", what=what, place=Place(file=file)))
    return proof


def check(proof: Proof, keys: Sequence[PublicKey], known: Iterable[Known], *, file: str) -> Proven:
    """Return what `proof` proves; `known` is what other places say of its chain.

    1. The checkpoint is read, and its signature compared with `keys`. 2. Every entry fits its own
    hash, and its path leads to the checkpoint's root. 3. An envelope is the one that its entry
    names. 4. The checkpoint goes on from every one that is known and older. Raises `AupkeepError`
    for a checkpoint that is none.
    """
    checkpoint = read(proof.checkpoint, file=file)
    signed = checkpoint.is_signed(keys) if keys else None
    found: list[Sound] = []
    bad, why = None, ""
    if signed is False:
        why = f"checkpoint {reference(checkpoint)} is not signed by a key that was given"
    elif checkpoint.provider != proof.provider:
        why = f"its checkpoint is of `{checkpoint.provider}`"
    for claim in proof.entries if not why else ():
        entry, why = _claim(claim, checkpoint)
        if entry is None or why:
            bad = claim.seq
            break
        found.append(entry)
    open_ends: list[str] = []
    if not why:
        why, open_ends = _against(proof, checkpoint, known)
    if signed is None:
        open_ends.append(f"the signature of checkpoint {reference(checkpoint)}: no key was given")
    return Proven(
        provider=proof.provider,
        entries=tuple(found),
        ok=not why,
        first_bad=bad,
        why=why,
        checkpoint=checkpoint,
        signed=signed,
        unproven=tuple(open_ends),
    )


def _claim(claim: Claimed, checkpoint: Checkpoint) -> tuple[Sound | None, str]:
    line = claim.line.encode("utf-8", "surrogatepass")
    entry = sound(line)
    if entry is None:
        return None, "its content does not fit its hash"
    if (entry.provider, entry.seq) != (checkpoint.provider, claim.seq):
        return None, f"it is entry {entry.seq} of `{entry.provider}`"
    path = _hashes(claim.path)
    if path is None or root_above(line, claim.seq, checkpoint.size, path) != checkpoint.root:
        return None, f"it is not in the chain of checkpoint {reference(checkpoint)} at this place"
    envelope = unbase64(claim.envelope)
    if envelope is None or (envelope and envelope_hash(envelope) != entry.sealed):
        return None, "its envelope is not the one that it names"
    return entry, ""


def _against(proof: Proof, checkpoint: Checkpoint, known: Iterable[Known]) -> tuple[str, list[str]]:
    """Return how the checkpoint contradicts what is known, and what cannot be compared with it."""
    unproven = []
    older = [(read(one.checkpoint), _hashes(one.path)) for one in proof.since]
    for one in known:
        if one.checkpoint is None or one.signed is False:
            unproven.append(f"anything of {one.name}, which no given key signed")
            continue
        if one.size > checkpoint.size:
            unproven.append(f"that {one.name} goes on from it: it is newer than this proof")
        elif one.size == checkpoint.size:
            if one.checkpoint.root != checkpoint.root:
                return f"{one.name} says otherwise of the same entries", []
        else:
            paths = [path for item, path in older if item.same(one.checkpoint)]
            if not paths:
                what = f"that it goes on from {one.name}"
                unproven.append(f"{what}: ask for a proof with `--since` that checkpoint")
            elif not any(_goes_on(one.checkpoint, checkpoint, path) for path in paths):
                return f"it does not go on from {one.name}", []
    return "", unproven


def _goes_on(old: Checkpoint, new: Checkpoint, path: list[bytes] | None) -> bool:
    if path is None:
        return False
    return old.size == 0 or goes_on(old.size, old.root, new.size, new.root, path)


def _read(lines: Iterable[bytes], wanted: set[int]) -> tuple[Levels, dict[int, bytes]]:
    """Return the tree over `lines`, and those that are wanted; a long chain is not kept."""
    leaves, kept = [], {}
    for number, line in enumerate(lines):
        leaves.append(leaf(line))
        if number in wanted:
            kept[number] = line
    return above(leaves), kept


def _refuse_other(tree: Levels, checkpoint: Checkpoint, *, whole: bool) -> None:
    fits = checkpoint.size == tree.size if whole else checkpoint.size <= tree.size
    if not fits or root_of(tree, checkpoint.size) != checkpoint.root:
        what = f"the chain is not the one that checkpoint {reference(checkpoint)} names"
        hint = "`aupkeep record verify` names the first bad entry"
        raise AupkeepError(Fault(code="record-broken", what=what, hint=hint))


def _hashes(texts: Sequence[str]) -> list[bytes] | None:
    try:
        return [bytes.fromhex(text) for text in texts]
    except ValueError:
        return None
