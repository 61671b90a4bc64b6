"""One spelling for every thing that can be held, so that books and events meet.

In: a value as a person or a log wrote it. Out: its canonical text. The `*_form` functions never
raise and are used on events; `canonical_value` is strict and is used on the books.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import unquote

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_DOTS = re.compile("[\u3002\uff0e\uff61]")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LONGEST_DOMAIN = 253
#: More parts of a path than this are not looked at: nobody holds anything that deep.
_DEEPEST_PATH = 32


def domain_form(text: str) -> str:
    """Return a host name in lower case, without its last dot, non-ASCII labels in Punycode.

    Labels are mapped by NFKC and encoded one by one (RFC 3492), so that names which IDNA 2003 took
    for the same one, such as those with a sharp s, stay two names.
    """
    lowered = text.strip().lower()
    if not lowered.isascii():
        lowered = _DOTS.sub(".", unicodedata.normalize("NFKC", lowered))
        lowered = ".".join(_ascii_label(label) for label in lowered.split("."))
    return lowered.removesuffix(".")


def _ascii_label(label: str) -> str:
    if label.isascii():
        return label
    try:
        return "xn--" + label.encode("punycode").decode("ascii")
    except UnicodeError:
        return label


def mailbox_form(text: str) -> str:
    """Return a mail address or login in lower case, with its domain (if any) as `domain_form`."""
    local, at, domain = text.strip().lower().rpartition("@")
    return f"{local}@{domain_form(domain)}" if at else domain


def parse_address(text: str) -> Address | None:
    """Return the address in `text`, an IPv4-mapped one unwrapped; None if it is no address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return None
        return address.ipv4_mapped or address
    return address


def suffixes(domain: str) -> list[str]:
    """Return `domain` and every domain above it, the longest first."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(len(labels))] if domain else []


def path_form(text: str) -> str:
    """Return a path with `%xx` decoded, no empty, `.` or `..` parts, and no slash at its end."""
    kept: list[str] = []
    for part in unquote(text, errors="replace").split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in {"", "."}:
            kept.append(part)
    return "/" + "/".join(kept) if kept else ""


def path_levels(host: str, path: str) -> list[str]:
    """Return `host/a/b`, `host/a` for the URL path `/a/b`, the longest first."""
    parts = path_form(path).split("/")[1 : _DEEPEST_PATH + 1]
    return [f"{host}/{'/'.join(parts[:end])}" for end in range(len(parts), 0, -1)]


def canonical_value(kind: str, text: str) -> str:
    """Return the canonical value of a holding of `kind`.

    Raises:
        ValueError: with words for a person, where `text` is no value of that kind.
    """
    match kind:
        case "ip":
            return _canonical_address(text)
        case "prefix":
            return _canonical_prefix(text)
        case "domain":
            return _canonical_domain(text)
        case "mailbox":
            return _canonical_mailbox(text)
        case "path":
            return _canonical_path(text)
        case _:
            return mailbox_form(text)


def _canonical_address(text: str) -> str:
    address = parse_address(text)
    if address is None:
        hint = "; a network is of kind `prefix`" if "/" in text else ""
        raise ValueError(f"`{text}` is not an address{hint}")
    return str(address)


def _canonical_prefix(text: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"`{text}` is not a prefix such as 192.0.2.0/24") from None
    if "/" not in text:
        raise ValueError(f"`{text}` has no length; one address is of kind `ip`")
    if parse_address(text.partition("/")[0]) != network.network_address:
        raise ValueError(f"`{text}` has host bits set; the prefix is {network}")
    return str(network)


def _canonical_domain(text: str) -> str:
    domain = domain_form(text)
    if domain.startswith("*."):
        raise ValueError(f"`{text}`: a domain covers what is below it, write `{domain[2:]}`")
    labels = domain.split(".")
    # No top-level domain is a number, so that no part of an address is ever taken for a domain.
    if (
        len(domain) > _LONGEST_DOMAIN
        or not all(map(_LABEL.fullmatch, labels))
        or labels[-1].isdigit()
    ):
        raise ValueError(f"`{text}` is not a domain")
    return domain


def _canonical_mailbox(text: str) -> str:
    local, _, domain = text.rpartition("@")
    if not local:
        raise ValueError(f"`{text}` is not a mailbox such as ann@shop.example")
    return f"{local.lower()}@{_canonical_domain(domain)}"


def _canonical_path(text: str) -> str:
    if text.startswith("/"):
        return path_form(text) or "/"
    host, slash, rest = re.sub(r"^https?://", "", text).partition("/")
    path = path_form(rest)
    if not (slash and path):
        raise ValueError(f"`{text}` is not a path such as /home/ann or shop.example/~ann")
    return _canonical_domain(host) + path
