"""The text of an access map that people and this power share.

In: the text. Out: its entries, and the text with one sanction more or less. Pure. What a person
wrote stays byte for byte. Ours is, for a login that is held,

    # aupkeep SANCTION until 2026-12-01T00:00:00Z
    login<TAB>HOLD aupkeep SANCTION

with one comment and one word a sanction. Source: postmap(1): a line that begins with white space
goes on with the one before, comments and blank lines inside it count for nothing, the first entry
of a key wins, keys are folded to lower case; a key in quotes may hold white space, and the quotes
are a part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: What a value of ours begins with; `signals` knows a held recipient's log line by it.
OURS = "HOLD aupkeep "
#: What may be the id of a sanction here: it must be one word of a log line.
SANCTION = re.compile(r"[0-9A-Za-z_-]{1,64}")

_COMMENT = re.compile(r"# aupkeep (?P<sanction>\S+) until (?P<until>\S+)\s*")
_QUOTED = re.compile(r'(?P<key>"(?:[^"\\]|\\.)*")\s*(?P<value>.*)', re.DOTALL)
_PLAIN = re.compile(r"(?P<key>\S+)\s*(?P<value>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the map."""

    #: As Postfix looks it up: folded.
    key: str
    #: Its words, with one space between.
    value: str
    #: Indices of the lines it is written on.
    lines: tuple[int, ...]

    @property
    def sanctions(self) -> tuple[str, ...]:
        """The sanctions that the entry is held by; empty for what a person wrote."""
        ours = self.value.startswith(OURS)
        return tuple(self.value[len(OURS) :].split()) if ours else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """The comment line of one sanction."""

    sanction: str
    until: str
    line: int


def fold(login: str) -> str:
    """Return a login as Postfix looks it up (dict_fold_key with smtputf8_enable)."""
    return login.casefold()


def entries(text: str) -> tuple[Entry, ...]:
    """Return the entries of the map, in order."""
    found = []
    for lines, joined in _logical(text):
        match = _QUOTED.fullmatch(joined) or _PLAIN.fullmatch(joined)
        if match:
            value = " ".join(match["value"].split())
            found.append(Entry(key=fold(match["key"]), value=value, lines=lines))
    return tuple(found)


def entry(text: str, login: str) -> Entry | None:
    """Return the entry that answers for `login`."""
    key = fold(login)
    return next((item for item in entries(text) if item.key == key), None)


def comments(text: str) -> tuple[Comment, ...]:
    """Return our comments, in order."""
    matches = ((line, _COMMENT.fullmatch(words)) for line, words in enumerate(_lines(text)))
    return tuple(
        Comment(sanction=match["sanction"], until=match["until"], line=line)
        for line, match in matches
        if match
    )


def add(text: str, login: str, sanction: str, until: str) -> str:
    """Return `text` in which `sanction` holds `login`; the same text where it does already.

    Raises `ValueError` when an entry that is not ours answers for `login`.
    """
    known = entry(text, login)
    if known and not known.sanctions:
        raise ValueError(f"`{login}` has an entry that is not ours")
    there = known.sanctions if known else ()
    written = {item.sanction: item for item in comments(text)}
    mark = written.get(sanction)
    if sanction in there and mark and mark.until == until:
        return text
    held = there if sanction in there else (*there, sanction)
    ends = {name: item.until for name, item in written.items()} | {sanction: until}
    block = [f"# aupkeep {name} until {ends[name]}\n" for name in held if name in ends]
    block.append(f"{fold(login)}\t{OURS}{' '.join(held)}\n")
    gone = {written[name].line for name in held if name in written}
    return _replaced(text, known.lines if known else (), gone, block)


def drop(text: str, login: str, sanction: str) -> str:
    """Return `text` in which `sanction` holds nothing; its entry goes with the last sanction."""
    gone = {item.line for item in comments(text) if item.sanction == sanction}
    known = entry(text, login)
    if known is None or sanction not in known.sanctions:
        return _replaced(text, (), gone, [])
    left = [name for name in known.sanctions if name != sanction]
    block = [f"{fold(login)}\t{OURS}{' '.join(left)}\n"] if left else []
    return _replaced(text, known.lines, gone, block)


def _replaced(text: str, old: tuple[int, ...], gone: set[int], block: list[str]) -> str:
    """Return `text` without lines `old` and `gone`, with `block` for `old` or at the end."""
    lines = _lines(text)
    if old:
        kept: list[str] = []
        for number, line in enumerate(lines):
            kept += block if number == old[0] else []
            if number not in gone and number not in old:
                kept.append(line)
        return "".join(kept)
    kept = [line for number, line in enumerate(lines) if number not in gone]
    if block and kept and not kept[-1].endswith("\n"):
        kept[-1] += "\n"
    return "".join(kept + block)


def _logical(text: str) -> Iterator[tuple[tuple[int, ...], str]]:
    """Yield the lines that an entry is written on, and what they say together."""
    numbers: tuple[int, ...] = ()
    said = ""
    for number, line in enumerate(_lines(text)):
        words = line.strip(" \t\r\n\v\f")
        if not words or words[0] == "#":
            continue
        if line[0] in " \t\r\v\f":
            if numbers:
                numbers, said = (*numbers, number), f"{said} {words}"
            continue
        if numbers:
            yield numbers, said
        numbers, said = (number,), words
    if numbers:
        yield numbers, said


def _lines(text: str) -> list[str]:
    """Split at line feeds alone, which is what Postfix does."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)
