"""YAML text to plain values with places, strictly.

In: text and the name of its file. Out: documents and every fault that could be found. Follows the
core schema of YAML 1.2.2 (section 10.3), without `.inf` and `.nan`, which no policy has a use for.
Refused: duplicate keys, tags, anchors and aliases (they hide what a line says, and can blow up a
small file into a huge value), keys that are no text, deep nesting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from aupkeep.base.errors import AupkeepError, Fault, Place
from aupkeep.policy.nodes import Marks, Node, Path

#: Values nested deeper than this are refused; no file of a policy needs half of it.
DEEPEST = 24
#: Below that depth so many levels are passed over, to find what else is wrong; then reading ends,
#: because its cost grows with the square of the depth.
_PASSED = 150
#: Longer texts are refused, in characters: a file of rules has a hundredth of it.
LARGEST = 4_000_000

#: Code points that are no characters, and escapes of numbers beyond them.
_NO_CHARACTER = re.compile("[\ud800-\udfff]")
_BEYOND = re.compile(r"\\U(?!000|0010)[0-9a-fA-F]{8}")
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
#: Longer numbers stay text: nothing counts that far, and a 64-bit column could not hold them.
_INT = re.compile(r"[-+]?[0-9]{1,18}|0o[0-7]{1,18}|0x[0-9a-fA-F]{1,15}")
_EXPONENT = r"[eE][-+]?[0-9]{1,2}"
_FLOAT = re.compile(rf"[-+]?((\.[0-9]+|[0-9]+\.[0-9]*)({_EXPONENT})?|[0-9]+{_EXPONENT})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The documents of a text that could be built, and what was wrong with it."""

    documents: tuple[Node, ...]
    faults: tuple[Fault, ...]


def load(text: str, file: str) -> tuple[object, Marks]:
    """Return the value and the places of the only document in `text`.

    Raises `AupkeepError` with all faults where the text is not clean, or holds no document or
    several.
    """
    loaded = load_all(text, file)
    faults = list(loaded.faults)
    if not faults and len(loaded.documents) != 1:
        faults.append(
            Fault(
                code="one-document",
                what=f"one YAML document is wanted here, not {len(loaded.documents)}",
                place=Place(file=file),
            )
        )
    if faults:
        raise AupkeepError(faults)
    return loaded.documents[0].value, loaded.documents[0].marks


@lru_cache(maxsize=256)
def load_all(text: str, file: str, *, above: str = "") -> Loaded:
    """Return every document of `text`, as far as it can be read, with all faults.

    `above` is what stands before `text` in the same file, in whole lines; places count from there.
    Remembered, because policy and detection read the same rule files: nobody may change a value.
    """
    return _Loader(text, file, above).load()


class _TooDeepError(Exception):
    """The rest of a text is not worth its cost; the fault is noted already."""


