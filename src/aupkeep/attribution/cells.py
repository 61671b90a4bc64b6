"""What the cells of the books mean: instants, required words, ports.

In: a `Row` and a column name. Out: the value, or a fault in the list that is handed in and a
stand-in, so that every fault of a file is found in one pass.
"""

from __future__ import annotations

from aupkeep.attribution.table import Row
from aupkeep.base.clock import parse_instant
from aupkeep.base.errors import Fault

_HIGHEST_PORT = 65_535


def required(row: Row, name: str, faults: list[Fault]) -> str:
    """Return the text of a cell that may not be empty."""
    text = row.texts[name]
    if not text:
        faults.append(row.fault(name, "missing-value", f"`{name}` is empty"))
    return text


def instant(row: Row, name: str, faults: list[Fault]) -> int | None:
    """Return the instant in a cell as microseconds UTC, or None where it is empty."""
    text = row.texts[name]
    if not text:
        return None
    try:
        return parse_instant(text)
    except ValueError as wrong:
        if "no time zone" in str(wrong):
            what, hint = f"`{text}` has no time zone", "add `Z` or an offset such as `+03:00`"
            faults.append(row.fault(name, "no-zone", what, hint))
        else:
            what = f"`{text}` is not an ISO 8601 time"
            faults.append(row.fault(name, "bad-time", what, "such as 2026-01-31T00:00:00Z"))
    except OverflowError:
        faults.append(row.fault(name, "bad-time", f"`{text}` is outside the years 1 to 9999"))
    return None


def span(row: Row, faults: list[Fault]) -> tuple[int, int | None, int]:
    """Return `from`, `to` (None = still so) and `recorded_at` of a row.

    An empty `recorded_at` means that it was recorded when it began.
    """
    required(row, "from", faults)
    since = instant(row, "from", faults)
    until = instant(row, "to", faults)
    recorded = instant(row, "recorded_at", faults)
    if since is not None and until is not None and until <= since:
        what = f"ends at `{row.texts['to']}`, not after it began"
        faults.append(row.fault("to", "ends-before-start", what, "`to` is the first instant after"))
    began = 0 if since is None else since
    return began, until, began if recorded is None else recorded


def port(row: Row, name: str, faults: list[Fault]) -> int | None:
    """Return the port in a cell, or None where it is empty."""
    text = row.texts[name]
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= _HIGHEST_PORT):
        faults.append(row.fault(name, "bad-port", f"`{text}` is not a port (0 to 65535)"))
        return None
    return int(text)
