"""A policy folder taken apart, before anything is checked across its files.

In: path -> text. Out: `Draft`: nodes and sections with places, and the faults found so far. A
draft is as complete as the files allow, so that one fault does not hide the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aupkeep.base.errors import Fault, Place, near
from aupkeep.policy.frontmatter import Page, read_page
from aupkeep.policy.marks import load_all
from aupkeep.policy.model import RuleFile
from aupkeep.policy.nodes import Marks, Node
from aupkeep.policy.noticed import noticed_by
from aupkeep.policy.schema import EnforcementShape, FrontShape
from aupkeep.policy.validation import validate

PAGE = "policy.md"
ENFORCEMENT = "enforcement.yml"

_RULE_DEPTH = 2
_NOTICE_DEPTH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The source of one template."""

    path: str
    language: str
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the files of a folder say, as far as they could be read."""

    page: Page
    enforcement: Node
    front_shape: FrontShape | None
    enforcement_shape: EnforcementShape | None
    rules: tuple[RuleFile, ...]
    #: Every document of every rule file, in order.
    rule_nodes: tuple[Node, ...]
    notices: tuple[Notice, ...]
    faults: tuple[Fault, ...]

    @property
    def front(self) -> Node:
        """The front matter of policy.md."""
        return self.page.front

    @property
    def reserved(self) -> frozenset[str]:
        """The measures that the provider kept for itself."""
        return frozenset(word for word, _ in self.front.at("measures").words())

    @property
    def duties(self) -> frozenset[str]:
        """The duties and rights that the front matter names."""
        return frozenset(word for word, _ in self.front.at("duties").words())

    @property
    def graduated(self) -> bool:
        """Whether the provider promised to talk first; the promise cannot be switched off."""
        return "graduated" in self.duties

    @property
    def entries(self) -> Mapping[str, Node]:
        """The clauses of enforcement.yml by id."""
        return dict(self.enforcement.at("clauses").items())

    @property
    def clauses(self) -> tuple[str, ...]:
        """The ids that a rule may name: what one file lacks, the other may still say.

        Where neither names a clause, the rules are believed: that fault is known already.
        """
        headings = (section.id for section in self.page.sections)
        return tuple(dict.fromkeys((*self.entries, *headings))) or tuple(noticed_by(self.rules))


def open_folder(files: Mapping[str, str]) -> Draft:
    """Return the draft of a folder given as path below it (with `/`) -> text."""
    faults = [_stray(path) for path in sorted(files) if not _known(path)]
    faults += [_absent(path) for path in (PAGE, ENFORCEMENT) if path not in files]
    page = read_page(files[PAGE], PAGE) if PAGE in files else _no_page()
    faults += page.faults
    front, front_faults = validate(FrontShape, page.front) if _has_front(page) else (None, [])
    enforcement, shape, enforcement_faults = _enforcement(files)
    faults += front_faults + enforcement_faults
    rules, rule_nodes, rule_faults = _rules(files)
    return Draft(
        page=page,
        enforcement=enforcement,
        front_shape=front,
        enforcement_shape=shape,
        rules=rules,
        rule_nodes=rule_nodes,
        notices=_notices(files),
        faults=(*faults, *rule_faults),
    )


def _has_front(page: Page) -> bool:
    """Whether there is a front matter whose shape can be judged."""
    return page.there and not (page.front.value is None and page.faults)


def _enforcement(
    files: Mapping[str, str],
) -> tuple[Node, EnforcementShape | None, list[Fault]]:
    if ENFORCEMENT not in files:
        return _nothing(ENFORCEMENT), None, []
    loaded = load_all(files[ENFORCEMENT], ENFORCEMENT)
    faults = list(loaded.faults)
    if len(loaded.documents) != 1 and not faults:
        what = f"one YAML document is wanted here, not {len(loaded.documents)}"
        second = loaded.documents[1].place if loaded.documents else Place(file=ENFORCEMENT)
        faults.append(Fault(code="one-document", what=what, place=second))
    if not loaded.documents:
        return _nothing(ENFORCEMENT), None, faults
    node = loaded.documents[0]
    shape, shape_faults = validate(EnforcementShape, node)
    return node, shape, faults + shape_faults


def _rules(
    files: Mapping[str, str],
) -> tuple[tuple[RuleFile, ...], tuple[Node, ...], list[Fault]]:
    rules: list[RuleFile] = []
    nodes: list[Node] = []
    faults: list[Fault] = []
    for path in sorted(files):
        if path.startswith("rules/") and _known(path):
            loaded = load_all(files[path], path)
            faults += loaded.faults
            nodes += loaded.documents
            values = [node.value for node in loaded.documents]
            documents = tuple(value for value in values if isinstance(value, Mapping))
            rules.append(RuleFile(path=path, text=files[path], documents=documents))
    return tuple(rules), tuple(nodes), faults


def _notices(files: Mapping[str, str]) -> tuple[Notice, ...]:
    found = []
    for path in sorted(files):
        if path.startswith("notices/") and _known(path):
            _, language, name = path.split("/")
            text = files[path]
            name = name.removesuffix(".md")
            found.append(Notice(path=path, language=language, name=name, text=text))
    return tuple(found)


def _known(path: str) -> bool:
    parts = path.split("/")
    if parts[0] == "rules":
        return len(parts) == _RULE_DEPTH and path.endswith(".yml")
    if parts[0] == "notices":
        return len(parts) == _NOTICE_DEPTH and path.endswith(".md")
    return path in (PAGE, ENFORCEMENT)


def _stray(path: str) -> Fault:
    guess = near(path, (PAGE, ENFORCEMENT))
    return Fault(
        code="stray-file",
        what="this file is no part of a policy",
        place=Place(file=path),
        allowed=(PAGE, ENFORCEMENT, "rules/NAME.yml", "notices/LANGUAGE/NAME.md"),
        hint=f"did you mean `{guess}`?" if guess else "",
    )


def _absent(path: str) -> Fault:
    return Fault(code="missing-file", what="this file is missing", place=Place(file=path))


def _no_page() -> Page:
    return Page(front=_nothing(PAGE), preamble="", sections=(), faults=(), there=False)


def _nothing(file: str) -> Node:
    return Node(value=None, marks=Marks(file=file, lines=(), keys={}, values={}))
