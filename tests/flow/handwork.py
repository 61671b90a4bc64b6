"""A hand at work on an installation of its own, with a power that lives in memory.

The power keeps what it was told as a real one does, survives the hand, and does at each call what
the test says: fail, lie, or let the process die before or after it acted.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from aupkeep.attribution.profiles import Profile
from aupkeep.base.clock import DAY, HOUR, SECOND, parse_instant
from aupkeep.base.errors import Fault
from aupkeep.cases.case import Case
from aupkeep.detection.finding import Finding
from aupkeep.flow.changing import keep
from aupkeep.flow.founding import found
from aupkeep.flow.hand import Hand
from aupkeep.flow.installation import Installation, open_installation
from aupkeep.flow.letters import Letters
from aupkeep.flow.recording import Recording
from aupkeep.flow.rules import Ruled
from aupkeep.outlets.mail.channel import Outcome
from aupkeep.outlets.mail.letter import Letter
from aupkeep.policy.model import TOUCH_SERVICE, Measure, Tier
from aupkeep.sanctions.power import Mark, Order, Power, PowerFault, Seen
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.settings import FILE_NAME
from aupkeep.store import arming, chain, evidence, ground, sanctions
from aupkeep.store.arming import Armed
from aupkeep.store.database import close_store, unit

NOW = parse_instant("2026-03-02T08:00:00Z")
SETTINGS = """
[[provider]]
name = "jasmo"
policy = "policies/jasmo"
networks = ["198.51.100.0/24"]

[mail]
outbox = "outbox"
per_hour = 5

[alarm]
mail = ["duty@jasmo.example"]
repeat = "15m"

