"""From two hundred mails of one login to a verified hold, an answer, and the hold lifted."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from hoster import Hoster, Row, acts, hoster, owner, policy_with
from installed import Command
from visitor import Visitor, visitor

from aupkeep.base.clock import SECOND, format_instant
from private_postfix import missing

if missing():
    pytest.skip(missing(), allow_module_level=True)

SHOP, ANN, BOB = "shop@store.example", "ann@store.example", "bob@other.example"
LOGINS = {SHOP: "c-1", ANN: "c-1", BOB: "c-2"}
#: What is done to a hold, each once and in this order.
TAKEN = [
    f"sanction_{word}"
    for word in ("proposed", "approved", "applying", "applied", "verified", "announced")
]
LIFTED, EXPIRED = (["sanction_lifting", f"sanction_{word}"] for word in ("lifted", "expired"))


@dataclass(frozen=True)
class Told:
    """A letter that reached a customer."""

    subject: str
    text: str
    message_id: str

    @property
    def link(self) -> str:
        (found,) = set(re.findall(r"http://\S+/notice/[^\s#]+(?<!\.)", self.text))
        return str(found)


def read(message: EmailMessage) -> Told:
    # A receiver's own line breaks are not the letter's.
    text = message.get_content().replace("\r\n", "\n")
    return Told(message["Subject"], text, message["Message-ID"])


def letters(one: Hoster, customer: str) -> list[Told]:
    """What a customer has been told, in the order of telling."""
    outbox = one.folder / "outbox"
    found = one.postfix.taken(owner(customer))
    if outbox.exists():
        assert not found
        files = [path for path in outbox.iterdir() if path.suffix == ".eml"]
        found = [as_message(path) for path in sorted(files, key=lambda path: path.stat().st_mtime)]
    return [read(item) for item in found if item["To"] == owner(customer)]


def as_message(path: Path) -> EmailMessage:
    made = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(made, EmailMessage)
    return made


def wait_letters(one: Hoster, customer: str, count: int) -> list[Told]:
    one.wait(lambda: len(letters(one, customer)) >= count, f"letter {count} to {customer}")
    return letters(one, customer)


@pytest.fixture(params=["by SMTP", "into an outbox"])
def house(request: pytest.FixtureRequest, aupkeep: Command, tmp_path: Path) -> Iterator[Hoster]:
    outbox = "outbox" if request.param == "into an outbox" else ""
    with hoster(aupkeep, tmp_path / "installation", LOGINS, outbox=outbox) as one:
        one.start()
        yield one


def test_the_whole_story(house: Hoster) -> None:
    observed(house)
    done = house.did("arm", "hold_mail", "warn", "spam")
    assert "hold_mail, warn for spam" in done.out
    assert house.holds(SHOP) == []
    house.next_second()
    held = held_at_the_next_recipient(house)
    answered(house, held)
    release = not (house.folder / "outbox").exists()
    lifted_at_the_next_recipient(house, held, release=release)
    again = held_again(house, held)
    house.did("sanction", "reconcile")
    house.stop()
    entries = house.entries()
    each_step_once(house, entries, held, again)
    proven(house, entries, held)


def observed(one: Hoster) -> None:
    """Two hundred mails in observe: it is said what would be done, and nothing is done."""
    one.burst(SHOP, 200)
    would = one.wait(
        lambda: len(one.sanctions(target=SHOP, would_do=True)) >= 2 and one.sanctions(),
        "what would be done",
    )
    assert {(item["measure"], item["state"]) for item in would} == {
        ("warn", "proposed"),
        ("hold_mail", "proposed"),
    }
    listed = one.did("case", "list", "--json").objects()
    assert [(case["customer"], case["clause"], case["tier"]) for case in listed] == [
        ("c-1", "spam", "fact")
    ]
    assert all(item["would_do"] for item in listed[0]["sanctions"])
    assert one.map.read_text() == ""
    assert letters(one, "c-1") == []


def held_at_the_next_recipient(one: Hoster) -> Row:
    """After arming, the same burst; sessions go on all the time."""
    with one.postfix.session(SHOP) as shop, one.postfix.session(ANN) as ann:
        one.burst(SHOP, 200, shop)
        held = one.wait_state(SHOP, "announced")
        for name, session in (("next", shop), ("other", ann)):
            one.send(session, f"{name}@far.example")
        with one.postfix.session(BOB) as bob:
            one.send(bob, "neighbour@far.example")
        one.postfix.wait_log("to=<other@far.example>", "to=<neighbour@far.example>")
    assert one.held() == ["next@far.example"]
    assert not one.postfix.taken("next@far.example")
    assert one.postfix.taken("other@far.example")
    assert one.postfix.taken("neighbour@far.example")
    assert f"{SHOP}\tHOLD aupkeep {held['id']}\n" in one.map.read_text()
    assert [item["target"] for item in one.sanctions(state="announced")] == [SHOP]
    return held


def answered(one: Hoster, held: Row) -> None:
    """The customer opens the link, answers, and an analyst reads it on the page of the case."""
    (told,) = wait_letters(one, "c-1", 1)
    said = "The password was stolen.\nI have <b>changed</b> it; is that enough?"
    with visitor() as customer:
        page = customer.open(told.link)
        assert page.status_code == 200
        assert "outgoing mail held" in page.text.lower()
        assert customer.open(told.link[:-1]).status_code == 404
        done = customer.send(told.link, text=said)
        assert "We have your answer" in done.text
        assert "&lt;b&gt;changed&lt;/b&gt;" in done.text
        # Sent twice by an impatient finger, it is one answer.
        assert customer.send(told.link, text=said).text.count("The password was stolen") == 1
    with visitor(sign_in_link(one)) as analyst:
        page = analyst.open(f"{one.desk}/case/{held['case']}")
        assert "The password was stolen." in page.text
        assert "<b>changed" not in page.text
    with visitor() as stranger:
        assert stranger.open(f"{one.desk}/case/{held['case']}").status_code == 401


def sign_in_link(one: Hoster, name: str = "anna") -> str:
    return one.did("person", "add", name).out.split()[-1]


def lifted_at_the_next_recipient(one: Hoster, held: Row, *, release: bool) -> None:
    """`sanction lift`; mail that was held is sent on only where that was asked for."""
    words = ["--release"] if release else []
    one.did("sanction", "lift", held["id"], "--reason", "the password is new", *words)
    one.wait_state(SHOP, "lifted")
    with one.postfix.session(SHOP) as shop:
        one.send(shop, "afterwards@far.example")
    one.postfix.wait_log("to=<afterwards@far.example>")
    assert one.postfix.taken("afterwards@far.example")
    if release:
        one.wait(lambda: one.postfix.taken("next@far.example"), "held mail is sent on")
    else:
        assert one.held() == ["next@far.example"]
        assert not one.postfix.taken("next@far.example")
    assert one.map.read_text() == ""
    _, end = wait_letters(one, "c-1", 2)
    assert held["case"][:12] in end.text
    assert ("has been sent on" in end.text) == release
    assert ("is still held" in end.text) != release


def held_again(one: Hoster, held: Row) -> Row:
    """A third burst is held by a new sanction; the old one stays as it ended."""
    one.next_second()
    one.burst(SHOP)
    again = one.wait_state(SHOP, "announced", number=2)
    assert again["id"] != held["id"]
    with one.postfix.session(SHOP) as shop:
        one.send(shop, "third@far.example")
    one.wait(lambda: "third@far.example" in one.held(), "the third burst is held")
    assert [item["state"] for item in one.holds(SHOP)] == ["lifted", "announced"]
    assert len(wait_letters(one, "c-1", 3)) == 3
    return again


def each_step_once(one: Hoster, entries: list[Row], held: Row, again: Row) -> None:
    assert acts(entries, held) == TAKEN + LIFTED
    assert acts(entries, again) == TAKEN
    changes = Counter(
        (entry["act"], entry["subject"], entry["body"].get("content")) for entry in entries
    )
    assert [what for what, count in changes.items() if count > 1 and what[2]] == []
    answers = [entry for entry in entries if entry["act"] == "customer_answered"]
    assert len(answers) == 1
    assert len({told.message_id for told in letters(one, "c-1")}) == 3


def proven(one: Hoster, entries: list[Row], held: Row) -> None:
    """What the notice names is in the record, and the second place holds what it names."""
    told = letters(one, "c-1")[0]
    policy = json.loads(
        one.rows("select body from store_notice where sanction = ?", held["id"])[0]["body"]
    )
    assert policy["policy_version"] == "1.0"
    assert '"Unsolicited and improper mail"' in told.text
    assert "version 1.0" in told.text
    named = re.search(
        r"Entry (\d+) of our record.*checkpoint (\d+)-([0-9a-f]{16})", told.text, re.DOTALL
    )
    assert named
    entry = entries[int(named[1])]
    assert (entry["seq"], entry["act"], entry["subject"]) == (
        int(named[1]),
        "sanction_verified",
        held["id"],
    )
    place = one.folder / "checkpoints" / "jasmo.checkpoints"
    assert f"\n{named[2]}\n" in place.read_text()
    assert int(named[2]) > int(named[1])
    export = one.folder.with_name("export.jsonl")
    export.write_text(one.did("record", "export").out)
    key = one.folder.with_name("checkpoint.pub")
    key.write_text(public_key(one))
    done = one.aupkeep("record", "verify", export, "--checkpoint", place, "--key", key, "--json")
    assert done.code == 0, done.out
    (verdict,) = done.objects()
    assert verdict["ok"]
    assert verdict["checkpoint"]["signed"]
    assert one.did("record", "verify").out.startswith("jasmo:")


def public_key(one: Hoster) -> str:
    (path,) = one.folder.rglob("checkpoint.pub")
    return path.read_text()


LENT = {f"login@shop-{number}.example": f"c-{number}" for number in range(1, 6)}
ONE, TWO, MILD, NOT, SHORT = LENT
#: Every hold needs a person; for a customer who is protected, one more.
PEOPLE = {
    "measures: [hold_mail]\n        scope: mailbox\n        length: 24h": (
        "measures: [hold_mail]\n        people: 1\n        scope: mailbox\n        length: 24h"
    ),
    "share_permille: 20": "share_permille: 1000",
}


@dataclass(frozen=True)
class Person:
    """Somebody at the desk."""

    one: Hoster
    browser: Visitor

    def page(self, hold: Row) -> str:
        """The address of the page of a hold's case."""
        return f"{self.one.desk}/case/{hold['case']}"

    def acts(self, hold: Row, act: str, **typed: str) -> int:
        """Do an act by its form; return how the desk answered."""
        action = f"/{hold['id']}/{act}"
        return self.browser.send(self.page(hold), action, **typed).status_code


