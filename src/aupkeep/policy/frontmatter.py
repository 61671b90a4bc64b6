"""The page that customers read, taken apart: front matter, then one section a clause.

In: the text of policy.md. Out: `Page`, with the place of every heading. Only a level 2 heading
with an id, `## Title {#clause-id}`, opens a clause; its body runs to the next heading of level 1
or 2. Headings inside fenced code (CommonMark 0.31 section 4.5) are text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aupkeep.base.errors import Fault, Place
from aupkeep.policy.marks import load_all
from aupkeep.policy.nodes import Marks, Node

_HEADING = re.compile(r"(#{1,2})[ \t]+(.*?)[ \t]*")
_WITH_ID = re.compile(r"(.*?)[ \t]*\{#([^}]*)\}")
_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A clause as customers read it."""

    id: str
    title: str
    #: Markdown under the heading, without blank lines around it.
    text: str
    #: Where the id stands.
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What policy.md holds."""

    front: Node
    #: Everything before the first clause.
    preamble: str
    sections: tuple[Section, ...]
    faults: tuple[Fault, ...]
    #: False where the folder has no such file.
    there: bool = True


def read_page(text: str, file: str) -> Page:
    """Return the parts of `text`; a page without front matter has an empty front node."""
    lines = text.splitlines()
    end = _end_of_front(lines)
    if end == 0:
        nowhere = Node(value=None, marks=Marks(file=file, lines=(), keys={}, values={}))
        what = "policy.md begins with front matter between two lines of `---`"
        fault = Fault(code="no-front-matter", what=what, place=_place(file, lines, 1, 1))
        return Page(front=nowhere, preamble="", sections=(), faults=(fault,))
    front = load_all("\n".join(lines[1:end]), file, above=lines[0] + "\n")
    empty = Node(value=None, marks=Marks(file=file, lines=tuple(lines), keys={}, values={}))
    preamble, sections, faults = _sections(lines, end + 1, file)
    return Page(
        front=front.documents[0] if front.documents else empty,
        preamble=preamble,
        sections=sections,
        faults=(*front.faults, *faults),
    )


def _end_of_front(lines: list[str]) -> int:
    """Return the index of the line that closes the front matter; 0 where there is none."""
    if not lines or lines[0].rstrip() != "---":
        return 0
    for index in range(1, len(lines)):
        if lines[index].rstrip() == "---":
            return index
    return 0


def _sections(
    lines: list[str], start: int, file: str
) -> tuple[str, tuple[Section, ...], list[Fault]]:
    heads = _headings(lines, start)
    sections: list[Section] = []
    faults: list[Fault] = []
    ends = [index for index, _ in (*heads[1:], (len(lines), ""))]
    preamble_end = len(lines)
    for (index, title), end in zip(heads, ends[: len(heads)], strict=True):
        match = _WITH_ID.fullmatch(title) if lines[index].startswith("## ") else None
        if match is None:
            continue
        preamble_end = min(preamble_end, index)
        column = lines[index].rindex("{#") + 3
        place = _place(file, lines, index + 1, column)
        section = Section(
            id=match[2],
            title=match[1],
            text="\n".join(lines[index + 1 : end]).strip(),
            place=place,
        )
        faults += _check(section, sections)
        sections.append(section)
    return "\n".join(lines[start:preamble_end]).strip(), tuple(sections), faults


def _check(section: Section, earlier: list[Section]) -> list[Fault]:
    faults: list[Fault] = []
    name = section.id
    if not _ID.fullmatch(name):
        what = f"`{name}` is not an id: small letters, digits and `-`"
        faults.append(Fault(code="clause-id", what=what, place=section.place))
    for other in earlier:
        if other.id == name:
            what = f"clause `{name}` has a heading already, in line {other.place.line}"
            faults.append(Fault(code="duplicate-clause", what=what, place=section.place))
    if not section.text:
        what = f"clause `{name}` has no text"
        faults.append(Fault(code="empty-clause", what=what, place=section.place))
    if not section.title:
        what = f"clause `{name}` has no title"
        faults.append(Fault(code="untitled-clause", what=what, place=section.place))
    return faults


def _headings(lines: list[str], start: int) -> list[tuple[int, str]]:
    """Return (line index, title) of each heading of level 1 or 2 outside fenced code."""
    found = []
    fence = ""
    for index in range(start, len(lines)):
        mark = _FENCE.match(lines[index])
        if fence:
            if mark and mark[1].startswith(fence) and not lines[index].strip(" `~"):
                fence = ""
        elif mark:
            fence = mark[1]
        else:
            match = _HEADING.fullmatch(lines[index])
            if match:
                found.append((index, match[2]))
    return found


def _place(file: str, lines: list[str], line: int, column: int) -> Place:
    text = lines[line - 1] if line <= len(lines) else ""
    return Place(file=file, line=line, column=column, text=text)