[[power]]
provider = "jasmo"
measure = "hold_mail"
map = "map"
"""


class DiedError(BaseException):
    """The process ends here: nothing in it may catch this."""


@dataclass(slots=True)
class Fate:
    """Counts the points at which the process could die, and lets it die at one of them."""

    at: int = -1
    passed: int = 0

    def point(self) -> None:
        """Pass one point, or die there."""
        self.passed += 1
        if self.passed - 1 == self.at:
            raise DiedError


@dataclass(slots=True)
class FakePower:
    """Keeps the protocol of `Power` in memory."""

    measure: str = "hold_mail"
    reversible: bool = True
    fate: Fate = field(default_factory=Fate)
    #: Sanction -> target: what is in force.
    standing: dict[str, str] = field(default_factory=dict)
    #: Marks that people put there.
    foreign: list[Mark] = field(default_factory=list)
    #: How often each thing took effect or was given back.
    done: Counter[str] = field(default_factory=Counter)
    called: Counter[str] = field(default_factory=Counter)
    #: Call -> what it raises, first to last; then it works.
    faults: dict[str, list[PowerFault]] = field(default_factory=dict)
    #: It says that all went well and does nothing.
    lies: bool = False
    refuses: str = ""
    #: Called after each call of a name.
    then: dict[str, Callable[[], object]] = field(default_factory=dict)

    def prepare(self) -> None:
        """Count it."""
        self._call("prepare")

    def carries(self, scope: str, target: str) -> str:
        """Return what the test says."""
        self.called["carries"] += 1
        return self.refuses and f"{self.refuses}: {scope} {target}"

    def plan(self, order: Order) -> str:
        """Return what stands there."""
        self._call("plan")
        self._then("plan")
        return json.dumps(sorted(one for one in self.standing if one != order.sanction))

    def apply(self, order: Order) -> None:
        """Put the mark there once."""
        self._call("apply")
        if not self.lies and order.sanction not in self.standing:
            self.standing[order.sanction] = order.target
            self.done["applied"] += 1
        self.fate.point()
        self._then("apply")

    def look(self, order: Order) -> Seen:
        """Look for the mark."""
        self._call("look")
        there = order.sanction in self.standing
        self._then("look")
        return Seen(in_force=there, how="the mark is there" if there else "there is no mark")

    def undo(self, order: Order) -> None:
        """Take the mark away."""
        self._call("undo")
        if not self.lies and self.standing.pop(order.sanction, None) is not None:
            self.done["undone"] += 1
            self.done["released"] += order.release
        self.fate.point()
        self._then("undo")

    def marks(self) -> list[Mark]:
        """Return everything."""
        self._call("marks")
        ours = [
            Mark(sanction=name, target=target, text="held")
            for name, target in self.standing.items()
        ]
        return ours + self.foreign

    def troubles(self) -> list[str]:
        """Have none."""
        return []

    def _call(self, name: str) -> None:
        self.fate.point()
        self.called[name] += 1
        if self.faults.get(name):
            raise self.faults[name].pop(0)

    def _then(self, name: str) -> None:
        act = self.then.pop(name, None)
        if act is not None:
            act()


def broken(what: str, *, retry: bool = True) -> PowerFault:
    """Return a fault of a power."""
    return PowerFault(Fault(code="broken", what=what), retry=retry)


@dataclass(slots=True)
class FakeChannel:
    """Letters that have left, by id; one is never sent twice."""

    fate: Fate = field(default_factory=Fate)
    left: dict[str, Letter] = field(default_factory=dict)
    faults: list[PowerFault] = field(default_factory=list)
    doubtful: bool = False

    def send(self, letter: Letter) -> Outcome:
        """Send a letter that has not left."""
        self.fate.point()
        if self.faults:
            raise self.faults.pop(0)
        if not self.doubtful:
            self.left.setdefault(letter.id, letter)
        self.fate.point()
        return Outcome(doubtful=self.doubtful, how="nobody knows" if self.doubtful else "it left")

    def may_have_left(self, letter: str) -> bool:
        """Return whether it left, or nobody knows."""
        return self.doubtful or letter in self.left

    def troubles(self) -> list[str]:
        """Have none."""
        return []


@dataclass(slots=True)
class Place:
    """An installation, its doors and its clock, which outlive any hand."""

    installation: Installation
    power: FakePower = field(default_factory=FakePower)
    channel: FakeChannel = field(default_factory=FakeChannel)
    fate: Fate = field(default_factory=Fate)
    now: int = NOW
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Let everything die at one fate."""
        self.power.fate = self.channel.fate = self.fate

    def clock(self) -> int:
        """Return the present, which the test alone moves on."""
        self.fate.point()
        return self.now

    def hand(self) -> Hand:
        """Start a hand, as a new process does."""
        made = Hand(installation=self.installation, clock=self.clock, say=self.said.append)
        announcer = replace(made.enforcer.announcer, channel=self.channel)
        letters = Letters(announcer=announcer, clock=self.clock)
        powers: dict[tuple[str, str], Power] = {
            ("jasmo", "hold_mail"): self.power,
            ("jasmo", "warn"): letters,
        }
        made.enforcer = replace(made.enforcer, announcer=announcer, powers=powers)
        # Looking at marks and signing by the minute have tests of their own.
        made.look_at = made.sign_at = self.now + 1000 * DAY
        return made

    def work(self, *, turns: int = 3) -> Hand:
        """Let a new hand do what is due now."""
        made = self.hand()
        for _ in range(turns):
            made.turn()
        return made

    def die_at_each_point(self, most: int = 300) -> None:
        """Let one hand after the other die, each a point later, until one comes to its end."""
        for point in range(most):
            self.fate.at, self.fate.passed = point, 0
            try:
                self.work()
                break
            except DiedError:
                continue
        self.fate.at = -1

    def later(self, micros: int) -> Hand:
        """Let time pass, and a new hand do what is due then."""
        self.now += micros
        return self.work()

    def letters(self) -> list[Letter]:
        """Return the letters to customers that have left."""
        return [one for one in self.channel.left.values() if not one.subject.startswith("[")]

    def alarms(self) -> list[Letter]:
        """Return the letters to the operator."""
        return [one for one in self.channel.left.values() if one.subject.startswith("[")]


class Ready(Installation):
    """An installation whose policies were read already: a hand of it begins at once."""

    def policies(self) -> dict[str, list[Ruled]]:
        """Return what is published, read once in a run of tests."""
        if not _RULED:
            _RULED.update(super().policies())
        return _RULED


_RULED: dict[str, list[Ruled]] = {}


def found_once(folder: Path) -> Path:
    """Make the installation that places are copies of."""
    found(folder, SETTINGS, policies=("jasmo",), now=NOW - DAY)
    close_store()
    return folder


