"""Signed checkpoints: what the hand vouches for, kept in a second place.

In: the chains. Out: checkpoints, signed, stored and placed. A chain that no longer continues what
was signed before is never signed again: that is an alarm for people.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from itertools import islice

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.flow.installation import Installation
from aupkeep.flow.keys import LENGTH, PRIVATE, PUBLIC, kept, signing_folder
from aupkeep.outlets import durable
from aupkeep.outlets.second_place.file import Folder
from aupkeep.record.checkpoint import Checkpoint, origin, read, reference, sign, write
from aupkeep.record.entry import GENESIS
from aupkeep.record.signing import PrivateKey, make_pair, read_private
from aupkeep.record.tree import EMPTY, Peaks, add, root
from aupkeep.store import chain
from aupkeep.store.database import snapshot


class Signer:
    """Signs the chains of an installation; only the hand makes one."""

    def __init__(self, installation: Installation) -> None:
        """Read the key, or make it on first use; raises `AupkeepError` where it is damaged."""
        self._providers = [item.name for item in installation.settings.provider]
        self._keys = _keys(installation, self._providers)
        self._place = Folder(installation.folder / installation.settings.checkpoint.folder)
        self._peaks: dict[str, Peaks] = {}
        self._heads: dict[str, str] = {}

    @property
    def providers(self) -> list[str]:
        """Whose chains it signs."""
        return self._providers

    def sign(self, provider: str, *, now: int) -> str:
        """Sign the chain as it stands; return the words by which a notice names the checkpoint.

        Called inside the transaction whose entries it should cover; `place` brings it to the
        second place after that. Raises `AupkeepError` where the chain does not continue what was
        signed before.
        """
        known = chain.latest_checkpoint(provider)
        latest = read(known[0]) if known else None
        peaks, head = self._grown(provider, latest)
        if latest is not None and latest.size == peaks.size:
            return reference(latest)
        text = sign(write(provider, peaks, head=head, at=now), self._keys[provider])
        chain.put_checkpoint(provider, peaks.size, text, at=now)
        return reference(read(text))

    def read_ahead(self, provider: str) -> None:
        """Read what was not read of the chain yet, outside of any transaction that writes.

        A long chain takes seconds, for which `sign` would keep every other writer waiting. Raises
        `AupkeepError` as `sign` does.
        """
        if provider in self._peaks:
            return
        with snapshot():
            known = chain.latest_checkpoint(provider)
            self._grown(provider, read(known[0]) if known else None)

    def place(self, provider: str, *, now: int) -> None:
        """Bring every checkpoint that is not there to the second place, since notices name them.

        Raises `AupkeepError` where it refuses.
        """
        for text in chain.unplaced_checkpoints(provider):
            self._place.put(provider, text)
            chain.checkpoint_placed(provider, read(text).size, now=now)

    def grown(self, provider: str) -> bool:
        """Whether the chain does not stand where it was signed: longer, or cut."""
        known = chain.latest_checkpoint(provider)
        return chain.head(provider).seq != (read(known[0]).size if known else 0)

    def forget(self) -> None:
        """Forget what was read inside a transaction that was rolled back."""
        self._peaks.clear()
        self._heads.clear()

    def _grown(self, provider: str, latest: Checkpoint | None) -> tuple[Peaks, str]:
        """Return the tree over the whole chain, and its last hash."""
        peaks = self._peaks.get(provider)
        if peaks is None:
            placed = self._place.latest(provider)
            peaks, head = self._from_start(provider, [one for one in (latest, placed) if one])
        else:
            head = self._heads[provider]
        lines = list(chain.lines_from(provider, peaks.size))
        if lines and json.loads(lines[0])["prev"] != head:
            raise _broken(provider, peaks.size)
        peaks = add(peaks, lines)
        if chain.head(provider).seq != peaks.size:
            raise _broken(provider, chain.head(provider).seq)
        head = json.loads(lines[-1])["hash"] if lines else head
        self._peaks[provider], self._heads[provider] = peaks, head
        return peaks, head

    def _from_start(self, provider: str, signed: Iterable[Checkpoint]) -> tuple[Peaks, str]:
        """Read the chain up to what was signed, and refuse it where it is not the same."""
        peaks, head = EMPTY, GENESIS
        lines = chain.lines_from(provider, 0)
        for checkpoint in sorted(signed, key=lambda item: item.size):
            peaks = add(peaks, islice(lines, checkpoint.size - peaks.size))
            if peaks.size != checkpoint.size or root(peaks) != checkpoint.root:
                raise _broken(provider, checkpoint.size)
            head = checkpoint.head
        return peaks, head


def _keys(installation: Installation, providers: list[str]) -> dict[str, PrivateKey]:
    """Return a key a provider, all of one pair, and see that the public one lies beside it."""
    folder = signing_folder(installation)
    fresh = make_pair(origin(providers[0]), secrets.token_bytes(LENGTH)).private
    path = folder / PRIVATE
    pem = kept(path, fresh, mode=0o600)
    keys = {name: read_private(pem, name=origin(name), file=str(path)) for name in providers}
    public = [key.public.line for key in keys.values()]
    path = folder / PUBLIC
    there = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    # Old keys stay: what they signed must still be provable.
    wanted = list(dict.fromkeys([*there, *public]))
    if wanted != there:
        durable.write(path, "".join(line + "\n" for line in wanted).encode())
    return keys


def _broken(provider: str, size: int) -> AupkeepError:
    return AupkeepError(
        Fault(
            code="record-broken",
            what=(
                f"the record of {provider} does not continue what was signed up to entry {size}: "
                "entries were altered or cut off, so nothing more is signed"
            ),
            hint="`aupkeep record verify` names the first bad entry; keep the data as it is",
        )
    )
