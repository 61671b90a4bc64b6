"""Small checks on nodes of a rule file; each says what is wrong, where, and what would do.

In: nodes. Out: values, and faults in one list that goes along. A check that fails returns a value
that lets the reading go on, so that one pass finds everything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from aupkeep.base.clock import parse_duration
from aupkeep.base.errors import Fault, near, unknown_word
from aupkeep.detection.fields import Catalogue, fields_of
from aupkeep.events.schema import KINDS, Schema
from aupkeep.policy.nodes import Node


class Shape:
    """Checks that share one list of faults."""

    def __init__(self, kinds: Catalogue = KINDS) -> None:
        self.faults: list[Fault] = []
        #: The kinds of events that rules may be about.
        self.kinds = kinds

    def fields_of(self, kind: str) -> Schema:
        """Return every field of an attributed row of `kind`."""
        return fields_of(kind, self.kinds)

    def fault(self, code: str, what: str, node: Node, *, hint: str = "") -> None:
        """Note one fault at the value of `node`."""
        self.faults.append(Fault(code=code, what=what, place=node.place, hint=hint))

    def keys(self, node: Node, allowed: Iterable[str], required: Iterable[str], what: str) -> bool:
        """Check the keys of a mapping; return whether it is one."""
        if not isinstance(node.value, dict):
            self.fault("not-a-mapping", f"{what} must be a mapping", node)
            return False
        allowed = sorted(allowed)
        for key, child in node.items():
            if key not in allowed:
                guess = near(key, allowed)
                self.faults.append(
                    Fault(
                        code="unknown-key",
                        what=f"`{key}` is not a key of {what}",
                        place=child.key_place,
                        allowed=tuple(allowed),
                        hint=f"did you mean `{guess}`?" if guess else "",
                    )
                )
        for key in required:
            if key not in node.value:
                self.fault("missing-key", f"{what} has no `{key}`", node)
        return True

    def word(self, node: Node, allowed: Collection[str], what: str) -> str:
        """Return a text that is one of `allowed`, or an empty one after a fault."""
        if node.text in allowed and node.text:
            return node.text
        shown = str(node.value) if node.value is not None else ""
        self.faults.append(unknown_word(shown, sorted(allowed), what=what, place=node.place))
        return ""

    def text(self, node: Node, what: str) -> str:
        """Return a text that is not empty."""
        if not node.text:
            self.fault("not-text", f"{what} must be text", node)
        return node.text

    def texts(self, node: Node, what: str) -> list[Node]:
        """Return the nodes of a list of texts, none of them twice and at least one."""
        entries = list(node.entries())
        if not entries or len(entries) != len(list(node.words())):
            self.fault("not-a-list", f"{what} must be a list of at least one text", node)
        seen = set()
        for entry in entries:
            if entry.text in seen:
                self.fault("twice", f"`{entry.text}` stands twice in {what}", entry)
            seen.add(entry.text)
        return [entry for entry in entries if entry.text]

    def duration(self, node: Node, what: str, *, least: int = 1) -> int:
        """Return the microseconds of a duration of at least `least`."""
        try:
            micros = parse_duration(node.text)
        except ValueError:
            micros = -1
        if micros < least:
            self.fault(
                "not-a-duration", f"{what} must be a duration such as 90s, 5m, 24h or 14d", node
            )
        return max(micros, least)

    def number(self, node: Node, what: str) -> int | float:
        """Return a number."""
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return node.value
        self.fault("not-a-number", f"{what} must be a number", node)
        return 0

    def whole(self, node: Node, what: str, *, least: int) -> int:
        """Return a whole number of at least `least`."""
        value = node.value
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        self.fault("not-a-whole-number", f"{what} must be a whole number from {least} on", node)
        return least