@contextmanager
def place(
    installed: Path, folder: Path, *, contact: str = "owner@c.example", settings: str = SETTINGS
) -> Iterator[Place]:
    """Copy an installation to `folder`, with a customer there and everything armed."""
    shutil.copytree(installed, folder)
    (folder / FILE_NAME).write_text(settings, encoding="utf-8")
    opened = open_installation(folder)
    with unit():
        tell_contact(contact)
        for kind, name in (("power", "hold_mail"), ("power", "warn"), ("clause", "spam")):
            arming.arm(Armed(provider="jasmo", kind=kind, name=name, since=NOW - DAY))
    try:
        yield Place(installation=Ready(opened.folder, opened.settings))
    finally:
        close_store()


def tell_contact(address: str) -> None:
    """Store whom to write to about the customer `c-1`, inside a unit."""
    said = {"provider": "jasmo", "customer": "c-1", "since": 0, "recorded_at": 0}
    listed = [Profile(name="contact", value=address, **said)] if address else []  # type: ignore[arg-type]  # by name
    ground.put_profiles(listed)


def finding() -> Finding:
    """Return the finding that the sanctions rest on."""
    return Finding(
        id="f1",
        state="ended",
        provider="jasmo",
        rule="login_spam",
        rule_version="1",
        rule_status="automatic",
        policy_version="1.0",
        clause="spam",
        tier=Tier.FACT,
        key={"customer": "c-1", "login": "ann@c.example"},
        customer="c-1",
        service="mail-1",
        attribution="attributed",
        actor="login:ann@c.example",
        first=NOW - HOUR,
        last=NOW - HOUR // 2,
        observed_at=NOW - HOUR,
        value=3,
        threshold=3,
        events=("0:0",),
        rule_name="login_spam",
        unit="conditions at once",
    )


def put(
    number: int = 1,
    *,
    measure: Measure = Measure.HOLD_MAIL,
    state: State = State.APPROVED,
    people: int = 0,
    customer: str = "c-1",
    target: str = "ann@c.example",
    length: int = DAY,
    due: bool = True,
    **changes: object,
) -> Sanction:
    """Store a case and a sanction as they come from the engine, and return the sanction."""
    touches = measure in TOUCH_SERVICE
    made = Sanction(
        id=f"{number:032x}",
        case=f"case-{number}",
        provider="jasmo",
        customer=customer,
        clause="spam",
        step="stop-sending" if touches else "question",
        measure=measure.value,
        scope="mailbox",
        target=target,
        power=measure.value,
        state=state,
        would_do=False,
        since=NOW - SECOND,
        until=None,
        length=length if touches else 0,
        people=people,
        tier="fact",
        policy_version="1.0",
        touches_service=touches,
        findings=("f1",),
    )
    made = replace(made, **changes)  # type: ignore[arg-type]  # by name
    keep_with_case(made, next_at=NOW if due else None)
    return made


def state_of(sanction: Sanction) -> State:
    """Return where a sanction stands now."""
    return waiting(sanction).sanction.state


def waiting(sanction: Sanction) -> sanctions.Waiting:
    """Return a sanction as it is now, with how its carrying out goes on."""
    found_now = sanctions.waiting(sanction.id)
    assert found_now is not None
    return found_now


def acts(subject: str) -> list[str]:
    """Return the acts of the entries about `subject`, oldest first."""
    return [
        json.loads(line)["act"].removeprefix("sanction_") for line in chain.entries_about(subject)
    ]


def keep_with_case(made: Sanction, *, next_at: int | None) -> None:
    """Store a sanction, its case and the one finding in it."""
    case = Case(
        id=made.case,
        provider=made.provider,
        clause="spam",
        customer=made.customer,
        actor="",
        state="open",
        attribution="attributed",
        tier=Tier.FACT,
        aware_at=NOW - HOUR,
        opened_at=NOW - HOUR,
        findings=("f1",),
    )
    with unit():
        evidence.put_finding(replace(finding(), provider=made.provider), made.case)
        evidence.put_case(case, due=None, decision="d")
        recording = Recording()
        keep(made, recording, now=NOW, next_at=next_at)
        recording.keep()
