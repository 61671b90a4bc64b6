"""The table `[[power]]` of letters to an authority."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from aupkeep.outlets import durable
from aupkeep.outlets.authority.power import AuthorityLetter
from aupkeep.outlets.mail.channel import Channel
from aupkeep.outlets.mail.outbox import Outbox
from aupkeep.outlets.mail.smtp import Smtp
from aupkeep.outlets.remit import present
from aupkeep.outlets.shape import PowerShape


class AuthorityShape(PowerShape):
    """Letters to one authority."""

    by: Literal["authority_letter"]
    measure: Literal["notify_authority"]
    #: Address of the authority.
    to: str = Field(min_length=3)
    #: Whom the letters come from, and whom the authority answers.
    sender: str = Field(min_length=3)
    #: What they begin with: under which law and duty they are written.
    because: str = Field(min_length=1)
    #: Folder into which they are put as files, for a person to take; or:
    outbox: str = ""
    #: Host and port of a mail server.
    smtp: str = ""
    tls: Literal["none", "starttls", "tls"] = "starttls"
    user: str = ""
    #: File that holds the password and nothing else.
    password_file: str = ""
    #: Log of that mail server, in which a letter of an interrupted sending is looked up.
    log: str = ""
    #: Folder of receipts.
    receipts: str = "receipts"

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.outbox) == bool(self.smtp):
            raise ValueError("letters leave either into an `outbox` or by `smtp`")
        _, _, port = self.smtp.rpartition(":")
        if self.smtp and not (port.isascii() and port.isdigit()):
            raise ValueError(f"`{self.smtp}` is no address and port such as 127.0.0.1:25")
        return self

    def opened(self, folder: Path) -> AuthorityLetter:
        """Return the power."""
        return AuthorityLetter(
            channel=partial(self._channel, folder),
            sender=self.sender,
            recipient=self.to,
            because=self.because,
            receipts=(folder / self.receipts).absolute(),
            clock=present,
        )

    def _channel(self, folder: Path) -> Channel:
        if self.outbox:
            return Outbox((folder / self.outbox).absolute())
        host, _, port = self.smtp.rpartition(":")
        return Smtp(
            host=host.strip("[]"),
            port=int(port),
            tls=self.tls,
            user=self.user,
            password=_password(folder / self.password_file) if self.password_file else "",
            spool=(folder / self.receipts / "letters").absolute(),
            log=(folder / self.log).absolute() if self.log else None,
        )


def _password(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise durable.refused(path, "cannot be read", error) from None
