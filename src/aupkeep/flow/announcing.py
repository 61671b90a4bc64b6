"""Notices: written in the transaction that made them true, then sent, once.

In: a sanction whose step has just been entered. Out: the notice as the customer will read it, which
names the entry and a checkpoint that covers it; later, a letter that has left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from aupkeep.base.clock import HOUR
from aupkeep.base.errors import Fault
from aupkeep.cases.holder import stated
from aupkeep.flow.checkpointing import Signer
from aupkeep.flow.installation import Installation, PolicyBook
from aupkeep.flow.telling import addresses
from aupkeep.outlets.mail.channel import Channel
from aupkeep.outlets.mail.letter import Letter
from aupkeep.record.entry import Entry
from aupkeep.sanctions.notice import OF_END, OF_MEASURE, Circumstances, Notice, compose, notice_id
from aupkeep.sanctions.power import PowerFault
from aupkeep.sanctions.sanction import Sanction
from aupkeep.store import dialogue, evidence, ground
from aupkeep.store.database import unit
from aupkeep.store.links import notice_token


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcer:
    """Writes and sends the notices of an installation; only the hand has one."""

    installation: Installation
    policies: PolicyBook
    signer: Signer
    channel: Channel | None
    secret: bytes

    def write(
        self, sanction: Sanction, kind: str, entry: Entry, *, now: int, reason: str = ""
    ) -> Notice:
        """Write the notice of `kind` about `sanction`, inside the unit that stored `entry`."""
        reference = self.signer.sign(sanction.provider, now=now)
        identity = notice_id(sanction.id, kind)
        base = self.installation.settings.desk.base
        findings = evidence.findings_of(sanction.case)
        policy = self.policies.version(sanction.provider, sanction.policy_version)
        told = Circumstances(
            policy=policy,
            findings=[item for name, item in findings.items() if name in sanction.findings],
            language=_said(sanction, "language", now),
            recipient=", ".join(addresses(policy, sanction.customer, now=now)),
            link=f"{base}/notice/{notice_token(identity, self.secret)}",
            entry=entry.seq,
            checkpoint=reference,
            reason=reason,
        )
        notice = compose(sanction, kind, told, now=now)
        dialogue.put_notice(notice)
        return notice

    def send(self, identity: str, *, now: int) -> None:
        """Send the notice `identity` if it has not left; raises `PowerFault` where it cannot."""
        found = dialogue.sent(identity)
        if found is None or found.sent_at is not None:
            return
        notice = found.notice
        channel = self.channel
        if channel is None:
            raise _fault("no-mail", "the settings name no way for letters: `[mail]` is missing")
        # An address that was mended meanwhile is the one that can be written to.
        policy = self.policies.version(notice.provider, notice.policy_version)
        recipients = addresses(policy, notice.customer, now=now)
        if not recipients and notice.recipient:
            recipients = tuple(notice.recipient.split(", "))
        if not recipients:
            what = f"the profile of {notice.customer} names no `contact` to write to"
            raise _fault("no-contact", what, hint="import a profile; it is tried again")
        most = self.installation.settings.mail
        if most and dialogue.sent_since(now - HOUR) >= most.per_hour:
            raise _fault("letters-capped", f"{most.per_hour} letters have left within an hour")
        for number, recipient in enumerate(recipients):
            letter = self.letter(replace(notice, recipient=recipient))
            # Each copy has a name of its own by which it leaves once.
            outcome = channel.send(
                replace(letter, id=f"{letter.id}-{number}") if number else letter
            )
            if outcome.doubtful:
                # Looking again is harmless: it is never sent again while there is doubt.
                raise PowerFault(Fault(code="doubtful", what=outcome.how), retry=True)
        with unit():
            dialogue.mark_sent(identity, now=now)

    def written(self, sanction: str, kind: str) -> bool:
        """Whether the notice of `kind` about a sanction was written, sent or not."""
        return dialogue.sent(notice_id(sanction, kind)) is not None

    def told(self, sanction: str) -> bool:
        """Whether the customer may have been told of a sanction, also where it is not certain."""
        found = dialogue.sent(notice_id(sanction, OF_MEASURE))
        if found is None or found.sent_at is not None:
            return found is not None
        return self.channel is not None and self.channel.may_have_left(found.notice.id)

    def was_sent(self, sanction: str, kind: str) -> bool:
        """Whether the notice of `kind` about a sanction has left."""
        found = dialogue.sent(notice_id(sanction, kind))
        return found is not None and found.sent_at is not None

    def letter(self, notice: Notice) -> Letter:
        """Return the letter that carries `notice`."""
        return Letter(
            id=notice.id,
            provider=notice.provider,
            sender=self.sender(notice.provider, notice.at),
            recipient=notice.recipient,
            subject=notice.subject,
            text=notice.text,
            at=notice.at,
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


def end_of(sanction: Sanction) -> str:
    """Return the id of the notice that says that `sanction` has ended."""
    return notice_id(sanction.id, OF_END)


def _said(about: Sanction, name: str, now: int) -> str:
    """Return what the customer's profile says of `name` now; the latest recorded holds."""
    return stated(ground.profiles_of(about.provider, about.customer), name, now)


def _fault(code: str, what: str, *, hint: str = "") -> PowerFault:
    return PowerFault(Fault(code=code, what=what, hint=hint), retry=True)
