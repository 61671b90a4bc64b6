"""The kinds of the made-up day as columns, and its rules as read by the product's own reader.

In: nothing but the files of `demo.hosting`. Out: a catalogue, the columns of the Parquet file, rule
sets.
"""

from __future__ import annotations

import polars as pl

from aupkeep.demo.hosting import STATELESS, WINDOWED, rule_text
from aupkeep.detection.reading import read_rules
from aupkeep.detection.rule import RuleSet
from aupkeep.events.schema import Schema
from aupkeep.policy.model import RuleFile

#: The one clause the windowed rules name.
CLAUSE = "measured"

_CUSTOMER: Schema = {"account_age_days": pl.Float64(), "country": pl.String()}
_MAIL: Schema = {
    "mail_from": pl.String(),
    "rcpt_count": pl.Int64(),
    "subject": pl.String(),
    "size": pl.Int64(),
    "result": pl.String(),
    "spam_score": pl.Float64(),
}
_FLOW: Schema = {
    "src_ip": pl.String(),
    "dst_ip": pl.String(),
    "src_port": pl.Int64(),
    "dst_port": pl.Int64(),
    "proto": pl.String(),
    "bytes_out": pl.Int64(),
    "pkts_out": pl.Int64(),
}
_PROC: Schema = {
    "exe": pl.String(),
    "cmdline": pl.String(),
    "cpu_pct": pl.Float64(),
    "mem_mb": pl.Int64(),
}
_FILE: Schema = {
    "path": pl.String(),
    "file_size": pl.Int64(),
    "mime": pl.String(),
    "yara": pl.String(),
}
_LOGIN: Schema = {"user": pl.String(), "login_result": pl.String(), "login_country": pl.String()}
_REPORT: Schema = {"report_type": pl.String(), "trusted": pl.Boolean()}
_OWN: dict[str, Schema] = {
    "mail": _MAIL,
    "flow": _FLOW,
    "proc": _PROC,
    "file": _FILE,
    "login": _LOGIN,
    "report": _REPORT,
}

#: The kinds of the day with the fields that rules may name.
HOSTING: dict[str, Schema] = {kind: _CUSTOMER | own for kind, own in _OWN.items()}

#: Columns of the one file with events of all kinds; those of other kinds are null.
WIDE: Schema = {
    "id": pl.Int64(),
    "ts": pl.Int64(),
    "kind": pl.String(),
    "customer_id": pl.Int64(),
    "service_id": pl.Int64(),
    "plan": pl.String(),
    **{name: data for own in HOSTING.values() for name, data in own.items()},
}


def trial_rules(*, windows: bool) -> RuleSet:
    """Return the twenty rules about single events, and with `windows` the twenty others too."""
    names = (STATELESS, WINDOWED) if windows else (STATELESS,)
    files = [RuleFile(path=name, text=rule_text(name), documents=()) for name in names]
    return read_rules(files, clauses=(CLAUSE,), plans=None, kinds=HOSTING)
