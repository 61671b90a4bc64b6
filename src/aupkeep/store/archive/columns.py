"""What a stored row has, which columns hold addresses, and where a file lies.

In: kinds, providers and days. Out: columns and names. A file's form is a number: a newer program
reads an older form, whose missing columns are null, and refuses a newer one by name.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, date, datetime
from urllib.parse import quote

import polars as pl

from aupkeep.base.clock import DAY
from aupkeep.events.schema import ATTRIBUTED, COMMON, KINDS, Schema

#: Form of the files that are written.
VERSION = 1
#: Under this key a file says its own form.
VERSION_KEY = "aupkeep.archive"

#: Folder of rows without a provider: `+` stands in no provider's folder.
NOBODY = "+none"
_LONGEST = 120
_EPOCH = date(1970, 1, 1)

_ADDRESSES = re.compile(
    r"(.+_)?ip|.+_host|login|(.+_)?user|sender|recipient|orig_recipient|reporter|exporter"
)


def stored(kind: str) -> Schema:
    """Return the columns of a stored row: `source` is its name, for numbers end with the engine."""
    return COMMON | {"source": pl.String()} | KINDS[kind] | ATTRIBUTED


def addresses(kind: str) -> list[str]:
    """Return the columns of `kind` that may hold an address of a machine or a mailbox."""
    listed = KINDS[kind].items()
    return [name for name, type_ in listed if type_ == pl.String and _ADDRESSES.fullmatch(name)]


def in_form(kind: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with exactly the stored columns; what an older form lacks is null."""
    there = rows.columns
    return rows.select(
        pl.col(name).cast(type_) if name in there else pl.lit(None, type_).alias(name)
        for name, type_ in stored(kind).items()
    )


def day_of(instant: int) -> int:
    """Return the number of the day of `instant`, which may lie before 1970."""
    return instant // DAY


def day_text(day: int) -> str:
    """Return a day as `2026-03-09`, or as its number where no calendar reaches."""
    try:
        return date.fromordinal(_EPOCH.toordinal() + day).isoformat()
    except (OverflowError, ValueError):
        return f"day{day}"


def day_start(text: str) -> int:
    """Return the first instant of a day such as `2026-03-09`; raises `ValueError`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def folder_of(provider: str, kind: str, day: int) -> str:
    """Return where the files of a provider, kind and day lie; no two providers share one."""
    if not provider:
        return f"{NOBODY}/{kind}/{day_text(day)}"
    # Upper case and the first dot are written out too: some file systems know no case, and all
    # of them `..`.
    plain = quote(provider, safe="")
    named = re.sub(r"(?<!%)(?<!%.)[A-Z]|^\.|_|~", lambda sign: f"%{ord(sign[0]):02X}", plain)
    if len(named) > _LONGEST:
        whole = hashlib.sha256(provider.encode()).hexdigest()[:32]
        named = f"{named[: _LONGEST - 33]}+{whole}"
    return f"{named}/{kind}/{day_text(day)}"
