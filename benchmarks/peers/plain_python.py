"""Compiled plain Python: one function a kind, over tuples; what hand-written code can reach."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Iterable
from typing import Any

import polars as pl
from job import Hits, run

Rows = Iterable[tuple[Any, ...]]

SUBJECT = re.compile(r"(?i)(verify|suspend|urgent).*(account|password)")
PAGE = re.compile(r"(?i)(paypal|office365|chase|dhl)[^/]*/(login|signin|verify)[.]php$")
BRANDS = ("@paypal.com", "@apple.com", "@microsoft.com")
MINERS = ("xmrig", "minerd", "stratum+tcp", "kdevtmpfsi")
LARGE = (".iso", ".mkv", ".mp4", ".rar")


def mail(rows: Rows) -> Hits:
    many = first = asks = score = bounce = brand = 0
    search = SUBJECT.search
    for recipients, age, subject, spam, result, plan, sender in rows:
        many += recipients > 100
        first += age < 1.0 and recipients > 20
        asks += search(subject) is not None
        score += spam >= 8.0
        bounce += result == "bounce" and plan == "free"
        brand += sender.endswith(BRANDS)
    counts = (many, first, asks, score, bounce, brand)
    return {f"R{number:02}": [count] for number, count in enumerate(counts, 1)}


def flow(rows: Rows) -> Hits:
    direct = knock = answer = pool = large = 0
    for to, plan, packets, protocol, source, size in rows:
        direct += to == 25 and plan in ("free", "trial")
        knock += to in (22, 23, 3389, 445, 5900) and packets <= 3
        answer += protocol == "udp" and source in (53, 123, 1900, 11211) and size > 1_000_000
        pool += to in (3333, 4444, 5555, 14444)
        large += size > 500_000_000
    return {"R07": [direct], "R08": [knock], "R09": [answer], "R10": [pool], "R11": [large]}


def proc(rows: Rows) -> Hits:
    miner = core = tor = 0
    for call, cpu, plan, program in rows:
        miner += any(name in call for name in MINERS)
        core += cpu > 95.0 and plan == "shared"
        tor += program.endswith("/tor")
    return {"R12": [miner], "R13": [core], "R14": [tor]}


def file(rows: Rows) -> Hits:
    page = shell = large = 0
    search = PAGE.search
    for path, mime, yara, size, plan in rows:
        page += search(path) is not None
        shell += mime == "text/x-php" and "webshell" in yara
        large += size > 1_000_000_000 and plan in ("shared", "free") and path.endswith(LARGE)
    return {"R15": [page], "R16": [shell], "R17": [large]}


def login(rows: Rows) -> Hits:
    young = root = 0
    for country, home, age, user, result in rows:
        young += country != home and age < 7.0
        root += user == "root" and result == "fail"
    return {"R18": [young], "R19": [root]}


def report(rows: Rows) -> Hits:
    grave = 0
    for kind, trusted in rows:
        grave += kind in ("phishing", "malware", "csam") and trusted
    return {"R20": [grave]}


#: Kind -> its function and the columns it takes.
KINDS: dict[str, tuple[Callable[[Rows], Hits], str]] = {
    "mail": (mail, "rcpt_count account_age_days subject spam_score result plan mail_from"),
    "flow": (flow, "dst_port plan pkts_out proto src_port bytes_out"),
    "proc": (proc, "cmdline cpu_pct plan exe"),
    "file": (file, "path mime yara file_size plan"),
    "login": (login, "login_country country account_age_days user login_result"),
    "report": (report, "report_type trusted"),
}


def stateless(path: str, _batch: int) -> Hits:
    hits: Hits = {}
    for kind, (judge, columns) in KINDS.items():
        frame = pl.scan_parquet(path).filter(pl.col("kind") == kind).select(columns.split())
        hits |= judge(frame.collect().iter_rows())
    return hits


if __name__ == "__main__":
    run(platform.python_version(), {"stateless": stateless})