class _Loader:
    """One pass over the events of a text."""

    def __init__(self, text: str, file: str, above: str) -> None:
        self._text = text
        self._file = file
        self._offset = len(_BREAK.findall(above))
        self._lines = tuple(_BREAK.split(above + text))
        self._faults: list[Fault] = []
        self._keys: dict[Path, tuple[int, int]] = {}
        self._values: dict[Path, tuple[int, int]] = {}

    def load(self) -> Loaded:
        documents: list[Node] = []
        if len(self._text) > LARGEST:
            what = f"this file is too large: {LARGEST} characters are the most"
            fault = Fault(code="too-large", what=what, place=Place(file=self._file))
            return Loaded(documents=(), faults=(fault,))
        try:
            events = YAML(typ="safe", pure=True).parse(self._text)
            for event in events:
                if isinstance(event, DocumentStartEvent):
                    documents.append(self._document(events))  # noqa: PERF401 - a later fault keeps what came before
        except MarkedYAMLError as error:
            self._unreadable(str(error.problem), error.problem_mark)
        except YAMLError as error:
            self._bad_character(getattr(error, "position", 0))
        except (OverflowError, ValueError):
            escape = _BEYOND.search(self._text)
            self._bad_character(escape.start() if escape else 0)
        except _TooDeepError:
            pass
        return Loaded(documents=tuple(documents), faults=tuple(self._faults))

    def _document(self, events: Iterator[Event]) -> Node:
        self._keys, self._values = {}, {}
        value = self._build(next(events), events, ())
        marks = Marks(file=self._file, lines=self._lines, keys=self._keys, values=self._values)
        return Node(value=value, marks=marks)

    def _build(self, event: Event, events: Iterator[Event], path: Path) -> object:
        self._values[path] = self._at(event)
        self._refuse(event)
        if isinstance(event, MappingStartEvent | SequenceStartEvent) and len(path) >= DEEPEST:
            self._fault("too-deep", f"nested deeper than {DEEPEST} levels", event)
            _skip(events)
            return None
        if isinstance(event, MappingStartEvent):
            return self._mapping(events, path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(events, path)
        return _scalar(event) if isinstance(event, ScalarEvent) else None

    def _mapping(self, events: Iterator[Event], path: Path) -> dict[str, object]:
        result: dict[str, object] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            key = self._key(event, events)
            if key is None:
                self._build(next(events), events, (*path, ""))
            elif key in result:
                self._twice(key, event, (*path, key))
                self._scratch(events, path)
            else:
                self._keys[(*path, key)] = self._at(event)
                result[key] = self._build(next(events), events, (*path, key))
        return result

    def _key(self, event: Event, events: Iterator[Event]) -> str | None:
        self._refuse(event)
        if isinstance(event, ScalarEvent) and isinstance(_scalar(event), str):
            return str(event.value)
        self._fault("key-not-text", "a key must be text", event)
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            _skip(events)
        return None

    def _scratch(self, events: Iterator[Event], path: Path) -> None:
        """Build a value only for its faults; the marks of what came first stay."""
        keys, values = dict(self._keys), dict(self._values)
        self._build(next(events), events, (*path, ""))
        self._keys, self._values = keys, values

    def _sequence(self, events: Iterator[Event], path: Path) -> list[object]:
        result: list[object] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            result.append(self._build(event, events, (*path, len(result))))
        return result

    def _refuse(self, event: Event) -> None:
        if isinstance(event, ScalarEvent) and _NO_CHARACTER.search(str(event.value)):
            self._fault("yaml-syntax", "this text holds half of a character pair", event)
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._fault("yaml-tag", f"the tag `{tag}` is not taken here", event)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            sign = "*" if isinstance(event, AliasEvent) else "&"
            self._fault(
                "yaml-anchor", f"`{sign}{anchor}`: anchors and aliases are not taken", event
            )

    def _twice(self, key: str, event: Event, path: Path) -> None:
        first = self._keys[path][0]
        self._fault("duplicate-key", f"`{key}` is given twice, first in line {first}", event)

    def _at(self, event: Event) -> tuple[int, int]:
        return (event.start_mark.line + 1 + self._offset, event.start_mark.column + 1)

    def _fault(self, code: str, what: str, event: Event) -> None:
        self._faults.append(Fault(code=code, what=what, place=self._place(self._at(event))))

    def _place(self, at: tuple[int, int]) -> Place:
        line = min(at[0], len(self._lines))
        return Place(file=self._file, line=line, column=at[1], text=self._lines[line - 1])

    def _bad_character(self, position: int) -> None:
        before = _BREAK.split(self._text[:position])
        place = self._place((len(before) + self._offset, len(before[-1]) + 1))
        what = "this is not YAML: a character stands here that YAML does not take"
        self._faults.append(Fault(code="yaml-syntax", what=what, place=place))

    def _unreadable(self, problem: str, mark: object) -> None:
        place = Place(file=self._file)
        line = getattr(mark, "line", None)
        if isinstance(line, int):
            place = self._place((line + 1 + self._offset, getattr(mark, "column", 0) + 1))
        problem = problem.replace("'", "`")
        self._faults.append(
            Fault(code="yaml-syntax", what=f"this is not YAML: {problem}", place=place)
        )


def _skip(events: Iterator[Event]) -> None:
    """Pass over the rest of the collection whose start was just read."""
    depth = 1
    while depth:
        event = next(events)
        depth += isinstance(event, MappingStartEvent | SequenceStartEvent)
        if depth > _PASSED:
            raise _TooDeepError
        depth -= isinstance(event, MappingEndEvent | SequenceEndEvent)


def _scalar(event: ScalarEvent) -> object:
    text = str(event.value)
    if event.style is not None or not event.implicit[0]:
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
