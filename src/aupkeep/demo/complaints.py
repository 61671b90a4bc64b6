"""Who complains about whom: the abuse mailbox and the report files of both brands.

In: the plot of a brand. Out: `Complaint` values by receipt. Deeds that logs or flows show are not
complained about here, so that each offender is noticed in one way; besides the true complaints
there are some about machines elsewhere, about the provider's own mail host, and an answering
machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from random import Random

from aupkeep.base.clock import DAY, HOUR, MINUTE
from aupkeep.demo.brand import JASMO, Brand
from aupkeep.demo.dice import chance, dice
from aupkeep.demo.documents import (
    copied_work,
    login_attack,
    malware,
    phishing,
    port_scan,
    unwanted,
    xarf,
)
from aupkeep.demo.letters import Envelope, arf_mail, plain, xarf_mail
from aupkeep.demo.names import outside_address
from aupkeep.demo.plot import Role
from aupkeep.demo.rhythm import Span, paced

_REPORTERS = (
    "reports@netwatch.example",
    "takedown@brandguard.example",
    "abuse@honeyfield.example",
    "notices@rightsdesk.example",
    "fbl@bluepost.example",
    "complaints@unipost.example",
)
_PATHS = ("/login/verify.html", "/files/setup.zip", "/media/film.mp4", "/wp-content/uploads/a.php")


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One file in the abuse mailbox."""

    provider: str
    #: `eml` or `json`.
    ending: str
    received: int
    data: bytes


class _Desk:
    """Writes complaints to one brand."""

    def __init__(self, seed: int, brand: Brand) -> None:
        self.brand = brand
        self.roll: Random = dice(seed, brand.name, "complaints")

    def letter(self, subject: str, received: int) -> Envelope:
        reporter = self.roll.choice(_REPORTERS)
        return Envelope(brand=self.brand, reporter=reporter, subject=subject, received=received)

    def file(self, ending: str, received: int, data: bytes) -> Complaint:
        brand = self.brand
        if ending == "eml" and brand is not JASMO:
            data = data.replace(b"\n", b"\r\n")
        return Complaint(provider=brand.name, ending=ending, received=received, data=data)

    def report(  # what XARF asks for
        self, kind: str, source: str, acted: int, received: int, more: dict[str, object]
    ) -> Complaint:
        """Return an XARF 4 mail in one of its two forms."""
        letter = self.letter(f"Abuse report: {kind.replace('_', ' ')} from {source}", received)
        document = xarf(self.roll, kind, source, acted, letter.reporter, more)
        said = f"Dear team,\n\nplease see the attached report about {source}.\n\nCafé Netwatch\n"
        coded = chance(self.roll, 0.6)
        mail = xarf_mail(self.roll, letter, said, document, coded=coded)
        return self.file("eml", received, mail)

    def bare(
        self, kind: str, source: str, acted: int, received: int, more: dict[str, object]
    ) -> Complaint:
        """Return an XARF 4 document without a mail around it."""
        document = xarf(self.roll, kind, source, acted, self.roll.choice(_REPORTERS), more)
        return self.file("json", received, document.encode())

    def feedback(self, source: str, sender: str, acted: int, login: str = "") -> Complaint:
        """Return an ARF complaint, some minutes after the message came."""
        received = acted + self.roll.randrange(2, 50) * MINUTE
        original = unwanted(self.roll, self.brand, source, sender, acted, login)
        letter = self.letter(f"Complaint about message from {source}", received)
        return self.file("eml", received, arf_mail(self.roll, letter, source, acted, original))

    def shared_address(self) -> str:
        """Return the address of a web host that many sites share."""
        network = ip_network(self.brand.infrastructure)
        return str(network[self.roll.randrange(20, 22)])


def _page(
    desk: _Desk, role: Role, kind: str, more: Callable[[str], dict[str, object]]
) -> Iterator[Complaint]:
    """Yield two complaints about a page: by the shared address, and by the domain."""
    customer, roll = role.customer, desk.roll
    url = f"http://{roll.choice(('', 'www.'))}{customer.domain}{roll.choice(_PATHS)}"
    first = role.since + roll.randrange(1, 3) * HOUR
    yield desk.report(kind, desk.shared_address(), role.since, first, more(url))
    second = first + roll.randrange(1, 6) * HOUR
    write = desk.bare if chance(roll, 0.4) else desk.report
    yield write(kind, customer.domain, role.since + 9 * MINUTE, second, more(url))


def _phishing(desk: _Desk, role: Role) -> Iterator[Complaint]:
    return _page(desk, role, "phishing", phishing)


def _malware(desk: _Desk, role: Role) -> Iterator[Complaint]:
    return _page(desk, role, "malware", lambda url: malware(desk.roll, url))


def _copyright(desk: _Desk, role: Role) -> Iterator[Complaint]:
    return _page(desk, role, "copyright", copied_work)


def _spam(desk: _Desk, role: Role) -> Iterator[Complaint]:
    """Yield complaints of recipients about mail that came straight from a server."""
    customer = role.customer
    count = desk.roll.randrange(3, 6)
    for acted in paced(desk.roll, role.since, role.until - role.since, count):
        yield desk.feedback(customer.address, f"offers@{customer.domain}", acted)


def _former_deed(desk: _Desk, role: Role) -> Iterator[Complaint]:
    """Yield a complaint that arrives when the address has another holder already."""
    handed = role.customer.closed or role.until
    received = handed + desk.roll.randrange(6, 12) * HOUR
    victim = outside_address(desk.roll)
    kind = "login_attack" if desk.brand is JASMO else "port_scan"
    more = login_attack(desk.roll, victim) if desk.brand is JASMO else port_scan(desk.roll, victim)
    yield desk.report(kind, role.customer.address, role.since, received, more)


_TOLD: dict[str, Callable[[_Desk, Role], Iterator[Complaint]]] = {
    "phishing": _phishing,
    "malware": _malware,
    "copyright": _copyright,
    "spam_complaints": _spam,
    "reassigned": _former_deed,
}


def _elsewhere(desk: _Desk, span: Span) -> Iterator[Complaint]:
    """Yield complaints that concern no customer."""
    roll = desk.roll
    for write in (desk.report, desk.bare):
        received = span.start + roll.randrange(1, 12) * DAY + roll.randrange(DAY)
        victim = desk.shared_address()
        source = outside_address(roll)
        yield write("port_scan", source, received - HOUR, received, port_scan(roll, victim))
    received = span.start + roll.randrange(1, 12) * DAY + roll.randrange(DAY)
    letter = desk.letter("Out of office", received)
    said = "I am away until Monday and will read your mail then.\n"
    answer = plain(roll, letter, said, extra="Auto-Submitted: auto-replied\n")
    yield desk.file("eml", received, answer)


def complaints(seed: int, brand: Brand, span: Span, plot: Sequence[Role]) -> list[Complaint]:
    """Return what reaches the abuse mailbox of `brand`, by receipt."""
    desk = _Desk(seed, brand)
    found = list(_elsewhere(desk, span))
    for role in plot:
        if role.label in _TOLD:
            found += _TOLD[role.label](desk, role)
        elif role.label == "fast_mail":
            login = role.customer.logins[0]
            found.append(desk.feedback(brand.mail_address, login, role.since + HOUR, login))
    return sorted(found, key=lambda complaint: (complaint.received, complaint.ending))
