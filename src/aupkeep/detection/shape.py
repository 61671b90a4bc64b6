"""Small checks on nodes of a rule file; each says what is wrong, where, and what would do.

In: nodes. Out: values, and faults in one list that goes along. A check that fails returns a value
that lets the reading go on, so that one pass finds everything.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable

from aupkeep.base.clock import DAY, format_duration, parse_duration
from aupkeep.base.errors import Fault, Place, near
from aupkeep.detection.fields import Catalogue, fields_of
from aupkeep.events.schema import KINDS, Schema
from aupkeep.policy.nodes import Node

#: The longest duration a rule may name.
LONGEST = 366 * DAY
#: Longest name or id of a rule, in characters.
_LONG_NAME = 200
#: So many faults get a "did you mean"; looking for near words costs more than reading the rules.
_GUESSES = 500
#: More allowed words than this are not listed under a fault, nor searched for near ones.
_MOST_LISTED = 120
_MOST_SEARCHED = 1000
#: A word is shown in a fault up to this length.
_SHOWN = 80


class Shape:
    """Checks that share one list of faults."""

    def __init__(self, kinds: Catalogue = KINDS) -> None:
        self.faults: list[Fault] = []
        self._guesses = _GUESSES
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
            place = node.key_place if node.value is None else node.place
            self.faults.append(
                Fault(code="not-a-mapping", what=f"{what} must be a mapping", place=place)
            )
            return False
        allowed = sorted(allowed)
        for key, child in node.items():
            if key not in allowed:
                self.faults.append(
                    Fault(
                        code="unknown-key",
                        what=f"`{short(key)}` is not a key of {what}",
                        place=child.key_place,
                        allowed=tuple(allowed),
                        hint=self._guess(key, allowed),
                    )
                )
        for key in required:
            if node.at(key).value is None:
                self.fault("missing-key", f"{what} has no `{key}`", node)
        return True

    def unknown(self, word: str, allowed: Iterable[str], *, what: str, place: Place) -> None:
        """Note a word that is not among `allowed`, with the nearest one as hint."""
        listed = tuple(sorted(allowed))
        self.faults.append(
            Fault(
                code="unknown-word",
                what=f"`{short(word)}` is not {what}",
                place=place,
                allowed=listed if len(listed) <= _MOST_LISTED else (),
                hint=self._guess(word, listed),
            )
        )

    def _guess(self, word: str, allowed: Collection[str]) -> str:
        if not self._guesses or len(word) > _SHOWN or len(allowed) > _MOST_SEARCHED:
            return ""
        self._guesses -= 1
        guess = near(word, tuple(allowed))
        return f"did you mean `{guess}`?" if guess else ""

    def word(self, node: Node, allowed: Collection[str], what: str) -> str:
        """Return a text that is one of `allowed`, or an empty one after a fault."""
        if node.text in allowed and node.text:
            return node.text
        shown = str(node.value) if node.value is not None else ""
        self.unknown(shown, allowed, what=what, place=node.place)
        return ""

    def text(self, node: Node, what: str) -> str:
        """Return a text that is not empty."""
        if not node.text:
            self.fault("not-text", f"{what} must be text", node)
        return node.text

    def name(self, node: Node, what: str) -> str:
        """Return a text that is short and can be printed."""
        text = self.text(node, what)
        if len(text) > _LONG_NAME or not text.isprintable():
            self.fault(
                "not-a-name",
                f"{what} must be at most {_LONG_NAME} characters that can be printed",
                node,
            )
        return text

    def texts(self, node: Node, what: str) -> list[Node]:
        """Return the nodes of a list of texts, none of them twice and at least one.

        One text alone is a list of one.
        """
        if node.text:
            return [node]
        entries = list(node.entries())
        if not entries or any(not entry.text for entry in entries):
            self.fault("not-a-list", f"{what} must be a list of at least one text", node)
        seen = set()
        for entry in entries:
            if entry.text and entry.text in seen:
                self.fault("twice", f"`{short(entry.text)}` stands twice in {what}", entry)
            seen.add(entry.text)
        return [entry for entry in entries if entry.text]

    def duration(self, node: Node, what: str, *, least: int = 1, most: int = LONGEST) -> int:
        """Return the microseconds of a duration of at least `least` and at most `most`."""
        try:
            micros = parse_duration(node.text)
        except ValueError:
            micros = -1
        if micros < least:
            self.fault(
                "not-a-duration", f"{what} must be a duration such as 90s, 5m, 24h or 14d", node
            )
        elif micros > most:
            self.fault("too-long", f"{what} must be at most {format_duration(most)}", node)
        return min(max(micros, least), most)

    def number(self, node: Node, what: str) -> int | float:
        """Return a number."""
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            if abs(node.value) <= sys.float_info.max:
                return node.value
            self.fault("not-a-number", f"{what} must be a finite number", node)
            return 0
        self.fault("not-a-number", f"{what} must be a number", node)
        return 0

    def whole(self, node: Node, what: str, *, least: int) -> int:
        """Return a whole number of at least `least`."""
        value = node.value
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        self.fault("not-a-whole-number", f"{what} must be a whole number from {least} on", node)
        return least


def short(word: str) -> str:
    """Return `word` as a fault shows it."""
    return word if len(word) <= _SHOWN else f"{word[:_SHOWN]}..."
