"""Lines of smtpd: clients, refusals, lost connections, TLS.

In: the body of a line, its queue id already split off. Out: the fields that it states.
"""

from __future__ import annotations

import re

from aupkeep.signals.formats import postfix_grammar as grammar
from aupkeep.signals.formats.postfix_grammar import Fields

_ACTION = re.compile(r"(?P<action>[a-z_]+(?:-[a-z-]+)?): (?P<stage>[A-Z][A-Z-]*)(?: from |: )")
_ABOUT = re.compile(r"<(?P<about>(?>\"(?:[^\"\\]|\\.)*\"[^<>]*|[^>]*))>: (?P<reason>.*)", re.DOTALL)
_LISTED = re.compile(
    r"Service unavailable; [A-Za-z ]+ \[(?P<about>[^\]]*)\] (?P<reason>blocked using .*)", re.DOTALL
)
_LOST = re.compile(
    r"(?P<problem>[^\[\]]+?) after (?P<stage>[A-Z][A-Z-]*)(?: \((?P<bytes>\d+) bytes\))? from "
)
_TLS = re.compile(r"(?P<trust>[A-Z][a-z]+) TLS connection established (?:from|to) ")
_TLS_DETAIL = re.compile(
    r": (?P<tls_version>\S+) with cipher (?P<tls_cipher>\S+) \((?P<tls_cipher_size>\d+/\d+) bits\)"
    r"(?: key-exchange (?P<tls_key_exchange>\S+)(?: \([^)]*\))?)?"
    r"(?: server-signature (?P<tls_server_signature>\S+)(?: \((?P<server_detail>[^)]*)\))?"
    r"(?: server-digest (?P<tls_server_digest>\S+))?)?"
)
_SASL = re.compile(r": (?P<message>SASL .*?)(?:, sasl_username=(?P<login>.*))?", re.DOTALL)
_COUNTER = re.compile(r"([a-z]+)=(\d+)(?:/(\d+))?")
#: The reason that an access map of ours gives; an id is one word without punctuation.
_WITHHELD = re.compile(
    r"<(?P<login>[^<>]+)>: SASL login name aupkeep (?P<sanctions>[\w-]+(?: [\w-]+)*)(?=; )",
    re.ASCII,
)
#: No syslog cuts a line this short off.
_SURELY_WHOLE = 800
_LOGIN_END = re.compile(r", (?:sasl_sender|orig_queue_id|orig_client)=")


def smtpd(body: str) -> Fields:
    """Read a line of smtpd."""
    for reader in (_client, _action, _connection, _lost, tls, _keywords, _warning):
        fields = reader(body)
        if fields is not None:
            return fields
    return {"message": body}


def tls(body: str, prefix: str = "client") -> Fields | None:
    """Read `Trusted TLS connection established from host[ip]: TLSv1.3 with cipher ...`."""
    found = _TLS.match(body)
    other = grammar.peer_at(body[found.end() :], prefix) if found else None
    if found is None or other is None:
        return None
    fields: Fields = {"tls_trust": found["trust"], **other[0]}
    detail = _TLS_DETAIL.match(other[1])
    if detail:
        stated = {name: value for name, value in detail.groupdict().items() if value}
        size = str(stated.pop("server_detail", ""))
        fields |= stated
        if size.endswith(" bits"):
            fields["tls_server_signature_size"] = int(size.removesuffix(" bits"))
        elif size:
            fields["tls_server_signature_curve"] = size
    return fields


def _client(body: str) -> Fields | None:
    """Read `client=name[ip]:port, sasl_method=, sasl_username=, sasl_sender=, orig_client=`.

    Nothing after `sasl_sender`, which the client wrote, is believed.
    """
    if not body.startswith("client="):
        return None
    begin = grammar.peer_at(body.removeprefix("client="), "client")
    if begin is None:
        return None
    fields, rest = begin
    if rest.startswith(", sasl_method="):
        value, comma, rest = rest.removeprefix(", sasl_method=").partition(", ")
        fields["sasl_method"], rest = value, comma + rest
    if rest.startswith(", sasl_username="):
        rest = rest.removeprefix(", sasl_username=")
        stop = _LOGIN_END.search(rest)
        fields["login"], rest = (rest[: stop.start()], rest[stop.start() :]) if stop else (rest, "")
    if rest.startswith(", sasl_sender="):
        fields["sasl_sender"] = rest.removeprefix(", sasl_sender=")
        return fields
    if rest.startswith(", orig_queue_id="):
        value, comma, rest = rest.removeprefix(", orig_queue_id=").partition(", ")
        fields["orig_queue_id"], rest = value, comma + rest
    if rest.startswith(", orig_client="):
        fields |= (grammar.peer_at(rest.removeprefix(", orig_client="), "orig_client") or ({}, ""))[
            0
        ]
    return fields


