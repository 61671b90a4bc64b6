"""The live part of the demo: two stolen logins, one hold by the ladder, one that waits."""

from __future__ import annotations

import smtplib
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.cli.demo_ending import Ending
from aupkeep.cli.demo_watching import Watch, say
from aupkeep.demo.brand import JASMO
from aupkeep.demo.live import BURST, UNKNOWN_OF_TEN, Live, Message, burst, letter
from aupkeep.demo.mailhost import MailHost
from aupkeep.sanctions.sanction import Sanction, State

#: Seconds between two messages of one login, and between two looks.
PACE, LOOK = 0.05, 0.3
#: Seconds after which something that should have happened will not happen any more.
PATIENCE = 120.0
#: Seconds in which one message arrives or is held.
DELIVERY = 15.0


@dataclass(slots=True, kw_only=True)
class Story:
    """One run of the demo after the fortnight."""

    seed: int
    folder: Path
    live: Live
    host: MailHost
    run: subprocess.Popen[bytes]
    ending: Ending
    watch: Watch = field(init=False)
    #: Letters sent so far, so that each goes to another recipient.
    letters: int = 0

    def __post_init__(self) -> None:
        """Look at those who act."""
        self.watch = Watch(JASMO.name, frozenset(item.id for item in self.live.acting))

    @property
    def stolen(self) -> str:
        """The login that the ladder holds by itself."""
        return self.live.stolen.logins[0]

    @property
    def protected(self) -> str:
        """The login whose hold waits for a person."""
        return self.live.protected.logins[0]

    def play(self) -> None:
        """Send, and wait until one hold is in force and the other waits; tell all of it."""
        say("sends", f"{BURST} mails each from {self.stolen} and {self.protected}:")
        say("", f"somebody has the passwords; {UNKNOWN_OF_TEN} of 10 addresses do not exist")
        began = time.monotonic()
        self._bursts()
        self.until(lambda: self._is(self.stolen, State.ANNOUNCED), f"the hold on {self.stolen}")
        self.until(lambda: self._is(self.protected, State.PROPOSED), "the one that waits")
        if self.host.config is not None:
            for login in (self.stolen, self.protected):
                held = self.host.held(login)
                say("counted", f"{login}: {BURST - held} mails went out, {held} wait on hold")
        self.prove(self.stolen)
        for login in (*self.live.stolen.logins[1:], *self.live.neighbour.logins):
            self.prove(login)
        say("", f"that took {time.monotonic() - began:.0f} seconds from the first mail")

    def stay(self) -> None:
        """Go on telling what happens, until it is told to end."""
        while True:
            for word, sanction in self.pause(LOOK):
                if word in ("held", "lifted", "expired"):
                    self.prove(sanction.target)

    def pause(self, seconds: float) -> list[tuple[str, Sanction]]:
        """Let time pass and tell what has happened; return what is new.

        Raises `ToldToEndError`, and `AupkeepError` where the installation does not run any more.
        """
        self.ending.pause(seconds)
        self.host.turn()
        if self.run.poll() is not None:
            raise AupkeepError(
                Fault(
                    code="run-ended",
                    what=f"`aupkeep run` has ended ({self.run.returncode}) and said:\n"
                    + (self.folder / "run.log").read_text(encoding="utf-8")[-2000:],
                )
            )
        return self.watch.look()

    def until(self, true: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        """Wait until something is `true`; raises `AupkeepError` after a while."""
        end = time.monotonic() + patience
        while not true():
            self.pause(LOOK)
            if time.monotonic() > end:
                raise AupkeepError(
                    Fault(
                        code="demo-stuck",
                        what=f"{what} did not come within {patience:.0f} s",
                        hint=f"see run.log in {self.folder} (--keep DIR keeps it)",
                    )
                )

    def prove(self, login: str) -> None:
        """Send one more mail of `login` and tell what became of it."""
        if self.host.config is None:
            self._show_map(login)
            return
        self.letters += 1
        message, before = letter(self.seed, login, self.letters), self.host.held(login)
        self._hand_in(login, message)
        end = time.monotonic() + DELIVERY
        while time.monotonic() < end:
            if self.host.arrived(message.recipient):
                say("passes", f"the next mail of {login} has arrived")
                return
            if self.host.held(login) > before:
                say("held", f"the next mail of {login} waits in Postfix's hold queue")
                return
            self.pause(LOOK)
        say("delayed", f"the next mail of {login} has neither arrived nor is it on hold")

    def _bursts(self) -> None:
        """Hand in both bursts, message by message, at the same time."""
        mine, other = burst(self.seed, self.stolen), burst(self.seed, self.protected)
        try:
            with (
                self.host.session(self.stolen) as first,
                self.host.session(self.protected) as second,
            ):
                for one, two in zip(mine, other, strict=True):
                    first(one)
                    second(two)
                    self.pause(PACE)
        except BrokenPipeError:
            # Whoever read the story has gone.
            raise
        except (OSError, smtplib.SMTPException) as refused:
            raise _not_taken(refused) from None

    def _hand_in(self, login: str, message: Message) -> None:
        try:
            with self.host.session(login) as send:
                send(message)
        except (OSError, smtplib.SMTPException) as refused:
            raise _not_taken(refused) from None

    def _is(self, login: str, state: State) -> bool:
        return any(one.target == login and one.state is state for one in self.watch.holds())

    def _show_map(self, login: str) -> None:
        lines = self.host.map.read_text(encoding="utf-8").splitlines()
        found = [line for line in lines if line.startswith(f"{login}\t")]
        told = f"`{found[0].expandtabs(2)}`" if found else f"nothing about {login}"
        say("map only", f"{told}, in {self.host.map}")


def _not_taken(refused: Exception) -> AupkeepError:
    return AupkeepError(
        Fault(code="mail-refused", what=f"the demo's own Postfix does not take mail: {refused}")
    )
