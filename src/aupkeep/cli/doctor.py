"""`aupkeep doctor`: what is read, what is not, whose rows they are, and the next step."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from aupkeep.attribution.holdings import Holding
from aupkeep.base.clock import format_instant
from aupkeep.base.errors import AupkeepError
from aupkeep.cli.faces import FINE, FOUND, now, plain_errors, say_json
from aupkeep.cli.place import Folder, opened
from aupkeep.cli.standing import (
    exception_lines,
    exceptions_now,
    order_lines,
    order_of_sources,
)
from aupkeep.cli.words import MOST_SAMPLES, shares_text
from aupkeep.detection.bundle import moment
from aupkeep.flow import tending
from aupkeep.flow.beating import overdue
from aupkeep.flow.health import Health
from aupkeep.flow.health import examine as health_of
from aupkeep.flow.installation import Installation
from aupkeep.flow.looking import trouble as why_unreadable
from aupkeep.flow.tally import Shares
from aupkeep.inlets.files.family import families
from aupkeep.store import evidence, ground, intake
from aupkeep.store.heartbeats import heartbeat
from aupkeep.store.states import read_state

app = typer.Typer(add_completion=False)


@app.command()
def doctor(
    *,
    folder: Folder = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """Say what is read, what could not be read, whose rows they are, and what to do next."""
    with plain_errors():
        installation = opened(folder)
        found = examine(installation)
        if as_json:
            for item in found["sources"]:
                say_json({"source": item})
            say_json({"doctor": {key: value for key, value in found.items() if key != "sources"}})
        else:
            print("\n".join(text(found)))
    raise typer.Exit(FOUND if found["troubles"] else FINE)


def examine(installation: Installation) -> dict[str, Any]:
    """Return everything there is to say about the installation, as plain values."""
    committed, saved = _committed(installation)
    shares, degraded = Shares(), []
    stream = saved["stream"] if saved is not None else {}
    if saved is not None:
        shares = Shares.restore(stream["shares"])
        degraded = list(stream.get("degraded", []))
    said = order_of_sources(stream)
    sources = [asdict(item) | said.get((item.name, item.format), {}) for item in intake.sources()]
    troubles = [item["trouble"] for item in sources if item["trouble"]]
    troubles += _unreadable(installation)
    holdings = ground.holdings()
    health = health_of(installation)
    troubles += health.troubles
    troubles += overdue(installation, now())
    beaten = heartbeat().at
    archive = tending.standing(installation)
    troubles += archive.troubles
    found: dict[str, Any] = {
        "mode": "armed" if _can_act(health) else "observe",
        "armed": health.armed,
        "processes": health.processes,
        "sanctions": health.sanctions,
        "alarms": health.alarms,
        "checkpoints": health.checkpoints,
        "heartbeat": format_instant(beaten) if beaten else None,
        "committed_at": format_instant(committed.at) if committed else None,
        "evaluated_up_to": _instant(committed.frontier) if committed else None,
        "sources": sources,
        "shares": shares.save() | {"outside_addresses": len(shares.outside_addresses)},
        "shares_text": shares_text(shares),
        "holdings": len(holdings),
        "cases": len(evidence.all_cases()),
        "degraded": degraded,
        "degraded_rules": [
            one | {"since": moment(one["since"]), "last": moment(one["last"])}
            for one in stream.get("shortfalls", [])
        ],
        "exceptions": exceptions_now(),
        "archive": {
            "kinds": archive.kinds,
            "holds": archive.holds,
            "last_sweep": archive.last_sweep,
            "broken": len(archive.troubles),
        },
        "troubles": list(dict.fromkeys(troubles)),
    }
    found["next"] = _next(installation, found, holdings, shares)
    return found


def _committed(installation: Installation) -> tuple[intake.Committed | None, Any]:
    """Return the last commit and its state; a running engine may replace both meanwhile."""
    while True:
        committed = intake.latest()
        if committed is None:
            return None, None
        try:
            return committed, read_state(installation.states, committed.state_file)
        except AupkeepError:
            if intake.latest() == committed:
                raise


def text(found: dict[str, Any]) -> list[str]:
    """Return what was examined as lines for people."""
    lines = _mode(found)
    at_work = [name for name, there in found["processes"].items() if there]
    lines.append("at work: " + (", ".join(at_work) or "nothing; `aupkeep run` starts it"))
    if found["heartbeat"]:
        lines.append(f"the last heartbeat left {found['heartbeat']}")
    if found["committed_at"]:
        lines.append(
            f"last commit {found['committed_at']}, evaluated up to {found['evaluated_up_to']}"
        )
    for item in found["sources"]:
        counts = item["counts"]
        said = ", ".join(f"{counts[name]} {name}" for name in _SAID if counts.get(name))
        lines.append(f"{item['format']:<9} {item['name']}: {said or 'nothing read yet'}")
        lines += order_lines(item)
        for reason, count, samples in item["rejects"]:
            lines.append(f"    {count} rejected: {reason}")
            lines += [
                f"        at byte {at}: {head[:100]!r}" for at, head in samples[:MOST_SAMPLES]
            ]
    lines += found["shares_text"]
    lines.append(f"{found['holdings']} holdings, {found['cases']} cases")
    if found["sanctions"]:
        counts = found["sanctions"].items()
        lines.append("sanctions: " + ", ".join(f"{count} {state}" for state, count in counts))
    lines += _archive(found["archive"])
    lines += [f"checkpoint of {name}: {said}" for name, said in found["checkpoints"].items()]
    lines += exception_lines(found["exceptions"])
    lines += [f"degraded, so not evaluated in full: {line}" for line in found["degraded"]]
    lines += [f"trouble: {line}" for line in found["troubles"]]
    lines.append("next: " + found["next"])
    return lines


def _archive(said: dict[str, Any]) -> list[str]:
    lines = [
        f"archive: {one['rows']} {kind} events in {one['files']} files, {one['bytes']:,} bytes, "
        f"from {one['oldest']} on"
        for kind, one in said["kinds"].items()
    ]
    if said["holds"]:
        lines.append(f"archive: {said['holds']} holds in force")
    if said["kinds"]:
        lines.append(f"archive: last swept {said['last_sweep'] or 'never'}")
    return lines


def _can_act(health: Health) -> bool:
    """Whether some provider has both a power and a clause armed."""
    return any({"power", "clause"} <= set(kinds) for kinds in health.armed.values())


def _mode(found: dict[str, Any]) -> list[str]:
    if found["mode"] == "observe":
        lines = ["mode observe: nothing is carried out"]
    else:
        lines = ["mode armed: what is armed below is carried out"]
    return lines + [
        f"  {provider}: armed {kind} {', '.join(names)}"
        for provider, kinds in found["armed"].items()
        for kind, names in kinds.items()
    ]


_SAID = ("lines", "events", "ignored", "late", "duplicates", "rejects")


def _instant(frontier: int) -> str | None:
    try:
        return format_instant(frontier)
    except OverflowError:
        return None


def _unreadable(installation: Installation) -> list[str]:
    found = []
    for inlet in installation.settings.inlet:
        if not inlet.path or inlet.format == "report":
            continue
        for family in families(inlet.path, installation.folder):
            there = [path for path in (*family.rotated, family.path) if path.exists()]
            found += [why for why in map(why_unreadable, there) if why]
            if not there:
                found.append(f"there is no file `{family.path}` yet")
    return found


def _next(
    installation: Installation,
    found: dict[str, Any],
    holdings: tuple[Holding, ...],
    shares: Shares,
) -> str:
    where = installation.folder
    known = sum(shares.customers.values())
    steps = (
        (not installation.settings.inlet, f"add an [[inlet]] to {where}/aupkeep.toml"),
        (found["troubles"], "mend the troubles above; what cannot be read cannot be judged"),
        (
            not holdings,
            f"aupkeep holdings suggest --dir {where} > holdings.csv; fill in whose, import it",
        ),
        (found["committed_at"] is None, f"aupkeep run {where}"),
        (
            shares.unknown > known,
            f"aupkeep holdings suggest --dir {where}: most rows are nobody's yet",
        ),
        (found["cases"], f"aupkeep case list --dir {where}"),
        (
            found["degraded"],
            "see to the degraded rules above: that they found nothing does not say all is well",
        ),
    )
    fitting = (step for wanted, step in steps if wanted)
    return next(fitting, "nothing to do: no clause was breached in what was read")
