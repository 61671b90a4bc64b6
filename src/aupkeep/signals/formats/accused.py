"""Addresses, hosts and URLs as reports name them.

In: text of a reporter, also defanged (`hxxp`, `[.]`, `(dot)`). Out: canonical address, lower-case
host, URL; or None where the text is no such thing. Defanging is undone on this copy alone.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from aupkeep.signals.formats.headers import clean

LONGEST_URL = 2_048
_HIGHEST_PORT = 65_535
_LONGEST_HOST = 253
_LONGEST_LABEL = 63
_SCHEMES = ("http://", "https://", "ftp://", "ftps://")
_DOT = re.compile(r"[\[({<]\s?(?:\.|dot)\s?[\])}>]", re.IGNORECASE)
_HXXP = re.compile(r"h(?:xx|\*\*|tt)p(s?)\s?(?:\[:\]|:)\s?(?:\[//\]|//)", re.IGNORECASE)
_LABEL = re.compile(r"(?!-)[\w-]+(?<!-)")
_WITH_PORT = re.compile(r"\[?([0-9A-Fa-f:.]+?)\]?:(\d{1,5})")


@dataclass(frozen=True, slots=True)
class Named:
    """What one identifier names."""

    ip: str | None = None
    port: int | None = None
    host: str | None = None
    url: str | None = None


def read_ip(text: str) -> str | None:
    """Return the canonical address in `text`; an IPv4-mapped IPv6 address as IPv4; else None."""
    cut = _DOT.sub(".", text.strip()[:100]).strip("[]()<> \t")
    cut = cut[5:] if cut.lower().startswith("ipv6:") else cut
    cut = cut.removesuffix("/32") if ":" not in cut else cut.removesuffix("/128")
    try:
        address = ipaddress.ip_address(cut.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def read_port(value: object) -> int | None:
    """Return a port from 1 to 65535 given as number or digits, else None."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value.strip()[:6])
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 < value <= _HIGHEST_PORT else None


def read_host(text: str) -> str | None:
    """Return the lower-case host name in `text`, without a final dot, or None."""
    host = _DOT.sub(".", clean(text, LONGEST_URL)).lower().strip("[]()<>\"' ").rstrip(".")
    labels = host.split(".")
    if len(labels) == 1 or len(host) > _LONGEST_HOST or labels[-1].isdecimal():
        return None
    if any(not 0 < len(label) <= _LONGEST_LABEL or not _LABEL.fullmatch(label) for label in labels):
        return None
    return host


def read_url(text: str) -> str | None:
    """Return the URL in `text` with its defanging undone, or None where it names no host."""
    url = _HXXP.sub(r"http\1://", _DOT.sub(".", clean(text, LONGEST_URL)))
    if not url.lower().startswith(_SCHEMES) or url_host(url) is None:
        return None
    return url


def url_host(url: str) -> str | None:
    """Return the host of `url`, a name or an address, in lower case; None where there is none."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    return read_ip(host) or read_host(host)


def read_identifier(text: str) -> Named:
    """Return what `text` names: an address, address and port, URL, mail address or host."""
    ip = read_ip(text)
    if ip:
        return Named(ip=ip)
    with_port = _WITH_PORT.fullmatch(text.strip()[:100])
    if with_port and read_ip(with_port[1]):
        return Named(ip=read_ip(with_port[1]), port=read_port(with_port[2]))
    url = read_url(text)
    if url:
        return name_url(url)
    return Named(host=read_host(text.strip()[:LONGEST_URL].rpartition("@")[2]))


def name_url(url: str) -> Named:
    """Return the `url` with the host or address in it."""
    host = url_host(url) or ""
    ip = read_ip(host)
    return Named(ip=ip, host=None if ip else host or None, url=url)
