"""Who held what, from when to when.

In: a holdings CSV. Out: `Holding` values in canonical spelling, or every fault of the file at once.
Intervals are half-open: a holding that ends at an instant no longer holds at that instant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aupkeep.attribution import cells
from aupkeep.attribution.table import Row, read_table, write_table
from aupkeep.attribution.values import canonical_value
from aupkeep.base.clock import format_instant
from aupkeep.base.errors import AupkeepError, Fault, unknown_word

KINDS = ("ip", "prefix", "domain", "mailbox", "login", "user", "path")

COLUMNS = (
    "provider",
    "kind",
    "value",
    "port_from",
    "port_to",
    "customer",
    "service",
    "plan",
    "from",
    "to",
    "source",
    "recorded_at",
)


_OVERLAP_HINT = "end one of them, or say what is shared by ports, domains, logins or users instead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One thing in one customer's hands for one stretch of time; instants in microseconds UTC."""

    provider: str
    #: One of `KINDS`.
    kind: str
    #: Canonical spelling (`values.canonical_value`). A `user` may be `UID@HOST`.
    value: str
    #: First and last port of a shared address (kind `ip`); None = all of it.
    port_from: int | None = None
    port_to: int | None = None
    customer: str
    #: Empty where no service or plan is stated.
    service: str = ""
    plan: str = ""
    since: int
    #: First instant at which it is no longer held; None = still held.
    until: int | None = None
    #: Which list it came from.
    source: str = ""
    #: When the books learnt of it.
    recorded_at: int


def read_holdings(text: str, *, file: str) -> tuple[Holding, ...]:
    """Return the holdings in CSV `text`, in the order of its lines.

    Args:
        text: CSV whose first line names exactly `COLUMNS`, in any order. Times are ISO 8601 with a
            zone; an empty `to` means still held, an empty `recorded_at` means when it began.
        file: what to call it in messages.

    Raises:
        AupkeepError: with every fault: wrong form, bad values, and two customers who hold the
            same value of one provider (or overlapping ports of one address) at one time.
    """
    table = read_table(text, file=file, columns=COLUMNS)
    faults = list(table.faults)
    read: list[tuple[Holding, Row]] = []
    for row in table.rows:
        known = len(faults)
        holding = _read_row(row, faults)
        if len(faults) == known:
            read.append((holding, row))
    faults += _overlaps(read)
    if faults:
        raise AupkeepError(faults)
    return tuple(holding for holding, _ in read)


def write_holdings(holdings: Iterable[Holding]) -> str:
    """Return CSV text from which `read_holdings` gives the same holdings."""
    return write_table(COLUMNS, [_texts(holding) for holding in holdings])


def _texts(holding: Holding) -> Sequence[str]:
    ports = (holding.port_from, holding.port_to)
    return (
        holding.provider,
        holding.kind,
        holding.value,
        *("" if port is None else str(port) for port in ports),
        holding.customer,
        holding.service,
        holding.plan,
        format_instant(holding.since),
        "" if holding.until is None else format_instant(holding.until),
        holding.source,
        format_instant(holding.recorded_at),
    )


def _read_row(row: Row, faults: list[Fault]) -> Holding:
    since, until, recorded = cells.span(row, faults)
    kind, value = _held(row, faults)
    port_from, port_to = _ports(row, kind, faults)
    return Holding(
        provider=cells.required(row, "provider", faults),
        kind=kind,
        value=value,
        port_from=port_from,
        port_to=port_to,
        customer=cells.required(row, "customer", faults),
        service=row.texts["service"],
        plan=row.texts["plan"],
        since=since,
        until=until,
        source=row.texts["source"],
        recorded_at=recorded,
    )


def _held(row: Row, faults: list[Fault]) -> tuple[str, str]:
    kind = row.texts["kind"].lower()
    text = cells.required(row, "value", faults)
    if kind not in KINDS:
        what = "a kind of holding"
        faults.append(unknown_word(kind, KINDS, what=what, place=row.place("kind")))
    elif text:
        try:
            return kind, canonical_value(kind, text)
        except ValueError as wrong:
            faults.append(row.fault("value", "bad-value", str(wrong)))
    return kind, text


def _ports(row: Row, kind: str, faults: list[Fault]) -> tuple[int | None, int | None]:
    first, last = (cells.port(row, name, faults) for name in ("port_from", "port_to"))
    stated = [name for name in ("port_from", "port_to") if row.texts[name]]
    if stated and kind != "ip":
        faults.append(row.fault(stated[0], "bad-port", f"a `{kind}` has no ports, only an `ip`"))
    elif len(stated) == 1:
        what = f"`{stated[0]}` without the other end of the range"
        faults.append(row.fault(stated[0], "bad-port", what))
    elif first is not None and last is not None and last < first:
        what = f"ports end at {last}, before they begin at {first}"
        faults.append(row.fault("port_to", "bad-port", what))
    return first, last


def _overlaps(read: Sequence[tuple[Holding, Row]]) -> Iterable[Fault]:
    """Yield a fault for each row that another customer's earlier row already covers in part."""
    same: dict[tuple[str, str, str], list[tuple[Holding, Row]]] = defaultdict(list)
    for holding, row in read:
        same[holding.provider, holding.kind, holding.value].append((holding, row))
    for group in same.values():
        if len({holding.customer for holding, _ in group}) > 1:
            yield from _conflicts(sorted(group, key=lambda pair: pair[0].since))


def _conflicts(group: Sequence[tuple[Holding, Row]]) -> Iterable[Fault]:
    standing: list[tuple[Holding, Row]] = []
    for holding, row in group:
        standing = [
            pair for pair in standing if pair[0].until is None or pair[0].until > holding.since
        ]
        for other, earlier in standing:
            if other.customer != holding.customer and _same_ports(other, holding):
                what = (
                    f"{holding.kind} `{holding.value}` is held by `{holding.customer}` (line "
                    f"{row.number}) and by `{other.customer}` (line {earlier.number}) at one time"
                )
                yield row.fault("value", "overlap", what, _OVERLAP_HINT)
                break
        standing.append((holding, row))


def _same_ports(one: Holding, other: Holding) -> bool:
    """Tell whether two holdings of an address are rivals.

    The whole address and a range of its ports are not: the range is the narrower one and decides.
    """
    if one.port_from is None or one.port_to is None:
        return other.port_from is None
    if other.port_from is None or other.port_to is None:
        return False
    return one.port_from <= other.port_to and other.port_from <= one.port_to
