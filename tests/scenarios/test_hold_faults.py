"""What goes wrong around a hold: seen, said, waited for, and never announced before it is so."""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from hoster import ASKS, Hoster, acts, hoster, owner, policy_with, wait_for
from installed import Command
from visitor import visitor

from private_postfix import missing

pytestmark = pytest.mark.slow

if missing():
    pytest.skip(missing(), allow_module_level=True)

ONE, TWO, THREE = "one@store.example", "two@store.example", "three@store.example"
LOGINS = {ONE: "c-1", TWO: "c-2", THREE: "c-3"}
MANY = {"share_permille: 20": "share_permille: 1000"}
ALARMS = '[alarm]\nmail = []\nwebhook = ""\nrepeat = "15m"\n'


def armed(one: Hoster) -> None:
    one.start()
    one.did("arm", "hold_mail", "warn", "spam")
    one.next_second()


def wait_alarm(one: Hoster, kind: str, word: str) -> None:
    """Wait for an alarm of `kind` whose text has `word`."""
    one.wait(lambda: any(word in item["text"] for item in one.alarms(kind)), f"{kind}: {word}")


def looks_again(one: Hoster) -> None:
    """Let the hand compare marks and sanctions now: it does as it begins, and each minute."""
    said = one.log().count("the hand is at work")
    assert one.kill("hand")
    wait_for(lambda: one.log().count("the hand is at work") > said, "the hand is back")


# --- Postfix is away


def test_postfix_is_stopped_while_a_hold_is_due(aupkeep: Command, tmp_path: Path) -> None:
    with hoster(aupkeep, tmp_path / "installation", {ONE: "c-1"}) as one:
        one.profiles("c-1,,protected,yes")
        armed(one)
        one.burst(ONE)
        hold = one.wait_state(ONE, "proposed")
        one.postfix.stop()
        with visitor(one.did("person", "add", "anna").out.split()[-1]) as anna:
            page = f"{one.desk}/case/{hold['case']}"
            anna.send(page, f"/{hold['id']}/approve")
            waiting = one.wait(
                lambda: (
                    one.sanctions(id=hold["id"], state="verified", next_at=None)
                    or [item for item in one.holds(ONE) if item["trouble"]]
                ),
                "the letter waits",
            )
            assert waiting[0]["state"] == "verified"
            assert (
                f"mail server 127.0.0.1:{one.postfix.port} cannot be used" in waiting[0]["trouble"]
            )
            assert "cannot be used" in anna.open(page).text
        wait_alarm(one, "sanction-fails", "is verified and cannot go on: ")
        one.postfix.start()
        one.wait_state(ONE, "announced")
        one.wait(lambda: one.postfix.taken(owner("c-1")), "the letter arrives")
        with one.postfix.session(ONE) as session:
            one.send(session, "next@far.example")
        assert one.held() == ["next@far.example"]
        one.stop()
        assert acts(one.entries(), hold).count("sanction_announced") == 1
        assert len(one.postfix.taken(owner("c-1"))) == 1


# --- full disks


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of its own at `folder`."""
    folder.mkdir(parents=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(folder)]
    mounted = subprocess.run(words, capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("no small disk can be mounted here")
    try:
        yield folder
    finally:
        # Processes of the installation may still have it open for a moment.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Leave no byte on the disk."""
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as out:
        for size in (65_536, 4_096, 1):
            try:
                while True:
                    out.write(b"\0" * size)
            except OSError:
                continue
    return filler


