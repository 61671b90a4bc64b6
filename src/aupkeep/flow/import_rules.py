"""Public rules taken into a policy folder.

In: a folder of public rules, a policy folder, what the person asks. Out: what became of each rule,
and the files to write; nothing is written unless the whole folder passes its checks with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aupkeep.base.errors import AupkeepError, Fault, MisuseError, unknown_word
from aupkeep.detection.importing.placing import Placed, Shelf
from aupkeep.detection.importing.taking import Ask, Outcome, take
from aupkeep.detection.reading import read_rules
from aupkeep.flow.folders import LARGEST_FILE, Folder, read_folder
from aupkeep.policy.draft import PAGE, open_folder
from aupkeep.policy.reading import FaultyPolicyError, draft_faults
from aupkeep.policy.words import TIERS

_ENDINGS = (".yml", ".yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What an import comes to."""

    outcomes: tuple[Outcome, ...]
    #: Path below the policy folder -> text of the rule file.
    files: Mapping[str, str]


def public_rules(path: Path) -> list[tuple[str, Path]]:
    """Return the rule files below `path` by name; raises `MisuseError` where there is none."""
    if path.is_file():
        return [(path.name, path)]
    found = [
        (file.relative_to(path).as_posix(), file)
        for file in sorted(path.rglob("*"))
        if file.suffix in _ENDINGS and file.is_file()
    ]
    if not found:
        what = f"`{path}` is no folder of rules: it holds no file that ends in .yml"
        raise MisuseError(Fault(code="no-rules", what=what))
    return found


def look_at(path: Path, ask: Ask) -> Iterator[Outcome]:
    """Yield what becomes of each public rule below `path`."""
    seen: dict[str, str] = {}
    for name, file in public_rules(path):
        for outcome in _of_file(name, file, ask):
            if outcome.taken and outcome.id in seen:
                reason = f"the id is taken by `{seen[outcome.id]}`, which was read before"
                yield replace(outcome, reason=reason, documents=())
            else:
                if outcome.taken:
                    seen[outcome.id] = name
                yield outcome


def _of_file(name: str, file: Path, ask: Ask) -> list[Outcome]:
    try:
        with file.open("rb") as handle:
            text = handle.read(LARGEST_FILE).decode()
    except UnicodeDecodeError:
        return [Outcome(file=name, id="", reason="this is not UTF-8 text")]
    except OSError as error:
        why = (error.strerror or "no reason given").lower()
        return [Outcome(file=name, id="", reason=f"cannot be read: {why}")]
    return take(text, name, ask)


def policy_for(into: Path, clause: str) -> tuple[Folder, Ask]:
    """Return the sound policy folder `into`, and what its clause asks of rules."""
    folder = read_folder(into)
    if PAGE not in folder.files:
        what = f"`{into}` is not the folder of a policy: `{PAGE}` is missing"
        raise MisuseError(Fault(code="no-folder", what=what))
    faults = [*folder.faults, *_faults(folder.files)]
    if faults:
        raise FaultyPolicyError([_within(fault, into) for fault in faults])
    draft = open_folder(folder.files)
    if clause not in draft.clauses:
        raise MisuseError(
            unknown_word(clause, sorted(draft.clauses), what="a clause of this policy", place=None)
        )
    limit = draft.entries[clause].at("tier").text if clause in draft.entries else ""
    ask = Ask(clause=clause)
    return folder, replace(ask, limit=TIERS[limit]) if limit in TIERS else ask


def place(
    folder: Folder, outcomes: Iterable[Outcome], ask: Ask, seen: Callable[[Outcome], None]
) -> Import:
    """Return the files that `outcomes` make in `folder`; `seen` is told of each outcome.

    Raises `FaultyPolicyError` where the folder would not pass its checks with them.
    """
    shelf = Shelf(open_folder(folder.files).rules, ask)
    told: list[Outcome] = []
    files: dict[str, str] = {}
    for outcome in outcomes:
        placed: Placed = shelf.place(outcome) if outcome.taken else Placed(outcome=outcome)
        if placed.path:
            files[placed.path] = placed.outcome.text
        told.append(placed.outcome)
        seen(placed.outcome)
    faults = _faults({**folder.files, **files}) if files else []
    if faults:
        what = "nothing was written: with these rules the folder would not pass its check"
        first = Fault(code="not-written", what=what)
        raise FaultyPolicyError([first, *(_within(fault, folder.path) for fault in faults)])
    return Import(outcomes=tuple(told), files=files)


def write(folder: Folder, files: Mapping[str, str]) -> None:
    """Write `files` into `folder`, each whole or not at all."""
    for path, text in files.items():
        target = folder.path / path
        target.parent.mkdir(exist_ok=True)
        fresh = target.with_name(f".{target.name}.new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(target)


def _faults(files: Mapping[str, str]) -> list[Fault]:
    """Return every fault of the policy and of its rules."""
    draft = open_folder(files)
    faults: list[Fault] = list(draft_faults(draft))
    try:
        read_rules(draft.rules, clauses=tuple(draft.clauses), plans=None)
    except AupkeepError as error:
        faults += error.faults
    return list(dict.fromkeys(faults))


def _within(fault: Fault, path: Path) -> Fault:
    if fault.place is None:
        return fault
    return replace(fault, place=replace(fault.place, file=str(path / fault.place.file)))


def summary(outcomes: Sequence[Outcome]) -> list[tuple[str, int]]:
    """Return each sort of reason for a refusal with how often it was given, the most first."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        if not outcome.taken:
            for reason in outcome.reason.split("; "):
                sort = reason.split(": this source")[0]
                counts[sort] = counts.get(sort, 0) + 1
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))
