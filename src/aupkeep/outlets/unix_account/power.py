"""The powers `suspend_account` and `suspend_service` on users of this system.

In: orders on accounts and services. Out: users whose password is locked, whose account has expired
and of whom nothing runs. What was so before is kept in a ledger before anything is changed, and
just that is given back when the last sanction is lifted; ended processes are not started again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aupkeep.base.errors import Fault
from aupkeep.outlets import durable, programs
from aupkeep.outlets.ledger import Held, Ledger, until_text
from aupkeep.outlets.unix_account import account, processes
from aupkeep.outlets.unix_account.account import NAME, Account
from aupkeep.sanctions.power import Mark, Order, PowerFault, Seen

_SCOPES = ("account", "service", "user")
_PROGRAMS = ("getent", "usermod")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnixAccount:
    """Locks users of this system; see the module."""

    measure: str
    #: Folder of what was so before; only root may read it.
    state: Path
    #: File with a line `TARGET USER` for each user of a customer or service; None: a target is the
    #: user's own name.
    users: Path | None = None
    #: Users with a smaller number are the system's own and are never met.
    least: int = 1000
    #: Seconds that processes are given to end by themselves.
    politely: float = 5.0
    #: Seconds that one program may take.
    patience: float = 10.0
    reversible: bool = True

    def prepare(self) -> None:
        """Make the folder of what was so before."""
        self._ledger.prepare()

    def carries(self, scope: str, target: str) -> str:
        """Return why it cannot lock `target`, or an empty string."""
        if scope not in _SCOPES:
            return f"this power locks the user of an account or service, not a {scope}"
        if not self.users:
            return "" if NAME.fullmatch(target) else "this is no name of a user of this system"
        try:
            users = self._table()
        except PowerFault as fault:
            return fault.faults[0].what
        return _refused(target, users) and f"`{self.users}`: {_refused(target, users)}"

    def plan(self, order: Order) -> str:
        """Return what is so of its users; changes nothing."""
        found = {one.name: one.kept() for one in self._accounts(order)}
        return json.dumps({"users": found})

    def apply(self, order: Order) -> None:
        """Lock its users and end what they run."""
        with self._ledger.locked():
            for now in self._accounts(order):
                held = self._ledger.read(now.name)
                if held is None or held.before["uid"] != now.uid:
                    held = Held(target=now.name, before=now.kept(), sanctions={})
                if held.sanctions.get(order.sanction, 0) != order.until:
                    self._ledger.write(held.under(order))
                account.shut(now, patience=self.patience)
        # The lock first: whoever is ended then cannot come back.
        for now in self._accounts(order):
            processes.end(now.uid, politely=self.politely, patience=self.patience)

    def look(self, order: Order) -> Seen:
        """Look whether its users are shut out and nothing of them runs."""
        told: list[str] = []
        good = True
        for name in self._names(order):
            now = account.read(name, patience=self.patience)
            held = self._ledger.read(name)
            ours = held is not None and order.sanction in held.sanctions
            if now is None:
                told.append(f"there is no user {name}")
                good = False
                continue
            count = len(processes.running(now.uid))
            good = good and ours and now.shut and count == 0
            told.append(_words(now, count, ours=ours))
        return Seen(in_force=good, how="; ".join(told))

    def undo(self, order: Order) -> None:
        """Give its users back what they had, as far as no other sanction locks them."""
        with self._ledger.locked():
            for name in self._held_for(order):
                held = self._ledger.read(name)
                if held is None or order.sanction not in held.sanctions:
                    continue
                left = held.without(order.sanction)
                if left.sanctions:
                    self._ledger.write(left)
                    continue
                now = account.read(name, patience=self.patience)
                # A user of that name who was made since is somebody else.
                if now is not None and now.uid == held.before["uid"]:
                    account.restore(now, held.before, patience=self.patience)
                self._ledger.drop(name)

    def marks(self) -> list[Mark]:
        """Return the users that are locked by us, and those of ours that a person has locked."""
        there = self._ledger.all()
        found = [
            Mark(sanction=name, target=held.target, text=f"user locked {until_text(until)}")
            for held in there
            for name, until in held.sanctions.items()
        ]
        ours = {held.target for held in there}
        listed = {name for names in self._table().values() for name in names}
        for name in sorted(listed - ours):
            now = account.read(name, patience=self.patience) if NAME.fullmatch(name) else None
            if now is not None and now.shut:
                text = f"user {name} was locked by a person"
                found.append(Mark(sanction="", target=name, text=text))
        return found

    def troubles(self) -> list[str]:
        """Return why it could not work now, in plain words."""
        missing = [name for name in _PROGRAMS if programs.find(name) is None]
        found = [f"`{name}` is not on this machine" for name in missing]
        if os.geteuid() != 0:
            found.append("only root may lock users")
        try:
            self._table()
        except PowerFault as fault:
            found.append(f"`{self.users}`: {fault.faults[0].what}")
        return found + self._ledger.troubles()

    @property
    def _ledger(self) -> Ledger:
        return Ledger(folder=self.state, patience=self.patience)

    def _accounts(self, order: Order) -> list[Account]:
        """Return the users of an order; raises `PowerFault` where one is not there."""
        found = []
        for name in self._names(order):
            now = account.read(name, patience=self.patience)
            if now is None:
                what = f"there is no user {name} on this system"
                raise PowerFault(Fault(code="no-user", what=what), retry=False)
            if now.uid < self.least:
                what = f"user {name} (number {now.uid}) is the system's own and is not locked"
                raise PowerFault(Fault(code="target", what=what), retry=False)
            found.append(now)
        return found

    def _names(self, order: Order) -> tuple[str, ...]:
        why = self.carries(order.scope, order.target)
        if why:
            raise PowerFault(Fault(code="target", what=why), retry=False)
        return self._table()[order.target] if self.users else (order.target,)

    def _held_for(self, order: Order) -> list[str]:
        """Return the users that are locked for an order, also where the table has changed."""
        return [held.target for held in self._ledger.all() if order.sanction in held.sanctions]

    def _table(self) -> dict[str, tuple[str, ...]]:
        """Return target -> users, as the file has it."""
        if self.users is None:
            return {}
        try:
            lines = self.users.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeError) as error:
            known = error if isinstance(error, OSError) else OSError(str(error))
            raise durable.refused(self.users, "cannot be read", known) from error
        found: dict[str, tuple[str, ...]] = {}
        for line in lines:
            target, *names = line.split()[:2] if not line.startswith("#") else [""]
            if target and names:
                found[target] = (*found.get(target, ()), *names)
        return found


def _refused(target: str, users: Mapping[str, tuple[str, ...]]) -> str:
    """Return why a table of users allows nothing for `target`, or an empty string."""
    if target not in users:
        return "it names no user for it"
    for name in users[target]:
        if not NAME.fullmatch(name):
            return "it names a user for it that cannot be one"
        if any(name in others for one, others in users.items() if one != target):
            return f"user {name} is shared with somebody else"
    return ""


def _words(now: Account, count: int, *, ours: bool) -> str:
    password = "locked" if now.locked else "not locked"
    expiry = f"expires on day {now.expires}" if now.expires else "never expires"
    whose = "" if ours else ", and no lock of this sanction is known"
    return f"user {now.name}: password {password}, {expiry}, {count} processes{whose}"
