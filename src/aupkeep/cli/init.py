"""`aupkeep init`: look round this machine and write settings for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aupkeep.base.errors import Fault, MisuseError
from aupkeep.cli.faces import now, plain_errors
from aupkeep.flow.folders import find_folder, load_policy
from aupkeep.flow.founding import found
from aupkeep.flow.looking import Seen, look_round
from aupkeep.settings import FILE_NAME

app = typer.Typer(add_completion=False)

#: What is ours where the machine has no address of its own: whoever is outside must be known.
LOOPBACK = ("127.0.0.0/8", "::1/128")


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="folder for the installation")],
    *,
    policy: Annotated[str, typer.Option(help="policy folder or shipped name, e.g. jasmo")],
    root: Annotated[
        Path, typer.Option(help="another root to look for /var/log and /etc in")
    ] = Path("/"),
) -> None:
    """Look round, write commented settings, publish a copy of the policy; mode observe."""
    with plain_errors():
        if not root.is_dir():
            raise MisuseError(Fault(code="no-root", what=f"`{root}` is no folder"))
        source = find_folder(policy)
        ruled = load_policy(source)
        seen = look_round(root.absolute())
        text = settings_text(seen, provider=ruled.policy.provider, policy=source.name)
        found(folder, text, policies=(str(source),), now=now())
        print(f"wrote {folder / FILE_NAME}: provider {ruled.policy.provider}, mode observe")
        for log in seen.logs:
            print(f"  {log.format}: {log.path}" + (f" ({log.trouble})" if log.trouble else ""))
        if seen.journal:
            print("  the systemd journal, for what no log file has")
        if not seen.logs and not seen.journal:
            print("  no log and no journal found: add an [[inlet]] to the settings")
        print(
            f"next: aupkeep holdings suggest --dir {folder} > holdings.csv; fill in whose they\n"
            f"are; aupkeep holdings import holdings.csv --source NAME --dir {folder};\n"
            f"aupkeep run {folder}"
        )


def settings_text(seen: Seen, *, provider: str, policy: str) -> str:
    """Return commented settings for what was seen."""
    lines = [
        "# Settings of Aupkeep. Every key is described in docs/reference/settings.md.",
        "",
        "# observe: nothing is carried out; what would be done is shown. No other mode exists yet.",
        'mode = "observe"',
        "",
        "# Folder of the database and the engine's state, beside this file.",
        'data = "data"',
        "",
        "[[provider]]",
        f'name = "{provider}"',
        "# The folder's version must be published: aupkeep policy publish DIR",
        f'policy = "policies/{policy}"',
        "# Every address in here is inside: yours or a customer's. Add the prefixes you route.",
        "networks = [" + ", ".join(f'"{item}"' for item in seen.addresses or LOOPBACK) + "]",
    ]
    if seen.domains:
        lines.append("# Domains that Postfix takes mail for: " + ", ".join(seen.domains))
    for log in seen.logs:
        lines += ["", "[[inlet]]", f'provider = "{provider}"', f'format = "{log.format}"']
        lines += ["# Rotated files are read first, from their start, so that history exists."]
        lines += [f'path = "{log.path}*"', "# Zone of lines that state none."]
        lines += [f'zone = "{seen.zone}"']
    if seen.journal:
        lines += _journals(seen, provider)
    lines += [
        "",
        "# Abuse reports as files (.eml, .json), or a Maildir:",
        "# [[inlet]]",
        f'# provider = "{provider}"',
        '# format = "report"',
        '# path = "/var/mail/abuse"',
        "",
        "# Flow records are taken only of exporters that are named. `source_guarded` says that no",
        "# customer behind it can forge a source address.",
        "# [[exporter]]",
        '# address = "192.0.2.1"',
        f'# provider = "{provider}"',
        "# authenticated = true",
        "# source_guarded = false",
        "",
    ]
    return "\n".join(lines)


def _journals(seen: Seen, provider: str) -> list[str]:
    there = {log.format for log in seen.logs}
    wanted = {
        "postfix": ("postfix/smtpd", "postfix/cleanup", "postfix/qmgr", "postfix/smtp"),
        "sshd": ("sshd", "sshd-session", "sshd-auth"),
    }
    more = ("postfix/lmtp", "postfix/local", "postfix/pipe", "postfix/virtual", "postfix/bounce")
    rest = ("postfix/pickup", "postfix/error", "postfix/postsuper", "postfix/submission/smtpd")
    lines: list[str] = []
    for form, names in wanted.items():
        if form in there:
            continue
        every = (*names, *more, *rest) if form == "postfix" else names
        listed = ", ".join(f'"{name}"' for name in every)
        lines += ["", "[[inlet]]", f'provider = "{provider}"', f'format = "{form}"']
        lines += ["# Syslog identifiers to read from the systemd journal.", f"journal = [{listed}]"]
    return lines
