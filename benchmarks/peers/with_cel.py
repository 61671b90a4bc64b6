"""Rust CEL through its Python binding: one compiled program a rule, one context an event."""

from __future__ import annotations

from collections import Counter
from importlib.metadata import version

import cel
import polars as pl
from job import Hits, run

RULES = {
    "mail": {
        "R01": "rcpt_count > 100",
        "R02": "account_age_days < 1.0 && rcpt_count > 20",
        "R03": "subject.matches('(?i)(verify|suspend|urgent).*(account|password)')",
        "R04": "spam_score >= 8.0",
        "R05": "result == 'bounce' && plan == 'free'",
        "R06": "mail_from.endsWith('@paypal.com') || mail_from.endsWith('@apple.com')"
        " || mail_from.endsWith('@microsoft.com')",
    },
    "flow": {
        "R07": "dst_port == 25 && plan in ['free','trial']",
        "R08": "dst_port in [22,23,3389,445,5900] && pkts_out <= 3",
        "R09": "proto == 'udp' && src_port in [53,123,1900,11211] && bytes_out > 1000000",
        "R10": "dst_port in [3333,4444,5555,14444]",
        "R11": "bytes_out > 500000000",
    },
    "proc": {
        "R12": "cmdline.contains('xmrig') || cmdline.contains('minerd')"
        " || cmdline.contains('stratum+tcp') || cmdline.contains('kdevtmpfsi')",
        "R13": "cpu_pct > 95.0 && plan == 'shared'",
        "R14": "exe.endsWith('/tor')",
    },
    "file": {
        "R15": "path.matches('(?i)(paypal|office365|chase|dhl)[^/]*/(login|signin|verify)[.]php$')",
        "R16": "mime == 'text/x-php' && yara.contains('webshell')",
        "R17": "file_size > 1000000000 && plan in ['shared','free'] && (path.endsWith('.iso')"
        " || path.endsWith('.mkv') || path.endsWith('.mp4') || path.endsWith('.rar'))",
    },
    "login": {
        "R18": "login_country != country && account_age_days < 7.0",
        "R19": "user == 'root' && login_result == 'fail'",
    },
    "report": {"R20": "report_type in ['phishing','malware','csam'] && trusted"},
}
COMPILED = {
    kind: [(name, cel.compile(text)) for name, text in rules.items()]
    for kind, rules in RULES.items()
}


def stateless(path: str, _batch: int) -> Hits:
    hits: Counter[str] = Counter()
    for event in pl.read_parquet(path).iter_rows(named=True):
        context = cel.Context(event)
        for name, program in COMPILED[event["kind"]]:
            hits[name] += program.execute(context) is True
    return {name: [hits[name]] for rules in RULES.values() for name in rules}


if __name__ == "__main__":
    run(version("common-expression-language"), {"stateless": stateless})
