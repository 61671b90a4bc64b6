"""The power `hold_mail`: what a login hands in waits in the hold queue of a Postfix.

In: orders on mailboxes. Out: a line a login in an access map, verified by asking Postfix. The text
of the map is the truth: what Postfix reads is made from it anew wherever the two differ, so that a
crash between both heals at the next call. Without a Postfix (`config=None`) only the text is
written, and everything that is said about it says so.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from aupkeep.base.clock import format_instant
from aupkeep.base.errors import one_line
from aupkeep.outlets import durable, programs
from aupkeep.outlets.postfix_hold import text
from aupkeep.outlets.postfix_hold.instance import Instance
from aupkeep.outlets.postfix_hold.standing import marks_of
from aupkeep.sanctions.power import Mark, Order, PowerFault, Seen

#: Programs that the power needs beside the map.
_PROGRAMS = ("postmap", "postconf", "postqueue", "postcat", "postsuper")
_LONGEST_LOGIN = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class PostfixHold:
    """Holds the mail of logins; see the module."""

    #: The text of the map, an absolute path that main.cf names without its ending.
    map: Path
    #: `lmdb` or `hash`; empty: lmdb where this Postfix can read it, else hash.
    type: str = ""
    #: Folder with main.cf and master.cf; None: map file only, no Postfix is asked.
    config: Path | None = None
    #: What the login handed in before and is still queued is held as well.
    queued: bool = False
    #: Seconds that one program, or another writer of the map, may take.
    patience: float = 10.0
    measure: str = "hold_mail"
    reversible: bool = True

    def carries(self, scope: str, target: str) -> str:
        """Return why it cannot hold `target`, or an empty string."""
        if scope != "mailbox":
            return f"this power holds the mail of a mailbox, not of a {scope}"
        if not target:
            return "no login is named"
        if len(target) > _LONGEST_LOGIN:
            return f"a login has at most {_LONGEST_LOGIN} characters"
        if any(sign.isspace() or not sign.isprintable() for sign in target):
            return "a login with white space or control characters cannot stand in a map"
        if set(target) & set('"\\<>') or target.startswith(("#", "-")):
            return (
                "a login with \\, quotes or <>, or that begins with # or -, cannot stand in a map"
            )
        return ""

    def plan(self, order: Order) -> str:
        """Return which sanctions hold the login already; changes nothing."""
        known = text.entry(self._text(), self._login(order))
        self._refuse_foreign(known)
        return json.dumps({"held_by": list(known.sanctions) if known else []})

    def apply(self, order: Order) -> None:
        """Hold what the login hands in from its next recipient on; what is queued, if told so."""
        login = self._login(order)
        until = format_instant(order.until) if order.until is not None else "-"
        if not text.SANCTION.fullmatch(order.sanction):
            raise ValueError(f"`{order.sanction}` cannot be the id of a sanction in a map")

        def change(before: str) -> str:
            self._refuse_foreign(text.entry(before, login))
            return text.add(before, login, order.sanction, until)

        self._change(login, change)
        if self.queued and self.config is not None:
            instance = self._instance(self.config)
            instance.hold(instance.waiting(login))

    def look(self, order: Order) -> Seen:
        """Look whether Postfix would hold the login's next message because of this sanction."""
        login = self._login(order)
        written = self._text()
        known = text.entry(written, login)
        line = f"{self.map}: {f'{known.key} {known.value}' if known else f'nothing on {login}'}"
        there = known is not None and order.sanction in known.sanctions
        if self.config is None:
            return Seen(in_force=there, how=f"map file only, no Postfix asks it: {line}")
        instance = self._instance(self.config)
        kind = instance.type(self.type)
        answer = self._agreed(instance, kind, login)
        how = f"postmap -q {login} {kind}:{self.map}: {answer or 'no answer'}"
        named = answer is not None and order.sanction in answer.split()
        if not (there and named):
            return Seen(in_force=False, how=f"{how}; {line}")
        gaps = instance.gaps(kind, self.map)
        if self.queued and (left := instance.waiting(login)):
            gaps.append(f"{len(left)} messages handed in before are still to be delivered")
        asks = "; but " + "; ".join(gaps) if gaps else "; every smtpd that takes logins asks it"
        return Seen(in_force=not gaps, how=how + asks)

    def undo(self, order: Order) -> None:
        """Hold the login no more for this sanction; with `release`, send on what was held.

        What is still held for another sanction stays held.
        """
        login = self._login(order)
        self._change(login, lambda before: text.drop(before, login, order.sanction))
        if order.release and text.entry(self._text(), login) is None:
            self.release(login)

    def marks(self) -> list[Mark]:
        """Return what stands in the map, ours and what people wrote."""
        return marks_of(self._text())

    def troubles(self) -> list[str]:
        """Return why it could not work now, in plain words."""
        found = []
        if not self.map.parent.is_dir():
            found.append(f"the folder `{self.map.parent}` is not there")
        elif not os.access(self.map.parent, os.W_OK | os.X_OK):
            found.append(f"the folder `{self.map.parent}` cannot be written to by this user")
        if self.config is None:
            return found
        missing = [name for name in _PROGRAMS if programs.find(name) is None]
        found += [f"`{name}` is not on this machine" for name in missing]
        if os.geteuid() != 0:
            found.append("only root may send on what was held (postsuper)")
        if not missing:
            found += self._misgivings(self._instance(self.config))
        return found

    def prepare(self) -> None:
        """Make an empty map where there is none.

        Postfix puts off all mail while main.cf names a map that it cannot open.
        """
        with self._locked():
            if not self.map.exists():
                durable.write(self.map, b"")
            if self.config is not None:
                instance = self._instance(self.config)
                kind = instance.type(self.type)
                if not instance.file(kind, self.map).exists():
                    instance.build(kind, self.map)

    def held(self, login: str) -> int:
        """Return how many messages of `login` are in the hold queue."""
        return 0 if self.config is None else len(self._instance(self.config).held(login))

    def release(self, login: str) -> int:
        """Send on the messages of `login` that are in the hold queue; return how many."""
        if self.config is None:
            return 0
        instance = self._instance(self.config)
        ids = instance.held(login)
        instance.release(ids)
        return len(ids)

    def _login(self, order: Order) -> str:
        why = self.carries(order.scope, order.target)
        if why:
            raise durable.fault("target", why, self.map, retry=False)
        return order.target

    def _refuse_foreign(self, known: text.Entry | None) -> None:
        if known is not None and not known.sanctions:
            what = f"line {known.lines[0] + 1} on `{known.key}` was written by a person and stays"
            raise durable.fault("foreign-line", what, self.map, retry=False)

    def _change(self, login: str, change: Callable[[str], str]) -> None:
        """Change the text under the lock, and what Postfix reads wherever it differs."""
        with self._locked():
            before = self._text()
            after = change(before)
            if after != before:
                durable.write(self.map, after.encode("utf-8", "surrogateescape"))
            if self.config is None:
                return
            instance = self._instance(self.config)
            kind = instance.type(self.type)
            stale = instance.asked(login, kind, self.map) != _answer(after, login)
            if after != before or (stale and self.map.exists()):
                instance.build(kind, self.map)

    def _agreed(self, instance: Instance, kind: str, login: str) -> str | None:
        """Return what Postfix is told about `login`, made anew where the text says otherwise."""
        answer = instance.asked(login, kind, self.map)
        if answer == _answer(self._text(), login):
            return answer
        self._change(login, lambda before: before)
        return instance.asked(login, kind, self.map)

    def _text(self) -> str:
        try:
            return self.map.read_bytes().decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise durable.refused(self.map, "cannot be read", error) from error

    def _locked(self) -> AbstractContextManager[None]:
        return durable.locked(self.map.with_name(f"{self.map.name}.lock"), patience=self.patience)

    def _instance(self, config: Path) -> Instance:
        return Instance(config=config, patience=self.patience)

    def _misgivings(self, instance: Instance) -> list[str]:
        try:
            kind = instance.type(self.type)
            gaps = instance.gaps(kind, self.map)
            file = instance.file(kind, self.map)
            return gaps if file.exists() else [f"the map `{file}` is not there", *gaps]
        except PowerFault as error:
            return [one_line(error)]


def main_cf_lines(map: Path, type: str = "lmdb") -> list[str]:  # noqa: A002  # the setting's names
    """Return the lines of main.cf by which Postfix asks the map."""
    return [
        "# Logins whose mail is held; written by aupkeep. Keep it first in the list.",
        f"smtpd_sender_restrictions = check_sasl_access {type}:{map}",
    ]


def _answer(written: str, login: str) -> str | None:
    """Return what a map made from the text answers for `login`."""
    known = text.entry(written, login)
    return known.value if known else None
