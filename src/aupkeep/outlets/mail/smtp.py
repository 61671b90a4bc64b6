"""Letters by SMTP, each once as far as SMTP can promise it.

In: letters. Out: letters taken by a mail server. A letter is a file that moves: `ID.eml` waits,
`ID.sending` has been handed over but for the final dot, `sent/ID.eml` was acknowledged. What a
crash or a broken line leaves at `ID.sending` may have been taken or not (RFC 1047): the server's
log says, or a person does; it is never sent again on a guess.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from aupkeep.base.errors import Fault
from aupkeep.outlets import durable
from aupkeep.outlets.mail.channel import Outcome
from aupkeep.outlets.mail.letter import Letter, domain, file, message, message_id, return_path
from aupkeep.outlets.mail.maillog import look_up, spot
from aupkeep.sanctions.power import PowerFault

_TAKEN = range(200, 300)
_PASSING = 400
_LASTING = 500
#: What stays so until a person changes something.
_LASTING_ERRORS = (ssl.SSLCertVerificationError, smtplib.SMTPNotSupportedError)
_WAITS, _SENDING, _SPOT = ".eml", ".sending", ".place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """A mail server that takes letters."""

    host: str
    port: int
    #: none, starttls or tls.
    tls: str = "none"
    user: str = ""
    password: str = field(default="", repr=False)
    #: Folder of the letters on their way, made when the first one comes.
    spool: Path
    #: Log of that server, a Postfix; None: doubts are for people.
    log: Path | None = None
    #: Seconds that the server may take for one answer.
    patience: float = 30.0
    #: Seconds by which the log may lag behind what it tells of.
    lag: float = 10.0

    def send(self, letter: Letter) -> Outcome:
        """Send a letter that has not left yet; settle, if it can be, one that is in doubt."""
        data = message(letter)
        durable.folder(self._sent, mode=0o700)
        with self._locked():
            if file(self._sent, letter.id, _WAITS).exists():
                return Outcome(doubtful=False, how="it had left before")
            if file(self.spool, letter.id, _SENDING).exists():
                outcome = self._doubt(letter)
                if outcome is not None:
                    return outcome
            waiting = file(self.spool, letter.id, _WAITS)
            # One that waits since before may be to an address that was mended meanwhile.
            if not waiting.exists() or waiting.read_bytes() != data:
                durable.write(waiting, data, mode=0o600)
            return self._deliver(letter, waiting.read_bytes())

    def doubtful(self) -> list[str]:
        """Return the ids of the letters that may have left or not."""
        return sorted(path.stem for path in self.spool.glob(f"*{_SENDING}"))

    def settle(self, letter: str) -> None:
        """A person says that the letter in doubt has arrived."""
        with self._locked():
            self._done(letter)

    def resend(self, letter: str) -> None:
        """A person says that the letter in doubt has not arrived: it waits to be sent again."""
        with self._locked():
            self._back(letter)

    def may_have_left(self, letter: str) -> bool:
        """Return whether the letter with that id has left or is in doubt."""
        left = file(self._sent, letter, _WAITS).exists()
        return left or file(self.spool, letter, _SENDING).exists()

    def troubles(self) -> list[str]:
        """Return why no letter could leave now, having greeted the server."""
        try:
            with self._session("localhost"):
                return []
        except PowerFault as error:
            return [fault.what for fault in error.faults]

    def _doubt(self, letter: Letter) -> Outcome | None:
        """Settle a letter in doubt by the log; None: it was not taken and waits again."""
        path = file(self.spool, letter.id, _SENDING)
        if self.log is None:
            return self._unsure(letter, "no log is named in which it could be looked up")
        place = file(self.spool, letter.id, _SPOT)
        since = place.read_text(encoding="ascii") if place.exists() else ""
        verdict = look_up(self.log, message_id(letter), since)
        if verdict.taken:
            self._done(letter.id)
            return Outcome(doubtful=False, how=verdict.why)
        if verdict.taken is None:
            return self._unsure(letter, verdict.why)
        if time.time() - path.stat().st_ctime < self.lag:
            return self._unsure(letter, f"{verdict.why}, but it is only seconds old")
        self._back(letter.id)
        return None

    def _unsure(self, letter: Letter, why: str) -> Outcome:
        what = f"the letter to {letter.recipient} may have left or not: {why}"
        return Outcome(doubtful=True, how=what)

    def _deliver(self, letter: Letter, data: bytes) -> Outcome:
        """Hand a letter over; raises `PowerFault` where it surely was not taken."""
        place = file(self.spool, letter.id, _SPOT)
        durable.write(place, (spot(self.log) if self.log else "").encode("ascii"), mode=0o600)
        with self._session(domain(letter.sender)) as server:
            try:
                self._envelope(server, letter)
                server.send(_stuffed(data))
            except (OSError, smtplib.SMTPException) as error:
                raise self._fault(f"broke off: {_words(error)}", retry=True) from error
            durable.move(file(self.spool, letter.id, _WAITS), file(self.spool, letter.id, _SENDING))
            try:
                server.send(b".\r\n")
                code, said = server.getreply()
            except (OSError, smtplib.SMTPException) as error:
                return self._unsure(letter, f"the server's last answer is missing: {_words(error)}")
            return self._ended(letter, code, said)

    def _ended(self, letter: Letter, code: int, said: bytes) -> Outcome:
        """Act on the answer to the final dot."""
        if code in _TAKEN:
            self._done(letter.id)
            return Outcome(doubtful=False, how=f"{self.host} took it: {code} {_text(said)}")
        if code < _PASSING:
            return self._unsure(letter, f"the server's last answer is {code} {_text(said)}")
        self._back(letter.id)
        raise self._answered("the letter", code, said)

    def _envelope(self, server: smtplib.SMTP, letter: Letter) -> None:
        for command, what in (
            (f"MAIL FROM:<{return_path(letter)}>", "the sender"),
            (f"RCPT TO:<{letter.recipient}>", f"the recipient {letter.recipient}"),
            ("DATA", "the letter"),
        ):
            code, said = server.docmd(command)
            if code >= _PASSING or code < 0:
                raise self._answered(what, code, said)

    @contextmanager
    def _session(self, name: str) -> Iterator[smtplib.SMTP]:
        try:
            server = self._greeted(name)
        except smtplib.SMTPResponseException as error:
            said = error.smtp_error if isinstance(error.smtp_error, bytes) else b""
            raise self._answered("this client", error.smtp_code, said) from error
        except (OSError, smtplib.SMTPException) as error:
            retry = not isinstance(error, _LASTING_ERRORS)
            raise self._fault(f"cannot be used: {_words(error)}", retry=retry) from error
        try:
            yield server
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
        finally:
            server.close()

    def _greeted(self, name: str) -> smtplib.SMTP:
        """Return a session that is ready for a letter."""
        trusted = ssl.create_default_context()
        server = (
            smtplib.SMTP_SSL(self.host, self.port, name, timeout=self.patience, context=trusted)
            if self.tls == "tls"
            else smtplib.SMTP(self.host, self.port, name, timeout=self.patience)
        )
        try:
            if self.tls == "starttls":
                server.starttls(context=trusted)
            server.ehlo_or_helo_if_needed()
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server

    def _answered(self, what: str, code: int, said: bytes) -> PowerFault:
        return self._fault(f"did not take {what}: {code} {_text(said)}", retry=code < _LASTING)

    def _fault(self, what: str, *, retry: bool) -> PowerFault:
        said = f"the mail server {self.host}:{self.port} {what}"
        return PowerFault(Fault(code="smtp", what=said), retry=retry)

    def _done(self, letter: str) -> None:
        durable.move(file(self.spool, letter, _SENDING), file(self._sent, letter, _WAITS))
        file(self.spool, letter, _SPOT).unlink(missing_ok=True)

    def _back(self, letter: str) -> None:
        durable.move(file(self.spool, letter, _SENDING), file(self.spool, letter, _WAITS))

    @property
    def _sent(self) -> Path:
        return self.spool / "sent"

    def _locked(self) -> AbstractContextManager[None]:
        return durable.locked(self.spool / "lock", patience=self.patience)


def _stuffed(data: bytes) -> bytes:
    """Return the text as DATA sends it: a dot before each dot that begins a line (RFC 5321)."""
    return re.sub(rb"(?m)^\.", b"..", data)


def _text(said: bytes) -> str:
    return " ".join(said.decode("utf-8", "replace").split())


def _words(error: Exception) -> str:
    named = error.strerror if isinstance(error, OSError) else None
    return (named or str(error) or type(error).__name__).lower()
