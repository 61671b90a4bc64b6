"""Where a signal came from and how far that place can be trusted.

In: settings or the command line. Out: `Source`, carried by every row through its index.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file, journal unit, socket or mailbox that is read in one format."""

    #: What a person calls it: a path, a unit, an address.
    name: str
    #: A key of `signals.formats.FORMATS`.
    format: str
    #: The brand whose machines wrote it; a row's provider is its holding's, else this.
    provider: str
    #: Local file, TLS or allow-listed exporter: rows of it can reach the tier `fact`.
    authenticated: bool = True
    #: Time zone for lines that state none (IANA name or `UTC`).
    zone: str = "UTC"
    #: Year of the first line that states none; 0 = the latest that is not in the future.
    year: int = 0
    #: Address of the exporter for bare NetFlow datagrams.
    exporter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """A router whose flow records are taken."""

    address: str
    provider: str
    #: On the allow list of a management network: its datagrams count as authenticated.
    authenticated: bool = False
    #: Source addresses behind it cannot be forged (BCP 38 is enforced there).
    guarded: bool = False
    #: One packet in so many is seen; 0 = read it from the datagrams, unknown if they say nothing.
    sampling: int = 0
