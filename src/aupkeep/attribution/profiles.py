"""What was true of a customer or a service, from when to when: plan, status, parent and so on.

In: a profiles CSV. Out: `Profile` values, or every fault of the file at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aupkeep.attribution import cells
from aupkeep.attribution.table import Row, read_table, write_table
from aupkeep.base.clock import format_instant
from aupkeep.base.errors import AupkeepError, Fault

COLUMNS = ("provider", "customer", "service", "name", "value", "from", "to", "recorded_at")

#: The profile name that attribution itself reads.
PLAN = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One statement about a customer or one service; instants in microseconds UTC."""

    provider: str
    customer: str
    #: Empty = true of the customer as a whole.
    service: str = ""
    #: Lower-case word, such as `plan`, `status`, `parent`, `country`, `language`.
    name: str
    value: str
    since: int
    #: First instant at which it is no longer true; None = still true.
    until: int | None = None
    #: When the books learnt of it; of two statements about one instant the later recorded holds.
    recorded_at: int


def read_profiles(text: str, *, file: str) -> tuple[Profile, ...]:
    """Return the profiles in CSV `text`, in the order of its lines.

    Args:
        text: CSV whose first line names exactly `COLUMNS`, in any order. Times are ISO 8601 with a
            zone; an empty `to` means still true, an empty `recorded_at` means when it began.
        file: what to call it in messages.

    Raises:
        AupkeepError: with every fault: wrong form, bad values, and two values of one name for one
            instant that were recorded at the same time, so that neither corrects the other.
    """
    table = read_table(text, file=file, columns=COLUMNS)
    faults = list(table.faults)
    read: list[tuple[Profile, Row]] = []
    for row in table.rows:
        known = len(faults)
        profile = _read_row(row, faults)
        if len(faults) == known:
            read.append((profile, row))
    faults += _contradictions(read)
    if faults:
        raise AupkeepError(faults)
    return tuple(profile for profile, _ in read)


def write_profiles(profiles: Iterable[Profile]) -> str:
    """Return CSV text from which `read_profiles` gives the same profiles."""
    return write_table(COLUMNS, [_texts(profile) for profile in profiles])


def _texts(profile: Profile) -> Sequence[str]:
    return (
        profile.provider,
        profile.customer,
        profile.service,
        profile.name,
        profile.value,
        format_instant(profile.since),
        "" if profile.until is None else format_instant(profile.until),
        format_instant(profile.recorded_at),
    )


def _read_row(row: Row, faults: list[Fault]) -> Profile:
    since, until, recorded = cells.span(row, faults)
    return Profile(
        provider=cells.required(row, "provider", faults),
        customer=cells.required(row, "customer", faults),
        service=row.texts["service"],
        name=cells.required(row, "name", faults).lower(),
        value=row.texts["value"],
        since=since,
        until=until,
        recorded_at=recorded,
    )


def _contradictions(read: Sequence[tuple[Profile, Row]]) -> Iterable[Fault]:
    same: dict[tuple[str, str, str, str, int], list[tuple[Profile, Row]]] = defaultdict(list)
    for profile, row in read:
        about = (profile.provider, profile.customer, profile.service, profile.name)
        same[*about, profile.recorded_at].append((profile, row))
    for group in same.values():
        if len(group) > 1:
            yield from _conflicts(sorted(group, key=lambda pair: pair[0].since))


def _conflicts(group: Sequence[tuple[Profile, Row]]) -> Iterable[Fault]:
    standing: list[tuple[Profile, Row]] = []
    for profile, row in group:
        standing = [
            pair for pair in standing if pair[0].until is None or pair[0].until > profile.since
        ]
        for other, earlier in standing:
            if other.value != profile.value:
                what = (
                    f"`{profile.name}` of `{profile.customer}` is `{profile.value}` (line "
                    f"{row.number}) and `{other.value}` (line {earlier.number}) at one time"
                )
                yield row.fault("value", "overlap", what)
                break
        standing.append((profile, row))
