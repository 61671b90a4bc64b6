"""The programs of one Postfix: its maps, its configuration, its hold queue.

In: the folder of its configuration. Out: what the programs say, and messages sent on. Every call is
bounded by time; what fails is a `PowerFault` that names the program's own words.
Sources: postmap(1), postconf(1), postqueue(1), postcat(1), postsuper(1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aupkeep.base.errors import Fault
from aupkeep.outlets import durable, programs
from aupkeep.outlets.postfix_hold.asking import gaps
from aupkeep.outlets.postfix_hold.text import fold
from aupkeep.sanctions.power import PowerFault

#: Kinds of map this power writes, the better one first, and the end of their file's name.
TYPES = {"lmdb": ".lmdb", "hash": ".db"}
#: Messages whose envelopes are read by one call.
_AT_ONCE = 100
_GRAVE = re.compile(r"^[\w/-]+: (?:fatal|panic|error): ")
_LOGIN = "named_attribute: sasl_username="
_HEADER = "*** ENVELOPE RECORDS "


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One Postfix, by the folder of its configuration."""

    config: Path
    #: Seconds that one call may take.
    patience: float

    def type(self, wanted: str) -> str:
        """Return the kind of map: `wanted`, or the best that this Postfix can read.

        Raises `PowerFault` for a kind that it, or this power, cannot use.
        """
        readable = self._say("postconf", "-m").split()
        usable = tuple(name for name in TYPES if name in readable)
        chosen = wanted or next(iter(usable), "")
        if chosen in usable:
            return chosen
        what = f"this power cannot hold mail by a map of type `{wanted or 'lmdb'}`"
        hint = "on Debian, lmdb comes with the package postfix-lmdb"
        given = Fault(code="map-type", what=what, allowed=usable, hint=hint)
        raise PowerFault(given, retry=False)

    def build(self, kind: str, path: Path) -> None:
        """Make the map that Postfix reads from the text at `path`.

        `lmdb` is changed in one transaction and seen at once. `hash` would be half a file while it
        is written, so it is made beside its place; an smtpd sees it with its next client.
        """
        if kind == "lmdb":
            self._say("postmap", f"lmdb:{path}")
            return
        copy = path.with_name(f".{path.name}.map")
        try:
            durable.write(copy, path.read_bytes(), mode=path.stat().st_mode & 0o777)
            self._say("postmap", f"{kind}:{copy}")
            durable.move(self.file(kind, copy), self.file(kind, path))
            copy.unlink()
        except OSError as error:
            raise durable.refused(path, "cannot be read for postmap", error) from error

    def file(self, kind: str, path: Path) -> Path:
        """Return the file that Postfix reads."""
        return Path(f"{path}{TYPES[kind]}")

    def asked(self, login: str, kind: str, path: Path) -> str | None:
        """Return the words that the map answers for `login`; None: nothing."""
        if not self.file(kind, path).exists():
            return None
        answer = self._run("postmap", "-q", login, f"{kind}:{path}")
        if answer.code == 0:
            return " ".join(answer.out.split())
        if _grave(answer):
            raise _failed("postmap", answer)
        return None

    def gaps(self, kind: str, path: Path) -> list[str]:
        """Return through which gaps a login in this map could still send."""
        return gaps(lambda *words: self._say("postconf", *words), (f"{kind}:{path}",))

    def held(self, login: str) -> list[str]:
        """Return the queue ids of the messages of `login` that are on hold."""
        return self._queued(login, on_hold=True)

    def waiting(self, login: str) -> list[str]:
        """Return the queue ids of the messages of `login` that are still to be delivered."""
        return self._queued(login, on_hold=False)

    def hold(self, ids: Iterable[str]) -> None:
        """Put the messages `ids` on hold; those that have left meanwhile are passed over."""
        names = "".join(f"{name}\n" for name in ids)
        if names:
            self._say("postsuper", "-h", "-", stdin=names)

    def _queued(self, login: str, *, on_hold: bool) -> list[str]:
        told = self._say("postqueue", "-j").splitlines()
        queue = (json.loads(line) for line in told if line.startswith("{"))
        ids = [item["queue_id"] for item in queue if (item["queue_name"] == "hold") == on_hold]
        found: list[str] = []
        for begin in range(0, len(ids), _AT_ONCE):
            found += self._of(login, ids[begin : begin + _AT_ONCE])
        return found

    def release(self, ids: Iterable[str]) -> None:
        """Send on the messages `ids`; those that are no longer on hold are passed over.

        They are released to the deferred queue, and asked for one by one, since a run of the whole
        queue would also try everybody else's. What is not asked for (Postfix is stopped) leaves
        with the next run of the queue.
        """
        names = list(ids)
        if not names:
            return
        self._say("postsuper", "-H", "-", stdin="".join(f"{name}\n" for name in names))
        for name in names:
            if self._run("postqueue", "-i", name).code != 0:
                return

    def _of(self, login: str, ids: list[str]) -> list[str]:
        """Return which of `ids` were handed in by `login`."""
        answer = self._run("postcat", "-qe", *ids)
        if answer.code != 0 and len(ids) > 1:
            # One of them has gone meanwhile, which ends the whole call.
            return [name for one in ids for name in self._of(login, [one])]
        found: list[str] = []
        current = ""
        for line in answer.out.split("\n"):
            if line.startswith(_HEADER):
                current = line.removeprefix(_HEADER).split(" ")[0].rpartition("/")[2]
            elif line.startswith(_LOGIN) and fold(line.removeprefix(_LOGIN)) == fold(login):
                found.append(current)
        return [name for name in dict.fromkeys(found) if name in ids]

    def _say(self, program: str, *words: str, stdin: str = "") -> str:
        answer = self._run(program, *words, stdin=stdin)
        if answer.code != 0:
            raise _failed(program, answer)
        return answer.out

    def _run(self, program: str, *words: str, stdin: str = "") -> programs.Answer:
        command = [program, "-c", str(self.config), *words]
        return programs.run(command, patience=self.patience, stdin=stdin)


def _grave(answer: programs.Answer) -> list[str]:
    """Return the lines of what a program complained of that are more than warnings."""
    return [line for line in answer.err.splitlines() if _GRAVE.search(line)]


def _failed(program: str, answer: programs.Answer) -> PowerFault:
    """Return the fault in the program's own words, the gravest line of them."""
    lines = _grave(answer) or answer.err.strip().splitlines()
    words = lines[-1] if lines else ""
    said = words.removeprefix(f"{program}: ").removeprefix("fatal: ") or f"exit code {answer.code}"
    return PowerFault(Fault(code="program", what=f"`{program}` failed: {said}"), retry=True)
