"""A fee from approval to credit: the hand on the ledger, killed anywhere, and people's acts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from handwork import NOW, SETTINGS, DiedError, FakePower, Place, acts, keep_with_case, state_of

from aupkeep.attribution.profiles import Profile
from aupkeep.base.clock import DAY, HOUR
from aupkeep.base.errors import AupkeepError
from aupkeep.flow import appealing, approving, charging
from aupkeep.flow.charging import Charging
from aupkeep.flow.founding import found
from aupkeep.flow.hand import Hand
from aupkeep.flow.installation import Installation, PolicyBook, open_installation
from aupkeep.flow.letters import Letters
from aupkeep.flow.rules import Ruled
from aupkeep.sanctions.ledger import Account, Kind, balances
from aupkeep.sanctions.notice import OF_MEASURE, notice_id
from aupkeep.sanctions.power import Power
from aupkeep.sanctions.sanction import Sanction, State
from aupkeep.settings import FILE_NAME
from aupkeep.store import alarms, arming, fees, ground
from aupkeep.store.arming import Armed
from aupkeep.store.database import close_store, unit

WORDS = SETTINGS.replace("jasmo", "injazat")


_RULED: dict[str, list[Ruled]] = {}


class Read(Installation):
    """An installation whose policies were read already: a hand of it begins at once."""

    def policies(self) -> dict[str, list[Ruled]]:
        """Return what is published, read once in a run of tests."""
        if not _RULED:
            _RULED.update(super().policies())
        return _RULED


class Till(Place):  # type: ignore[misc]  # its module lies beside the tests
    """A place of Injazat, whose policy has prices."""

    billing: FakePower | None = None

    def hand(self) -> Hand:
        """Start a hand with letters and the ledger, and a billing system where there is one."""
        made = Hand(installation=self.installation, clock=self.clock, say=self.said.append)
        announcer = replace(made.enforcer.announcer, channel=self.channel)
        powers: dict[tuple[str, str], Power] = {
            ("injazat", "warn"): Letters(announcer=announcer, clock=self.clock),
            ("injazat", "fee"): Charging(
                provider="injazat",
                policies=announcer.policies,
                clock=self.clock,
                billing=self.billing,
            ),
        }
        made.enforcer = replace(made.enforcer, announcer=announcer, powers=powers)
        made.look_at = made.sign_at = self.now + 1000 * DAY
        return made


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("injazat")
    found(folder, WORDS, policies=("injazat",), now=NOW - DAY)
    close_store()
    return folder


@pytest.fixture
def till(founded: Path, tmp_path: Path) -> Iterator[Till]:
    yield from opened(founded, tmp_path / "till")


def opened(founded: Path, folder: Path) -> Iterator[Till]:
    shutil.copytree(founded, folder)
    (folder / FILE_NAME).write_text(WORDS, encoding="utf-8")
    installation = open_installation(folder)
    said = {"provider": "injazat", "customer": "c-1", "since": 0, "recorded_at": 0}
    with unit():
        ground.put_profiles([Profile(name="contact", value="owner@c.example", **said)])  # type: ignore[arg-type]  # by name
        for kind, name in (("power", "fee"), ("clause", "spam")):
            arming.arm(Armed(provider="injazat", kind=kind, name=name, since=NOW - DAY))
    try:
        yield Till(installation=Read(installation.folder, installation.settings))
    finally:
        close_store()


def fee(number: int = 1, *, amount: int = 50000, customer: str = "c-1") -> Sanction:
    """Store a fee to which ann agreed."""
    made = Sanction(
        id=f"{number:032x}",
        case=f"case-{number}",
        provider="injazat",
        customer=customer,
        clause="spam",
        step="again",
        measure="fee",
        scope="account",
        target=customer,
        power="fee",
        state=State.APPROVED,
        would_do=False,
        since=NOW,
        until=None,
        people=1,
        approved_by=("ann",),
        tier="fact",
        policy_version="1.0",
        findings=("f1",),
        amount=amount,
        currency="SAR",
    )
    keep_with_case(made, next_at=NOW)
    return made


def accounts() -> dict[Account, int]:
    return {account: amount for (account, _), amount in balances(fees.all_bookings()).items()}


def kinds(sanction: Sanction) -> list[Kind]:
    return [item.kind for item in fees.bookings_of(sanction.id)]


def test_a_fee_is_charged_told_disputed_and_credited(till: Till) -> None:
    charged = fee()
    till.work()
    assert state_of(charged) is State.ANNOUNCED
    assert accounts() == {Account.OWED: 50000, Account.EARNED: -50000}
    [letter] = till.letters()
    assert "We have charged 500.00 SAR to account c-1" in letter.text

    charging.dispute(charged.id, "that was not me", now=till.now)
    assert accounts() == {Account.OWED: 0, Account.DISPUTED: 50000, Account.EARNED: -50000}
    assert [one.kind for one in alarms.alarms()] == ["fee-disputed"]

    till.now += HOUR
    approving.lift(charged.id, "bob", "it was the neighbour", release=False, now=till.now)
    till.work()
    assert state_of(charged) is State.LIFTED
    assert set(accounts().values()) == {0}
    assert kinds(charged) == [Kind.CHARGED, Kind.DISPUTED, Kind.CREDITED]
    assert "The fee of 500.00 SAR is credited in full" in till.letters()[-1].text
    told = acts(charged.id)
    assert [one for one in told if one.startswith("fee_")] == [
        "fee_charged",
        "fee_disputed",
        "fee_credited",
    ]


def test_an_appeal_that_was_right_credits_the_fee(till: Till) -> None:
    charged = fee()
    till.work()
    policy = PolicyBook(till.installation.policies()).version("injazat", "1.0")
    notice = notice_id(charged.id, OF_MEASURE)
    lodged = appealing.appeal(notice, "I was hacked.", policy, now=till.now)
    till.work()
    appealing.decide(lodged.id, "bob", "overturn", "They were.", now=till.now)
    till.work()
    assert state_of(charged) is State.LIFTED
    assert kinds(charged) == [Kind.CHARGED, Kind.CREDITED]
    assert set(accounts().values()) == {0}


def test_only_another_person_upholds_a_disputed_fee(till: Till) -> None:
    charged = fee()
    till.work()
    with pytest.raises(AupkeepError, match="cannot be upheld"):
        charging.uphold(charged.id, "bob", "it stands", now=till.now)
    charging.dispute(charged.id, "why", now=till.now)
    with pytest.raises(AupkeepError, match="cannot be disputed"):
        charging.dispute(charged.id, "why", now=till.now)
    with pytest.raises(AupkeepError, match="another person must decide"):
        charging.uphold(charged.id, "ann", "it stands", now=till.now)
    with pytest.raises(AupkeepError, match="a reason is needed"):
        charging.uphold(charged.id, "bob", " ", now=till.now)
    charging.uphold(charged.id, "bob", "it stands", now=till.now)
    assert accounts() == {Account.OWED: 50000, Account.DISPUTED: 0, Account.EARNED: -50000}


def test_one_operator_decides_alone_and_it_is_marked(till: Till) -> None:
    charged = fee()
    till.work()
    charging.dispute(charged.id, "why", now=till.now)
    charging.uphold(charged.id, "ann", "it stands", now=till.now, alone=True)
    assert kinds(charged)[-1] is Kind.UPHELD


def test_the_cap_holds_where_two_people_agreed_at_once(till: Till) -> None:
    """Both were below the cap when they were proposed."""
    first, second = fee(1, amount=150000), fee(2, amount=100000)
    till.work()
    assert state_of(first) is State.ANNOUNCED
    assert state_of(second) is State.FAILED
    assert accounts()[Account.OWED] == 150000
    assert any("cap is 2000.00 SAR" in one.text for one in alarms.alarms())


def test_what_was_never_charged_is_credited_by_nothing(till: Till) -> None:
    stopped = fee(amount=0)
    till.work()
    assert state_of(stopped) is State.FAILED
    approving.lift(stopped.id, "bob", "a mistake", release=False, now=till.now)
    till.work()
    assert state_of(stopped) is State.LIFTED
    assert kinds(stopped) == []


def whole_life(till: Till, at: int) -> tuple[Sanction, int]:
    """Charge a fee and credit it, the process dying at one point; return it and the points."""
    till.billing = FakePower(measure="fee", fate=till.fate)
    charged = fee()
    first = till.fate.passed
    till.fate.at = first + at if at >= 0 else -1
    for act in ("charge", "credit"):
        if act == "credit":
            approving.lift(charged.id, "bob", "a mistake", release=False, now=till.now)
        with suppress(DiedError):
            till.work()
        till.fate.at = -1
        till.later(HOUR)
        till.fate.at = first + at if at >= 0 and till.fate.passed <= first + at else -1
    assert state_of(charged) is State.LIFTED
    assert kinds(charged) == [Kind.CHARGED, Kind.CREDITED]
    assert (till.billing.done["applied"], till.billing.done["undone"]) == (1, 1)
    assert set(accounts().values()) == {0}
    assert len(till.letters()) == 2
    return charged, till.fate.passed - first


@pytest.mark.slow
def test_a_hand_that_dies_anywhere_charges_and_credits_once(founded: Path, tmp_path: Path) -> None:
    points = 1
    for till in opened(founded, tmp_path / "whole"):
        points = whole_life(till, -1)[1]
    assert points > 20
    for point in range(points):
        for till in opened(founded, tmp_path / f"{point}"):
            whole_life(till, point)