def test_people_agree_choose_milder_and_refuse(aupkeep: Command, tmp_path: Path) -> None:
    policy = policy_with(tmp_path / "jasmo", PEOPLE)
    with hoster(aupkeep, tmp_path / "installation", LENT, policy=policy) as one:
        one.profiles("c-2,,protected,yes")
        one.start()
        one.did("arm", "hold_mail", "warn", "spam")
        links = [sign_in_link(one, name) for name in ("anna", "ben")]
        one.next_second()
        for login in (ONE, TWO, MILD, NOT):
            one.burst(login)
        holds = {login: one.wait_state(login, "proposed") for login in (ONE, TWO, MILD, NOT)}
        assert one.map.read_text() == ""
        with visitor(links[0]) as first, visitor(links[1]) as second:
            anna, ben = Person(one, first), Person(one, second)
            approved_once(one, anna, holds[ONE])
            two_people(one, anna, ben, holds[TWO])
            milder(one, anna, ben, holds[MILD])
            refused(one, ben, holds[NOT])
        short = ends_by_itself(one, policy)
        one.stop()
        one.did("record", "verify")
        entries = one.entries()
        assert acts(entries, holds[ONE]) == TAKEN
        assert acts(entries, holds[TWO]) == [TAKEN[0], "sanction_agreed", *TAKEN[1:]]
        assert acts(entries, holds[NOT]) == [TAKEN[0], "sanction_refused"]
        assert acts(entries, short) == TAKEN + EXPIRED


