"""Look round a machine: which logs, which domains, which addresses are there.

In: the file system below a root, the answers of `postconf` and of the kernel. Out: `Seen`. Nothing
is changed and nothing is sent; what cannot be read is named, with the group that may.
"""

from __future__ import annotations

import grp
import ipaddress
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: Log family -> format.
LOGS = (("var/log/mail.log", "postfix"), ("var/log/auth.log", "sshd"))
CONFIGS = ("etc/postfix",)
JOURNALS = ("var/log/journal", "run/log/journal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One log file family that is there."""

    path: Path
    format: str
    #: Empty, or why it cannot be read and what to do.
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is on the machine."""

    logs: tuple[Log, ...]
    #: There is a journal and a `journalctl` to read it.
    journal: bool
    #: Folder of Postfix's main.cf; None: there is none.
    postfix: Path | None
    domains: tuple[str, ...]
    addresses: tuple[str, ...]
    zone: str


def look_round(root: Path = Path("/")) -> Seen:
    """Look at the machine; `root` is another place to find `/var/log` and `/etc` in."""
    journal = shutil.which("journalctl") is not None and any(
        (root / name).is_dir() for name in JOURNALS
    )
    return Seen(
        logs=tuple(
            Log(path=root / name, format=form, trouble=trouble(root / name))
            for name, form in LOGS
            if (root / name).exists()
        ),
        journal=journal,
        postfix=next((root / name for name in CONFIGS if (root / name / "main.cf").exists()), None),
        domains=_domains(),
        addresses=_addresses(),
        zone=_zone(root),
    )


def trouble(path: Path) -> str:
    """Return why `path` cannot be read and which group may, or an empty string."""
    if os.access(path, os.R_OK):
        return ""
    try:
        group = grp.getgrgid(path.stat().st_gid).gr_name
    except (OSError, KeyError):
        return f"`{path}` cannot be read"
    return f"`{path}` cannot be read; join its group: usermod --append --groups {group} USER"


def _domains() -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in ("mydomain", "mydestination", "virtual_mailbox_domains", "virtual_alias_domains"):
        for word in _run("postconf", "-xh", name).replace(",", " ").split():
            plain = word.lower()
            if "." in plain and not any(mark in plain for mark in ":/$"):
                found[plain] = None
    return tuple(found)


def _addresses() -> tuple[str, ...]:
    """Return the machine's own addresses, asked of the kernel without any program's help."""
    found: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = [*_kernel_v4(), *_kernel_v6()]
    wanted = (item for item in found if not (item.is_loopback or item.is_link_local))
    return tuple(str(item) for item in dict.fromkeys(wanted))


def _kernel_v4() -> list[ipaddress.IPv4Address]:
    """Source: fib_trie of proc(5): a line with an address, then one that says `host LOCAL`."""
    found = []
    address = ""
    for line in _lines(Path("/proc/net/fib_trie")):
        if "|--" in line:
            address = line.split("|--")[1].strip()
        elif "host LOCAL" in line:
            found.append(ipaddress.IPv4Address(address))
    return found


def _kernel_v6() -> list[ipaddress.IPv6Address]:
    """Source: if_inet6 of proc(5): 32 hexadecimal digits begin each line."""
    lines = _lines(Path("/proc/net/if_inet6"))
    return [ipaddress.IPv6Address(int(line.split()[0], 16)) for line in lines if line.split()]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except OSError:
        return []


def _zone(root: Path) -> str:
    """Return the machine's zone: what syslog lines without a zone mean."""
    try:
        named = (root / "etc/timezone").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        named = ""
    if named:
        return named
    link = root / "etc/localtime"
    target = str(link.readlink()) if link.is_symlink() else ""
    return target.partition("zoneinfo/")[2] or "UTC"


def _run(program: str, *words: str) -> str:
    """Return what a program prints, or nothing where it is missing, refuses or takes too long."""
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603  # fixed programs, no shell
            [path, *words], capture_output=True, text=True, check=False, timeout=10
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout if done.returncode == 0 else ""
