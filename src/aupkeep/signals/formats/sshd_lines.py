"""What one line of OpenSSH's server says about an attempt to log in.

In: the text of a line after the syslog head. Out: `Said`, or None where the line is about something
else. The user name, and some of what follows the address, is chosen by the stranger at the other
end. Each form is therefore matched whole, from its first word to its last, and where a name could
hold a copy of the words that follow it, the copy nearest the end is the server's own. Forms in
which strangers' text stands on both sides keep their address only if there is no second reading.
The forms are those of OpenSSH 3.9 to 10 (auth.c, auth2.c, auth-pam.c, packet.c).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple


class Stage(IntEnum):
    """How far an attempt had come when the line was written; one attempt may give several lines.

    The order is that in which the server writes them: a later stage goes on with the same attempt.
    """

    #: The user is unknown or may not log in, or the client is refused.
    REFUSED = 0
    #: The client asked which methods there are.
    ASKED = 1
    #: PAM or the root rule said no.
    DENIED = 2
    #: The server's verdict on the attempt.
    FAILED = 3
    #: It ended the connection over it.
    ENDED = 4
    #: The client left over it.
    LEFT = 5


class Said(NamedTuple):
    """One line: an attempt that failed or was accepted, or a note on one told elsewhere."""

    #: failed, accepted, or note.
    outcome: str
    stage: Stage
    user: str | None = None
    #: Address or name of the client as the line has it; None where it cannot be told for sure.
    host: str | None = None
    port: int | None = None
    method: str | None = None
    reason: str | None = None
    #: How many times it was said: a syslog daemon folds equal lines.
    times: int = 1


#: A folded line stands for at most so many.
MOST_REPEATS = 1000

_NOTE = Said("note", Stage.FAILED)
_LEVELS = frozenset({"error:", "fatal:", "warning:", "info:"})
_REPEATED = re.compile(r"message repeated (\d{1,9}) times: \[ ?(.*)\]")
_VERDICT = re.compile(r"(?:Failed|Accepted) (\S+) for (invalid user |illegal user )?(.*)")
_FROM = r" from (\S+) port (\d{1,5})"
_TAIL = re.compile(rf"(.*){_FROM}(?: ssh\d*)?")
_KEY_TAIL = re.compile(rf"(.*){_FROM} ssh\d*: \S+ \S+")
_OPEN_TAIL = re.compile(rf"{_FROM} ssh\d*: ")
_INVALID = re.compile(r"(?:Invalid|Illegal) user (.*) from (\S+)(?: port (\d{1,5}))?")
_NOT_ALLOWED = re.compile(
    r"User (.*) from (\S+) not allowed because (?:not listed in AllowUsers|listed in DenyUsers"
    r"|not in any group|a group is listed in DenyGroups"
    r"|none of user's groups are listed in AllowGroups)"
)
_ROOT = re.compile(r"ROOT LOGIN REFUSED FROM (\S+)(?: port (\d{1,5}))?")
_PAM = re.compile(
    r"PAM: (?:[Aa]uthentication (?:failure|error|failed)|Permission denied"
    r"|User not known to the underlying authentication module|User account has expired"
    r"|Have exhausted maximum number of retries for service)"
    r" for (invalid user |illegal user )?(.*) from (\S+)(?: via \S+)?"
)
_MAXIMUM = re.compile(
    r"maximum authentication attempts exceeded for (invalid user |illegal user )?(.*)"
    rf"{_FROM}(?: ssh\d*)?"
)
_DISCONNECT = re.compile(
    r"Received disconnect from (\S+?)(?: port (\d{1,5}))?: ?3: (?:.*: )?Auth fail\b.*"
)
_CHANGED = re.compile(r"Disconnecting (?:(?:invalid|authenticating) user )?(.*)")
_CHANGED_TAIL = re.compile(r" (\S+) port (\d{1,5}): Change of username or service not allowed: ")
_REFUSED = re.compile(r"refused connect from .* \((\S+)\)")
_PAM_NOTE = re.compile(r"pam_\w+\(sshd(?:-session|-auth)?:auth\): authentication failure;.*")
_PAM_MORE = re.compile(r"PAM \d+ more authentication failures?;.*")

_REASONS = {
    "password": "bad_password",
    "keyboard-interactive/pam": "bad_password",
    "keyboard-interactive": "bad_password",
    "publickey": "bad_key",
    "hostbased": "bad_host_key",
    "none": "no_method",
}


def read(text: str) -> Said | None:
    """Return what the body of a line says, or None where it is not about an attempt.

    A key that was refused to a known user is a note: clients offer every key they hold, so it
    shows no guessing. So is a known user's question for the methods.
    """
    text = text.rstrip()
    repeated = _REPEATED.fullmatch(text) if text.startswith("message repeated ") else None
    if repeated is None:
        return _read_once(text)
    said = _read_once(repeated[2].rstrip())
    return said and said._replace(times=min(max(int(repeated[1]), 1), MOST_REPEATS))


def _read_once(text: str) -> Said | None:
    if text.endswith("[preauth]"):
        text = text[:-9].rstrip()
    first, _, rest = text.partition(" ")
    if first in _LEVELS:
        text = rest
        first = text.partition(" ")[0]
    reader = _READERS.get(first)
    if reader is not None:
        return reader(text)
    return _NOTE if first.startswith("pam_") and _PAM_NOTE.fullmatch(text) else None


def _verdict(text: str) -> Said | None:
    """`Failed password for root from 192.0.2.1 port 22 ssh2`, and `Accepted ...`."""
    match = _VERDICT.fullmatch(text)
    if match is None:
        return None
    method, invalid = match[1], match[2] is not None
    placed = _place(match[3], method)
    if placed is None:
        return None
    user, host, port = placed
    if text.startswith("Accepted"):
        return Said("accepted", Stage.FAILED, user, host, port, method, None)
    reason = "invalid_user" if invalid else _REASONS.get(method, "failed")
    harmless = not invalid and method in ("publickey", "none")
    stage = Stage.ASKED if method == "none" else Stage.FAILED
    return Said("note" if harmless else "failed", stage, user, host, port, method, reason)


def _place(rest: str, method: str) -> tuple[str, str | None, int | None] | None:
    """Split `USER from HOST port N ssh2: EXTRA`; host and port None where it has two readings.

    1. Nothing after the protocol, or a key and its fingerprint: no stranger chose that, so the
       last copy is the server's.
    2. Anything else after it (certificate names, the client's own word on its user and host) may
       hold a copy as well as the user name may.
    """
    if method != "hostbased":
        match = _TAIL.fullmatch(rest) or _KEY_TAIL.fullmatch(rest)
        if match is not None:
            return match[1], match[2], int(match[3])
    places = list(_OPEN_TAIL.finditer(rest))
    if not places:
        return None
    user = rest[: places[0].start()]
    if len(places) > 1:
        return user, None, None
    return user, places[0][1], int(places[0][2])


def _invalid(text: str) -> Said | None:
    match = _INVALID.fullmatch(text)
    if match is None:
        return None
    return _failed(Stage.REFUSED, "invalid_user", match[1], match[2], match[3])


def _not_allowed(text: str) -> Said | None:
    match = _NOT_ALLOWED.fullmatch(text)
    return match and _failed(Stage.REFUSED, "not_allowed", match[1], match[2])


def _root(text: str) -> Said | None:
    match = _ROOT.fullmatch(text)
    return match and _failed(Stage.DENIED, "root_refused", "root", match[1], match[2])


def _pam(text: str) -> Said | None:
    match = _PAM.fullmatch(text)
    if match is None:
        return None
    reason = "invalid_user" if match[1] else "pam_denied"
    return _failed(Stage.DENIED, reason, match[2], match[3])


def _maximum(text: str) -> Said | None:
    match = _MAXIMUM.fullmatch(text)
    return match and _failed(Stage.ENDED, "too_many", match[2], match[3], match[4])


def _disconnect(text: str) -> Said | None:
    match = _DISCONNECT.fullmatch(text)
    return match and _failed(Stage.LEFT, "client_gave_up", None, match[1], match[2])


def _changed(text: str) -> Said | None:
    match = _CHANGED.fullmatch(text)
    places = list(_CHANGED_TAIL.finditer(match[1])) if match else []
    if match is None or not places:
        return None
    user = match[1][: places[0].start()]
    if len(places) > 1:
        return _failed(Stage.ENDED, "changed_user", user, None)
    return _failed(Stage.ENDED, "changed_user", user, places[0][1], places[0][2])


def _refused(text: str) -> Said | None:
    match = _REFUSED.fullmatch(text)
    return match and _failed(Stage.REFUSED, "refused_connect", None, match[1])


def _more(text: str) -> Said | None:
    return _NOTE if _PAM_MORE.fullmatch(text) else None


def _failed(
    stage: Stage, reason: str, user: str | None, host: str | None, port: str | None = None
) -> Said:
    number = None if port is None else int(port)
    return Said("failed", stage, user, host, number, None, reason)


#: First word of a line -> its reader.
_READERS: dict[str, Callable[[str], Said | None]] = {
    "Failed": _verdict,
    "Accepted": _verdict,
    "Invalid": _invalid,
    "Illegal": _invalid,
    "User": _not_allowed,
    "ROOT": _root,
    "PAM:": _pam,
    "PAM": _more,
    "maximum": _maximum,
    "Received": _disconnect,
    "Disconnecting": _changed,
    "refused": _refused,
}
