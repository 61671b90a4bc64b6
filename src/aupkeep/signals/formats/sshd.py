"""The log of OpenSSH's server: attempts to log in, failed and accepted.

In: a block of syslog lines. Out: one record for each line that says something about an attempt.
Which lines tell of the same attempt is settled by `events.login`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from aupkeep.signals.formats import sshd_lines, syslog
from aupkeep.signals.parsed import Parsed

#: The listening server, and since OpenSSH 9.8 and 9.9 the process of a session and of its log-in.
PROGRAMS = frozenset({"sshd", "sshd-session", "sshd-auth"})
#: Longer user names are cut.
LONGEST_USER = 256

_PLAUSIBLE_HOST = re.compile(r"[0-9A-Za-z._:%-]{1,255}")
_NAMED = re.compile(r"\b(user|ruser|rhost)=(\S*)")


class Attempt(NamedTuple):
    """What the join needs of one line."""

    #: The machine that logged, lower case; empty where the line names none.
    host: str
    #: -1 where the line names none.
    pid: int
    program: str
    outcome: str
    stage: int
    user: str | None
    client_ip: str | None
    client_host: str | None
    client_port: int | None
    method: str | None
    reason: str | None
    times: int


def parse(block: bytes, clock: syslog.LineClock) -> Parsed:
    """Return the attempts told of in `block` (whole lines); moves `clock` on by all its lines."""
    lines = syslog.read(block, clock)
    records: list[tuple[object, ...]] = []
    kept: list[int] = []
    for line, host, program, pid, body in _of_sshd(block, lines):
        said = sshd_lines.read(body) if program in PROGRAMS else None
        if said is not None:
            records.append(_attempt(host, pid, program, said))
            kept.append(line)
    return Parsed(
        times=lines.time[kept],
        offsets=lines.start[kept],
        records=records,
        first=lines.first,
        lines=lines.lines,
        ignored=lines.lines - len(lines.rejects) - len(kept),
        rejects=lines.rejects,
    )


def fields(program: str, body: str) -> dict[str, object]:
    """Return what the body of a line states, by name; empty where it is about no attempt."""
    said = sshd_lines.read(body) if program in PROGRAMS else None
    if said is None:
        return {}
    address, name = client(said.host)
    stated: dict[str, object | None] = {
        "outcome": said.outcome,
        "user": said.user,
        "client_ip": address,
        "client_host": name,
        "client_port": said.port,
        "method": said.method,
        "reason": said.reason,
        "times": said.times if said.times > 1 else None,
    }
    if said.host is None and said.outcome == "note":
        stated |= {key: value or None for key, value in _NAMED.findall(body)}
    return {key: value for key, value in stated.items() if value is not None}


@lru_cache(maxsize=65_536)
def client(host: str | None) -> tuple[str | None, str | None]:
    """Return a client as (address, name): normal addresses are both, other names have no address.

    Lower case; an IPv4 address inside IPv6 is unwrapped; what can be no host gives (None, None).
    """
    if host is None or host == "UNKNOWN" or not _PLAUSIBLE_HOST.fullmatch(host):
        return None, None
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None, host.lower()
    inner = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    text = (inner or address).compressed.lower()
    return text, text


def _attempt(host: str, pid: int, program: str, said: sshd_lines.Said) -> Attempt:
    address, name = client(said.host)
    return Attempt(
        host,
        pid,
        program,
        said.outcome,
        int(said.stage),
        said.user if said.user is None else said.user[:LONGEST_USER],
        address,
        name,
        said.port,
        said.method,
        said.reason,
        said.times,
    )


def _of_sshd(block: bytes, lines: syslog.Lines) -> Iterator[tuple[int, str, str, int, str]]:
    """Yield number, host, program, pid and body of the lines whose program begins with `sshd`."""
    data = np.frombuffer(block, dtype=np.uint8)
    named = lines.program_end - lines.program >= len(b"sshd")
    for index, byte in enumerate(b"sshd"):
        named[named] = data[lines.program[named] + index] == byte
    places = (lines.host, lines.host_end, lines.program, lines.program_end, lines.body, lines.end)
    numbers = np.flatnonzero(named).tolist()
    columns = [column[named].tolist() for column in (lines.pid, *places)]
    for line, pid, host, host_end, program, program_end, body, end in zip(
        numbers, *columns, strict=True
    ):
        yield (
            line,
            _word(block[host:host_end]),
            _word(block[program:program_end]),
            pid,
            block[body:end].decode("utf-8", "replace"),
        )


@lru_cache(maxsize=4096)
def _word(raw: bytes) -> str:
    """Return a host or program as lower-case text."""
    return raw.decode("utf-8", "replace").lower()
