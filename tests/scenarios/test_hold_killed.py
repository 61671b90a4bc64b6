"""Killed at any moment, the story comes to the same end: nothing twice, nothing that is not so."""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from hoster import Hoster, Row, acts, hoster, owner, policy_with, wait_for
from installed import Command
from visitor import Visitor, visitor

from private_postfix import missing

pytestmark = pytest.mark.slow

if missing():
    pytest.skip(missing(), allow_module_level=True)

AT_ONCE, MOST_ROUNDS = 8, 12
#: What a process says as soon as it works.
AT_WORK = {"engine": "reading 1 logs", "hand": "the hand is at work", "web": "the desk listens on"}
#: Whom it hits, and how often: one process, `run` alone, `run` and all that it has started.
VICTIMS = {"hand": 24, "engine": 10, "web": 7, "run": 5, "everything": 4}
#: Half of the customers are protected: one person must agree.
CUSTOMERS = [f"c-{number}" for number in range(AT_ONCE * MOST_ROUNDS)]
LOGINS = {f"login@{name}.example": name for name in CUSTOMERS}
PROTECTED = CUSTOMERS[::2]
POLICY = {
    "accounts_per_hour: 10": "accounts_per_hour: 1000",
    "share_permille: 20": "share_permille: 1000",
}
STEPS = [
    f"sanction_{word}"
    for word in ("proposed", "approved", "applying", "applied", "verified", "announced")
]
END = ["sanction_lifting", "sanction_lifted"]


@dataclass(eq=False)
class Killer(threading.Thread):
    """Kills after the record has grown, so that each blow falls into work and some work is done."""

    one: Hoster
    dice: random.Random
    to_come: list[str] = field(default_factory=list)
    #: How often each process had said that it works when it was hit last.
    before: dict[str, int] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)
    failure: BaseException | None = None

    def __post_init__(self) -> None:
        super().__init__()
        self.to_come = [name for name, count in VICTIMS.items() for _ in range(count)]
        self.dice.shuffle(self.to_come)

    def run(self) -> None:
        try:
            while self.to_come and not self.over.is_set():
                self._after_growth()
                victim = self._victim()
                if victim and not self.over.is_set() and self._hit(victim):
                    self.to_come.remove(victim)
        except BaseException as failure:  # noqa: BLE001  # shown by the test's own thread
            self.failure = failure

    def _after_growth(self) -> None:
        since = self._entries()
        wait_for(lambda: self._entries() > since or self.over.is_set(), "the record grows", 300)
        self.over.wait(self.dice.uniform(0, 0.5))

    def _entries(self) -> int:
        return int(self.one.rows("select count(*) as n from store_entry")[0]["n"])

    def _victim(self) -> str:
        """Return the next one that is at work again since it was hit last."""
        assert self.one.running is not None
        assert self.one.running.poll() is None, f"run has given up:\n{self.one.log()[-3000:]}"
        working = {name for name, count in self._said().items() if count > self.before.get(name, 0)}
        able = (one for one in self.to_come if one in working or working == AT_WORK.keys())
        return next(able, "")

    def _said(self) -> dict[str, int]:
        log = self.one.log()
        return {name: log.count(word) for name, word in AT_WORK.items()}

    def _hit(self, victim: str) -> bool:
        said = self._said()
        if victim in AT_WORK:
            self.before[victim] = said[victim]
            return self.one.kill(victim)
        assert self.one.running is not None
        self.before = said
        orphans = self.one.processes()
        self.one.running.kill()
        self.one.running.wait()
        if victim == "everything":
            self.one.end(orphans.values())
        self.one.spawn()
        return True


def test_fifty_kills(aupkeep: Command, tmp_path: Path) -> None:
    policy = policy_with(tmp_path / "jasmo", POLICY)
    changes = {
        'sender = "abuse@jasmo.example"\n': 'sender = "abuse@jasmo.example"\nper_hour = 1000\n'
    }
    with hoster(aupkeep, tmp_path / "installation", LOGINS, policy=policy, changes=changes) as one:
        one.profiles(*(f"{name},,protected,yes" for name in PROTECTED))
        one.start()
        one.did("arm", "hold_mail", "warn", "spam")
        link = one.did("person", "add", "anna").out.split()[-1]
        with visitor(link) as browser:
            killer = Killer(one, random.Random(20_261_122))
            killer.start()
            try:
                lifted, held = rounds(one, browser, killer)
            finally:
                killer.over.set()
                killer.join()
        if killer.failure:
            raise killer.failure
        assert not killer.to_come
        settled(one)
        once(one, lifted, held)
        as_it_is_said(one, lifted, held)


