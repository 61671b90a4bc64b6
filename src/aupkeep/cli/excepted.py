"""Exceptions as JSON: written by `exception list`, read by `detect` and `policy explain`.

In: exceptions, or a file with one JSON object a line. Out: the other. Raises `AupkeepError` with
every fault of a file, each with its line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aupkeep.base.clock import format_instant, parse_instant
from aupkeep.base.errors import AupkeepError, Fault, Place, unknown_word
from aupkeep.base.ids import make_id
from aupkeep.cases.excepting import PolicyException
from aupkeep.cli.given import read_text

_TEXTS = ("id", "provider", "customer", "service", "rule", "clause", "reason", "by")
_TIMES = ("from", "until", "made_at", "ended_at")
#: Everything an object may have; `findings` is only for people.
_KEYS = (*_TEXTS, *_TIMES, "ended_by", "ended_why", "findings")


def exception_object(item: PolicyException) -> dict[str, Any]:
    """Return the JSON object of an exception."""
    ended = item.ended_at
    return {
        "id": item.id,
        "provider": item.provider,
        "customer": item.customer or None,
        "service": item.service or None,
        "rule": item.rule or None,
        "clause": item.clause or None,
        "from": format_instant(item.since),
        "until": format_instant(item.until),
        "reason": item.reason,
        "by": item.by,
        "made_at": format_instant(item.made_at),
        "ended_at": format_instant(ended) if ended is not None else None,
        "ended_by": item.ended_by or None,
        "ended_why": item.ended_why or None,
    }


def read_exceptions(path: Path) -> list[PolicyException]:
    """Return the exceptions in a file of JSON lines."""
    faults: list[Fault] = []
    found = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if line.strip():
            place = Place(file=str(path), line=number, column=1, text=line[:200])
            item = _read(line, place, faults)
            if item is not None:
                found.append(item)
    if faults:
        raise AupkeepError(faults)
    return found


def _read(line: str, place: Place, faults: list[Fault]) -> PolicyException | None:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        faults.append(Fault(code="not-json", what="this is no JSON object", place=place))
        return None
    before = len(faults)
    faults += [
        unknown_word(str(key), _KEYS, what="a key of an exception", place=place)
        for key in given
        if key not in _KEYS
    ]
    texts = {key: _text(given, key, place, faults) for key in (*_TEXTS, "ended_by", "ended_why")}
    times = {key: _time(given, key, place, faults) for key in _TIMES}
    for one, other in (("customer", "service"), ("rule", "clause")):
        if bool(texts[one]) == bool(texts[other]):
            what = f"name one {one} or one {other}, and not both"
            faults.append(Fault(code="whom", what=what, place=place))
    since, until = times["from"], times["until"]
    if since is None or until is None or until <= since:
        what = "`from` and `until` are needed, the later one last"
        faults.append(Fault(code="no-time", what=what, place=place))
        return None
    if len(faults) > before:
        return None
    return PolicyException(
        id=texts["id"] or make_id("exception", line.strip()),
        provider=texts["provider"],
        customer=texts["customer"],
        service=texts["service"],
        rule=texts["rule"],
        clause=texts["clause"],
        since=since,
        until=until,
        reason=texts["reason"] or "no reason is given",
        by=texts["by"] or "nobody named",
        made_at=times["made_at"] or since,
        ended_at=times["ended_at"],
        ended_by=texts["ended_by"],
        ended_why=texts["ended_why"],
    )


def _text(given: Mapping[str, object], key: str, place: Place, faults: list[Fault]) -> str:
    value = given.get(key)
    if value is None or isinstance(value, str):
        return value or ""
    faults.append(Fault(code="wrong-type", what=f"`{key}` must be text", place=place))
    return ""


def _time(given: Mapping[str, object], key: str, place: Place, faults: list[Fault]) -> int | None:
    value = given.get(key)
    if value is None:
        return None
    try:
        return parse_instant(str(value))
    except (ValueError, OverflowError):
        what = f"`{key}` must be a time with a zone, such as 2026-12-31T00:00:00Z"
        faults.append(Fault(code="wrong-type", what=what, place=place))
        return None
