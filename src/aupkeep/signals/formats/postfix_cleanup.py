"""Lines of cleanup: message ids, and actions on headers, bodies and whole messages.

In: the body of a line, its queue id already split off. Out: the fields that it states.
"""

from __future__ import annotations

import re

from aupkeep.signals.formats import postfix_grammar as grammar
from aupkeep.signals.formats.postfix_grammar import Fields
from aupkeep.signals.formats.postfix_smtpd import action_names

_ACTION = re.compile(
    r"(?P<action>warning|info|hold|reject|discard|filter|prepend|replace|redirect|bcc|strip"
    r"|milter-[a-z-]+): "
)
_CONTENT = re.compile(
    r"(?P<part>[a-z]+(?: [a-z]+)?) (?P<content>.*) from (?P<origin>\S+)", re.DOTALL
)
_MILTER = re.compile(r"(?P<stage>[A-Z][A-Z-]*) from (?P<origin>[^\s:]*\[[^\]\s]*\]|local): ")


def cleanup(body: str) -> Fields:
    """Read a line of cleanup."""
    for name in ("message-id", "resent-message-id"):
        if body.startswith(f"{name}="):
            return {name.replace("-", "_"): _unbracketed(body.removeprefix(f"{name}="))}
    found = _ACTION.match(body)
    if found is None:
        return {"message": body}
    said, fields = grammar.content(body[found.end() :])
    if said == body[found.end() :] and found["action"] in ("warning", "info"):
        return {"level": found["action"], "message": said}
    level: Fields = {"level": found["action"]} if found["action"] in ("warning", "info") else {}
    return {**action_names(found["action"]), **level, "message": said, **_said(said), **fields}


def _said(text: str) -> Fields:
    """Read what an action was taken on: `END-OF-MESSAGE from host[ip]: reply` or a header."""
    milter = _MILTER.match(text)
    if milter:
        answer = text[milter.end() :]
        fields: Fields = {"stage": milter["stage"], **_origin(milter["origin"])}
        return {**fields, **grammar.reply(answer), "reason": grammar.reply_text(answer)}
    found = _CONTENT.fullmatch(text)
    if found is None:
        return {}
    return {"part": found["part"], "content": found["content"], **_origin(found["origin"])}


def _origin(text: str) -> Fields:
    return grammar.peer(text, "client") or {"origin": text}


def _unbracketed(text: str) -> str:
    return text[1:-1] if text.startswith("<") and text.endswith(">") else text
