"""Which kind of event the log source of a public rule is, and which of its rows.

In: a rule's `logsource`. Out: a `Source`, or None for one that has no kind here. One literal table;
the entry that says most and agrees with the rule is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aupkeep.detection.importing import fields as named
from aupkeep.detection.importing.fields import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A sort of log."""

    kind: str
    fields: Fields
    #: Column -> value of the rows that are from this source.
    only: Mapping[str, str]

    def column(self, field: str) -> str:
        """Return the column that a public rule calls `field`; an empty text for none."""
        if field in self.fields:
            return self.fields[field]
        lowered = {name.lower(): column for name, column in reversed(list(self.fields.items()))}
        return lowered.get(field.lower(), "")


#: Columns that are searched for words without a field, by kind.
SEARCHED: Mapping[str, tuple[str, ...]] = {
    "process": ("text", "command_line"),
    "file": ("text", "path"),
    "web": ("text", "uri", "referrer", "user_agent"),
    "dns": ("text", "query", "answers"),
    "config": ("text", "command"),
}

#: The value that stands for the rule's own service or product.
_SERVICE, _PRODUCT = "{service}", "{product}"

_Entry = tuple[str, Fields, Mapping[str, str]]


def _with(fields: Fields, more: Fields) -> Fields:
    """Return `fields` and what `more` has beside them."""
    return {**fields, **{name: column for name, column in more.items() if name not in fields}}


def _application(fields: Fields, **only: str) -> _Entry:
    return "config", _with(fields, named.APPLICATIONS), {"product": _PRODUCT, **only}


#: (category, product, service), `*` for any, nothing for none -> kind, fields, only these rows.
_TABLE: Mapping[tuple[str, str, str], _Entry] = {
    ("process_creation", "linux", "*"): ("process", _with(named.STARTED, named.AUDIT), {}),
    ("process_creation", "", "*"): ("process", _with(named.STARTED, named.AUDIT), {}),
    ("network_connection", "linux", "*"): ("process", named.STARTED, {}),
    ("file_event", "linux", "*"): ("file", named.FILES, {}),
    ("file_create", "linux", "*"): ("file", named.FILES, {"action": "created"}),
    ("file_change", "linux", "*"): ("file", named.FILES, {"action": "changed"}),
    ("file_rename", "linux", "*"): ("file", named.FILES, {"action": "renamed"}),
    ("file_delete", "linux", "*"): ("file", named.FILES, {"action": "deleted"}),
    ("file_access", "linux", "*"): ("file", named.FILES, {}),
    ("dns_query", "linux", "*"): ("dns", named.QUESTIONS, {}),
    ("", "linux", "auditd"): ("process", _with(named.AUDIT, named.STARTED), {"log": "auditd"}),
    ("", "linux", ""): ("process", _with(named.LINES, named.STARTED), {}),
    ("", "linux", "*"): ("process", _with(named.LINES, named.STARTED), {"log": _SERVICE}),
    ("webserver", "*", "*"): ("web", named.REQUESTS, {}),
    ("proxy", "*", "*"): ("web", named.REQUESTS, {"log": "proxy"}),
    ("", "apache", "*"): ("web", named.REQUESTS, {}),
    ("", "nginx", "*"): ("web", named.REQUESTS, {}),
    ("", "*", "apache"): ("web", named.REQUESTS, {}),
    ("", "*", "nginx"): ("web", named.REQUESTS, {}),
    ("", "modsecurity", "*"): ("web", named.REQUESTS, {}),
    ("", "*", "modsecurity"): ("web", named.REQUESTS, {}),
    ("waf", "*", "*"): ("web", named.REQUESTS, {}),
    ("", "zeek", "http"): ("web", named.REQUESTS, {"log": "zeek"}),
    ("", "zeek", "dns"): ("dns", named.QUESTIONS, {}),
    ("", "zeek", "*"): _application(named.SENSOR, log=_SERVICE),
    ("dns", "*", "*"): ("dns", named.QUESTIONS, {}),
    ("", "antivirus", "*"): ("file", named.FILES, {"action": "found"}),
    ("antivirus", "*", "*"): ("file", named.FILES, {"action": "found"}),
    ("firewall", "*", "*"): ("config", named.APPLICATIONS, {"log": "firewall"}),
    ("ids", "*", "*"): (
        "config",
        _with(named.INTRUSIONS, _with(named.SENSOR, named.APPLICATIONS)),
        {"log": "ids"},
    ),
    ("database", "*", "*"): ("config", named.APPLICATIONS, {"log": "database"}),
    ("application", "kubernetes", "*"): _application(named.KUBERNETES),
    ("", "kubernetes", "*"): _application(named.KUBERNETES),
    ("application", "opencanary", "*"): _application(named.OPENCANARY),
    ("", "opencanary", "*"): _application(named.OPENCANARY),
    ("application", "rpc_firewall", "*"): _application(named.PROCEDURE_CALLS),
    ("", "rpc_firewall", "*"): _application(named.PROCEDURE_CALLS),
    ("application", "*", "*"): _application({}),
    ("application", "", "*"): ("config", named.APPLICATIONS, {"log": _SERVICE}),
    ("", "bitbucket", "*"): _application(named.BITBUCKET, log=_SERVICE),
    ("", "github", "*"): _application(named.GITHUB, log=_SERVICE),
    ("", "gitlab", "*"): _application(named.GITHUB, log=_SERVICE),
    ("", "fortigate", "*"): _application(named.FORTIGATE, log=_SERVICE),
    ("", "fortios", "*"): _application(named.FORTIGATE, log=_SERVICE),
    ("", "cisco", "*"): _application({}, log=_SERVICE),
    ("", "huawei", "*"): _application({}, log=_SERVICE),
    ("", "juniper", "*"): _application({}, log=_SERVICE),
    ("", "paloalto", "*"): _application({}, log=_SERVICE),
    ("", "sonicwall", "*"): _application({}, log=_SERVICE),
    ("", "checkpoint", "*"): _application({}, log=_SERVICE),
    ("", "f5", "*"): _application({}, log=_SERVICE),
    ("", "qualys", "*"): _application({}, log=_SERVICE),
    ("", "django", "*"): _application({}),
    ("", "jvm", "*"): _application({}),
    ("", "nodejs", "*"): _application({}),
    ("", "php", "*"): _application({}),
    ("", "python", "*"): _application({}),
    ("", "ruby_on_rails", "*"): _application({}),
    ("", "spring", "*"): _application({}),
    ("", "sql", "*"): _application({}),
    ("", "velocity", "*"): _application({}),
}


def source_of(category: str, product: str, service: str) -> Source | None:
    """Return the source that a rule's `logsource` names."""
    stated = {_PRODUCT: product, _SERVICE: service}
    found = max(
        (key for key in _TABLE if _agrees(key, (category, product, service))),
        key=_weight,
        default=None,
    )
    if found is None:
        return None
    kind, fields, only = _TABLE[found]
    rows = {column: stated.get(value, value) for column, value in only.items()}
    return Source(
        kind=kind, fields=fields, only={column: value for column, value in rows.items() if value}
    )


def _agrees(key: tuple[str, str, str], stated: tuple[str, str, str]) -> bool:
    return all(wanted in ("*", given) for wanted, given in zip(key, stated, strict=True))


def _weight(key: tuple[str, str, str]) -> tuple[int, ...]:
    return tuple(int(part != "*") for part in key)


def sources() -> list[tuple[str, str, str, str]]:
    """Return category, product, service and kind of every entry, for the page that lists them."""
    return [(*key, entry[0]) for key, entry in _TABLE.items()]
