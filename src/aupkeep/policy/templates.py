"""What a notice template may and must use.

In: the source of a template. Out: its faults. Templates are parsed, never run, here; they are run
in Jinja2's sandbox with exactly these names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from jinja2 import TemplateSyntaxError, meta
from jinja2.nodes import Const, Getattr, Name, Template
from jinja2.sandbox import SandboxedEnvironment

from aupkeep.base.errors import Fault, Place, unknown_word

#: Name -> what it holds, as text ready to print; `evidence` is a list of such lines.
VARIABLES: Final[dict[str, str]] = {
    "provider": "the provider's name",
    "contact": "the address for questions",
    "customer": "who has the contract",
    "service": "what is rented",
    "user": "the mailbox or login that acted, where it is known",
    "target": "what the measure falls on",
    "scope": "how much it covers: file, path, site, mailbox, address, service or account",
    "case": "the number of the case",
    "clause": "the id of the clause",
    "clause_title": "the title of the clause",
    "clause_text": "the text of the clause, as published",
    "policy_title": "the title of the policy",
    "version": "the version that was in force",
    "effective": "from when that version is in force",
    "measure": "the measure in plain words",
    "reason": "why, in plain words",
    "evidence": "lines of what was seen, with instants",
    "first_seen": "the first instant of it",
    "last_seen": "the last instant of it",
    "starts": "when the measure begins",
    "ends": "when it ends, empty where it has no end",
    "length": "how long it lasts, empty where it has no end",
    "answer_by": "until when the customer may answer",
    "answer_link": "where to answer",
    "appeal_by": "until when the customer may appeal",
    "appeal_link": "where to appeal",
    "statement": "the statement of reasons in plain words",
    "entry": "the number of the record's entry",
    "checkpoint": "the record's checkpoint",
    "alone": "`yes` where the same person decides an appeal, since one runs the desk; else empty",
    "fee": "the amount, where there is one",
    "reference": "the reporter's reference, where there is one",
}

#: What every notice of a measure says (DESIGN section 3).
REQUIRED: Final = (
    "clause_text",
    "version",
    "evidence",
    "statement",
    "contact",
    "appeal_by",
    "entry",
    "checkpoint",
)

_DUNDER = re.compile(r"__[A-Za-z]\w*")

#: Templates that announce no measure but are part of the talk.
DIALOGUE: Final = (
    "receipt",
    "question",
    "reminder",
    "lifted",
    "expired",
    "appeal_receipt",
    "appeal_decision",
)

#: What each of them says at least; `receipt` goes to a reporter, who is told less.
DIALOGUE_REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "receipt": (),
    "question": ("reason", "case", "contact"),
    "reminder": ("clause_title", "case", "contact"),
    "lifted": ("measure", "reason", "case", "contact", "entry", "checkpoint"),
    "expired": ("measure", "ends", "case", "contact", "entry", "checkpoint"),
    "appeal_receipt": ("case", "contact", "entry", "checkpoint"),
    "appeal_decision": ("reason", "case", "contact", "entry", "checkpoint"),
}


def environment() -> SandboxedEnvironment:
    """Return the environment in which templates are parsed and run; plain text, no escaping."""
    return SandboxedEnvironment(autoescape=False, keep_trailing_newline=True)


def template_faults(text: str, file: str, *, required: tuple[str, ...]) -> Iterator[Fault]:
    """Yield what is wrong with a template: syntax, unknown names, and names it must use."""
    env = environment()
    try:
        tree = env.parse(text)
        env.from_string(tree)
    except TemplateSyntaxError as error:
        # The library speaks in sentences; the first one says it, in our form.
        problem = str(error.message).split(". ")[0].rstrip(".").replace("'", "`")
        what = f"this is not a template: {problem[:1].lower()}{problem[1:]}"
        yield Fault(code="template-syntax", what=what, place=_place(text, file, error.lineno, ""))
        return
    used = meta.find_undeclared_variables(tree)
    for name in sorted(used - set(VARIABLES)):
        place = _place(text, file, _line(tree, name), name)
        words = tuple(VARIABLES)
        yield unknown_word(name, words, what="a name that templates know", place=place)
    for name, line in _inner(tree):
        what = f"`{name}` is no part of a notice: what begins with `_` is closed to templates"
        yield Fault(code="template-inside", what=what, place=_place(text, file, line, name))
    for name in required:
        if name not in used:
            what = f"this notice must say `{name}`: {VARIABLES[name]}"
            yield Fault(code="notice-lacks", what=what, place=Place(file=file))


def _inner(tree: Template) -> Iterator[tuple[str, int]]:
    """Yield what reaches for the inside of Python, with its line.

    A name may be text as well: `x['__class__']`, `x | attr('__class__')`, `map(attribute=...)`.
    """
    for attribute in tree.find_all(Getattr):
        if attribute.attr.startswith("_"):
            yield attribute.attr, attribute.lineno
    for constant in tree.find_all(Const):
        found = _DUNDER.search(constant.value) if isinstance(constant.value, str) else None
        if found:
            yield found[0], constant.lineno


def _line(tree: Template, name: str) -> int:
    return min(node.lineno for node in tree.find_all(Name) if node.name == name)


def _place(text: str, file: str, line: int, name: str) -> Place:
    lines = text.splitlines()
    shown = lines[line - 1] if line <= len(lines) else ""
    return Place(file=file, line=line, column=shown.find(name) + 1, text=shown)
