"""Whether a Postfix asks the map before it takes a recipient of somebody who has logged in.

In: what `postconf` answers. Out: the gaps through which a held login could still send, in plain
words. Looked at is the configuration as every smtpd that starts from now on reads it, with what
master.cf changes for single services. Sources: postconf(1), postconf(5), access(5), master(5).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from itertools import pairwise

#: Restriction lists that may hold a message, in the order Postfix looks at them.
LISTS = tuple(
    f"smtpd_{stage}_restrictions"
    for stage in ("client", "helo", "sender", "relay", "recipient", "data", "end_of_data")
)
#: These are looked at when a client connects or greets, before it can log in, unless delayed.
_EARLY = LISTS[:2]
_SETTINGS = (
    *LISTS,
    "smtpd_sasl_auth_enable",
    "smtpd_delay_reject",
    "smtpd_proxy_filter",
    "smtpd_restriction_classes",
)
_OVERRIDE = re.compile(r"(?P<service>[^/]+/[^/]+)/(?P<name>\S+) = ?(?P<value>.*)")

Settings = Mapping[str, str]
#: Runs `postconf` with some words and returns what it prints.
Ask = Callable[..., str]


def gaps(ask: Ask, maps: tuple[str, ...]) -> list[str]:
    """Return why somebody who logged in could send without one of `maps` (type:path) being asked.

    Empty: every smtpd that takes logins asks. Raises what `ask` raises.
    """
    main = _named(ask("-x", *_SETTINGS))
    classes = main.get("smtpd_restriction_classes", "").replace(",", " ").split()
    main |= _named(ask("-x", *classes)) if classes else {}
    services = _services(ask("-M"), ask("-Px"), main)
    taking = {name: own for name, own in services.items() if _yes(own, "smtpd_sasl_auth_enable")}
    if not taking:
        return ["no smtpd takes logins (smtpd_sasl_auth_enable), so the map is never asked"]
    found = ((name, _gap(own, classes, maps)) for name, own in taking.items())
    return [f"service {name}: {gap}" for name, gap in found if gap]


def _gap(settings: Settings, classes: list[str], maps: tuple[str, ...]) -> str:
    if settings.get("smtpd_proxy_filter"):
        return "smtpd_proxy_filter is set, and Postfix cannot hold what it hands to such a filter"
    behind = ""
    for name in LISTS:
        if name in _EARLY and not _yes(settings, "smtpd_delay_reject"):
            continue
        words = _expanded(settings.get(name, ""), settings, classes)
        at = _asked_at(words, maps)
        if at is None:
            continue
        ends = [word for word in words[:at] if word.startswith("permit")]
        if not ends:
            return ""
        behind = f"{name} asks the map only behind `{ends[0]}`, which ends the list before"
    return behind or f"no restriction list says `check_sasl_access {maps[0]}`"


def _asked_at(words: list[str], maps: tuple[str, ...]) -> int | None:
    wanted = {_real(name) for name in maps}
    for at, (word, table) in enumerate(pairwise(words)):
        if word.lower() == "check_sasl_access" and _real(table) in wanted:
            return at
    return None


def _real(table: str) -> str:
    kind, _, path = table.removeprefix("proxy:").partition(":")
    return f"{kind}:{os.path.realpath(path)}"


def _expanded(value: str, settings: Settings, classes: list[str], depth: int = 8) -> list[str]:
    """Return the words of a restriction list, each class replaced by what it stands for."""
    words: list[str] = []
    for word in value.replace(",", " ").split():
        inside = word in classes and depth
        words += (
            _expanded(settings.get(word, ""), settings, classes, depth - 1) if inside else [word]
        )
    return words


def _services(table: str, overrides: str, main: Settings) -> dict[str, Settings]:
    """Return the settings that each smtpd of master.cf runs with."""
    own: dict[str, dict[str, str]] = {}
    for line in table.splitlines():
        columns = line.split()
        if len(columns) > 7 and columns[7] == "smtpd":  # noqa: PLR2004  # the program's column
            own[f"{columns[0]}/{columns[1]}"] = dict(main)
    for line in overrides.splitlines():
        found = _OVERRIDE.fullmatch(line)
        if found and found["service"] in own:
            own[found["service"]][found["name"]] = found["value"].strip()
    return dict(own)


def _named(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}


def _yes(settings: Settings, name: str) -> bool:
    return settings.get(name, "").lower() == "yes"
