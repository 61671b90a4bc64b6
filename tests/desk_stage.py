"""An installation with cases for the tests of the desk, made by the acts that a real one uses.

Findings are handed to `FindingActs` as the engine does, sanctions are carried out by a real `Hand`
into a map file and an outbox, all within one process and by a clock that tests move.
"""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aupkeep.attribution.holdings import Holding
from aupkeep.attribution.profiles import Profile as Statement
from aupkeep.base.clock import DAY, HOUR, MINUTE
from aupkeep.cases.case import Case
from aupkeep.decisions.decision import Profile
from aupkeep.detection.finding import Finding
from aupkeep.flow import keys, signing_in
from aupkeep.flow.books import import_holdings, import_profiles
from aupkeep.flow.founding import found
from aupkeep.flow.hand import Hand
from aupkeep.flow.handle_findings import FindingActs
from aupkeep.flow.installation import Installation, PolicyBook, open_installation
from aupkeep.flow.standing import Arms
from aupkeep.policy.model import Tier
from aupkeep.sanctions.sanction import Sanction
from aupkeep.store import arming, course, dialogue, evidence, sanctions
from aupkeep.store.database import unit
from aupkeep.store.links import notice_token

PROVIDER = "jasmo"
#: Who works at the desk.
ANN, BEN = "ann", "ben"

#: Seconds until something that must happen has happened.
PATIENCE = 60

_SETTINGS = """
single_operator = {alone}

[[provider]]
name = "jasmo"
policy = "policies/jasmo"

[[power]]
provider = "jasmo"
measure = "hold_mail"
map = "held"

[mail]
sender = "abuse@jasmo.example"
outbox = "outbox"
per_hour = 1000

[desk]
listen = "127.0.0.1:{port}"
"""


@dataclass(slots=True)
class Stage:
    """One installation and the clock of its tests, in microseconds UTC."""

    installation: Installation
    now: int
    policies: PolicyBook
    said: list[str] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def clock(self) -> int:
        """Return the present of the test."""
        return self.now

    def later(self, micros: int = MINUTE) -> None:
        """Let time pass."""
        self.now += micros

    def arm(self, *clauses: str) -> None:
        """Arm both powers for `clauses` of the provider."""
        with unit():
            wanted = [("power", "hold_mail"), ("power", "warn")]
            wanted += [("clause", name) for name in clauses or ("spam",)]
            for kind, name in wanted:
                since = self.now - DAY
                arming.arm(arming.Armed(provider=PROVIDER, kind=kind, name=name, since=since))

    def finding(self, login: str = "kim@shop.example", **changes: object) -> Finding:
        """Return a fact about one login that began an hour ago and has ended."""
        number = next(self._numbers)
        made = Finding(
            id=f"{number:032x}",
            state="ended",
            provider=PROVIDER,
            rule="49387341-0342-5543-918e-47624825cb38",
            rule_version="1",
            rule_status="automatic",
            policy_version="1.0",
            clause="spam",
            tier=Tier.FACT,
            key={"login": login},
            customer="jas-1",
            service="jas-1-mail",
            attribution="attributed",
            actor=f"login:{login}",
            first=self.now - HOUR,
            last=self.now - MINUTE,
            observed_at=self.now - HOUR,
            value=412,
            threshold=100,
            events=("00000000000000aa:17",),
            evidence={"client_ip": "192.0.2.7", "reply": "550 5.1.1 no such user"},
            rule_name="login_spam",
            unit="rows",
        )
        return replace(made, **changes)  # type: ignore[arg-type]  # by name

    def case(
        self, *findings: Finding, protected: bool = False, profiles: Mapping[str, str] | None = None
    ) -> Case:
        """Open the case of `findings` and decide it; `protected`: one person more must agree."""
        listed = findings or (self.finding(),)
        self.state(listed[0].customer or "", {"contact": "kim@shop.example"} | dict(profiles or {}))
        with unit():
            acts = FindingActs(
                self.policies.at,
                lambda *_: Profile(protected=protected),
                clock=self.now,
                arms=Arms(self.installation),
            )
            acts.handle(listed, self.now)
        return next(item for item in evidence.all_cases() if set(item.findings) & {listed[0].id})

    def state(self, customer: str, said: Mapping[str, str]) -> None:
        """Say what is true of `customer`."""
        import_profiles(
            [self._statement(customer, name, value) for name, value in said.items() if customer],
            source=f"profiles-{customer}",
            now=self.now,
        )

    def sanction(self, case: Case, measure: str = "hold_mail") -> Sanction:
        """Return the latest sanction of that measure in `case`, as it is now."""
        listed = [item for item in sanctions.sanctions_of(case.id) if item.measure == measure]
        return max(listed, key=lambda item: item.since)

    def carry_out(self) -> None:
        """Let the hand do everything that is due."""
        hand = Hand(installation=self.installation, clock=self.clock, say=self.said.append)
        while hand.turn():
            pass

    def held(self) -> Case:
        """Return a case in which mail is held, verified, and the customer told."""
        case = self.case()
        self.carry_out()
        return case

    def notice_token(self, case: Case) -> str:
        """Return the token of the first notice of `case`."""
        notice = dialogue.notices_of(case.id)[0].notice
        return notice_token(notice.id, keys.secret(self.installation))

    def link(self, name: str = ANN) -> str:
        """Return the path that signs `name` in."""
        return f"/sign-in/{signing_in.make_link(name, now=self.now)}"

    def count(self, customer: str, since: int, until: int) -> None:
        """Store counted minutes of mail."""
        with unit():
            course.put_minutes(
                course.Minute(
                    provider=PROVIDER, customer=customer, kind="mail", mark=mark, at=at, n=7
                )
                for at in range(since - since % MINUTE, until, MINUTE)
                for mark in ("sent", "bounced")
            )

    def hold(self, *held: Holding) -> None:
        """Say who holds what."""
        import_holdings(held, source="panel", now=self.now, forced=True)

    def _statement(self, customer: str, name: str, value: str) -> Statement:
        return Statement(
            provider=PROVIDER,
            customer=customer,
            service="",
            name=name,
            value=value,
            since=self.now - 30 * DAY,
            until=None,
            recorded_at=self.now,
        )


def make_stage(folder: Path, *, port: int = 8000, alone: bool = False) -> Stage:
    """Make an installation of one provider in `folder` with two people; nothing is armed."""
    now = time.time_ns() // 1_000
    settings = _SETTINGS.format(port=port, alone=str(alone).lower())
    found(folder, settings, policies=("jasmo",), now=now)
    return open_stage(folder, now)


def open_stage(folder: Path, now: int, *, policies: PolicyBook | None = None) -> Stage:
    """Open the installation in `folder` and let both people in."""
    installation = open_installation(folder)
    for name in (ANN, BEN):
        signing_in.add_person(name, (PROVIDER,), now=now)
    return Stage(
        installation=installation,
        now=now,
        policies=policies or PolicyBook(installation.policies()),
    )


def eventually(seen: Callable[[], Any]) -> Any:
    """Return what `seen` gives once it gives something."""
    until = time.monotonic() + PATIENCE
    while not (found := seen()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)
    return found


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])
