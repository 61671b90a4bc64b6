"""Who sends what in the fortnight: offices, newsletters, shops, and the stolen logins.

In: the plot of a brand. Out: `Sending` values by time. Honest logins stay within the limit of
their plan in every hour, and their unknown recipients come at least `UNKNOWN_GAP` recipients
apart, so that no chance of the dice makes an honest customer look like an offender.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from aupkeep.base.clock import DAY, HOUR, MINUTE
from aupkeep.demo.brand import Brand
from aupkeep.demo.cast import PLAN_LIMITS, Customer
from aupkeep.demo.dice import chance, dice
from aupkeep.demo.names import outside_address, outside_mailbox
from aupkeep.demo.plot import Role
from aupkeep.demo.rhythm import Span, office, paced
from aupkeep.demo.sending import Fate, Sending

#: Fewest recipients between two unknown ones of an honest login.
UNKNOWN_GAP = 55
_CHUNK = 50
#: Mails on a working day of one login: least and most, by plan.
_OFFICE_DAY = {"mail-basic": (4, 10), "mail-pro": (7, 16), "shared": (1, 4)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """A message somebody means to send: when, to how many."""

    at: int
    count: int
    size: int = 4_000


class _Luck:
    """What becomes of an honest sender's recipients, in the order of sending."""

    def __init__(self, roll: Random) -> None:
        self._roll = roll
        self._wait = UNKNOWN_GAP + roll.randrange(100)

    def fate(self) -> Fate:
        self._wait -= 1
        if self._wait <= 0:
            self._wait = UNKNOWN_GAP + self._roll.randrange(100)
            return "unknown"
        number = self._roll.random()
        for limit, fate in _USUAL:
            if number < limit:
                return fate
        return "sent"


_USUAL: tuple[tuple[float, Fate], ...] = (
    (0.0006, "expired"),
    (0.0010, "withdrawn"),
    (0.006, "deferred"),
    (0.03, "greylisted"),
)


def _within(limit: int, wishes: list[_Wish]) -> Iterator[_Wish]:
    """Yield the wishes that keep every hour at or below `limit` recipients."""
    recent: deque[_Wish] = deque()
    sent = 0
    for wish in sorted(wishes, key=lambda wish: wish.at):
        while recent and recent[0].at <= wish.at - HOUR:
            sent -= recent.popleft().count
        if sent + wish.count <= limit:
            sent += wish.count
            recent.append(wish)
            yield wish


def _contract(customer: Customer, span: Span) -> Span:
    """Return the part of the span in which the customer has a contract."""
    return Span(
        start=max(span.start, customer.opened), end=min(span.end, customer.closed or span.end)
    )


def _honest(
    roll: Random, brand: Brand, customer: Customer, login: str, wishes: list[_Wish]
) -> Iterator[Sending]:
    """Turn the wishes of one login, or of one site where `login` is empty, into messages."""
    luck = _Luck(roll)
    homes = [outside_address(roll), outside_address(roll)]
    bulk = customer.kind == "mail-bulk"
    host = brand.bulk_host if bulk else brand.mail_host if login else customer.web_host
    site = f"{customer.domain.removesuffix('.example')}@{host}.{brand.domain}"
    for wish in _within(PLAN_LIMITS[customer.plan], wishes):
        fates = tuple((outside_mailbox(roll), luck.fate()) for _ in range(wish.count))
        yield Sending(
            customer=customer.id,
            at=wish.at,
            host=host,
            sender=login or site,
            fates=fates,
            login=login,
            uid="" if login else customer.uid,
            client=homes[0] if chance(roll, 0.8) else homes[1],
            size=wish.size + roll.randrange(wish.size * 3),
            office=not bulk,
        )


def _office_wishes(roll: Random, brand: Brand, customer: Customer, span: Span) -> list[_Wish]:
    low, high = _OFFICE_DAY[customer.plan]
    per_day = low + (high - low) * roll.random()
    return [
        _Wish(at=at, count=1 if chance(roll, 0.8) else roll.randrange(2, 6))
        for at in office(roll, span, brand, per_day)
    ]


