"""`aupkeep demo` as a visitor meets it: live mail, a real hold, the desk, and nothing left."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from installed import Command
from visitor import Visitor, visitor

from aupkeep.demo.live import BURST
from private_postfix import missing

#: Seconds until something that must happen has happened, on a machine that does much else.
PATIENCE = 180
#: A PATH on which no Postfix is: its programs are in folders of the administrator.
NO_POSTFIX = "/usr/bin:/bin"
SIGNS_IN = r"  {} signs in, once:  (http://\S+/sign-in/\S+)"


@dataclass(frozen=True)
class Shown:
    """A demo at work: its process, its screen, and the folder that its own one is in."""

    process: subprocess.Popen[bytes]
    screen: Path
    around: Path

    def text(self) -> str:
        return self.screen.read_text(encoding="utf-8")

    def find(self, pattern: str) -> re.Match[str]:
        """Return what stands on the screen, as soon as it does."""
        until = time.monotonic() + PATIENCE
        while True:
            ended = self.process.poll() is not None
            found = re.search(pattern, self.text())
            if found:
                return found
            assert not ended, self.text()
            assert time.monotonic() < until, f"{pattern} is not on the screen:\n{self.text()}"
            time.sleep(0.1)

    def folder(self) -> Path:
        """The demo's own folder."""
        (found,) = self.around.glob("aupkeep-demo-*")
        return found

    def run_process(self) -> int:
        """Return the id of its `aupkeep run`."""
        return next(pid for pid, words in processes() if b"run" in words and self._own(words))

    def _own(self, words: list[bytes]) -> bool:
        return os.fsencode(self.folder()) in words

    def end(self, number: int) -> int:
        """Tell it to end; return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def processes() -> Iterator[tuple[int, list[bytes]]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                yield int(entry.name), (entry / "cmdline").read_bytes().split(b"\0")


def nothing_is_left(around: Path, *kept: Path) -> None:
    """Neither a folder, but for what is `kept`, nor a process that works on one."""
    assert list(around.iterdir()) == [*kept]
    told = os.fsencode(around)
    assert [words for _, words in processes() if any(told in word for word in words)] == []


@contextmanager
def demo(*words: str, path: str = "") -> Iterator[Shown]:
    # Postfix's own user must be able to pass through, which pytest's folders forbid.
    with tempfile.TemporaryDirectory(prefix="demo-") as name, tempfile.NamedTemporaryFile() as out:
        around = Path(name)
        around.chmod(0o711)
        process = subprocess.Popen(
            [sys.executable, "-m", "aupkeep", "demo", *words],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**os.environ, "TMPDIR": name, **({"PATH": path} if path else {})},
        )
        try:
            yield Shown(process, Path(out.name), around)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(PATIENCE)


def case_of(one: Visitor, desk: str, login: str) -> str:
    """Return the page of the case in which something waits for a person, found in the queue."""
    page = one.open(f"{desk}/?state=needs&provider=jasmo&text={login}")
    (found,) = set(re.findall(r'href="(/case/\w+)"', page.text))
    return f"{desk}{found}"


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_with_a_postfix_a_hold_is_real() -> None:
    with demo() as shown:
        stolen, protected = shown.find(r"200 mails each from (\S+) and (\S+):").groups()
        counted = shown.find(rf"counted +{stolen}: (\d+) mails went out, (\d+) wait on hold")
        assert int(counted[1]) + int(counted[2]) == BURST
        shown.find(rf"counted +{protected}: {BURST} mails went out, 0 wait on hold")
        shown.find(rf"waits +hold_mail on {protected}: one person must agree")
        shown.find(rf"held +the next mail of {stolen} waits in Postfix's hold queue")
        shown.find("Ctrl-C ends everything")
        assert len(re.findall(r"passes +the next mail of \S+ has arrived", shown.text())) == 2
        desk = shown.find(r"The desk is at (http://127\.0\.0\.1:\d+)\n")[1]
        port = desk.rpartition(":")[2]
        shown.find(rf"ssh -L {port}:127\.0\.0\.1:{port} \S+@\S+\n")
        look_at_the_pages(shown, desk, stolen)
        agree_and_lift(shown, desk, stolen, protected)
        master = int((shown.folder() / "mail/queue/pid/master.pid").read_text())
        os.killpg(master, 0)
        assert shown.end(signal.SIGTERM) == 0
        with pytest.raises(ProcessLookupError):
            os.killpg(master, 0)
        nothing_is_left(shown.around)


def look_at_the_pages(shown: Shown, desk: str, stolen: str) -> None:
    notice = shown.find(r"(http://\S+/notice/\S+)")[1]
    policy = shown.find(r"(http://\S+/policy/jasmo/)")[1]
    with visitor() as one:
        assert one.open(desk).status_code == 401
        assert "acceptable use policy" in one.open(policy).text
        read = one.open(notice)
        assert read.status_code == 200
        assert stolen in read.text
        assert one.send(notice, text="We have a new password.").status_code == 200
    shown.find(r"answers +customer \S+ has written in case")
    (letter,) = [
        path
        for path in (shown.folder() / "outbox").glob("*.eml")
        if "is held" in path.read_text(encoding="utf-8")
    ]
    assert f"Outgoing mail of {stolen} is held" in letter.read_text(encoding="utf-8")


def agree_and_lift(shown: Shown, desk: str, stolen: str, protected: str) -> None:
    with visitor(shown.find(SIGNS_IN.format("robin"))[1]) as one:
        page = case_of(one, desk, protected)
        assert one.send(page, "/approve").status_code == 200
        shown.find(rf"decided +hold_mail on {protected} for 1d: by robin")
        shown.find(rf"held +the next mail of {protected} waits in Postfix's hold queue")
        page = case_of(one, desk, stolen)
        assert one.send(page, "/lift", reason="a new password").status_code == 200
        shown.find(rf"lifted +hold_mail on {stolen} by robin: a new password")
        shown.find(rf"passes +the next mail of {stolen} has arrived")


def test_without_a_postfix_the_map_alone_is_shown(aupkeep: Command, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with closing(socket.socket()) as taken:
        with suppress(OSError):
            taken.bind(("127.0.0.1", 8000))
        with demo("--keep", str(kept), path=NO_POSTFIX) as shown:
            shown.find(r"without a mail server: `postfix` is not on the PATH")
            shown.find(r"shown on the map file\nonly")
            stolen, protected = shown.find(r"200 mails each from (\S+) and (\S+):").groups()
            shown.find(rf"map only +`{stolen} +HOLD aupkeep \w+`, in \S+/mail/hold")
            shown.find("Ctrl-C ends everything")
            desk = shown.find(r"The desk is at (http://127\.0\.0\.1:(\d+))\n")
            assert int(desk[2]) > 8000
            with visitor(shown.find(SIGNS_IN.format("sam"))[1]) as one:
                page = case_of(one, desk[1], protected)
                assert one.send(page, "/approve").status_code == 200
            shown.find(rf"map only +`{protected} +HOLD aupkeep \w+`, in \S+/mail/hold")
            assert shown.end(signal.SIGINT) == 0
            assert f"starts again by: aupkeep run {kept}" in shown.text()
            nothing_is_left(kept.parent, kept)
    assert aupkeep("run", kept, "--once").code == 0
    announced = aupkeep("sanction", "list", "--state", "announced", "--json", "--dir", kept)
    assert {item["target"] for item in announced.objects()} == {stolen, protected}


def test_where_run_ends_all_of_it_ends() -> None:
    with demo(path=NO_POSTFIX) as shown:
        shown.find("sends +200 mails")
        os.kill(shown.run_process(), signal.SIGTERM)
        assert shown.process.wait(PATIENCE) == 3
        assert "`aupkeep run` has ended (0)" in shown.text()
        assert "the hand is at work" in shown.text()
        nothing_is_left(shown.around)


def test_ended_while_it_reads_it_leaves_nothing() -> None:
    with demo() as shown:
        until = time.monotonic() + PATIENCE
        while not list(shown.around.glob("aupkeep-demo-*/aupkeep.toml")):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert shown.end(signal.SIGTERM) == 3
        nothing_is_left(shown.around)


def test_an_end_ahead_is_misuse() -> None:
    with demo("--end", "2199-01-01T00:00:00Z") as shown:
        assert shown.process.wait(PATIENCE) == 2
        assert "what follows it is live" in shown.text()
        nothing_is_left(shown.around)