def _action(body: str) -> Fields | None:
    """Read `reject: RCPT from name[ip]: 550 5.1.1 <about>: reason; from=<> to=<> helo=<>`."""
    found = _ACTION.match(body)
    if found is None:
        return None
    rest, fields = body[found.end() :], action_names(found["action"])
    fields["stage"] = found["stage"]
    if found[0].endswith(" from "):
        begin = grammar.peer_at(rest, "client")
        if begin is None or not begin[1].startswith(": "):
            return None
        fields |= begin[0]
        rest = begin[1].removeprefix(": ")
    if found["action"] == "hold" and len(body) <= _SURELY_WHOLE:
        fields |= withheld(rest)
    said, request = grammar.request(rest, len(rest) - len(grammar.reply_text(rest)))
    fields |= grammar.reply(said.removesuffix(";"))
    text = grammar.reply_text(said.removesuffix(";"))
    about = _ABOUT.fullmatch(text) or _LISTED.fullmatch(text)
    return {**fields, **(about.groupdict() if about else {"reason": text}), **request}


def withheld(text: str) -> Fields:
    """Read `<login>: SASL login name aupkeep SANCTIONS; from=<> ...`: what our own map held.

    Other reasons repeat what the client wrote, an envelope sender for one, which may imitate this
    text and the request after it. It cannot keep Postfix from adding the true request at the end,
    so that a text with more than one request is nobody's. `text` must be whole.
    """
    found = _WITHHELD.match(text)
    return found.groupdict() if found and grammar.requests(text) == 1 else {}


def action_names(action: str) -> Fields:
    """Return the action, and for `milter-` and `proxy-` who took it and with what result."""
    by, dash, result = action.partition("-")
    if dash and by in ("milter", "proxy"):
        return {"action": action, "by": by, "result": result}
    return {"action": action}


def _connection(body: str) -> Fields | None:
    """Read `connect from`, `disconnect from ... quit=1 commands=2`, `SSL_accept error from`."""
    for event in ("connect", "disconnect", "SSL_accept error"):
        if body.startswith(f"{event} from "):
            begin = grammar.peer_at(body.removeprefix(f"{event} from "), "client")
            if begin is None:
                return None
            fields, rest = begin
            if event == "SSL_accept error":
                return {
                    "problem": event,
                    **fields,
                    "message": grammar.number(rest.removeprefix(": ")),
                }
            return {"event": event, **fields, **_counters(rest)}
    return None


def _counters(text: str) -> Fields:
    """Read `rcpt=0/1 commands=5/7`: tried (or done) and, where they differ, accepted."""
    fields: Fields = {}
    for word in text.split():
        found = _COUNTER.fullmatch(word)
        if found:
            name = "commands" if found[1] == "commands" else f"command_{found[1]}"
            fields[name] = int(found[3] or found[2])
            if found[3]:
                fields[f"{name}_accepted"] = int(found[2])
    return fields


def _lost(body: str) -> Fields | None:
    """Read `lost connection after DATA (12 bytes) from name[ip]` and its like."""
    found = _LOST.match(body)
    begin = grammar.peer_at(body[found.end() :], "client") if found else None
    if found is None or begin is None:
        return None
    fields: Fields = {"problem": found["problem"], "stage": found["stage"], **begin[0]}
    if found["bytes"]:
        fields["bytes"] = int(found["bytes"])
    if begin[1].startswith(": "):
        fields["message"] = begin[1].removeprefix(": ")
    return fields


def _keywords(body: str) -> Fields | None:
    """Read `discarding EHLO keywords: ...`."""
    start = "discarding EHLO keywords: "
    return {"discarded_keywords": body.removeprefix(start)} if body.startswith(start) else None


def _warning(body: str) -> Fields | None:
    """Read `name[ip]: SASL LOGIN authentication failed: ...`."""
    begin = grammar.peer_at(body, "client")
    found = _SASL.fullmatch(begin[1]) if begin else None
    if begin is None or found is None:
        return None
    return begin[0] | {name: value for name, value in found.groupdict().items() if value}
