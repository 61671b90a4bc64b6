"""The events of the day: a Pareto few of five thousand customers make most of them.

In: how many, and a seed. Out: one mapping an event, in order of time (`ts`, milliseconds). A field
is there only on its own kind of event. The order of the draws is the contract: the known hits of
the rules rest on it, so that no draw may be added, moved or left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

Value = str | int | float | bool
Event = dict[str, Value]

SEED = 7
START = 1_760_000_000_000
_CUSTOMERS = 5000
#: Most milliseconds between two events.
_STEP = 172

_PLANS = ("free", "trial", "shared", "vps", "dedicated")
_COUNTRIES = ("US", "DE", "FR", "BR", "IN", "NL", "GB", "VN")
#: Of a hundred events so many are of each kind.
SHARES = {"mail": 35, "flow": 40, "proc": 10, "file": 6, "login": 8, "report": 1}

_SENDERS = (
    *("example.org", "shop.example", "paypal.com", "acme.test"),
    *("news.example", "microsoft.com", "mail.example"),
)
_SUBJECTS = (
    *("Your invoice", "Weekly newsletter", "Hello friend", "URGENT: verify your account now"),
    *("Order shipped", "Account suspended - reset password", "Meeting notes", "50% off today"),
)
_OUTCOMES = {"delivered": 88, "bounce": 8, "deferred": 4}
_FROM_PORTS = (53, 123, 40000, 50111, 1900, 55555)
_TO_PORTS = (25, 80, 443, 443, 443, 443, 53, 22, 23, 3389, 445, 3333, 8080, 123)
#: A program, and how it is usually called.
_PROGRAMS = (
    ("/usr/sbin/apache2", "php-fpm: pool www"),
    ("/usr/bin/php-fpm8.2", "python3 app.py --port 8000"),
    ("/usr/bin/python3", "./xmrig -o stratum+tcp://pool.example:3333"),
    ("/tmp/.x/xmrig", "node server.js"),  # noqa: S108  # a made-up miner's place
    ("/usr/bin/tor", "/usr/sbin/mysqld"),
    ("/usr/sbin/mysqld", "tor -f /etc/torrc"),
    ("/usr/bin/node", "bash -c backup.sh"),
)
_CALLS = tuple(call for _, call in _PROGRAMS)
_FILES = (
    "/home/u/public_html/index.php",
    "/home/u/public_html/paypal-secure/login.php",
    "/home/u/www/video/film.mkv",
    "/home/u/www/img/a.jpg",
    "/home/u/dl/distro.iso",
    "/home/u/www/wp-content/plugins/x/x.php",
    "/home/u/www/office365/signin.php",
)


class Customers:
    """Who the customers are: age of the account in days, plan and country of each."""

    def __init__(self, roll: Random) -> None:
        self.ages = [round(roll.expovariate(1 / 300), 3) for _ in range(_CUSTOMERS)]
        self.plans = [roll.choice(_PLANS) for _ in range(_CUSTOMERS)]
        self.countries = [roll.choice(_COUNTRIES) for _ in range(_CUSTOMERS)]


def hosting_events(count: int, seed: int = SEED) -> Iterator[Event]:
    """Yield `count` events."""
    roll = Random(seed)  # noqa: S311  # made-up data needs no secret
    customers = Customers(roll)
    kinds = [kind for kind, share in SHARES.items() for _ in range(share)]
    now = START
    for number in range(count):
        now += roll.randint(0, _STEP)
        kind = roll.choice(kinds)
        customer = int(roll.paretovariate(1.2) * 10) % _CUSTOMERS
        country = customers.countries[customer]
        yield {
            "id": number,
            "ts": now,
            "kind": kind,
            "customer_id": customer,
            "service_id": customer * 3 + roll.randint(0, 2),
            "plan": customers.plans[customer],
            "account_age_days": customers.ages[customer],
            "country": country,
            **_FURTHER[kind](roll, customer, country),
        }


def _mail(roll: Random, customer: int, _country: str) -> Event:
    return {
        "mail_from": f"user{customer}@{roll.choice(_SENDERS)}",
        "rcpt_count": int(roll.paretovariate(1.1)),
        "subject": roll.choice(_SUBJECTS),
        "size": roll.randint(500, 200_000),
        "result": roll.choices(list(_OUTCOMES), list(_OUTCOMES.values()))[0],
        "spam_score": round(roll.gauss(2, 3), 2),
    }


def _flow(roll: Random, customer: int, _country: str) -> Event:
    ranges = ((1, 223), (0, 255), (0, 255), (1, 254))
    return {
        "src_ip": f"203.0.113.{customer % 250}",
        "dst_ip": ".".join(str(roll.randint(low, high)) for low, high in ranges),
        "src_port": roll.choice(_FROM_PORTS),
        "dst_port": roll.choice(_TO_PORTS),
        "proto": roll.choice(("tcp", "tcp", "udp")),
        "bytes_out": int(roll.paretovariate(0.7) * 500),
        "pkts_out": int(roll.paretovariate(0.9)),
    }


def _proc(roll: Random, _customer: int, _country: str) -> Event:
    program, call = _PROGRAMS[roll.randrange(len(_PROGRAMS))]
    return {
        "exe": program,
        "cmdline": call if roll.random() < 0.7 else roll.choice(_CALLS),  # noqa: PLR2004
        "cpu_pct": round(roll.random() * 110, 1),
        "mem_mb": roll.randint(10, 8000),
    }


def _file(roll: Random, _customer: int, _country: str) -> Event:
    return {
        "path": roll.choice(_FILES),
        "file_size": int(roll.paretovariate(0.6) * 4000),
        "mime": roll.choice(("text/x-php", "image/jpeg", "video/x-matroska")),
        "yara": roll.choice(("", "", "", "php_webshell_generic", "packed")),
    }


def _login(roll: Random, customer: int, country: str) -> Event:
    return {
        "user": roll.choice(("root", "admin", f"u{customer}")),
        "login_result": roll.choice(("ok", "ok", "fail")),
        "login_country": roll.choice(_COUNTRIES) if roll.random() < 0.2 else country,  # noqa: PLR2004
    }


def _report(roll: Random, _customer: int, _country: str) -> Event:
    return {
        "report_type": roll.choice(("spam", "phishing", "malware", "copyright")),
        "trusted": roll.random() < 0.4,  # noqa: PLR2004
    }


_FURTHER: dict[str, Callable[[Random, int, str], Event]] = {
    "mail": _mail,
    "flow": _flow,
    "proc": _proc,
    "file": _file,
    "login": _login,
    "report": _report,
}
