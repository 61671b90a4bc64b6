"""XARF 4 reports (4.0 to 4.2): JSON alone, or as a part of a mail.

In: a letter. Out: one accusation a JSON object; what is right in a faulty one is kept, with a
warning. Older generations (X-ARF 0.1 to 3) are named and left to a person. Of a report about the
sexual abuse of children nothing is kept but time, reporter, reference and accused address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from aupkeep.base.clock import parse_instant
from aupkeep.signals.formats.accusation import (
    KINDS,
    MOST_ACCUSATIONS,
    OTHER,
    SEALED,
    Accusation,
    Found,
)
from aupkeep.signals.formats.accused import (
    Named,
    name_url,
    read_host,
    read_identifier,
    read_port,
    read_url,
)
from aupkeep.signals.formats.embedded_json import read_objects
from aupkeep.signals.formats.headers import clean, first, mail_address, message_id
from aupkeep.signals.formats.letter import Letter
from aupkeep.signals.formats.xarf_types import read_type

READER = "xarf4"
_CATEGORIES = frozenset(KINDS.values())
#: Categories whose URL is where the offence lies; elsewhere it may be a victim's or an advert.
_HOSTED = frozenset({"content", "copyright", "infrastructure", "vulnerability"})
#: How sure of a report without a fault, how much less for each fault, and the least.
_SURE, _PER_FAULT, _LEAST = 0.95, 0.2, 0.3


@dataclass(slots=True)
class _Tally:
    items: list[Accusation] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unread: int = 0
    sealed: bool = False


def read_xarf(letter: Letter) -> Found:
    """Return what the XARF objects in `letter` say."""
    tally = _Tally()
    writer = mail_address(first(letter.fields, "from"))
    for part in letter.parts:
        objects, cut = read_objects(part)
        for value in objects:
            _take(value, writer, tally)
        if cut and tally.items:
            tally.warnings.append("JSON is cut short or broken behind the last whole report")
    kept = tuple(dict.fromkeys(tally.items))
    return Found(
        items=kept[:MOST_ACCUSATIONS],
        warnings=_unquoted(tally) if tally.sealed else tuple(dict.fromkeys(tally.warnings)),
        unread=tally.unread + max(0, len(kept) - MOST_ACCUSATIONS),
        sealed=tally.sealed,
    )


def _unquoted(tally: _Tally) -> tuple[str, ...]:
    return ("a sealed report has faults; they are not quoted",) if tally.warnings else ()


def _take(value: object, writer: str | None, tally: _Tally) -> None:
    if not isinstance(value, Mapping):
        return
    former = _former_version(value)
    if former:
        tally.unread += 1
        tally.warnings.append(f"X-ARF version {former} is not read by this reader")
        tally.sealed = tally.sealed or _of_children(value)
    elif "xarf_version" in value or {"category", "type", "source_identifier"} <= value.keys():
        item, faults = _accusation(value, writer)
        tally.warnings += faults
        tally.sealed = tally.sealed or item.kind in SEALED
        if item.names_someone:
            tally.items.append(item)
        else:
            tally.unread += 1


def _former_version(value: Mapping[str, object]) -> str:
    """Return the version of an object of generation 1 to 3, or an empty text."""
    if "xarf_version" in value or not {"Report", "ReporterInfo"} & value.keys():
        return ""
    return clean(str(value.get("Version", "")), 10) or "unknown"


def _of_children(value: Mapping[str, object]) -> bool:
    report = value.get("Report")
    kind = report.get("ReportType") if isinstance(report, Mapping) else None
    return "child" in str(kind).lower()


def _accusation(value: Mapping[str, object], writer: str | None) -> tuple[Accusation, list[str]]:
    faults: list[str] = []
    category, kind = _kind(value, faults)
    named = _named(value, faults)
    page = _page(value, category)
    item = Accusation(
        kind=kind,
        category=KINDS.get(kind, category),
        reader=READER,
        ip=named.ip or (None if named.host else page.ip),
        port=_port(value, faults) or named.port,
        host=named.host or page.host,
        url=page.url or named.url,
        time=_time(value, faults),
        reporter=_reporter(value) or writer,
        reference=clean(_text(value, "report_id"), 256) or None,
        message_id=message_id(_text(value, "message_id")),
        confidence=round(max(_LEAST, _SURE - _PER_FAULT * len(faults)), 2),
    )
    if kind in SEALED:
        item = replace(item, ip=named.ip, host=named.host, url=None, message_id=None)
    return item, faults


def _kind(value: Mapping[str, object], faults: list[str]) -> tuple[str | None, str]:
    version = _text(value, "xarf_version")
    if not version.startswith("4"):
        faults.append(f"XARF version `{clean(version, 20)}` is not 4")
    said = (_text(value, "category") or _text(value, "class")).strip().lower()
    category = said if said in _CATEGORIES else None
    name = _text(value, "type")
    kind = read_type(name)
    if kind is None:
        faults.append(f"type `{clean(name, 40)}` is no type of XARF 4")
    elif category is None:
        faults.append("the category is missing or unknown")
    return category or KINDS.get(kind or OTHER), kind or OTHER


def _named(value: Mapping[str, object], faults: list[str]) -> Named:
    named = read_identifier(_text(value, "source_identifier"))
    if named == Named():
        faults.append("source_identifier is missing, or no address, host or URL")
    return named


def _port(value: Mapping[str, object], faults: list[str]) -> int | None:
    port = read_port(value.get("source_port"))
    if port is None and value.get("source_port") is not None:
        faults.append("source_port is no port")
    return port


def _page(value: Mapping[str, object], category: str | None) -> Named:
    """Return the accused page and its host, where the category is one of pages."""
    if category not in _HOSTED:
        return Named()
    url = read_url(_text(value, "infringing_url")) or read_url(_text(value, "url"))
    return name_url(url) if url else Named(host=read_host(_text(value, "domain")))


def _time(value: Mapping[str, object], faults: list[str]) -> int | None:
    text = clean(_text(value, "timestamp"), 60)
    try:
        return parse_instant(text)
    except (ValueError, OverflowError):
        faults.append(f"timestamp `{text}` is no time with a zone")
        return None


def _reporter(value: Mapping[str, object]) -> str | None:
    """Return the complaining party: its address, else its domain, else its name."""
    reporter = value.get("reporter")
    if not isinstance(reporter, Mapping):
        return None
    texts: Iterable[str] = (_text(reporter, name) for name in ("domain", "org"))
    return mail_address(_text(reporter, "contact")) or next(
        (clean(text, 200).lower() for text in texts if text.strip()), None
    )


def _text(value: Mapping[str, object], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""
