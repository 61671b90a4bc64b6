"""The two made-up providers: where they are, what their machines are called, how they log.

In: nothing. Out: `JASMO` and `INJAZAT`. Both zones have one offset all year, so that local time
needs no time zone database.
"""

from __future__ import annotations

from dataclasses import dataclass

from aupkeep.base.clock import HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """One provider and its machines."""

    name: str
    #: Domain of its own host names.
    domain: str
    #: IANA zone of its machines, and that zone's distance from UTC in microseconds.
    zone: str
    offset: int
    #: Lines begin with RFC 3339 time; otherwise with month, day and time, without year and zone.
    iso_time: bool
    #: Postfix writes long queue ids; short ones are given out again after a while.
    long_ids: bool
    #: Mail of logins passes a content filter on the mail host.
    filtered: bool
    #: Days without office work, Monday = 0.
    weekend: tuple[int, int]
    country: str
    language: str
    #: Short names of the machines.
    mail_host: str
    bulk_host: str
    web_hosts: tuple[str, ...]
    gateway: str
    mail_address: str
    #: Prefix of customers' servers behind the exporter that vouches for their addresses, and of
    #: those behind the one that does not (empty: there is none).
    guarded: str
    unguarded: str
    #: Prefix of the provider's own machines.
    infrastructure: str
    #: First numeric system user of its web hosts, and first customer number.
    first_uid: int
    first_customer: int

    @property
    def networks(self) -> tuple[str, ...]:
        """Every prefix that is the provider's."""
        return tuple(p for p in (self.guarded, self.unguarded, self.infrastructure) if p)


JASMO = Brand(
    name="jasmo",
    domain="jasmo.example",
    zone="America/Phoenix",
    offset=-7 * HOUR,
    iso_time=True,
    long_ids=True,
    filtered=True,
    weekend=(5, 6),
    country="US",
    language="en",
    mail_host="mx1",
    bulk_host="relay1",
    web_hosts=("web1", "web2"),
    gateway="gw1",
    mail_address="192.0.2.10",
    guarded="198.51.100.0/24",
    unguarded="198.18.16.0/24",
    infrastructure="192.0.2.0/26",
    first_uid=1001,
    first_customer=4001,
)

INJAZAT = Brand(
    name="injazat",
    domain="injazat.example",
    zone="Asia/Riyadh",
    offset=3 * HOUR,
    iso_time=False,
    long_ids=False,
    filtered=False,
    weekend=(4, 5),
    country="SA",
    language="ar",
    mail_host="mail1",
    bulk_host="mail1",
    web_hosts=("host1", "host2"),
    gateway="bastion",
    mail_address="192.0.2.130",
    guarded="203.0.113.0/24",
    unguarded="",
    infrastructure="192.0.2.128/26",
    first_uid=2001,
    first_customer=7001,
)

BRANDS = (JASMO, INJAZAT)
