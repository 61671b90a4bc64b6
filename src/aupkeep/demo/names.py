"""Made-up names of firms, people and the outside world, all below reserved domains.

In: dice. Out: text. Firms and people do not exist; the domains end in `.example` (RFC 2606) and
outside addresses come from shared and benchmarking space (RFC 6598, RFC 2544).
"""

from __future__ import annotations

from random import Random

from aupkeep.demo.dice import chance

_FIRST = {
    "jasmo": (
        "Cedar Copper Maple Prairie Granite Willow Harbor Summit Juniper Mesa Aspen Canyon "
        "Heron Lantern Saguaro Cobalt Orchard Pioneer Redwood Sable"
    ),
    "injazat": (
        "Noor Rimal Waha Sahab Durra Marjan Bayan Jisr Qamar Zafran Nakheel Anwar Barq Mizan "
        "Sidra Tariq Wadi Yasmin Najd Hilal"
    ),
}
_SECOND = {
    "jasmo": (
        "Dental Plumbing Books Bakery Realty Legal Cycles Garden Media Studio Logistics Fitness "
        "Roofing Imports Tutors Systems"
    ),
    "injazat": (
        "Trading Clinics Travel Foods Contracting Textiles Perfumes Academy Motors Furniture "
        "Tech Events Logistics Holdings Print Optics"
    ),
}
_PEOPLE = [
    "anna",
    "ben",
    "carla",
    "daniel",
    "eva",
    "farid",
    "grace",
    "hassan",
    "ines",
    "jonas",
    "khalid",
    "leila",
    "mona",
    "nadia",
    "omar",
    "paula",
    "rashid",
    "sara",
    "tom",
    "wafa",
]
_DESKS = ["office", "sales", "billing", "hello", "team", "support"]
_OUTSIDE_DOMAINS = [
    "bluepost",
    "northmail",
    "quickbox",
    "letterhouse",
    "mailgarden",
    "postwell",
    "openinbox",
    "skymail",
    "unipost",
    "cloudletter",
    "dailybox",
    "freemail",
    "greenpost",
    "homemail",
    "inkmail",
    "jetpost",
    "kitemail",
    "lakepost",
    "metrobox",
    "novamail",
    "oakpost",
    "pinebox",
    "riverletter",
    "stonepost",
    "tidemail",
]
_WORDS = [
    "anchor",
    "basil",
    "comet",
    "delta",
    "ember",
    "falcon",
    "garnet",
    "hazel",
    "indigo",
    "jasper",
    "karma",
    "lotus",
    "mango",
    "nectar",
    "olive",
    "pepper",
    "quartz",
    "raven",
    "saffron",
    "tulip",
    "umber",
    "violet",
    "walnut",
    "xenon",
    "yarrow",
    "zephyr",
]

#: Domains that most mail goes to; the other recipients are at small firms of their own.
BIG_DOMAINS = tuple(f"{word}.example" for word in _OUTSIDE_DOMAINS)


def firms(roll: Random, provider: str, count: int) -> list[tuple[str, str]]:
    """Return `count` different (name, domain) pairs for customers of `provider`."""
    first, second = _FIRST[provider].split(), _SECOND[provider].split()
    pairs = [(a, b) for a in first for b in second]
    return [(f"{a} {b}", f"{a}{b}.example".lower()) for a, b in roll.sample(pairs, count)]


def people(roll: Random, count: int) -> list[str]:
    """Return `count` different names for the left side of a mail address."""
    return [*roll.sample(_PEOPLE, count - 1), roll.choice(_DESKS)]


def outside_mailbox(roll: Random) -> str:
    """Return a mail address somewhere in the outside world."""
    name = f"{roll.choice(_PEOPLE)}.{roll.choice(_WORDS)}{roll.randrange(100)}"
    if chance(roll, 0.7):
        return f"{name}@{roll.choice(BIG_DOMAINS)}"
    return f"{name}@{roll.choice(_WORDS)}-{roll.choice(_WORDS)}.example"


def outside_address(roll: Random) -> str:
    """Return an address that is neither provider's."""
    return f"100.{roll.randrange(64, 128)}.{roll.randrange(256)}.{roll.randrange(1, 255)}"


def mail_exchanger(domain: str) -> tuple[str, str]:
    """Return host name and address of the exchanger of `domain`, always the same."""
    sums = [sum(ord(c) * (place + salt) for place, c in enumerate(domain)) for salt in (1, 7, 29)]
    return f"mx.{domain}", f"198.19.{sums[1] % 256}.{1 + sums[2] % 254}"
