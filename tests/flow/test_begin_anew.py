"""Arming lets windows begin anew, and what came before it counts as nothing but history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aupkeep.base.clock import SECOND, format_instant, parse_instant
from aupkeep.flow.engine import Running, start
from aupkeep.flow.founding import found
from aupkeep.flow.installation import open_installation
from aupkeep.sanctions.sanction import Sanction
from aupkeep.store import arming, sanctions
from aupkeep.store.arming import Armed
from aupkeep.store.database import close_store, unit

BEGIN = parse_instant("2026-11-22T01:00:00Z")
LOGIN = "shop@store.example"
SETTINGS = """
[[provider]]
name = "jasmo"
policy = "policies/jasmo"

[mail]
outbox = "outbox"

[[power]]
provider = "jasmo"
measure = "hold_mail"
map = "map"

[[inlet]]
provider = "jasmo"
format = "postfix"
path = "mail.log"
"""
HOLDINGS = (
    "provider,kind,value,port_from,port_to,customer,service,plan,from,to,source,recorded_at\n"
    f"jasmo,login,{LOGIN},,,c-1,c-1-mail,small,2026-01-01T00:00:00Z,,billing,"
    "2026-01-01T00:00:00Z\n"
)


class House:
    """An engine that follows a log, and the clock that both go by."""

    def __init__(self, folder: Path) -> None:
        holdings = folder.with_name("holdings.csv")
        holdings.write_text(HOLDINGS)
        found(folder, SETTINGS, policies=("jasmo",), now=BEGIN, holdings=holdings)
        self.log = folder / "mail.log"
        self.log.touch()
        self.now = BEGIN
        self.mails = 0
        self.engine: Running = start(open_installation(folder), lambda: self.now)

    def burst(self, second: int, mails: int = 60) -> None:
        """Log mails of one second, a third of them to addresses that are not there."""
        stamp = format_instant(BEGIN + second * SECOND).replace("Z", "+00:00")
        lines = []
        for number in range(mails):
            self.mails += 1
            lines += mail(f"{self.mails:011X}", bounced=number % 3 == 0)
        with self.log.open("a") as out:
            out.writelines(f"{stamp} mx postfix/{line}\n" for line in lines)

    def until(self, second: int) -> None:
        """Let the clock come to `second`, and the engine read everything."""
        self.now = BEGIN + second * SECOND
        while self.engine.step():
            pass
        self.engine.commit()

    def arm(self, second: int) -> None:
        """Arm everything at `second`."""
        self.now = BEGIN + second * SECOND
        with unit():
            for kind, name in (("power", "hold_mail"), ("clause", "spam")):
                arming.arm(Armed(provider="jasmo", kind=kind, name=name, since=self.now))
            arming.afresh("jasmo", "spam", None, now=self.now)

    def holds(self) -> list[Sanction]:
        """Return the holds that are for real."""
        every = (item.sanction for item in sanctions.all_sanctions())
        return [item for item in every if item.measure == "hold_mail" and not item.would_do]


def mail(queue_id: str, *, bounced: bool) -> list[str]:
    """Return what Postfix logs of one mail."""
    end = (
        "dsn=5.1.1, status=bounced (host a[192.0.2.1] said: 550 5.1.1 user unknown)"
        if bounced
        else "dsn=2.0.0, status=sent (250 2.0.0 Ok)"
    )
    to = f"to=<r{queue_id}@far.example>, relay=a[192.0.2.1]:25, delay=0.1, delays=0/0/0/0.1"
    return [
        f"smtpd[7]: {queue_id}: client=a[198.51.100.7], sasl_method=PLAIN, sasl_username={LOGIN}",
        f"cleanup[8]: {queue_id}: message-id=<{queue_id}@a>",
        f"qmgr[9]: {queue_id}: from=<{LOGIN}>, size=300, nrcpt=1 (queue active)",
        f"smtp[10]: {queue_id}: {to}, {end}",
        f"qmgr[9]: {queue_id}: removed",
    ]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "installation")
    yield made
    made.engine.doors.close()
    close_store()


def test_a_burst_that_waited_while_arming_does_not_swallow_the_next(house: House) -> None:
    house.burst(10)
    house.until(11)
    # Read, and not evaluated: a line of the same instant could still come.
    assert house.engine.stream.evaluated <= BEGIN + 10 * SECOND
    house.arm(12)
    house.until(13)
    house.burst(20)
    house.until(40)
    (hold,) = house.holds()
    assert hold.target == LOGIN


def test_what_came_before_arming_is_never_acted_on(house: House) -> None:
    house.burst(10)
    house.until(11)
    house.arm(12)
    house.until(60)
    assert house.holds() == []
    assert {item.sanction.would_do for item in sanctions.all_sanctions()} == {True}


def test_two_halves_of_a_burst_around_arming_are_none(house: House) -> None:
    house.burst(10, mails=30)
    house.until(11)
    house.arm(12)
    house.burst(13, mails=30)
    house.until(60)
    assert house.holds() == []
    house.burst(61, mails=30)
    house.until(80)
    assert len(house.holds()) == 1
