"""`aupkeep init`: look round this machine and write settings for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aupkeep.base.errors import Fault, MisuseError
from aupkeep.cli.faces import now, plain_errors
from aupkeep.cli.person import sign_in_link, whoever
from aupkeep.flow.folders import find_folder, load_policy
from aupkeep.flow.founding import found
from aupkeep.flow.installation import open_installation
from aupkeep.flow.looking import Seen, look_round
from aupkeep.flow.powers import main_cf_lines
from aupkeep.flow.signing_in import add_person
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
    person: Annotated[str, typer.Option(help="who may sign in first; default: you")] = "",
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
        name = person or whoever()
        add_person(name, (ruled.policy.provider,), now=now())
        print(f"{name} signs in, once and within a day, when `aupkeep run` is up:")
        print(f"  {sign_in_link(open_installation(folder), name)}")
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
        "# An installation begins in observe: nothing is carried out; what would be done is shown.",
        "# `aupkeep arm POWER CLAUSE` leaves it, power by power and clause by clause.",
        "",
        "# One person runs the desk: what needs two people waits a day instead.",
        "# single_operator = true",
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
    lines += _letters(seen, provider)
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


def _letters(seen: Seen, provider: str) -> list[str]:
    """Return the tables of what could act; nothing of it does before `aupkeep arm`."""
    lines = [
        "",
        "# How letters to customers leave. None does before `aupkeep arm warn` and a clause.",
    ]
    if seen.postfix is None:
        return [*lines, "[mail]", 'outbox = "outbox"', "", *_ALARM]
    map_path = seen.postfix / "aupkeep_hold"
    lines += ["[mail]", 'smtp = "127.0.0.1:25"']
    lines += [f'log = "{log.path}"' for log in seen.logs if log.format == "postfix"]
    lines += ["", *_ALARM, "", "# Holds the mail of a login. Needs in main.cf:"]
    lines += [f"#   {line}" for line in main_cf_lines(map_path)]
    lines += ["[[power]]", f'provider = "{provider}"', 'measure = "hold_mail"']
    return [*lines, f'map = "{map_path}"', f'config = "{seen.postfix}"']


_ALARM = (
    "# Whom alarms go to, in every mode; repeated until somebody acknowledges them.",
    "[alarm]",
    "mail = []",
    'webhook = ""',
    'repeat = "15m"',
)


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