def test_disks_of_map_and_letters_are_full(aupkeep: Command, tmp_path: Path) -> None:
    """Nothing is announced that is not so; each step goes on by itself when there is room."""
    with ExitStack() as stack:
        # Postfix's own user must be able to pass through, which pytest's folders forbid.
        places = stack.enter_context(open_folder())
        maps = stack.enter_context(small_disk(places / "maps", "256k"))
        outbox = stack.enter_context(small_disk(places / "outbox", "256k"))
        installation = tmp_path / "installation"
        one = stack.enter_context(
            hoster(aupkeep, installation, {ONE: "c-1"}, outbox=str(outbox), map_folder=maps)
        )
        armed(one)
        fillers = [fill(maps), fill(outbox)]
        one.burst(ONE)
        hold = one.wait_state(ONE, "failed")
        assert "no space left" in hold["trouble"]
        wait_alarm(one, "sanction-fails", "no space left")
        assert ONE not in one.map.read_text()
        fillers[0].unlink()
        waiting = one.wait(
            lambda: [
                item for item in one.holds(ONE) if item["state"] == "verified" and item["trouble"]
            ],
            "the letter waits",
        )
        assert "no space left" in waiting[0]["trouble"]
        assert list(outbox.glob("*.eml")) == []
        fillers[1].unlink()
        one.wait_state(ONE, "announced")
        assert len(list(outbox.glob("*.eml"))) == 1
        one.stop()
        done = acts(one.entries(), hold)
        assert done.count("sanction_announced") == done.count("sanction_verified") == 1
        left = {path.name for path in (*maps.iterdir(), *outbox.iterdir()) if path.suffix != ".eml"}
        assert left == {"hold", "hold.lmdb", "hold.lock"}


@contextmanager
def open_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="aupkeep-disks-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_disk_of_the_data_is_full(aupkeep: Command, tmp_path: Path) -> None:
    """Engine, hand and web come back; `run` does not give up; nothing is done twice."""
    with ExitStack() as stack:
        data = stack.enter_context(small_disk(tmp_path / "installation" / "data", "24m"))
        one = stack.enter_context(hoster(aupkeep, data.parent, {ONE: "c-1"}))
        armed(one)
        filler = fill(data)
        one.burst(ONE)
        one.wait(lambda: "database" in one.log() or "disk" in one.log(), "somebody says so")
        for name in ("hand", "web", "engine"):
            one.kill(name)
        one.wait(lambda: "it is started again" in one.log(), "they are started again")
        assert one.holds(ONE) == []
        filler.unlink()
        one.wait_state(ONE, "announced")
        (hold,) = one.holds(ONE)
        wait_for(lambda: len(one.processes()) == 3, "all are back")
        with visitor() as somebody:
            wait_for(lambda: answers(somebody.open, one), "the desk answers")
        one.stop()
        assert acts(one.entries(), hold)[-1] == "sanction_announced"
        assert len(one.postfix.taken(owner("c-1"))) == 1
        one.did("record", "verify")


def answers(look: Any, one: Hoster) -> bool:
    try:
        return look(f"{one.desk}/policy/jasmo/").status_code == 200
    except httpx.TransportError:
        return False


# --- somebody edits the map


def test_the_map_is_edited_by_hand(aupkeep: Command, tmp_path: Path) -> None:
    policy = policy_with(tmp_path / "jasmo", MANY)
    with hoster(aupkeep, tmp_path / "installation", LOGINS, policy=policy) as one:
        armed(one)
        one.burst(ONE)
        hold = one.wait_state(ONE, "announced")
        one.did("sanction", "reconcile")
        a_foreign_line(one)
        ours_is_gone(one, hold["id"])
        tried_again(one, hold["id"])
        one.stop()
        assert len(one.postfix.taken(owner("c-1"))) == 2


def edit(one: Hoster, text: str) -> None:
    """Write the map as a person does."""
    one.map.write_text(text)
    assert one.postfix.run("postmap", f"lmdb:{one.map}").returncode == 0


def a_foreign_line(one: Hoster) -> None:
    """A person's own line stays as it is, byte for byte, and is named."""
    foreign = "# the owner called\nBoss@else.example   HOLD until he pays\n"
    edit(one, foreign + one.map.read_text())
    said = one("sanction", "reconcile")
    assert said.code == 1
    assert "orphan: hold_mail on boss@else.example" in said.out
    assert "it was not written by Aupkeep" in said.out
    assert "missing" not in said.out
    one.burst(TWO)
    two = one.wait_state(TWO, "announced")
    assert one.map.read_text().startswith(foreign)
    one.did("sanction", "lift", two["id"], "--reason", "all is well")
    one.wait_state(TWO, "lifted")
    assert one.map.read_text().startswith(foreign)
    looks_again(one)
    wait_alarm(one, "orphan", "boss@else.example")
    edit(one, one.map.read_text().removeprefix(foreign))


