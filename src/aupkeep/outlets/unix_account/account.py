"""One user of the system: what shadow says of it, and its locking.

In: a name. Out: whether its password is locked and when it expires, and changes by usermod, which
keeps all else. A locked password alone leaves SSH keys and cron: the expiry closes those, since
sshd, cron, at, su and login ask PAM (pam_unix) whether the account has expired.
Sources: getent(1), usermod(8), shadow(5), pam_unix(8).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aupkeep.base.errors import Fault
from aupkeep.outlets import programs
from aupkeep.sanctions.power import PowerFault

#: What useradd takes by default on Debian and others; nothing else is handed to a program.
NAME = re.compile(r"[a-z_][a-z0-9_.-]{0,31}", re.ASCII)
#: Expiry, in days after 1970-01-01, of an account that we lock.
EXPIRED = "1"
_NOBODY = 2
_BUSY = "try again later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is so of one user."""

    name: str
    uid: int
    locked: bool
    #: There is no password at all: whoever asks is let in.
    open: bool
    #: Days after 1970-01-01, as shadow has it; empty: never.
    expires: str

    @property
    def shut(self) -> bool:
        """Whether nobody can get in as this user, as far as we do it."""
        return self.locked and self.expires == EXPIRED

    def kept(self) -> dict[str, Any]:
        """Return what undoing must know; no password."""
        return {
            "uid": self.uid,
            "locked": self.locked,
            "open": self.open,
            "expires": self.expires,
        }


def read(name: str, *, patience: float) -> Account | None:
    """Return the user `name`; None: there is none. Raises `PowerFault`."""
    passwd = _entry("passwd", name, patience)
    shadow = _entry("shadow", name, patience)
    if passwd is None:
        return None
    if shadow is None:
        what = f"user {name} has no line in shadow that this process can read"
        raise PowerFault(Fault(code="no-shadow", what=what), retry=False)
    return Account(
        name=name,
        uid=int(passwd[2]),
        locked=shadow[1].startswith("!"),
        open=shadow[1] == "",
        expires=shadow[7],
    )


def shut(account: Account, *, patience: float) -> None:
    """Lock the password and let the account expire; raises `PowerFault`."""
    if not account.shut:
        _usermod("-L", "-e", EXPIRED, account.name, patience=patience)


def restore(now: Account, before: Mapping[str, Any], *, patience: float) -> None:
    """Give back what `before` says, as far as what we wrote still stands; raises `PowerFault`.

    Where a person has changed the expiry or unlocked the account meanwhile, theirs stays.
    """
    words: list[str] = []
    if now.expires == EXPIRED and before["expires"] != EXPIRED:
        words += ["-e", before["expires"]]
    if now.locked and not before["locked"]:
        words += ["-p", ""] if before["open"] else ["-U"]
    if words:
        _usermod(*words, now.name, patience=patience)


def _entry(table: str, name: str, patience: float) -> list[str] | None:
    answer = programs.run(["getent", table, name], patience=patience)
    if answer.code == _NOBODY:
        return None
    if answer.code != 0:
        raise _failed("getent", answer)
    return answer.out.strip("\n").split("\n")[0].split(":")


def _usermod(*words: str, patience: float) -> None:
    answer = programs.run(["usermod", *words], patience=patience)
    if answer.code != 0:
        raise _failed("usermod", answer)


def _failed(program: str, answer: programs.Answer) -> PowerFault:
    lines = answer.err.strip().splitlines()
    said = lines[-1].removeprefix(f"{program}: ") if lines else f"exit code {answer.code}"
    return PowerFault(
        Fault(code="program", what=f"`{program}` failed: {said}"), retry=_BUSY in answer.err
    )
