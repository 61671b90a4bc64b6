"""One file of public rules, each taken or refused with the reason.

In: a file's text, and what the person asks: clause, licence, the clause's tier. Out: an `Outcome` a
rule; of one that is taken, two documents: the base rule, and the correlation that opens findings.
A taken rule has been read by the strict reader and has passed its own tests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.detection.importing.examples import Example, meant, not_meant
from aupkeep.detection.importing.sources import Source, source_of
from aupkeep.detection.importing.translating import Translation
from aupkeep.detection.importing.writing import text_of
from aupkeep.detection.predicates import read_fields
from aupkeep.detection.reading import read_rules
from aupkeep.detection.rule import Selection
from aupkeep.detection.samples import run_tests
from aupkeep.policy.marks import load_all
from aupkeep.policy.model import RuleFile, Tier
from aupkeep.policy.nodes import Node

#: The licence of SigmaHQ's rules, which do not state it one by one.
DRL: Final = "Detection Rule License 1.1 (DRL 1.1)"
#: A rule file as large as this is no rule.
LONGEST: Final = 262_144

#: What is kept of a rule besides what it detects, in this order.
_KEPT = (
    "status",
    "description",
    "references",
    "author",
    "date",
    "modified",
    "tags",
    "falsepositives",
    "level",
    "license",
    "related",
)
#: What is said of both documents.
_ABOUT_BOTH = frozenset({"author", "license", "references", "level"})
_GRAVE = frozenset({"high", "critical"})
_TRIED = frozenset({"stable", "test"})
#: Longest title that is written.
_LONG_TITLE = 190
#: Most columns a finding quotes.
_QUOTED = 8

Document = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What the person asks for."""

    clause: str
    licence: str = DRL
    #: The tier that the clause rests on at best.
    limit: Tier = Tier.FACT


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one rule."""

    file: str
    #: The public rule's id; its title where it has none.
    id: str
    reason: str
    #: Name of the rule, and the text of its own rule file; empty where it is refused.
    name: str = ""
    documents: tuple[Document, ...] = ()
    above: tuple[str, ...] = ()
    text: str = ""

    @property
    def taken(self) -> bool:
        """Whether the rule can be had."""
        return bool(self.documents)


def written(outcome: Outcome) -> Outcome:
    """Return a taken `outcome` with the text of its rule file."""
    return replace(outcome, text=text_of(outcome.documents, outcome.above))


class _RefusedError(Exception):
    """The reason why a rule is not taken."""


def take(text: str, file: str, ask: Ask) -> list[Outcome]:
    """Return what becomes of each rule in `text`, the file `file`."""
    if len(text) > LONGEST:
        return [_refused(file, "", f"the file is longer than {LONGEST} characters")]
    try:
        loaded = load_all(text, file)
    except RecursionError:
        return [_refused(file, "", "the file is nested too deeply")]
    if loaded.faults:
        return [_refused(file, _id(loaded.documents), _of_fault(loaded.faults[0]))]
    if not loaded.documents:
        return [_refused(file, "", "the file holds no rule")]
    return [_taken(node, file, ask) for node in loaded.documents]


def _taken(node: Node, file: str, ask: Ask) -> Outcome:
    try:
        return _take(node, file, ask)
    except _RefusedError as refused:
        return _refused(file, _id((node,)), str(refused))


def _take(node: Node, file: str, ask: Ask) -> Outcome:
    stated = node.value
    if not isinstance(stated, Mapping):
        raise _RefusedError("the document is no mapping")
    source = _source(stated)
    translation = Translation(source)
    detection = translation.detection(_mapping(stated, "detection"))
    if translation.refusals:
        raise _RefusedError("; ".join(translation.refusals))
    base = _base(stated, file, source, detection, ask)
    selection = _selection(base, file)
    good = meant(selection)
    if good is None:
        raise _RefusedError("no event could be made that the rule means, so it cannot be tested")
    bad = not_meant(selection, good.fields, source.only)
    if bad is None:
        raise _RefusedError("no event could be made that the rule lets be: it means every event")
    tier, why = _tier(stated, ask.limit)
    taken = Outcome(
        file=file,
        id=str(base["id"]),
        reason=why,
        name=str(base["name"]).removesuffix("_rows"),
        documents=(base, _correlation(base, selection, (good, bad), tier, ask)),
        above=_above(base, file),
    )
    outcome = written(taken)
    _try(outcome, ask)
    return outcome


def _source(stated: Mapping[str, object]) -> Source:
    if "correlation" in stated:
        raise _RefusedError("a correlation: it counts events of other rules; write it anew")
    if "filter" in stated or stated.get("action") is not None:
        raise _RefusedError("not a rule of its own: it changes other rules")
    if "detection" not in stated:
        raise _RefusedError("the document has no detection")
    named = _mapping(stated, "logsource")
    parts = [
        str(named.get(key) or "").strip().lower() for key in ("category", "product", "service")
    ]
    source = source_of(*parts)
    if source is None:
        words = ", ".join(
            f"{key} {part}"
            for key, part in zip(("category", "product", "service"), parts, strict=True)
            if part
        )
        raise _RefusedError(f"unknown source: no kind of event here holds {words or 'it'}")
    return source


def _mapping(stated: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = stated.get(key)
    if not isinstance(found, Mapping):
        raise _RefusedError(f"`{key}` is no mapping")
    return found


def _base(
    stated: Mapping[str, object], file: str, source: Source, detection: Document, ask: Ask
) -> Document:
    title = str(stated.get("title") or PurePosixPath(file).stem)
    given = str(stated.get("id") or uuid5(NAMESPACE_URL, f"aupkeep:sigma:{title}:{detection}"))
    kept = {key: stated[key] for key in _KEPT if stated.get(key) not in (None, "", [], {})}
    kept.setdefault("license", ask.licence)
    return {
        "title": _short(title),
        "id": given,
        "name": f"{slug(file)}_rows",
        **kept,
        "custom": {"imported_from": file, "logsource": dict(_mapping(stated, "logsource"))},
        "logsource": {"category": source.kind},
        "detection": detection,
    }


def _selection(base: Document, file: str) -> Selection:
    """Return the base rule as the strict reader reads it."""
    try:
        rules = read_rules([_file(file, base)], clauses=(), plans=None)
    except AupkeepError as error:
        raise _RefusedError("; ".join(_of_fault(fault) for fault in error.faults)) from error
    return next(iter(rules.selections.values()))


def _tier(stated: Mapping[str, object], limit: Tier) -> tuple[Tier, str]:
    """Return how good the evidence is, and why."""
    level, status = str(stated.get("level") or "unknown"), str(stated.get("status") or "unknown")
    tier = Tier.STRONG if level in _GRAVE and status in _TRIED else Tier.SCORE
    why = f"tier {tier.word}: level {level}, status {status}"
    if tier > limit:
        return limit, f"tier {limit.word}: the clause rests on no better ({why})"
    return tier, why


def _correlation(
    base: Document, selection: Selection, tests: tuple[Example, Example], tier: Tier, ask: Ask
) -> Document:
    """Return the rule that opens a finding a customer where the base rule means an event."""
    name = str(base["name"])
    author = f" (Sigma rule by {base['author']})" if "author" in base else " (Sigma rule)"
    about = {key: value for key, value in base.items() if key in _ABOUT_BOTH}
    read = read_fields(selection.predicate)
    fields = [field for field in tests[0].fields if field in read] or sorted(read)
    return {
        "title": _short(str(base["title"]), author),
        "id": _beside(str(base["id"])),
        "name": name.removesuffix("_rows"),
        "version": str(base.get("modified") or base.get("date") or "1"),
        **about,
        "correlation": {
            "type": "event_count",
            "rules": [name],
            "group-by": ["customer"],
            "timespan": "1h",
            "condition": {"gte": 1},
        },
        "aup": {
            "clause": ask.clause,
            "tier": tier.word,
            "status": "shadow",
            "cooldown": "24h",
            "evidence": {"fields": fields[:_QUOTED], "most": 20},
            "tests": [
                {
                    "name": test.name,
                    "events": [{"kind": selection.kind, **test.fields}],
                    "expect": expect,
                }
                for test, expect in zip(tests, (1, 0), strict=True)
            ],
        },
    }


def _try(outcome: Outcome, ask: Ask) -> None:
    """Read the written file back and run its tests."""
    loaded = load_all(outcome.text, outcome.file)
    found = tuple(node.value for node in loaded.documents)
    if loaded.faults or found != outcome.documents:
        raise _RefusedError("it cannot be written as YAML that says the same")
    file = RuleFile(path=outcome.file, text=outcome.text, documents=outcome.documents)
    try:
        results = run_tests(read_rules([file], clauses=(ask.clause,), plans=None))
    except AupkeepError as error:
        raise _RefusedError("; ".join(_of_fault(fault) for fault in error.faults)) from error
    if len(results) != len(("meant", "not meant")) or not all(one.passed for one in results):
        raise _RefusedError("the events made for its tests do not fare as they should")


def _file(path: str, document: Document) -> RuleFile:
    return RuleFile(path=path, text="", documents=(document,))


def _above(base: Document, file: str) -> tuple[str, ...]:
    author = base.get("author") or "an author who is not named"
    return (
        f"A public Sigma rule by {author}, taken over by `aupkeep policy import-sigma`.",
        f"Licence: {base['license']}. Read from: {file}.",
    )


def _short(title: str, ending: str = "") -> str:
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in title).split())
    ending = " ".join("".join(sign if sign.isprintable() else " " for sign in ending).split())
    whole = f"{plain} {ending}".strip()
    return whole if len(whole) <= _LONG_TITLE else whole[: _LONG_TITLE - 3] + "..."


def _beside(given: str) -> str:
    """Return the id of the correlation that is written beside the base rule `given`."""
    return str(uuid5(NAMESPACE_URL, f"aupkeep:sigma:{given}:correlation"))


def slug(file: str) -> str:
    """Return the name of a rule, by that of its file."""
    stem = PurePosixPath(file).stem.lower()
    return re.sub(r"[^a-z0-9]+", "_", stem).strip("_")[:120] or "rule"


def _id(documents: tuple[Node, ...]) -> str:
    for node in documents:
        if isinstance(node.value, Mapping):
            return str(node.value.get("id") or node.value.get("title") or "")
    return ""


def _refused(file: str, given: str, reason: str) -> Outcome:
    return Outcome(file=file, id=given, reason=reason)


def _of_fault(fault: Fault) -> str:
    where = f"line {fault.place.line}: " if fault.place and fault.place.line else ""
    hint = f" ({fault.hint})" if fault.hint else ""
    return f"{where}{fault.what}{hint}"


def is_uuid(text: str) -> bool:
    """Return whether `text` is the id that public rules have by custom."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True