def ours_is_gone(one: Hoster, hold: str) -> None:
    """What a person took away is named and said, and not put back against them."""
    kept = one.map.read_text()
    assert hold in kept
    edit(one, "")
    said = one("sanction", "reconcile", "--json")
    assert said.code == 1
    (missing_one,) = said.objects()
    assert (missing_one["difference"], missing_one["sanction"]) == ("missing", hold)
    looks_again(one)
    failed = one.wait_state(ONE, "failed")
    assert "somebody took it away" in failed["trouble"]
    # Nothing is due but its own end.
    assert failed["next_at"] == failed["until"]
    wait_alarm(one, "sanction-fails", "its mark is gone")
    assert one.map.read_text() == ""


def tried_again(one: Hoster, hold: str) -> None:
    """A person says to try again; the customer is not told twice."""
    one.did("sanction", "retry", hold)
    one.wait_state(ONE, "announced")
    one.did("sanction", "reconcile")
    assert len(one.postfix.taken(owner("c-1"))) == 1
    one.did("sanction", "lift", hold, "--reason", "all is well")
    one.wait_state(ONE, "lifted")
    one.wait(lambda: len(one.postfix.taken(owner("c-1"))) == 2, "the end is told")
    assert one.map.read_text() == ""


# --- alarms, caps, pauses