def _newsletter_wishes(roll: Random, span: Span) -> list[_Wish]:
    """Return a weekly mailing to 2,000 or more, in an hour or two, fifty recipients a message."""
    first = span.start + roll.randrange(6) * DAY + roll.randrange(12, 20) * HOUR
    size = roll.randrange(2_000, 4_500)
    return [
        _Wish(at=at, count=_CHUNK, size=18_000)
        for week in (first, first + 7 * DAY)
        for at in paced(roll, week, roll.randrange(60, 110) * MINUTE, -(-size // _CHUNK))
        if span.holds(at)
    ]


def _list_wishes(roll: Random, span: Span) -> list[_Wish]:
    """Return a weekly letter to the members of a small list, in one hour."""
    first = span.start + roll.randrange(6) * DAY + roll.randrange(14, 18) * HOUR
    return [
        _Wish(at=at, count=15, size=9_000)
        for week in (first, first + 7 * DAY)
        for at in paced(roll, week, 40 * MINUTE, 5)
        if span.holds(at)
    ]


def _honest_sendings(roll: Random, brand: Brand, span: Span, role: Role) -> Iterator[Sending]:
    customer = role.customer
    contract = _contract(customer, span)
    for place, login in enumerate(customer.logins):
        if customer.kind == "mail-bulk":
            wishes = _newsletter_wishes(roll, contract)
        else:
            wishes = _office_wishes(roll, brand, customer, contract)
        if role.label == "list" and place == 0:
            wishes += _list_wishes(roll, contract)
        yield from _honest(roll, brand, customer, login, wishes)
    if role.label == "shop":
        orders = office(roll, contract, brand, roll.randrange(8, 25))
        pairs = [_Wish(at=at + extra, count=1) for at in orders for extra in (0, 300_000)]
        yield from _honest(roll, brand, customer, "", pairs)


def _stolen(roll: Random, brand: Brand, role: Role, per_hour: int, chunk: int) -> Iterator[Sending]:
    """Yield what a thief sends with a login: many strangers, many of them long gone."""
    login = role.customer.logins[0]
    clients = [outside_address(roll) for _ in range(roll.randrange(3, 9))]
    unknown = 0.24 + 0.11 * roll.random()
    length = role.until - role.since
    count = per_hour * length // HOUR // chunk
    for at in paced(roll, role.since, length, count):
        fates: list[tuple[str, Fate]] = []
        for _ in range(chunk):
            number = roll.random()
            fate: Fate = "unknown" if number < unknown else "sent"
            if number > 0.98:  # noqa: PLR2004  a fiftieth is refused for what the mail says
                fate = "policy"
            fates.append((outside_mailbox(roll), fate))
        yield _crime(brand, role, login, at, tuple(fates), roll.choice(clients))


def _mailing(roll: Random, brand: Brand, role: Role) -> Iterator[Sending]:
    """Yield an honest text to 1,500 people from a plan that foresees thirty an hour."""
    luck, login = _Luck(roll), role.customer.logins[0]
    client = outside_address(roll)
    for at in paced(roll, role.since, role.until - role.since, 1_500 // 25):
        fates = tuple((outside_mailbox(roll), luck.fate()) for _ in range(25))
        yield _crime(brand, role, login, at, fates, client)


def _crime(  # each field of the message is a matter of its own
    brand: Brand,
    role: Role,
    login: str,
    at: int,
    fates: tuple[tuple[str, Fate], ...],
    client: str,
) -> Sending:
    return Sending(
        customer=role.customer.id,
        at=at,
        host=brand.mail_host,
        sender=login,
        fates=fates,
        login=login,
        client=client,
        size=6_500,
        honest=False,
    )


def sendings(seed: int, brand: Brand, span: Span, plot: list[Role]) -> list[Sending]:
    """Return everything that customers of `brand` send, by time."""
    found: list[Sending] = []
    quiet = span.inner(MINUTE, 5 * MINUTE)
    for role in plot:
        roll = dice(seed, brand.name, "mail", role.customer.id)
        found += _honest_sendings(roll, brand, quiet, role)
        if role.label == "fast_mail":
            found += _stolen(roll, brand, role, roll.randrange(170, 400), roll.randrange(6, 16))
        elif role.label == "slow_mail":
            found += _stolen(roll, brand, role, roll.randrange(50, 68), roll.randrange(3, 6))
        elif role.label == "surge":
            found += _mailing(roll, brand, role)
    return sorted(found, key=lambda sending: (sending.at, sending.sender))
