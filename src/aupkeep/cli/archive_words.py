"""Words that the commands of the archive share: options, and values that a person typed.

In: the words of options. Out: values. Raises `MisuseError` for a word that cannot be meant.
"""

from __future__ import annotations

import ipaddress
from typing import Annotated

import typer

from aupkeep.base.clock import DAY, format_instant, parse_instant
from aupkeep.base.errors import Fault, MisuseError, unknown_word
from aupkeep.events.schema import KINDS
from aupkeep.flow import tending
from aupkeep.flow.installation import Installation

Customer = Annotated[str, typer.Option(help="only events of this customer")]
Kind = Annotated[str, typer.Option(help="only events of this kind: mail, login, flow, report ...")]
Since = Annotated[
    str, typer.Option("--from", help="from this instant or day on, ISO 8601; a day is UTC's")
]
Until = Annotated[str, typer.Option(help="before this instant; a day is included")]
Address = Annotated[
    str, typer.Option(help="with this address of a machine or mailbox in any column")
]
Json = Annotated[bool, typer.Option("--json", help="one JSON object a line")]


def given_span(since: str, until: str) -> tuple[int | None, int | None]:
    """Return the instants of `--from` and `--until`, each None where it is not said."""
    first, end = _instant(since, "--from"), _instant(until, "--until")
    if first is not None and end is not None and end <= first:
        what = "there is no time between `--from` and `--until`"
        raise MisuseError(Fault(code="no-time", what=what))
    return first, end


def _instant(word: str, option: str) -> int | None:
    """Return the instant of ISO 8601 text, or of a day's beginning; `--until` a day is its end."""
    if not word:
        return None
    day = word.count("-") > 1 and len(word) == len("2026-03-09")
    try:
        at = parse_instant(f"{word}T00:00:00Z" if day else word)
    except (ValueError, OverflowError):
        raise MisuseError(
            Fault(
                code="wrong-value",
                what=f"`{option}`: `{word}` is no instant",
                hint="a day such as 2026-03-09, or an instant with its zone such as "
                "2026-03-09T22:00:00Z, is wanted",
            )
        ) from None
    return at + DAY if day and option == "--until" else at


def given_kind(word: str) -> str:
    """Return a kind of event, or nothing."""
    if word and word not in KINDS:
        raise MisuseError(unknown_word(word, tuple(KINDS), what="a kind of event", place=None))
    return word


def given_address(word: str) -> str:
    """Return an address in the form in which rows have it."""
    try:
        return str(ipaddress.ip_address(word))
    except ValueError:
        return word.strip().lower()


def chosen_provider(word: str, installation: Installation) -> str:
    """Return the provider that is meant: the only one, or the one that was named."""
    known = tending.providers(installation)
    if not word and len(known) == 1:
        return known[0]
    if not word:
        raise MisuseError(
            Fault(
                code="which-provider",
                what="`--provider` is needed: this installation keeps several policies",
                allowed=known,
            )
        )
    if word not in known:
        raise MisuseError(
            unknown_word(word, known, what="a provider of this installation", place=None)
        )
    return word


def instant_text(at: int | None) -> str | None:
    """Return an instant as ISO 8601, or in microseconds where no calendar reaches."""
    if at is None:
        return None
    try:
        return format_instant(at)
    except OverflowError:
        return str(at)