class Receiver:
    """A web server that takes alarms."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/alarms"

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [item for item in self.got if item["kind"] == kind]


@contextmanager
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    thread = threading.Thread(target=one.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield one
    finally:
        one.server.shutdown()
        thread.join()
        one.server.server_close()


def test_caps_pause_and_alarms_repeat(aupkeep: Command, tmp_path: Path) -> None:
    limits = {"accounts_per_hour: 10": "accounts_per_hour: 1", **MANY}
    policy = policy_with(tmp_path / "jasmo", limits)
    with receiver() as web:
        said = f'[alarm]\nmail = ["duty@far.example"]\nwebhook = "{web.url}"\nrepeat = "1s"\n'
        with hoster(
            aupkeep, tmp_path / "installation", LOGINS, policy=policy, changes={ALARMS: said}
        ) as one:
            armed(one)
            one.burst(ONE)
            one.wait_state(ONE, "announced")
            one.burst(TWO)
            the_second_waits(one)
            repeated_until_acknowledged(one, web)
            one.did("resume", "hold_mail", "--reason", "both are real")
            one.wait_state(TWO, "announced")
            paused_and_disarmed(one)
            one.stop()
            held = {item["target"] for item in one.sanctions(state="announced")}
            assert held == {ONE, TWO}


def the_second_waits(one: Hoster) -> None:
    waiting = one.wait(lambda: [item for item in one.holds(TWO) if item["trouble"]], "it waits")
    assert waiting[0]["state"] == "approved"
    assert "the policy's limit is 1" in waiting[0]["trouble"]
    assert TWO not in one.map.read_text()
    again = one("resume", "warn", "--reason", "nothing is paused")
    assert again.code == 3
    assert "`warn` of `jasmo` is not paused" in again.err


def repeated_until_acknowledged(one: Hoster, web: Receiver) -> None:
    wait_alarm(one, "paused", "`hold_mail` is paused")
    (alarm,) = one.did("alarm", "list", "--json").objects()
    assert (alarm["kind"], alarm["subject"]) == ("paused", "hold_mail")
    one.wait(lambda: len(web.of("paused")) >= 3, "the webhook is told again and again")
    one.wait(lambda: len(one.postfix.taken("duty@far.example")) >= 3, "and so is a person, by mail")
    assert [item["sent"] for item in web.of("paused")][:3] == [0, 1, 2]
    subjects = {letter["Subject"] for letter in one.postfix.taken("duty@far.example")}
    assert subjects == {"[aupkeep] jasmo: paused"}
    one.did("alarm", "acknowledge", alarm["id"][:12])
    assert one.did("alarm", "list").out == ""
    told = max(item["sent"] for item in one.alarms("paused"))
    # One may have been on its way when it was acknowledged; none begins after that.
    assert len(web.of("paused")) <= told + 1


def paused_and_disarmed(one: Hoster) -> None:
    """A person pauses; what waits is refused when the power is disarmed, what holds goes on."""
    before = {item["id"] for item in one.alarms("paused")}
    one.did("pause", "hold_mail", "--reason", "we look into it")
    one.burst(THREE)
    waiting = one.wait(lambda: [item for item in one.holds(THREE) if item["trouble"]], "it waits")
    assert (waiting[0]["state"], waiting[0]["trouble"]) == ("approved", "`hold_mail` is paused")
    assert {item["id"] for item in one.alarms("paused")} > before
    done = one.did("disarm", "hold_mail")
    assert f"refused: hold_mail on {THREE}" in done.out
    (gone,) = one.holds(THREE)
    assert gone["state"] == "refused"
    assert THREE not in one.map.read_text()
    for login in (ONE, TWO):
        assert login in one.map.read_text()


# --- the doors

#: As it is kept; whoever logs in may write it otherwise.
ODD = "o'brien+news=a&b{c}@store.example"
#: What no map can say; it is shown, and nothing is done.
IMPOSSIBLE = "back\\slash@store.example"


def test_rubbish_at_the_doors(aupkeep: Command, tmp_path: Path) -> None:
    policy = policy_with(tmp_path / "jasmo", MANY)
    logins = {ODD: "c-1", IMPOSSIBLE: "c-2"}
    with hoster(aupkeep, tmp_path / "installation", logins, policy=policy, contacts=False) as one:
        arming_is_refused(one)
        armed(one)
        a_second_hand(one)
        with rubbish(one.folder / "data" / "hand.sock"):
            one.burst(ODD)
            one.burst(IMPOSSIBLE)
            verified = one.wait(
                lambda: [item for item in one.sanctions(state="verified") if item["trouble"]],
                "the hold is verified and its letter waits",
            )
        assert [item["customer"] for item in verified] == ["c-1"]
        nobody_to_write_to(one, verified[0])
        would = [item for item in one.sanctions(customer="c-2") if item["measure"] == "hold_mail"]
        assert [(item["state"], item["power"], item["would_do"]) for item in would] == [
            ("proposed", "", True)
        ]
        one.stop()


def arming_is_refused(one: Hoster) -> None:
    """Postfix does not ask the map yet: nothing is armed, and the line that is missing is named."""
    line = f"check_sasl_access lmdb:{one.map}"
    assert line in ASKS.format(map=one.map)
    refused = one("arm", "hold_mail", "spam")
    assert refused.code == 3
    assert line in refused.err
    assert "armed" not in [entry["act"] for entry in one.entries()]


def a_second_hand(one: Hoster) -> None:
    first = one.processes()["hand"]
    second = one.aupkeep("hand", one.folder)
    assert second.code == 3
    assert "another hand is at work" in second.err
    assert one.processes()["hand"] == first


@contextmanager
def rubbish(door: Path) -> Iterator[None]:
    """Strangers in front of the hand's door: some shout, some say nothing and stay."""
    with ExitStack() as stack:
        for words in (b"\xff" * 4096, b"DROP TABLE\n", b"0" * 32 + b"\n", b"", b"\n\n", b"", b""):
            caller = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            caller.connect(str(door))
            try:
                caller.sendall(words)
            except BrokenPipeError:
                continue
        yield


def nobody_to_write_to(one: Hoster, hold: dict[str, Any]) -> None:
    """The profile names nobody: the hold is real, its letter waits for an address."""
    assert "names no `contact`" in hold["trouble"]
    wait_alarm(one, "sanction-fails", "names no `contact`")
    with one.postfix.session("o'brien+2Bnews+3Da&b{c}@sTORE.example") as session:
        one.send(session, "next@far.example")
    assert one.held() == ["next@far.example"]
    one.profiles(f"c-1,,contact,{owner('c-1')}")
    told = one.wait_state(ODD, "announced")
    assert told["id"] == hold["id"]
    (letter,) = one.wait(lambda: one.postfix.taken(owner("c-1")), "the letter arrives")
    assert ODD in letter["Subject"]
