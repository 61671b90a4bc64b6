"""Lines of the delivery agents: what became of a recipient, and trouble on the way.

In: the body of a line, its queue id already split off. Out: the fields that it states.
"""

from __future__ import annotations

import re

from aupkeep.signals.formats import postfix_grammar as grammar
from aupkeep.signals.formats.postfix_grammar import Fields
from aupkeep.signals.formats.postfix_smtpd import tls

_PEER = r"(?P<peer>[^\s\[\]]*\[[^\]\s]*\](?::\d+)?)"
_IN_REPLY = r"(?: \(in reply to (?P<stage>[A-Za-z .-]+?)(?: command)?\))?"
#: Lines about a server, first match wins; what is not a peer goes into the field of its name.
_TROUBLE = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        rf"connect to {_PEER}: (?P<problem>.*)",
        rf"(?P<problem>lost connection) with {_PEER} while (?P<during>.*)",
        rf"conversation with {_PEER} (?P<problem>timed out) while (?P<during>.*)",
        rf"host {_PEER} said: (?P<reply>.*?){_IN_REPLY}",
        rf"host {_PEER} refused to talk to me: (?P<reply>.*)",
        rf"certificate verification failed for {_PEER}: (?P<tls_error>.*)",
        rf"(?P<problem>SSL_connect error) to {_PEER}: (?P<message>.*)",
        rf"enabling PIX workarounds: (?P<workarounds>.*) for {_PEER}",
        rf"(?P<problem>SASL authentication failed); server {_PEER} said: (?P<reply>.*)",
    )
)
_DELAYS = ("delay_before_queue", "delay_in_queue", "delay_connect", "delay_transmit")
_VALUES = {"conn_use": "conn_use", "delay": "delay", "tls": "tls", "dsn": "dsn"}
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_STATUS = re.compile(r"(?P<status>[^ ]*)(?: \((?P<reply>.*)|.*)", re.DOTALL)


def delivery(body: str) -> Fields:
    """Read a line of smtp, lmtp, local, virtual, pipe, error, discard, retry or relay."""
    if body.startswith("to="):
        return outcome(body) or {"message": body}
    for pattern in _TROUBLE:
        found = pattern.fullmatch(body)
        if found:
            return _trouble(found)
    return tls(body, "relay") or {"message": body}


def outcome(body: str) -> Fields | None:
    """Read `to=<>, orig_to=<>, relay=, delay=, delays=, dsn=, status=word (reply)` and the like.

    None where the line is not that. Read forwards, so that the reply, which the other side wrote,
    adds nothing; an address ends only where the next field follows.
    """
    taken = _address(body, len("to="), (", relay=", ", orig_to="))
    if taken is None:
        return None
    fields: Fields = {"recipient": taken[0]}
    rest = body[taken[1] :]
    if rest.startswith(", orig_to="):
        taken = _address(rest, len(", orig_to="), (", relay=",))
        if taken is None:
            return None
        fields["orig_recipient"], rest = taken[0], rest[taken[1] :]
    while rest.startswith(", ") and not rest.startswith(", status="):
        value, comma, after = rest.removeprefix(", ").partition(", ")
        # What is stated twice counts as stated first, as the fast reader takes it.
        fields = _value(*value.partition("=")[::2]) | fields
        rest = comma + after
    found = _STATUS.fullmatch(rest.removeprefix(", status="))
    if not rest or found is None:
        return None
    fields["status"] = found["status"]
    if found["reply"] is not None:
        fields["reply"] = found["reply"].removesuffix(")")
    return fields


def _address(text: str, at: int, followers: tuple[str, ...]) -> tuple[str, int] | None:
    """Read the address at `at` that one of `followers` follows: it, and the place after it."""
    if not text.startswith("<", at):
        stops = [place for word in followers if (place := text.find(word, at)) >= 0]
        return (text[at : min(stops)], min(stops)) if stops else None
    begin = at + 1
    quoted = _QUOTED.match(text, begin)
    stop = text.find(">", quoted.end() if quoted else begin)
    while stop >= 0:
        if text.startswith(followers, stop + 1):
            return text[begin:stop], stop + 1
        stop = text.find(">", stop + 1)
    return None


def _value(name: str, value: str) -> Fields:
    if name == "relay":
        return {"relay": value, **(grammar.peer(value, "relay") or {})}
    if name == "delays":
        parts = value.split("/")
        return {"delays": value, **dict(zip(_DELAYS, map(grammar.number, parts), strict=False))}
    if name == "delay":
        return {"delay": grammar.number(value)}
    if name == "conn_use":
        return {"conn_use": grammar.number(value)}
    return {_VALUES.get(name, name): value}


def _trouble(found: re.Match[str]) -> Fields:
    stated = {name: value for name, value in found.groupdict().items() if value is not None}
    fields: Fields = dict(grammar.peer(stated.pop("peer"), "relay") or {})
    if "reply" in stated:
        fields |= grammar.reply(stated.pop("reply"))
    if "message" in stated:
        fields["message"] = grammar.number(stated.pop("message"))
    return fields | stated
