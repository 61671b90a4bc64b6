"""Notices: written in the transaction that made them true, then sent, once.

In: a sanction whose step has just been entered. Out: the notice as the customer will read it, which
names the entry and a checkpoint that covers it; later, a letter that has left. Letters of a case
are one thread. Where the policy says so, letters that only ask are gathered into one a customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aupkeep.base.clock import HOUR, format_instant
from aupkeep.base.errors import Fault
from aupkeep.base.ids import make_id
from aupkeep.cases.holder import stated
from aupkeep.flow.alarms import alarm
from aupkeep.flow.checkpointing import Signer
from aupkeep.flow.installation import Installation, PolicyBook
from aupkeep.flow.powers import WARN
from aupkeep.flow.recording import Recording
from aupkeep.flow.telling import reached
from aupkeep.outlets.mail.channel import Channel
from aupkeep.outlets.mail.letter import Letter
from aupkeep.sanctions.notice import (
    OF_END,
    OF_MEASURE,
    Circumstances,
    Notice,
    compose,
    notice_id,
    together,
)
from aupkeep.sanctions.power import PowerFault
from aupkeep.sanctions.reaching import Reach, apart, one_text
from aupkeep.sanctions.sanction import Sanction
from aupkeep.store import dialogue, evidence, ground, sanctions
from aupkeep.store.database import unit
from aupkeep.store.dialogue import Sent
from aupkeep.store.links import notice_token


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a notice tells besides the sanction and its entry."""

    reason: str = ""
    #: What of the talk it is about; see `notice_id`.
    about: str = ""
    #: The same person decides the appeal; None: as the settings say.
    alone: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcer:
    """Writes and sends the notices of an installation; only the hand has one."""

    installation: Installation
    policies: PolicyBook
    signer: Signer
    channel: Channel | None
    secret: bytes

    def write(
        self, sanction: Sanction, kind: str, entry: int, *, now: int, said: Said = Said()
    ) -> Notice:
        """Write the notice of `kind` about `sanction`, inside the unit that stored `entry`."""
        reference = self.signer.sign(sanction.provider, now=now)
        identity = notice_id(sanction.id, kind, said.about)
        settings = self.installation.settings
        base = settings.desk.base
        findings = evidence.findings_of(sanction.case)
        earlier = [one.notice for one in dialogue.notices_of(sanction.case)]
        measure = next((one for one in earlier if _is_measure(one, sanction)), None)
        policy = self.policies.version(sanction.provider, sanction.policy_version)
        whom = reached(policy, sanction, now=now)
        told = Circumstances(
            policy=policy,
            findings=[item for name, item in findings.items() if name in sanction.findings],
            language=_said(sanction, "language", now),
            recipient=one_text(whom.first),
            second=one_text(whom.second),
            link=f"{base}/notice/{notice_token(identity, self.secret)}",
            entry=entry,
            checkpoint=reference,
            reason=said.reason,
            about=said.about,
            thread=next((one.id for one in earlier if not one.thread), ""),
            appeal_until=measure.at + policy.appeal_within if measure else None,
            alone=settings.single_operator if said.alone is None else said.alone,
            page=f"{base}/policy/{policy.provider}/{policy.version}/#{sanction.clause}",
        )
        notice = compose(sanction, kind, told, now=now)
        dialogue.put_notice(notice)
        return notice

    def gathers_until(self, sanction: Sanction, now: int) -> int:
        """Return until when a letter that only asks waits for others to the same customer."""
        digest = self.policies.version(sanction.provider, sanction.policy_version).digest
        if not digest:
            return now
        listed = dialogue.questions_to(sanction.provider, sanction.customer, since=now - digest)
        left = [one.sent_at for one in listed if one.sent_at is not None]
        return max((at + digest for at in left), default=now)

    def send(self, identity: str, *, now: int) -> None:
        """Send the notice `identity` if it has not left; raises `PowerFault` where it cannot."""
        found = dialogue.sent(identity)
        if found is None or found.sent_at is not None:
            return
        if self.channel is None:
            raise _fault("no-mail", "the settings name no way for letters: `[mail]` is missing")
        sanction = sanctions.get_sanction(found.notice.sanction)
        # An address that was mended meanwhile is the one that can be written to.
        whom = self._reach(found.notice, sanction, now)
        if not whom.first:
            what = f"the profile of {found.notice.customer} names no `contact` to write to"
            raise _fault("no-contact", what, hint="import a profile; it is tried again")
        most = self.installation.settings.mail
        if most and dialogue.sent_since(now - HOUR) >= most.per_hour:
            raise _fault("letters-capped", f"{most.per_hour} letters have left within an hour")
        group = self._gathered(found, sanction)
        # Each copy has a name of its own by which it leaves once.
        for address, end in whom.copies:
            self._leave(self.letter([one.notice for one in group], address, end))
        self._left(group, whom, now)

    def _leave(self, letter: Letter) -> None:
        outcome = self.channel.send(letter) if self.channel else None
        if outcome is None or outcome.doubtful:
            # Looking again is harmless: it is never sent again while there is doubt.
            raise PowerFault(
                Fault(code="doubtful", what=outcome.how if outcome else ""), retry=True
            )

    def _left(self, group: Sequence[Sent], whom: Reach, now: int) -> None:
        """Store that what is in the letter has left, and let silence be counted from now on."""
        with unit():
            recording = Recording()
            for one in group:
                dialogue.mark_sent(one.notice.id, now=now, held_only=whom.held_only)
                evidence.look_again(one.notice.case, now)
                if whom.held_only:
                    text = (
                        f"the notice {one.notice.id[:12]} to {one_text(whom.first)} went to "
                        "nothing but that address, which the measure falls on, and the profile of "
                        f"{one.notice.customer} names no `second_contact`: tell them another way"
                    )
                    subject = one.notice.customer
                    alarm(recording, one.notice.provider, "held-contact", subject, text, now=now)
            recording.keep()

    def _gathered(self, found: Sent, sanction: Sanction | None) -> Sequence[Sent]:
        """Return the notices that go in one letter with `found`; what does is settled once."""
        if found.letter:
            return dialogue.carried(found.letter)
        notice = found.notice
        if sanction is None or sanction.measure != WARN or notice.kind != OF_MEASURE:
            return [found]
        policy = self.policies.version(sanction.provider, sanction.policy_version)
        if not policy.digest or self._tried(notice.id):
            return [found]
        with unit():
            listed = dialogue.questions_to(notice.provider, notice.customer, since=notice.at)
            waiting = [
                one
                for one in listed
                if one.sent_at is None and not one.letter and not self._tried(one.notice.id)
            ]
            if len(waiting) <= 1:
                return [found]
            ids = [one.notice.id for one in waiting]
            letter = make_id("letter", *ids)
            dialogue.carry(ids, letter)
        return dialogue.carried(letter)

    def _tried(self, letter: str) -> bool:
        return self.channel is not None and self.channel.may_have_left(letter)

    def _reach(self, notice: Notice, sanction: Sanction | None, now: int) -> Reach:
        """Return whom to write to now; where nobody is named any more, whom it was written to."""
        if sanction is not None:
            policy = self.policies.version(sanction.provider, sanction.policy_version)
            whom = reached(policy, sanction, now=now)
            if whom.first:
                return whom
        return Reach(first=apart(notice.recipient), second=apart(notice.second))

    def written(self, sanction: str, kind: str) -> bool:
        """Whether the notice of `kind` about a sanction was written, sent or not."""
        return dialogue.sent(notice_id(sanction, kind)) is not None

    def told(self, sanction: str) -> bool:
        """Whether the customer may have been told of a sanction, also where it is not certain."""
        found = dialogue.sent(notice_id(sanction, OF_MEASURE))
        if found is None or found.sent_at is not None:
            return found is not None
        return self._tried(found.letter or found.notice.id)

    def was_sent(self, sanction: str, kind: str) -> bool:
        """Whether the notice of `kind` about a sanction has left."""
        found = dialogue.sent(notice_id(sanction, kind))
        return found is not None and found.sent_at is not None

    def letter(self, notices: Sequence[Notice], recipient: str, end: str = "") -> Letter:
        """Return the letter to `recipient` that carries `notices`; `end` makes its id another."""
        first = notices[0]
        subject, text = together(notices)
        carrier = first.id if len(notices) == 1 else make_id("letter", *(one.id for one in notices))
        mail = self.installation.settings.mail
        return Letter(
            id=f"{carrier}{end}",
            provider=first.provider,
            sender=self.sender(first.provider, first.at),
            recipient=recipient,
            subject=subject,
            text=text,
            at=first.at,
            thread=first.thread,
            returns=mail.bounces if mail else "",
        )

    def sender(self, provider: str, now: int) -> str:
        """Return whom letters of `provider` come from.

        An alarm may still be of a provider that is gone from the settings: another one speaks.
        """
        mail = self.installation.settings.mail
        if mail and mail.sender:
            return mail.sender
        known = self.signer.providers
        return self.policies.at(provider if provider in known else known[0], now).contact


def waits_for_others(until: int) -> str:
    """Return why a letter that only asks has not left yet."""
    return f"it goes into one letter with others to this customer, at {format_instant(until)}"


def end_of(sanction: Sanction) -> str:
    """Return the id of the notice that says that `sanction` has ended."""
    return notice_id(sanction.id, OF_END)


def _is_measure(notice: Notice, sanction: Sanction) -> bool:
    return (notice.sanction, notice.kind) == (sanction.id, OF_MEASURE)


def _said(about: Sanction, name: str, now: int) -> str:
    """Return what the customer's profile says of `name` now; the latest recorded holds."""
    return stated(ground.profiles_of(about.provider, about.customer), name, now)


def _fault(code: str, what: str, *, hint: str = "") -> PowerFault:
    return PowerFault(Fault(code=code, what=what, hint=hint), retry=True)
