"""The whole fortnight of both providers: every file, and how to read it.

In: a seed and the instant at which the fortnight ends. Out: a `Fortnight`; `write` puts it into a
folder. Equal arguments give equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from aupkeep.base.clock import DAY, format_instant, to_datetime
from aupkeep.demo.authlog import auth_log
from aupkeep.demo.brand import BRANDS, JASMO, Brand
from aupkeep.demo.bulk import bulk_holdings, write_mail_log
from aupkeep.demo.cast import Customer, make_cast
from aupkeep.demo.complaints import complaints
from aupkeep.demo.flowlog import FlowFile, flow_files
from aupkeep.demo.maillog import arrivals, mail_log
from aupkeep.demo.plot import Role, make_plot
from aupkeep.demo.registers import holdings_csv, profiles_csv
from aupkeep.demo.rhythm import Span
from aupkeep.demo.senders import sendings
from aupkeep.demo.sending import Sending
from aupkeep.demo.stored import gzip_stored
from aupkeep.demo.syslog import Line, render
from aupkeep.demo.truth import truth_jsonl

LENGTH = 14 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFile:
    """How one file is to be read."""

    path: str
    #: postfix, sshd, netflow5 or report.
    format: str
    provider: str
    #: Zone of lines that state none.
    zone: str = "UTC"
    #: Local year of the first line, for lines that state none; 0 where they do.
    year: int = 0
    #: Exporter of bare datagrams.
    exporter: str = ""
    #: Nobody can have put it there but the provider's own systems.
    authenticated: bool = True
    #: When a report arrived (ISO 8601); empty for other files.
    received: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawExporter:
    """An exporter that a provider knows; datagrams of others are not to be believed."""

    address: str
    provider: str
    authenticated: bool
    guarded: bool
    sampling: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Fortnight:
    """Two weeks of two providers: the bytes, how to read them, and what is true."""

    seed: int
    start: int
    end: int
    #: Path below the folder -> bytes, truth and registers included.
    files: Mapping[str, bytes]
    sources: tuple[RawFile, ...]
    exporters: tuple[RawExporter, ...]
    customers: tuple[Customer, ...]
    roles: tuple[Role, ...]
    #: What was meant to be sent, before any log line was written.
    sendings: tuple[Sending, ...]
    #: Least lines of the extra mail log that `write` adds as `bench/mail.log`; 0 = none.
    mail_lines: int = 0


def make(seed: int, end: int, *, mail_lines: int = 0) -> Fortnight:
    """Return the fortnight of `seed` that ends at `end` (microseconds UTC).

    Args:
        seed: Another seed gives other customers, offenders, counts and times.
        end: Nothing happens at or after this instant, nor before `end` less 14 days.
        mail_lines: Least lines of an extra mail log for measuring; `write` streams it.
    """
    span = Span(start=end - LENGTH, end=end)
    casts = {brand.name: make_cast(seed, brand, span) for brand in BRANDS}
    plots = {brand.name: make_plot(seed, brand, span, casts[brand.name]) for brand in BRANDS}
    files: dict[str, bytes] = {}
    sources: list[RawFile] = []
    sent: list[Sending] = []
    for brand in BRANDS:
        going = sendings(seed, brand, span, plots[brand.name])
        coming = arrivals(seed, brand, span, casts[brand.name])
        sent += going
        mail = mail_log(seed, brand, span, going, coming)
        _add_logs(files, sources, brand, span, mail)
        logins = auth_log(seed, brand, span, plots[brand.name])
        _add(files, sources, _log(brand, "auth.log", "sshd", logins), render(logins, brand))
        _add_reports(files, sources, seed, brand, span, plots[brand.name])
    flows = flow_files(seed, span, plots)
    for flow in flows:
        _add(files, sources, _flow_source(flow), flow.data)
    everybody = tuple(customer for cast in casts.values() for customer in cast)
    roles = tuple(role for plot in plots.values() for role in plot)
    exporters = tuple(_exporter(flow) for flow in flows if flow.known)
    files["holdings.csv"] = holdings_csv(everybody).encode()
    files["profiles.csv"] = profiles_csv(everybody).encode()
    files["truth.jsonl"] = truth_jsonl(roles).encode()
    files["sources.json"] = _directory(seed, span, sources, exporters)
    return Fortnight(
        seed=seed,
        start=span.start,
        end=end,
        files=files,
        sources=tuple(sources),
        exporters=exporters,
        customers=everybody,
        roles=roles,
        sendings=tuple(sent),
        mail_lines=mail_lines,
    )


def _add(files: dict[str, bytes], sources: list[RawFile], source: RawFile, data: bytes) -> None:
    files[source.path] = data
    sources.append(source)


def _log(brand: Brand, name: str, kind: str, lines: Sequence[Line]) -> RawFile:
    year = 0 if brand.iso_time else to_datetime(lines[0][0] + brand.offset).year
    path = f"{brand.name}/{name}"
    return RawFile(path=path, format=kind, provider=brand.name, zone=brand.zone, year=year)


def _add_logs(
    files: dict[str, bytes], sources: list[RawFile], brand: Brand, span: Span, mail: list[Line]
) -> None:
    """Add the mail log: rotated twice in one brand, the oldest part packed."""
    for name, part in _rotated(brand, span, mail):
        data = render(part, brand)
        data = gzip_stored(data) if name.endswith(".gz") else data
        _add(files, sources, _log(brand, name, "postfix", part), data)


def _rotated(brand: Brand, span: Span, mail: list[Line]) -> Iterator[tuple[str, list[Line]]]:
    if brand is not JASMO:
        yield "mail.log", mail
        return
    first, second = span.start + 5 * DAY, span.start + 10 * DAY
    yield "mail.log.2.gz", [line for line in mail if line[0] < first]
    yield "mail.log.1", [line for line in mail if first <= line[0] < second]
    yield "mail.log", [line for line in mail if line[0] >= second]


def _add_reports(  # one file a complaint
    files: dict[str, bytes],
    sources: list[RawFile],
    seed: int,
    brand: Brand,
    span: Span,
    plot: Sequence[Role],
) -> None:
    for number, complaint in enumerate(complaints(seed, brand, span, plot), start=1):
        received = complaint.received
        day = to_datetime(received).strftime("%Y%m%d")
        source = RawFile(
            path=f"{brand.name}/reports/{day}-{number:03d}.{complaint.ending}",
            format="report",
            provider=brand.name,
            authenticated=False,
            received=format_instant(received),
        )
        _add(files, sources, source, complaint.data)


def _flow_source(flow: FlowFile) -> RawFile:
    return RawFile(
        path=flow.path,
        format="netflow5",
        provider=flow.provider,
        exporter=flow.exporter if flow.bare else "",
        authenticated=flow.known,
    )


def _exporter(flow: FlowFile) -> RawExporter:
    return RawExporter(
        address=flow.exporter, provider=flow.provider, authenticated=True, guarded=flow.guarded
    )


def _directory(
    seed: int, span: Span, sources: Sequence[RawFile], exporters: Sequence[RawExporter]
) -> bytes:
    """Return the directory of the folder as JSON."""
    providers = [
        {
            "name": brand.name,
            "zone": brand.zone,
            "networks": list(brand.networks),
            "infrastructure": [brand.infrastructure],
        }
        for brand in BRANDS
    ]
    directory = {
        "seed": seed,
        "start": format_instant(span.start),
        "end": format_instant(span.end),
        "providers": providers,
        "sources": [asdict(source) for source in sources],
        "exporters": [asdict(exporter) for exporter in exporters],
    }
    return (json.dumps(directory, indent=1) + "\n").encode()


def write(fortnight: Fortnight, folder: Path) -> None:
    """Write every file of the fortnight below `folder`, which is made where it is missing."""
    for path, data in fortnight.files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    if fortnight.mail_lines:
        bench = folder / "bench"
        bench.mkdir(parents=True, exist_ok=True)
        seed, end = fortnight.seed, fortnight.end
        write_mail_log(bench / "mail.log", fortnight.mail_lines, seed, end)
        (bench / "holdings.csv").write_text(bulk_holdings(seed, end), encoding="utf-8")
