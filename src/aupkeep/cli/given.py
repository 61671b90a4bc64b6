"""Values that a person typed, and small files that a person named.

In: the words of options and paths. Out: the same words in one form, and texts. Raises `MisuseError`
(exit code 2) for a word that cannot be meant, `AupkeepError` (3) for a file that cannot be read.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from zoneinfo import available_timezones

from aupkeep.base.errors import AupkeepError, Fault, MisuseError, Place, near
from aupkeep.settings import EARLIEST_YEAR, LATEST_YEAR

_GZIP_MAGIC = b"\x1f\x8b"


def given_zone(word: str) -> str:
    """Return a name of the IANA time zone database as it is."""
    zones = available_timezones()
    if word not in zones:
        guess = near(word, sorted(zones))
        raise _misuse(
            f"`--timezone`: `{word}` is not a time zone",
            f"did you mean `{guess}`?" if guess else "a name such as Europe/Berlin is wanted",
        )
    return word


def given_year(year: int) -> int:
    """Return a calendar year, or 0 for none."""
    if year and not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise _misuse(
            f"`--year`: {year} is no year of a log",
            f"a year from {EARLIEST_YEAR} to {LATEST_YEAR} is wanted",
        )
    return year


def given_address(word: str) -> str:
    """Return an IP address in its one form; empty text stays."""
    if not word:
        return ""
    try:
        return str(ipaddress.ip_address(word))
    except ValueError:
        raise _misuse(
            f"`--exporter`: `{word}` is not an IP address", "an address such as 192.0.2.1 is wanted"
        ) from None


def given_network(word: str) -> str:
    """Return an IP prefix without host bits in its one form."""
    try:
        return str(ipaddress.ip_network(word))
    except ValueError:
        raise _misuse(f"`--network`: `{word}` is not a prefix", _meant_network(word)) from None


def read_text(path: Path) -> str:
    """Return the UTF-8 text of a file, without the mark that some programs begin it with."""
    try:
        data = path.read_bytes()
    except OSError as refused:
        why = (refused.strerror or str(refused)).lower()
        raise _unreadable(path, f"cannot be read: {why}") from None
    if data.startswith(_GZIP_MAGIC):
        raise _unreadable(path, "this is a gzip file, not text", "unpack it first, with `gunzip`")
    at = data.find(b"\x00")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        at = wrong.start if at < 0 else min(at, wrong.start)
    if at >= 0:
        raise _unreadable(path, f"this is not UTF-8 text (byte {at})")
    return text


def _meant_network(word: str) -> str:
    try:
        meant = ipaddress.ip_network(word, strict=False)
    except ValueError:
        return "a prefix such as 192.0.2.0/24 is wanted"
    return f"it has bits set behind the prefix: did you mean `{meant}`?"


def _misuse(what: str, hint: str) -> MisuseError:
    return MisuseError(Fault(code="wrong-value", what=what, hint=hint))


def _unreadable(path: Path, what: str, hint: str = "") -> AupkeepError:
    return AupkeepError(Fault(code="unreadable", what=what, place=Place(file=str(path)), hint=hint))
