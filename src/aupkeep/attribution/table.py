"""CSV with places: each cell knows its line and column, so that a fault can point at it.

In: the text of a CSV file (RFC 4180, but no line break inside a cell) and the columns it must
have. Out: rows, and the faults of its form. What the cells mean is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aupkeep.base.errors import Fault, Place, unknown_word

_QUOTED = re.compile(r'\s*"((?:[^"]|"")*)"\s*(?:,|$)')
_BARE = re.compile(r'([^",]*)(?:,|$)')
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
#: A longer line is shown cut in messages.
_SHOWN = 400

#: Texts of one line and the 1-based columns at which they start.
Cells = list[tuple[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: stripped text by column name, and where each begins."""

    file: str
    number: int
    line: str
    texts: dict[str, str]
    columns: dict[str, int]

    def place(self, name: str) -> Place:
        """Return where the cell of column `name` begins."""
        text = self.line[:_SHOWN]
        return Place(file=self.file, line=self.number, column=self.columns[name], text=text)

    def fault(self, name: str, code: str, what: str, hint: str = "") -> Fault:
        """Build a fault at the cell of column `name`."""
        return Fault(code=code, what=what, place=self.place(name), hint=hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The readable rows of a file and what is wrong with its form."""

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]


def read_table(text: str, *, file: str, columns: Sequence[str]) -> Table:
    """Read CSV `text` whose first line names exactly `columns`, in any order.

    Blank lines are skipped. Without a right first line no row is read.
    """
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    faults: list[Fault] = []
    header = _split(lines[0], file, 1, faults) if lines[0].strip() else []
    names = [name.lower() for name, _ in header]
    faults += _header_faults(header, names, columns, file, lines[0])
    if faults:
        return Table(rows=(), faults=tuple(faults))
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        known = len(faults)
        cells = _split(line, file, number, faults)
        if len(faults) > known:
            continue
        if len(cells) != len(names):
            faults.append(_width_fault(file, number, line, found=len(cells), asked=len(names)))
            continue
        texts = {name: cell[0] for name, cell in zip(names, cells, strict=True)}
        starts = {name: cell[1] for name, cell in zip(names, cells, strict=True)}
        rows.append(Row(file=file, number=number, line=line, texts=texts, columns=starts))
    return Table(rows=tuple(rows), faults=tuple(faults))


def write_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return CSV text that `read_table` reads back; cells are quoted only where they must be."""
    lines = [columns, *rows]
    return "".join(",".join(map(_quoted, line)) + "\n" for line in lines)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",]', text) else text


def _split(line: str, file: str, number: int, faults: list[Fault]) -> Cells:
    control = _CONTROL.search(line)
    if control:
        place = Place(file=file, line=number, column=control.start() + 1)
        word = f"U+{ord(control[0]):04X}"
        faults.append(Fault(code="bad-character", what=f"control character {word}", place=place))
        return []
    cells: Cells = []
    at = 0
    while True:
        match = _QUOTED.match(line, at) or _BARE.match(line, at)
        if match is None:
            place = Place(file=file, line=number, column=at + 1, text=line[:_SHOWN])
            what = "a quote that is not closed, or text beside one"
            faults.append(Fault(code="bad-quote", what=what, place=place))
            return []
        cells.append((match[1].replace('""', '"').strip(), _start(line, match.start(1))))
        at = match.end()
        if not match[0].endswith(","):
            return cells


def _start(line: str, at: int) -> int:
    """Return the 1-based column of the first character of a cell that is not a blank."""
    rest = line[at:]
    blanks = len(rest) - len(rest.lstrip(" \t"))
    return at + 1 + (blanks if blanks < len(rest) else 0)


def _header_faults(
    header: Cells, names: list[str], columns: Sequence[str], file: str, line: str
) -> list[Fault]:
    faults = []
    for index, (name, column) in enumerate(header):
        place = Place(file=file, line=1, column=column, text=line[:_SHOWN])
        if names[index] not in columns:
            faults.append(unknown_word(name, columns, what="a column of this file", place=place))
        elif names[index] in names[:index]:
            what = f"column `{name}` twice"
            faults.append(Fault(code="duplicate-column", what=what, place=place))
    missing = [name for name in columns if name not in names]
    place = Place(file=file, line=1, column=1, text=line[:_SHOWN])
    return faults + [
        Fault(code="missing-column", what=f"no column `{name}`", place=place) for name in missing
    ]


def _width_fault(file: str, number: int, line: str, *, found: int, asked: int) -> Fault:
    place = Place(file=file, line=number, column=1, text=line[:_SHOWN])
    what = f"{found} cells where the first line has {asked}"
    return Fault(code="wrong-width", what=what, place=place)
