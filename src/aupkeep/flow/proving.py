"""Proofs handed out: of one entry, or of all entries about a case.

In: what somebody asks for. Out: the bytes of a proof under the newest signed checkpoint. Where the
keys of envelopes go with it, that is a full view: it needs a purpose, and makes an entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from aupkeep.base.errors import AupkeepError, Fault, MisuseError
from aupkeep.record.checkpoint import Checkpoint, read, reference
from aupkeep.record.envelope import key_of
from aupkeep.record.proof_file import prove
from aupkeep.store import chain, evidence, keyring
from aupkeep.store.database import snapshot
from aupkeep.store.sanctions import sanctions_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Entries of one chain."""

    provider: str
    #: Their numbers, in order.
    numbers: tuple[int, ...]
    #: The case that they are about; empty: one entry was asked for.
    case: str = ""
    #: Whose case it is.
    customer: str | None = None
    #: Entries that only say who looked: they need not be signed yet, and are left out then.
    views: frozenset[int] = frozenset()


def wanted(text: str, providers: Sequence[str]) -> Wanted:
    """Return what `text` means: `PROVIDER:NUMBER`, or a case's id or its beginning.

    Raises `MisuseError` where it is neither.
    """
    provider, colon, number = text.rpartition(":")
    if colon:
        if provider not in providers or not number.isdigit():
            raise _neither(text)
        return Wanted(provider=provider, numbers=(int(number),))
    case = evidence.get_case(text) if text else None
    if case is None:
        raise _neither(text)
    subjects = [case.id, *(item.id for item in sanctions_of(case.id))]
    acts = chain.acts_about(case.provider, *subjects)
    return Wanted(
        provider=case.provider,
        numbers=tuple(acts),
        case=case.id,
        customer=case.customer,
        views=frozenset(number for number, act in acts.items() if act == "record_viewed"),
    )


def proof_of(asked: Wanted, *, since: Sequence[Checkpoint] = (), keys: bool = False) -> bytes:
    """Return the proof; `keys`: with the keys that open its envelopes, where they are there.

    Raises `AupkeepError` where an entry is not signed yet, is not there, or the chain is broken.
    """
    with snapshot():
        latest = chain.latest_checkpoint(asked.provider)
        checkpoint = read(latest[0]) if latest else None
        covered = checkpoint.size if checkpoint else 0
        numbers = [one for one in asked.numbers if one < covered or one not in asked.views]
        late = [one for one in numbers if one >= covered]
        if checkpoint is None or late or not numbers:
            raise _unsigned(asked, checkpoint, late)
        older = [one for one in since if one.provider == asked.provider and one.size <= covered]
        lines = islice(chain.lines_from(asked.provider, 0), covered)
        envelopes = {
            number: (envelope, _key(envelope) if keys else b"")
            for number, envelope in chain.envelopes(asked.provider, numbers)
        }
        return prove(lines, numbers, checkpoint, since=older, envelopes=envelopes)


def _key(envelope: bytes) -> bytes:
    identity = key_of(envelope)
    return (keyring.secret_of(identity) if identity else None) or b""


def _neither(text: str) -> MisuseError:
    return MisuseError(
        Fault(
            code="no-such-entry",
            what=f"`{text}` is no entry such as jasmo:95, and no one case's id begins with it",
            hint="`aupkeep case list` names the cases, and notices name their entry",
        )
    )


def _unsigned(asked: Wanted, checkpoint: Checkpoint | None, late: Sequence[int]) -> AupkeepError:
    if checkpoint is None:
        what = f"no checkpoint of {asked.provider} was ever signed, so nothing can be proven"
    elif late:
        what = f"entry {late[0]} of {asked.provider} is not under {reference(checkpoint)}, the last"
        what += " checkpoint"
    else:
        what = "the record has no entry about it"
    hint = "the hand signs each minute: is it at work?"
    return AupkeepError(Fault(code="not-signed-yet", what=what, hint=hint))
