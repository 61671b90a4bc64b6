"""What counts as a duration, an instant, a day, a zone, a name or a listed word.

In: a value from YAML. Out: the value a policy holds; `ValueError` with words a person can act on,
or `PydanticCustomError` where the allowed words can be listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from zoneinfo import ZoneInfo, available_timezones

from pydantic_core import PydanticCustomError

from aupkeep.base.clock import DAY, parse_duration, parse_instant, to_datetime
from aupkeep.policy.money import CURRENCIES

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_LONGEST_NAME = 64
_WEEK = 7
_LONGEST_LINE = 200
_LONGEST_DURATION = 36_525 * DAY
_MAIL = re.compile(r"[^\s@<>,;:/]+@[^\s@<>,;:/.]+(\.[^\s@<>,;:/.]+)+")
_URL = re.compile(r"https?://[^\s/?#@:.]+(\.[^\s/?#@:.]+)*(:[0-9]{1,5})?([/?#]\S*)?")


def duration(value: object) -> int:
    """Return the microseconds of a duration such as `24h`, of at most 100 years."""
    # Python refuses to read very many digits, and says so in its own words.
    if not isinstance(value, str) or len(value) > _LONGEST_NAME:
        raise _wrong("a duration such as 90s, 5m, 24h, 14d or 2w is wanted here")
    micros = parse_duration(value)
    if micros == 0:
        raise ValueError("a duration must be longer than nothing; leave the key out for none")
    if micros > _LONGEST_DURATION:
        raise ValueError(f"`{value}` is longer than 100 years")
    return micros


def instant(value: object) -> int:
    """Return the microseconds of an ISO 8601 instant that states its zone."""
    if not isinstance(value, str):
        raise _wrong("an instant such as 2026-11-01T00:00:00+01:00 is wanted here")
    try:
        micros = parse_instant(value)
        # A zone can push an instant out of the years 1 to 9999, in which it could not be shown.
        to_datetime(micros)
    except (ValueError, OverflowError) as error:
        if "time zone" in str(error):
            raise
        raise ValueError(f"`{value}` is not an instant such as 2026-11-01T00:00:00+01:00") from None
    return micros


def day(value: str) -> str:
    """Return an ISO 8601 calendar day as it is."""
    try:
        date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"`{value}` is not a day such as 2026-12-25") from None
    return value


def zone(value: str) -> str:
    """Return a name of the IANA database, which belongs to the interpreter as Unicode does."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        names = sorted(available_timezones())
        raise PydanticCustomError(
            "unknown_word", "{what}", {"word": value, "what": "a time zone", "near": names}
        ) from None
    return value


def currency(value: str) -> str:
    """Return a code of ISO 4217."""
    if value not in CURRENCIES:
        raise PydanticCustomError(
            "unknown_word",
            "{what}",
            {"word": value, "what": "a currency of ISO 4217", "near": sorted(CURRENCIES)},
        )
    return value


def line(value: str) -> str:
    """Return one line of text that begins and ends with a letter or sign."""
    if not value or value != value.strip() or len(value.splitlines()) != 1:
        raise ValueError("one line of text without blanks around it is wanted here")
    if len(value) > _LONGEST_LINE:
        raise ValueError(f"this is longer than {_LONGEST_LINE} characters")
    return value


def contact(value: str) -> str:
    """Return a mail address or a URL: where a customer can really turn to."""
    if not _MAIL.fullmatch(value) and not _URL.fullmatch(value):
        raise ValueError(
            f"`{value}` is neither a mail address such as abuse@example.net nor a URL such as "
            "https://example.net/abuse"
        )
    return value


def name(value: str) -> str:
    """Return an id: it becomes part of addresses, file names and records."""
    if not _NAME.fullmatch(value) or len(value) > _LONGEST_NAME:
        raise ValueError(
            f"`{value}` is not a name: small letters, digits, `-`, `_` and `.`, "
            f"at most {_LONGEST_NAME}"
        )
    return value


def once(values: list[str]) -> list[str]:
    """Return a list in which nothing is repeated."""
    for index, value in enumerate(values):
        if value in values[:index]:
            raise ValueError(f"`{value}` is listed twice")
    return values


def some_left(values: list[str]) -> list[str]:
    """Return a weekend that leaves a day of the week to work on."""
    if len(values) >= _WEEK:
        raise ValueError("a week needs a day that is not of the weekend")
    return values


def among(words: Sequence[str], what: str) -> Callable[[str], str]:
    """Return a check that a text is one of `words`; `what` names them, as in "a measure"."""
    allowed = list(words)

    def check(value: str) -> str:
        if value not in allowed:
            context = {"word": value, "what": what, "allowed": allowed, "near": allowed}
            raise PydanticCustomError("unknown_word", "{what}", context)
        return value

    return check


def _wrong(what: str) -> ValueError:
    """Pydantic gathers `ValueError` alone, so a wrong type is one too."""
    return ValueError(what)
