"""What other places say of a chain, and whether the chain is what they say.

In: heads somebody wrote down, checkpoints, the keys they should be signed with; then the lines of
one chain, in order. Out: the first place at which the chain is another one. A checkpoint that none
of the keys signed says nothing about the chain: it is a fault of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aupkeep.record.checkpoint import Checkpoint, reference
from aupkeep.record.signing import PublicKey
from aupkeep.record.tree import EMPTY, add, root

#: Lines that are kept before they become leaves: many at once cost less.
_TOGETHER = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What one place says of a chain."""

    #: Entries it speaks for.
    size: int
    #: Hash of the last of them.
    head: str
    #: The checkpoint that says so; None where only a head is known.
    checkpoint: Checkpoint | None = None
    #: Whether one of the given keys signed it; None where no key was given.
    signed: bool | None = None

    @property
    def name(self) -> str:
        """How people are told of it."""
        if self.checkpoint is None:
            return "the known head"
        return f"checkpoint {reference(self.checkpoint)}"


def known(checkpoints: Iterable[Checkpoint], keys: Sequence[PublicKey]) -> dict[str, list[Known]]:
    """Return what `checkpoints` say, by provider; of those that say the same the latest.

    Without `keys` no signature is checked.
    """
    latest: dict[tuple[str, int, bytes, str], Checkpoint] = {}
    for one in checkpoints:
        claim = (one.provider, one.size, one.root, one.head)
        if claim not in latest or one.at >= latest[claim].at:
            latest[claim] = one
    found: dict[str, list[Known]] = {}
    for one in latest.values():
        signed = one.is_signed(keys) if keys else None
        item = Known(size=one.size, head=one.head, checkpoint=one, signed=signed)
        found.setdefault(one.provider, []).append(item)
    return found


class Comparison:
    """Goes along one chain and compares it with what is known of it."""

    def __init__(self, said: Sequence[Known], *, together: int = _TOGETHER) -> None:
        """Compare with those of `said` that may be believed; `together` lines become leaves."""
        self._together = together
        #: Those whose signature is wrong.
        self.false = [one for one in said if one.signed is False]
        believed = [one for one in said if one.signed is not False]
        self._ahead = sorted(believed, key=lambda one: one.size, reverse=True)
        #: The one that speaks for most entries; a checkpoint says more than a head.
        self.last = max(
            believed, key=lambda one: (one.size, one.checkpoint is not None), default=None
        )
        self._held: Known | None = None
        self._peaks = EMPTY
        self._lines: list[bytes] = []
        while self._ahead and self._ahead[-1].size == 0:
            self._ahead.pop()
        self._look()

    def _look(self) -> None:
        """Note where to compare next, and whether roots are still needed."""
        self._next = self._ahead[-1].size if self._ahead else 0
        self._roots = any(one.checkpoint is not None for one in self._ahead)

    def take(self, line: bytes, size: int, head: str) -> str:
        """Return why the chain is another one, now that it has `size` entries, or nothing.

        `line` is the last of them and `head` its hash.
        """
        if self._roots:
            self._lines.append(line)
            if len(self._lines) == self._together:
                self._grow()
        if size != self._next:
            return ""
        self._grow()
        while self._ahead and self._ahead[-1].size == size:
            one = self._ahead.pop()
            why = self._differs(one, head)
            if why:
                return why
            self._held = one
        self._look()
        return ""

    def _grow(self) -> None:
        self._peaks = add(self._peaks, self._lines)
        self._lines = []

    def _differs(self, one: Known, head: str) -> str:
        if one.head != head:
            sure = (
                f"; the first {self._held.size} are as {self._held.name} says" if self._held else ""
            )
            return f"it is not the entry that {one.name} names{sure}"
        if one.checkpoint is not None and one.checkpoint.root != root(self._peaks):
            return f"{one.name} names this entry, but another root: it contradicts itself"
        return ""