def approved_once(one: Hoster, anna: Person, hold: Row) -> None:
    """Somebody presses the button twice."""
    assert hold["people"] == 1
    forms = [anna.browser.form(anna.page(hold), f"/{hold['id']}/approve") for _ in range(2)]
    assert [anna.browser.post(form).status_code for form in forms] == [200, 200]
    held = one.wait_state(ONE, "announced")
    assert held["approved_by"] == ["anna"]


def two_people(one: Hoster, anna: Person, ben: Person, hold: Row) -> None:
    """The same person twice does not count for two; the hand is not put out by half a yes."""
    assert hold["people"] == 2
    hand = one.processes()["hand"]
    forms = [anna.browser.form(anna.page(hold), f"/{hold['id']}/approve") for _ in range(2)]
    for form in forms:
        anna.browser.post(form)
    assert f"/{hold['id']}/approve" not in anna.browser.open(anna.page(hold)).text
    (half,) = one.holds(TWO)
    assert (half["state"], half["approved_by"]) == ("proposed", ["anna"])
    assert ben.acts(hold, "approve") == 200
    held = one.wait_state(TWO, "announced")
    assert held["approved_by"] == ["anna", "ben"]
    assert one.processes()["hand"] == hand


def milder(one: Hoster, anna: Person, ben: Person, hold: Row) -> None:
    """A person may choose less, with a reason; then it takes another person."""
    asked = {"measure": "hold_mail", "length": "1h"}
    assert anna.acts(hold, "override", **asked, reason="") == 400
    assert anna.acts(hold, "override", **asked | {"length": "2d"}, reason="more") == 400
    assert anna.acts(hold, "override", **asked, reason="a first slip") == 200
    gone, instead = one.holds(MILD)
    assert (gone["id"], gone["state"]) == (hold["id"], "refused")
    assert (instead["proposed_by"], instead["instead_of"]) == ("anna", hold["id"])
    assert f"/{instead['id']}/approve" not in anna.browser.open(anna.page(hold)).text
    assert ben.acts(instead, "approve") == 200
    held = one.wait_state(MILD, "announced", number=2)
    assert held["until"] - held["applied_at"] == 3600 * SECOND