def rounds(one: Hoster, browser: Visitor, killer: Killer) -> tuple[list[Row], list[Row]]:
    """Hold and lift the mail of eight customers at a time until the killing is over."""
    lifted: list[Row] = []
    for begin in range(0, len(CUSTOMERS), AT_ONCE):
        logins = [login for login, name in LOGINS.items() if name in CUSTOMERS[begin:][:AT_ONCE]]
        held = hold_all(one, browser, logins)
        if not killer.is_alive():
            return lifted, held
        answer_one(one, held[0])
        lift_all(one, browser, held)
        lifted += held
    raise AssertionError(f"{killer.to_come} are left after {MOST_ROUNDS} rounds")


def hold_all(one: Hoster, browser: Visitor, logins: list[str]) -> list[Row]:
    one.next_second()
    for login in logins:
        one.burst(login)

    def announced() -> bool:
        for hold in (hold for login in logins for hold in one.holds(login)):
            if hold["state"] == "proposed":
                press(one, browser, hold, "approve")
        return all(
            [hold["state"] for hold in one.holds(login)] == ["announced"] for login in logins
        )

    one.wait(announced, f"{logins} are held", 240)
    return [hold for login in logins for hold in one.holds(login)]


def lift_all(one: Hoster, browser: Visitor, held: list[Row]) -> None:
    first, *others = held
    one.did("sanction", "lift", first["id"], "--reason", "all is well", "--release")

    def state(hold: Row) -> str:
        return str(one.sanctions(id=hold["id"])[0]["state"])

    def lifted() -> bool:
        for hold in others:
            if state(hold) == "announced":
                press(one, browser, hold, "lift", reason="all is well", release="yes")
        return all(state(hold) == "lifted" for hold in held)

    one.wait(lifted, "all are lifted", 240)


def press(one: Hoster, browser: Visitor, hold: Row, act: str, **typed: str) -> None:
    """Press a button on the case's page, if the desk is there and the button as well."""
    address = f"{one.desk}/case/{hold['case']}"
    with suppress(httpx.TransportError):
        if f"/{hold['id']}/{act}" in browser.open(address).text:
            browser.send(address, f"/{hold['id']}/{act}", **typed)


def answer_one(one: Hoster, hold: Row) -> None:
    """The customer answers; where the desk is away, the customer tries again."""
    (letter,) = one.postfix.taken(owner(hold["customer"]))
    (link,) = set(re.findall(r"http://\S+/notice/[^\s#]+(?<!\.)", letter.get_content()))

    def answered() -> bool:
        with suppress(httpx.TransportError), visitor() as customer:
            return customer.send(link, text="It was not me.").status_code == 200
        return False

    one.wait(answered, "the customer answers")


def settled(one: Hoster) -> None:
    """Wait until the last notice has left, and end everything."""
    one.wait(
        lambda: not one.rows("select id from store_notice where sent_at is null"),
        "every notice has left",
        120,
    )
    one.stop()


def once(one: Hoster, lifted: list[Row], held: list[Row]) -> None:
    """Every step stands in the record once, and every letter reached its reader once."""
    entries = one.entries()
    for ended, holds in ((END, lifted), ([], held)):
        for hold in holds:
            assert acts(entries, hold) == STEPS + ended
            letters = one.postfix.taken(owner(hold["customer"]))
            ids = Counter(letter["Message-ID"] for letter in letters)
            assert list(ids.values()) == [1] * (2 if ended else 1), (hold["target"], ids)
    assert len(one.sanctions(would_do=False, measure="hold_mail")) == len(lifted) + len(held)
    answers = [entry["subject"] for entry in entries if entry["act"] == "customer_answered"]
    assert len(answers) == len(set(answers)) == len(lifted) // AT_ONCE
    verified = one.did("record", "verify", "--json").objects()
    assert [item["ok"] for item in verified] == [True]
    place = one.folder / "checkpoints" / "jasmo.checkpoints"
    export = one.folder.with_name("export.jsonl")
    export.write_text("".join(line + "\n" for line in one.did("record", "export").out.splitlines()))
    assert one.aupkeep("record", "verify", export, "--checkpoint", place).code == 0


def as_it_is_said(one: Hoster, lifted: list[Row], held: list[Row]) -> None:
    """What is announced holds, what is lifted does not, and nothing else lies about."""
    one.did("sanction", "reconcile")
    for hold in (*held, *lifted):
        with one.postfix.session(hold["target"]) as session:
            one.send(session, f"{hold['customer']}@last.example")
    passed = [f"to=<{hold['customer']}@last.example>" for hold in lifted]
    one.postfix.wait_log(*passed)
    assert sorted(one.held()) == sorted(f"{hold['customer']}@last.example" for hold in held)
    assert sorted(path.name for path in one.map.parent.iterdir()) == [
        "hold",
        "hold.lmdb",
        "hold.lock",
    ]
    spool = one.folder / "letters"
    assert [path.name for path in spool.iterdir() if path.is_file()] == ["lock"]
    assert [path.name for path in (one.folder / "data").rglob(".*")] == []
