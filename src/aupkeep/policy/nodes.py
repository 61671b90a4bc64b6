"""Where each key and value of a YAML text stands.

In: what the loader saw. Out: `Place` for any path, and `Node`, a view of a value that knows where
it stands, so that checks read like the thing they check and every fault can point.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aupkeep.base.errors import Place

#: Keys and list positions from the top of a document down to a value.
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The places of one document; lines and columns count from 1."""

    file: str
    #: The lines of the whole text, for the quotation under a fault.
    lines: tuple[str, ...]
    keys: Mapping[Path, tuple[int, int]]
    values: Mapping[Path, tuple[int, int]]

    def key(self, path: Path) -> Place:
        """Return the place of the key at `path`; of the value where it is no mapping entry."""
        return self._place(self.keys[path]) if path in self.keys else self.value(path)

    def value(self, path: Path) -> Place:
        """Return the place of the value at `path`, or of the nearest thing that holds it."""
        while path not in self.values and path:
            path = path[:-1]
            if path in self.keys:
                return self._place(self.keys[path])
        return self._place(self.values.get(path, (0, 0)))

    def _place(self, at: tuple[int, int]) -> Place:
        line, column = at
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return Place(file=self.file, line=line, column=column, text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value of a document with its path; a missing value is a node that holds `None`."""

    value: object
    marks: Marks
    path: Path = ()

    def at(self, key: str | int) -> Node:
        """Return the node below `key`; one that holds `None` where there is none."""
        found: object = None
        if isinstance(self.value, Mapping):
            found = self.value.get(key)
        elif isinstance(self.value, list) and isinstance(key, int) and key < len(self.value):
            found = self.value[key]
        return Node(value=found, marks=self.marks, path=(*self.path, key))

    def items(self) -> Iterator[tuple[str, Node]]:
        """Yield each key of a mapping with its node; nothing for anything else."""
        if isinstance(self.value, Mapping):
            for key in self.value:
                yield key, self.at(key)

    def entries(self) -> Iterator[Node]:
        """Yield the nodes of a list; nothing for anything else."""
        if isinstance(self.value, list):
            for index in range(len(self.value)):
                yield self.at(index)

    def words(self) -> Iterator[tuple[str, Node]]:
        """Yield each text entry of a list with its node."""
        for node in self.entries():
            if isinstance(node.value, str):
                yield node.value, node

    @property
    def text(self) -> str:
        """The value where it is text, else an empty string."""
        return self.value if isinstance(self.value, str) else ""

    @property
    def place(self) -> Place:
        """Where the value stands."""
        return self.marks.value(self.path)

    @property
    def key_place(self) -> Place:
        """Where the key stands that this value belongs to."""
        return self.marks.key(self.path)