def refused(one: Hoster, ben: Person, hold: Row) -> None:
    assert ben.acts(hold, "refuse", reason="  ") == 400
    assert ben.acts(hold, "refuse", reason="their newsletter, with consent") == 200
    (gone,) = one.holds(NOT)
    assert (gone["state"], gone["reason"]) == ("refused", "their newsletter, with consent")
    assert NOT not in one.map.read_text()
    assert letters(one, LENT[NOT]) == []


def ends_by_itself(one: Hoster, policy: Path) -> Row:
    """A new version of the policy: five seconds, and nobody is asked."""
    instant = format_instant(time.time_ns() // 1000)
    new = {
        'version: "1.0"': 'version: "1.1"',
        "effective: 2025-01-01T00:00:00-07:00": f"effective: {instant}",
        "people: 1\n        scope: mailbox\n        length: 24h": (
            "scope: mailbox\n        length: 5s"
        ),
    }
    done = one.did(
        "policy", "publish", policy_with(policy.with_name("jasmo-1.1"), new, source=policy)
    )
    assert "published jasmo 1.1" in done.out
    one.next_second()
    one.burst(SHORT)
    held = one.wait_state(SHORT, "expired")
    assert (held["policy_version"], held["people"]) == ("1.1", 0)
    assert held["ended_at"] >= held["until"] == held["applied_at"] + 5 * SECOND
    assert SHORT not in one.map.read_text()
    with one.postfix.session(SHORT) as session:
        one.send(session, "later@far.example")
    one.postfix.wait_log("to=<later@far.example>")
    assert one.postfix.taken("later@far.example")
    told, end = wait_letters(one, LENT[SHORT], 2)
    assert "version 1.1" in told.text
    assert "is still held" in end.text
    return held
