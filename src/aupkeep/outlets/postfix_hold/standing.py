"""What stands in the text of an access map, one mark a thing.

In: the text. Out: marks, ours and what people wrote; what was half removed by hand is named as what
it is. A mark that carries a sanction's id is in force in the map.
"""

from __future__ import annotations

from aupkeep.outlets.postfix_hold.text import Comment, Entry, comments, entries
from aupkeep.sanctions.power import Mark


def marks_of(text: str) -> list[Mark]:
    """Return a mark for each sanction that holds a login, each foreign entry, each remnant."""
    written = {item.sanction: item for item in comments(text)}
    answering: dict[str, Entry] = {}
    found: list[Mark] = []
    for entry in entries(text):
        first = answering.setdefault(entry.key, entry)
        if first is not entry:
            what = f"line {_line(entry)} is never asked, line {_line(first)} answers before"
            found.append(Mark(sanction="", target=entry.key, text=what))
        elif not entry.sanctions:
            what = f"line {_line(entry)}, written by a person: {entry.key} {entry.value}"
            found.append(Mark(sanction="", target=entry.key, text=what))
        else:
            found += [_ours(entry, name, written.get(name)) for name in entry.sanctions]
    standing = {mark.sanction for mark in found}
    found += [_remnant(item) for name, item in written.items() if name not in standing]
    return found


def _ours(entry: Entry, sanction: str, comment: Comment | None) -> Mark:
    until = f"until {comment.until}" if comment else "its comment was removed by hand"
    text = f"line {_line(entry)}: held, {until}"
    return Mark(sanction=sanction, target=entry.key, text=text)


def _remnant(comment: Comment) -> Mark:
    what = f"line {comment.line + 1} names sanction {comment.sanction}, which holds no login here"
    return Mark(sanction="", target="", text=what)


def _line(entry: Entry) -> int:
    return entry.lines[0] + 1
