"""The settings of the demo's installation: for the replay of the fortnight, then for live work."""

from __future__ import annotations

from pathlib import Path

from aupkeep.demo.brand import BRANDS, JASMO
from aupkeep.demo.fortnight import Fortnight
from aupkeep.demo.mailhost import MailHost


def replay_settings(fortnight: Fortnight) -> str:
    """Return settings that read the fortnight below `raw`, as if each row had come in its time."""
    lines = ['mode = "observe"', 'clock = "event"', "", *_providers()]
    for source in fortnight.sources:
        path = _inlet_path(source.path, source.format)
        if path is None:
            continue
        lines += ["[[inlet]]", f'provider = "{source.provider}"', f'format = "{source.format}"']
        lines += [f'path = "raw/{path}"', f'zone = "{source.zone}"', f"year = {source.year}"]
        lines += [f"authenticated = {str(source.authenticated).lower()}"]
        lines += [f'exporter = "{source.exporter}"', ""]
    for item in fortnight.exporters:
        lines += ["[[exporter]]", f'address = "{item.address}"', f'provider = "{item.provider}"']
        lines += [f"authenticated = {str(item.authenticated).lower()}"]
        lines += [f"source_guarded = {str(item.guarded).lower()}", f"sampling = {item.sampling}"]
        lines += [""]
    return "\n".join(lines)


def live_settings(where: Path, host: MailHost, port: int) -> str:
    """Return settings for the folder `where`: read the log of `host`, hold its mail, serve."""
    lines = [
        "# The demo after its fortnight: one mail host, read as it goes.",
        'mode = "observe"',
        "# It acts on nothing outside this folder, so no user of its own is needed.",
        'user = "root"',
        "",
        *_providers(),
        "[[inlet]]",
        f'provider = "{JASMO.name}"',
        'format = "postfix"',
        f'path = "{host.log.relative_to(where)}"',
        'zone = "UTC"',
        "",
        "[[power]]",
        f'provider = "{JASMO.name}"',
        'measure = "hold_mail"',
        f'map = "{host.map.relative_to(where)}"',
    ]
    if host.config is not None:
        lines += [f'config = "{host.config.relative_to(where)}"']
    lines += ["", "[mail]", 'outbox = "outbox"', "", "[desk]", f'listen = "127.0.0.1:{port}"', ""]
    return "\n".join(lines)


def _providers() -> list[str]:
    lines = []
    for brand in BRANDS:
        listed = ", ".join(f'"{network}"' for network in brand.networks)
        lines += ["[[provider]]", f'name = "{brand.name}"', f'policy = "policies/{brand.name}"']
        lines += [f"networks = [{listed}]", ""]
    return lines


def _inlet_path(path: str, form: str) -> str | None:
    """Return the glob of an inlet as a person would write it; None where another one covers it."""
    if form == "report":
        return f"{Path(path).parent}/*" if _first_of_folder(path) else None
    if form in ("postfix", "sshd"):
        return f"{path}*" if path.endswith(".log") else None
    return path


def _first_of_folder(path: str) -> bool:
    """Reports are numbered from one in their folder."""
    return Path(path).stem.endswith("-001")
