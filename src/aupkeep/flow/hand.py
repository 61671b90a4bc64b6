"""The hand: the one process that acts, on what it reads itself.

In: an installation. Out: sanctions carried out, verified, announced, ended; checkpoints signed;
alarms sent; marks compared with sanctions. Everything it has to do stands in the database, so
that it can be killed at any moment and goes on where it was.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from aupkeep.base.clock import MINUTE, parse_duration
from aupkeep.base.errors import AupkeepError, Fault, Place, render
from aupkeep.flow import powers as doors
from aupkeep.flow.alarms import TRY_AGAIN, raise_alarm, wording
from aupkeep.flow.announcing import Announcer
from aupkeep.flow.beating import beat
from aupkeep.flow.bouncing import sweep
from aupkeep.flow.charging import Charging
from aupkeep.flow.checkpointing import Signer
from aupkeep.flow.enforcing import Enforcer
from aupkeep.flow.installation import Installation, PolicyBook
from aupkeep.flow.keys import secret
from aupkeep.flow.letters import Letters
from aupkeep.flow.posting import Post
from aupkeep.flow.rechecking import recheck_due
from aupkeep.flow.reconciling import Orphan, reconcile
from aupkeep.outlets.mail.letter import Letter
from aupkeep.outlets.webhook.post import Webhook
from aupkeep.sanctions.power import PowerFault
from aupkeep.store import alarms, sanctions
from aupkeep.store import ground as books
from aupkeep.store.database import unit

#: Time between two looks at what is in force, and between two checkpoints.
EVERY = MINUTE
#: Steps of sanctions, and alarms, in one turn, which also lasts no longer than `EVERY` for either:
#: a mail server that hangs must not put off what ends, checkpoints and alarms.
STEPS, ALARMS = 200, 20


@dataclass(slots=True)
class Hand:
    """One hand at work."""

    installation: Installation
    clock: Callable[[], int]
    #: Where people read what it could not do; one line a call.
    say: Callable[[str], None]
    enforcer: Enforcer = field(init=False)
    signer: Signer = field(init=False)
    #: Which books and policies are in use.
    edition: tuple[int, int, int] = (0, 0, 0)
    #: When it looks at the powers and signs next.
    look_at: int = 0
    sign_at: int = 0
    #: When it sends a sign of life next; None: the settings ask for none.
    beat_at: int | None = 0
    #: The latest present it has seen: less than that is a clock that was set back.
    seen: int = 0
    #: What was said last of each thing, so that it is not said again and again.
    said: dict[str, str] = field(default_factory=dict)
    #: (provider, measure) -> targets of marks that nobody accounted for at the last look.
    orphans: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Open the doors; raises `AupkeepError` where settings or keys cannot be used."""
        self.signer = Signer(self.installation)
        self.open()

    def open(self) -> None:
        """Take up books and policies as they are now."""
        edition = books.edition()
        announcer = Announcer(
            installation=self.installation,
            policies=PolicyBook(self.installation.policies()),
            signer=self.signer,
            channel=doors.channel(self.installation),
            secret=secret(self.installation),
        )
        powers = dict(doors.holds(self.installation, clock=self.clock))
        letters = Letters(announcer=announcer, clock=self.clock)
        if self.installation.settings.mail:
            powers |= {(name, letters.measure): letters for name in announcer.signer.providers}
        for name in announcer.signer.providers:
            charging = Charging(
                provider=name,
                policies=announcer.policies,
                clock=self.clock,
                billing=powers.get((name, doors.FEE)),
            )
            powers[name, doors.FEE] = charging
        for power in powers.values():
            try:
                power.prepare()
            except PowerFault as fault:
                self._complain(power.measure, fault)
        self.enforcer = Enforcer(announcer=announcer, powers=powers, clock=self.clock)
        self.edition = edition

    def turn(self) -> bool:
        """Do what is due; False when nothing was. A fault of the database is said and waits."""
        try:
            if books.edition() != self.edition:
                self._open_again()
            did = self._steps()
            did = self._post().turn() or did
            if did:
                self._place()
            self._alarms()
            now = self.clock()
            if now < self.seen:
                self.look_at = self.sign_at = now
                self.beat_at = now if self.beat_at is not None else None
            self.seen = now
            if now >= self.look_at:
                self.look_at = now + EVERY
                self._look()
                self._returned()
                recheck_due(self.installation, self.enforcer.announcer.policies, self.clock)
            if now >= self.sign_at:
                self.sign_at = now + EVERY
                self._sign()
            # Last, so that it tells of a turn that succeeded.
            if self.beat_at is not None and now >= self.beat_at:
                self.beat_at = beat(self.enforcer.announcer, self.signer.providers[0], now=now)
        except AupkeepError as fault:
            self.signer.forget()
            self._complain("turn", fault)
            return False
        self.said.pop("turn", None)
        return did

    def _post(self) -> Post:
        # A test may have changed the enforcer's doors; letters of the talk leave by the same.
        return Post(announcer=self.enforcer.announcer, clock=self.clock)

    def _returned(self) -> None:
        """Take what came back since the last look."""
        maildir = _maildir(self.installation)
        if maildir is None:
            return
        try:
            while sweep(maildir, now=self.clock()):
                pass
            self.said.pop("returned", None)
        except OSError as refused:
            why = (refused.strerror or str(refused)).lower()
            place = Place(file=str(maildir))
            what = f"what came back cannot be read: {why}"
            self._complain("returned", AupkeepError(Fault(code="returned", what=what, place=place)))

    def _open_again(self) -> None:
        """Take up what was changed; what was known goes on where that cannot be used."""
        try:
            self.open()
            self.said.pop("books", None)
        except AupkeepError as fault:
            self._complain("books", fault)

    def _steps(self) -> bool:
        did, until = 0, self.clock() + EVERY
        while did < STEPS and self.clock() < until:
            waiting = sanctions.due(self.clock(), most=STEPS - did)
            if not waiting:
                break
            self._read_ahead()
            for item in waiting:
                self._step(item.sanction.id)
                did += 1
                if self.clock() >= until:
                    break
        return did > 0

    def _read_ahead(self) -> None:
        """Read the chains before a transaction needs them; what is wrong with one, signing says."""
        for provider in self.signer.providers:
            with suppress(AupkeepError):
                self.signer.read_ahead(provider)

    def _step(self, identity: str) -> None:
        item = sanctions.waiting(identity)
        if item is None or item.next_at is None or item.next_at > self.clock():
            return
        try:
            self.enforcer.step(item)
        except AupkeepError as fault:
            self.signer.forget()
            if any(one.code == "no-such-move" for one in fault.faults):
                return  # A person was faster: the next look sees what they did.
            if any(one.code in ("database-refuses", "refused") for one in fault.faults):
                raise
            self.enforcer.wait(item, str(fault), retry=True)
        except Exception:  # noqa: BLE001  # one sanction that trips us must not stop the others
            self.signer.forget()
            self.say(traceback.format_exc())
            self.enforcer.wait(item, "the program has a fault here; its log says where", retry=True)

    def _look(self) -> None:
        """Compare marks and sanctions, power by power; name what differs."""
        for name, power in self.enforcer.powers.items():
            try:
                found = reconcile({name: power})
            except PowerFault as fault:
                self._complain(f"look {' '.join(name)}", fault)
                continue
            self._say_orphans(name, found.orphans)
            for sanction in found.missing:
                item = sanctions.waiting(sanction.id)
                if item is not None and item.sanction.state == sanction.state:
                    why = "its mark is gone: somebody took it away outside Aupkeep"
                    self.enforcer.fail(item, why, retry=False)

    def _say_orphans(self, name: tuple[str, str], orphans: Collection[Orphan]) -> None:
        """Name those that were not there at the last look; a person may leave one there."""
        known = self.orphans.get(name, frozenset())
        provider, measure = name
        for orphan in orphans:
            mark = orphan.mark
            if mark.target not in known:
                text = f"`{measure}` on {mark.target} is in force but {orphan.why}: {mark.text}"
                subject = f"{measure} {mark.target}"
                raise_alarm(provider, "orphan", subject, text, now=self.clock())
        self.orphans[name] = frozenset(orphan.mark.target for orphan in orphans)

    def _place(self) -> None:
        """Bring what a notice has just named to the second place; the next minute tries again."""
        signer = self.signer
        for provider in signer.providers:
            try:
                signer.place(provider, now=self.clock())
            except AupkeepError as fault:
                self._complain("second place", fault)

    def _sign(self) -> None:
        """Sign every chain that has grown, and bring the checkpoints to the second place."""
        signer = self.signer
        for provider in signer.providers:
            now = self.clock()
            try:
                if signer.grown(provider):
                    signer.read_ahead(provider)
                    with unit():
                        signer.sign(provider, now=now)
                signer.place(provider, now=now)
            except AupkeepError as fault:
                signer.forget()
                if any(one.code == "database-refuses" for one in fault.faults):
                    raise
                raise_alarm(provider, "record", "checkpoint", _plain(fault), now=now)

    def _alarms(self) -> None:
        """Send the alarms that are due, by every way the settings name."""
        settings = self.installation.settings.alarm
        repeat = parse_duration(settings.repeat)
        until = self.clock() + EVERY
        for item in alarms.due(self.clock(), most=ALARMS):
            troubles = self._send(item)
            now = self.clock()
            wait = min(TRY_AGAIN, repeat) if troubles else repeat
            with unit():
                alarms.sent(
                    item.id,
                    count=item.sent + (not troubles),
                    next_at=now + wait,
                    trouble="; ".join(troubles),
                )
            if now >= until:
                break

    def _send(self, item: alarms.Alarm) -> list[str]:
        """Send one alarm; return why it did not reach somebody."""
        settings = self.installation.settings.alarm
        subject, text = wording(item)
        self.say(f"alarm: {item.provider}: {item.kind}: {item.text}")
        troubles = []
        announcer = self.enforcer.announcer
        for index, recipient in enumerate(settings.mail):
            letter = Letter(
                id=f"{item.id}-{item.sent}-{index}",
                provider=item.provider,
                sender=announcer.sender(item.provider, self.clock()),
                recipient=recipient,
                subject=subject,
                text=text,
                at=self.clock(),
            )
            try:
                if announcer.channel is None:
                    troubles.append("no way for letters is named in the settings")
                else:
                    announcer.channel.send(letter)
            except AupkeepError as fault:
                troubles.append(_plain(fault))
        if settings.webhook:
            told = {
                "id": item.id,
                "provider": item.provider,
                "kind": item.kind,
                "subject": item.subject,
                "text": item.text,
                "raised_at": item.raised_at,
                "sent": item.sent,
            }
            try:
                Webhook(url=settings.webhook).post(f"{item.id}-{item.sent}", told)
            except AupkeepError as fault:
                troubles.append(_plain(fault))
        return troubles

    def _complain(self, about: str, fault: AupkeepError) -> None:
        said = _plain(fault)
        if self.said.get(about) != said:
            self.said[about] = said
            self.say(said)


def _maildir(installation: Installation) -> Path | None:
    mail = installation.settings.mail
    return (installation.folder / mail.returned).absolute() if mail and mail.returned else None


def _plain(fault: AupkeepError) -> str:
    return "; ".join(render(one).replace("\n", " ") for one in fault.faults)
