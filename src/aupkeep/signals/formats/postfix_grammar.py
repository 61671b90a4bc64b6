"""Pieces of grammar that several Postfix programs share.

In: text of a line body. Out: fields by name, only those that are stated. Every piece is read at
its place and as a whole; nothing is searched for in text that a stranger may have written.
"""

from __future__ import annotations

import re
from itertools import islice

Fields = dict[str, object]

#: Queue ids are hexadecimal or base 52: they have a digit or an inner capital, words of prose none.
QUEUE_ID = r"(?=[0-9]|[A-Za-z][a-z]*[0-9A-Z])[0-9A-Za-z]{3,40}"

#: An address in angle brackets; a quoted local part (RFC 5321 section 4.1.2) is one piece.
_ADDRESS = r'<((?>"(?:[^"\\]|\\.)*"[^<>]*|[^>]*))>'
PEER = re.compile(r"(?P<name>[^\s\[\]]*)\[(?P<ip>[^\]\s]*)\](?::(?P<port>\d+))?")
_LEVEL = re.compile(r"(warning|error|fatal|panic|info): ")
_CODE = re.compile(r"(?P<code>[245]\d\d)(?:[ -](?P<dsn>[245]\.\d{1,3}\.\d{1,3}))?(?: |$)")
_ORIGIN = rf"; (?:from={_ADDRESS},?)?(?: ?to={_ADDRESS},?)?(?: ?proto=([^\s,]+),?)?"
#: At the end of a reject: the login stands after the greeting, which ends at its last bracket.
_REQUEST = re.compile(
    _ORIGIN + r"(?: ?helo=<(.*)>(?:,? sasl_method=(\S+?))?(?:,? sasl_username=(.*))?)?",
    re.DOTALL,
)
#: At the end of a cleanup action: what the operator's table added may follow.
_CONTENT = re.compile(_ORIGIN + r"(?: ?helo=<([^>]*)>)?(?:: (.*))?", re.DOTALL)
_MARK = re.compile(r"; (?=(?:from|to|helo)=<|proto=)")
_ECHO = re.compile(_ADDRESS)
#: So many beginnings are tried at most: a line of nothing else must not cost its length squared.
_TRIED = 64


def strip_level(body: str) -> tuple[Fields, str]:
    """Split `warning: ` and its like off: the field `level`, and the rest."""
    found = _LEVEL.match(body)
    return ({"level": found[1]}, body[found.end() :]) if found else ({}, body)


def peer(text: str, prefix: str) -> Fields | None:
    """Read `name[address]:port` or `name[service]` as PREFIX_name, _ip, _port, or None."""
    found = PEER.fullmatch(text)
    if found is None:
        return None
    place = "service" if "/" in found["ip"] else "ip"
    fields: Fields = {f"{prefix}_name": found["name"], f"{prefix}_{place}": found["ip"]}
    if found["port"]:
        fields[f"{prefix}_port"] = int(found["port"])
    return fields


def peer_at(text: str, prefix: str) -> tuple[Fields, str] | None:
    """Read a peer at the beginning of `text`: its fields, and what follows; None without one."""
    found = PEER.match(text)
    fields = peer(found[0], prefix) if found else None
    return (fields, text[found.end() :]) if found and fields else None


def reply(text: str) -> Fields:
    """Read `550 5.1.1 text`: `reply` is all of it, `code` and `dsn` its beginning."""
    fields: Fields = {"reply": text}
    found = _CODE.match(text)
    if found:
        fields["code"] = int(found["code"])
        if found["dsn"]:
            fields["dsn"] = found["dsn"]
    return fields


def reply_text(text: str) -> str:
    """Return a reply without its code and enhanced code."""
    found = _CODE.match(text)
    return text[found.end() :] if found else text


def request(text: str, skip: int) -> tuple[str, Fields]:
    """Split the description of an SMTP request off the end of `text`: what precedes it, its fields.

    Read forwards: the greeting, which stands last, cannot add fields before itself. `skip`: an
    address that the reply quotes at this place is passed over as a whole.
    """
    echo = _ECHO.match(text, skip)
    for mark in islice(_MARK.finditer(text, echo.end() if echo else 0), _TRIED):
        found = _REQUEST.fullmatch(text, mark.start())
        if found:
            names = ("sender", "recipient", "protocol", "helo", "sasl_method", "login")
            return text[: mark.start()], _stated(names, found)
    return text, {}


def requests(text: str) -> int:
    """Return how many descriptions of an SMTP request begin in `text`, quoted ones too."""
    return sum(1 for _ in _MARK.finditer(text))


def content(text: str) -> tuple[str, Fields]:
    """Split sender, recipient, protocol, greeting and argument off the end of a cleanup action.

    Read backwards: what precedes is a header that its writer chose, and cannot follow its origin.
    """
    for mark in reversed(list(_MARK.finditer(text))[-_TRIED:]):
        found = _CONTENT.fullmatch(text, mark.start())
        if found:
            names = ("sender", "recipient", "protocol", "helo", "argument")
            return text[: mark.start()], _stated(names, found)
    return text, {}


def number(text: str) -> int | float | str:
    """Return `text` as the number that it is, or as it is."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _stated(names: tuple[str, ...], found: re.Match[str]) -> Fields:
    return {
        name: value for name, value in zip(names, found.groups(), strict=True) if value is not None
    }
