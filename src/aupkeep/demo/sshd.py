"""The words of sshd: what one connection leaves in the log.

In: who connects from where, and how it goes. Out: `Line` values. Forms are those of OpenSSH 9
with PAM on Debian (one program, `sshd`), and of OpenSSH 10, which is split into `sshd-session`
and `sshd-auth`; which one a host runs is a matter of the host.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from aupkeep.base.clock import SECOND
from aupkeep.demo.dice import chance
from aupkeep.demo.syslog import Line

_NO_METHOD = "Unable to negotiate with {}: no matching key exchange method found."


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A host with an ssh server."""

    name: str
    #: Program of the lines about the login, and of those from before it.
    program: str = "sshd"
    early: str = "sshd"


class Sshd:
    """Writes the connections of one provider's hosts; each has a process of its own."""

    def __init__(self, roll: Random) -> None:
        """Begin as on machines that have been up for a while."""
        self.roll = roll
        self.lines: list[Line] = []
        self._pid = 20_000 + roll.randrange(5_000)

    def _process(self) -> int:
        self._pid += self.roll.randrange(1, 9)
        return 1_000 + self._pid % 4_000_000

    def _say(self, at: int, machine: Machine, pid: int, body: str) -> None:
        program = machine.early if body.endswith("[preauth]") else machine.program
        self.lines.append((at, machine.name, f"{program}[{pid}]", body))

    def session(self, at: int, machine: Machine, user: str, client: str, length: int) -> None:
        """Write a login that succeeds, and its end."""
        pid, port = self._process(), 32_768 + self.roll.randrange(28_000)
        where = f"{client} port {port}"
        key = f"{self.roll.getrandbits(256):064x}"[:43]
        how = f"publickey for {user} from {where} ssh2: ED25519 SHA256:{key}"
        if chance(self.roll, 0.35):
            how = f"password for {user} from {where} ssh2"
        unix = f"pam_unix({machine.program.partition('-')[0]}:session): session"
        self._say(at, machine, pid, f"Accepted {how}")
        uid = 1_000 + len(user)
        self._say(at + 30_000, machine, pid, f"{unix} opened for user {user}(uid={uid}) by (uid=0)")
        end = at + length
        self._say(end, machine, pid, f"Received disconnect from {where}:11: disconnected by user")
        self._say(end + 1_000, machine, pid, f"Disconnected from user {user} {where}")
        self._say(end + 9_000, machine, pid, f"{unix} closed for user {user}")

    def typo(self, at: int, machine: Machine, user: str, client: str) -> None:
        """Write one wrong password of somebody who has an account."""
        pid, port = self._process(), 32_768 + self.roll.randrange(28_000)
        self._failed(at, machine, pid, user, f"{client} port {port}")
        closed = f"Connection closed by authenticating user {user} {client} port {port} [preauth]"
        self._say(at + 4 * SECOND, machine, pid, closed)

    def guess(self, at: int, machine: Machine, user: str, client: str, tries: int) -> None:
        """Write a guesser's connection with `tries` passwords; only root is a real account."""
        pid, port = self._process(), 32_768 + self.roll.randrange(28_000)
        where = f"{client} port {port}"
        known = user == "root"
        if not known:
            self._say(at, machine, pid, f"Invalid user {user} from {where}")
        if tries > 2 and chance(self.roll, 0.3):  # noqa: PLR2004  rsyslog folds repeated lines
            self._folded(at, machine, pid, user, where, tries)
        else:
            for number in range(tries):
                self._failed(at + number * 3 * SECOND, machine, pid, user, where)
        self._leave(at + tries * 3 * SECOND, machine, pid, user, where)

    def chatter(self, at: int, machine: Machine, client: str) -> None:
        """Write a connection that never comes to a login."""
        pid, port = self._process(), 32_768 + self.roll.randrange(28_000)
        where = f"{client} port {port}"
        body = self.roll.choice(
            (
                f"Connection closed by {where} [preauth]",
                f"Connection reset by {where} [preauth]",
                f"banner exchange: Connection from {where}: invalid format",
                f"Received disconnect from {where}:11: Bye Bye [preauth]",
                "error: kex_exchange_identification: Connection closed by remote host",
                f"{_NO_METHOD.format(where)} Their offer: diffie-hellman-group14-sha1 [preauth]",
            )
        )
        self._say(at, machine, pid, body)

    def _failed(self, at: int, machine: Machine, pid: int, user: str, where: str) -> None:
        self._pam(at, machine, pid, user, where)
        self._say(at + 2 * SECOND, machine, pid, self._verdict(user, where))

    def _folded(  # one line stands for several that were alike
        self, at: int, machine: Machine, pid: int, user: str, where: str, tries: int
    ) -> None:
        self._pam(at, machine, pid, user, where)
        verdict = self._verdict(user, where)
        self._say(at + 2 * SECOND, machine, pid, verdict)
        folded = f"message repeated {tries - 1} times: [ {verdict}]"
        self._say(at + (tries * 3 - 1) * SECOND, machine, pid, folded)

    def _pam(self, at: int, machine: Machine, pid: int, user: str, where: str) -> None:
        known = user == "root" or "." in user
        unix = f"pam_unix({machine.program.partition('-')[0]}:auth):"
        if not known:
            self._say(at + 1_000, machine, pid, f"{unix} check pass; user unknown")
        rest = f"logname= uid=0 euid=0 tty=ssh ruser= rhost={where.partition(' ')[0]} "
        rest += f" user={user}" if known else ""
        self._say(at + 2_000, machine, pid, f"{unix} authentication failure; {rest}")

    @staticmethod
    def _verdict(user: str, where: str) -> str:
        known = user == "root" or "." in user
        who = user if known else f"invalid user {user}"
        return f"Failed password for {who} from {where} ssh2"

    def _leave(self, at: int, machine: Machine, pid: int, user: str, where: str) -> None:
        kind = "authenticating" if user == "root" else "invalid"
        if chance(self.roll, 0.5):
            said = f"Received disconnect from {where}:11: Bye Bye [preauth]"
            self._say(at, machine, pid, said)
            body = f"Disconnected from {kind} user {user} {where} [preauth]"
        else:
            body = f"Connection closed by {kind} user {user} {where} [preauth]"
        self._say(at + 1_000, machine, pid, body)
