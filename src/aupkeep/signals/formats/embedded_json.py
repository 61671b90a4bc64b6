"""JSON objects in a part of a mail, or in a bare file.

In: a part. Out: the outermost objects found, and whether something broken is among them. A part may
hold one object, a list of them, or one after the other, with words around them.
"""

from __future__ import annotations

import json

from aupkeep.signals.formats.headers import read_bytes
from aupkeep.signals.formats.mime import Part

#: Words of which one stands in every report, so that other texts cost next to nothing.
_MARKS = ("xarf_version", "source_identifier", "ReporterInfo")
#: A text with words around its JSON is tried at this many opening braces.
_MOST_TRIES = 20


def read_objects(part: Part) -> tuple[list[object], bool]:
    """Return the objects in `part`, and whether something in it could not be read as JSON."""
    if part.type == "text/html":
        return [], False
    text = _text(part)
    if not any(mark in text for mark in _MARKS):
        return [], False
    decoder = json.JSONDecoder()
    found: list[object] = []
    place = text.find("{")
    tries = 0
    while place >= 0 and tries < _MOST_TRIES:
        try:
            value, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            tries += 1
            end = place + 1
        else:
            found.append(value)
        place = text.find("{", end)
    return found, tries > 0


def _text(part: Part) -> str:
    try:
        return part.body.decode(json.detect_encoding(part.body)).removeprefix("\ufeff")
    except ValueError:
        return read_bytes(part.body, part.charset)
