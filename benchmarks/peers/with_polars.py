"""Plain Polars: one lazy query over the whole file; for the windows, a query a rule.

A window's value is a running sum: a row adds to it, and takes away again at the start of the pane
in which it leaves; of equal values only the first to come and the last to leave count as different.
`batches` is how rules would run on events that keep coming: every batch is appended, each rule is
asked over the rows of the batch's keys that its window reaches, and what no window reaches is let
go.
"""

from __future__ import annotations

import polars as pl
from day import BOUNCE, LEAST_MAILS, LONGEST, MINERS, PANES, POOLS, RULES, TOGETHER, Rule
from job import Hits, run
from polars import col

BRANDS = ("@paypal.com", "@apple.com", "@microsoft.com")
LARGE = (".iso", ".mkv", ".mp4", ".rar")
First = dict[tuple[object, ...], int]


def ends(name: str, texts: tuple[str, ...]) -> pl.Expr:
    return pl.any_horizontal(col(name).str.ends_with(text) for text in texts)


def holds(name: str, texts: tuple[str, ...]) -> pl.Expr:
    return pl.any_horizontal(col(name).str.contains(text, literal=True) for text in texts)


SMALL = col("plan").is_in(["free", "trial"])
MINER = (col("kind") == "proc") & holds("cmdline", MINERS)
POOL = (col("kind") == "flow") & col("dst_port").is_in(POOLS)
STATELESS = {
    "R01": ("mail", col("rcpt_count") > 100),
    "R02": ("mail", (col("account_age_days") < 1.0) & (col("rcpt_count") > 20)),
    "R03": (
        "mail",
        col("subject").str.contains("(?i)(verify|suspend|urgent).*(account|password)"),
    ),
    "R04": ("mail", col("spam_score") >= 8.0),
    "R05": ("mail", (col("result") == "bounce") & (col("plan") == "free")),
    "R06": ("mail", ends("mail_from", BRANDS)),
    "R07": ("flow", (col("dst_port") == 25) & SMALL),
    "R08": ("flow", col("dst_port").is_in([22, 23, 3389, 445, 5900]) & (col("pkts_out") <= 3)),
    "R09": (
        "flow",
        (col("proto") == "udp")
        & col("src_port").is_in([53, 123, 1900, 11211])
        & (col("bytes_out") > 1_000_000),
    ),
    "R10": ("flow", col("dst_port").is_in(POOLS)),
    "R11": ("flow", col("bytes_out") > 500_000_000),
    "R12": ("proc", holds("cmdline", MINERS)),
    "R13": ("proc", (col("cpu_pct") > 95.0) & (col("plan") == "shared")),
    "R14": ("proc", col("exe").str.ends_with("/tor")),
    "R15": (
        "file",
        col("path").str.contains(
            "(?i)(paypal|office365|chase|dhl)[^/]*/(login|signin|verify)[.]php$"
        ),
    ),
    "R16": (
        "file",
        (col("mime") == "text/x-php") & col("yara").str.contains("webshell", literal=True),
    ),
    "R17": (
        "file",
        (col("file_size") > 1_000_000_000)
        & col("plan").is_in(["shared", "free"])
        & ends("path", LARGE),
    ),
    "R18": ("login", (col("login_country") != col("country")) & (col("account_age_days") < 7.0)),
    "R19": ("login", (col("user") == "root") & (col("login_result") == "fail")),
    "R20": (
        "report",
        col("report_type").is_in(["phishing", "malware", "csam"]) & col("trusted"),
    ),
}
COUNTS = [
    ((col("kind") == kind) & holding.fill_null(value=False)).sum().alias(name)
    for name, (kind, holding) in STATELESS.items()
]
COLUMNS = [
    *("id", "ts", "kind", "customer_id", "service_id", "dst_ip", "src_ip", "dst_port"),
    *("bytes_out", "result", "mail_from", "subject", "rcpt_count", "spam_score", "login_country"),
    *("login_result", "user", "exe", "cmdline", "cpu_pct", "path", "file_size"),
]


def stateless(path: str, _batch: int) -> Hits:
    row = pl.scan_parquet(path).select(COUNTS).collect().row(0, named=True)
    return {name: [count] for name, count in row.items()}


def chosen(rule: Rule) -> pl.Expr:
    """Return what must hold of a row of `rule`."""
    found = col("kind") == rule.kind
    if rule.where:
        column, values = rule.where
        found &= col(column).is_in(values)
    return found & col(rule.field).is_not_null() if rule.field else found


def asked(rule: Rule, rows: pl.LazyFrame, start: int) -> pl.LazyFrame:
    """Return the keys for which `rule` holds at a row from `start` on, and the first such row."""
    names = ["id", *rule.key, *([rule.field] if rule.field else [])]
    if rule.measure == "share":
        names.append("result")
    rows = rows.filter(chosen(rule)).select(*names, pane=col("ts") // rule.pane)
    rows = rows.with_columns(
        rows_in=pl.lit(1),
        value=_value(rule),
    )
    comes, goes = rows, rows
    if rule.measure == "distinct":
        rows = rows.sort(*rule.key, rule.field, "id")
        alike = pl.all_horizontal(
            *(col(name) == col(name).shift(1) for name in (*rule.key, rule.field))
        )
        again = (alike & (col("pane") - col("pane").shift(1) < PANES)).fill_null(value=False)
        stays = again.shift(-1).fill_null(value=False)
        rows = rows.with_columns(again=again, stays=stays)
        comes = rows.with_columns(value=(~col("again")).cast(pl.Int64))
        goes = rows.filter(~col("stays"))
    goes = goes.group_by(*rule.key, "pane").agg(
        id=pl.lit(-1, dtype=pl.Int64), rows_in=-col("rows_in").sum(), value=-col("value").sum()
    )
    goes = goes.with_columns(pane=col("pane") + PANES)
    columns = [*rule.key, "pane", "id", "rows_in", "value"]
    both = pl.concat([comes.select(columns), goes.select(columns)], how="vertical_relaxed")
    running = both.sort(*rule.key, "pane", "id").with_columns(
        col("rows_in").cum_sum().over(rule.key), col("value").cum_sum().over(rule.key)
    )
    return (
        running.filter((col("id") >= start) & _reached(rule))
        .group_by(rule.key)
        .agg(col("id").min())
    )


def _value(rule: Rule) -> pl.Expr:
    if rule.measure in ("sum", "mean"):
        return col(rule.field)
    return (col("result") == BOUNCE).cast(pl.Int64) if rule.measure == "share" else pl.lit(1)


def _reached(rule: Rule) -> pl.Expr:
    if rule.measure == "share":
        mean = col("value") / col("rows_in")
        return (mean > rule.least) & (col("rows_in") >= LEAST_MAILS)
    if rule.measure == "mean":
        return col("value") / col("rows_in") >= rule.least
    return col("value") >= rule.least


def together(rows: pl.LazyFrame, start: int) -> pl.LazyFrame:
    """Return the services with a miner and its pool (W20), and the first row that shows both."""
    rows = rows.filter(MINER | POOL).select("id", "ts", "service_id", miner=MINER, pool=POOL)
    last = [
        pl.when(name).then("ts").forward_fill().over("service_id").alias(f"last_{name}")
        for name in ("miner", "pool")
    ]
    both = pl.min_horizontal("last_miner", "last_pool") > col("ts") - TOGETHER
    there = col("last_miner").is_not_null() & col("last_pool").is_not_null()
    found = rows.with_columns(last).filter(both & there & (col("id") >= start))
    return found.group_by("service_id").agg(col("id").min())


def unseen() -> dict[str, First]:
    return {name: {} for name in (*(rule.name for rule in RULES), "W20")}


def note(first: First, found: pl.DataFrame) -> None:
    for *key, where in found.iter_rows():
        first.setdefault(tuple(key), where)


def hits(first: dict[str, First]) -> Hits:
    return {name: [len(found), sum(found.values())] for name, found in first.items()}


def windowed(path: str, batch: int) -> Hits:
    rows = pl.read_parquet(path, columns=COLUMNS).lazy()
    first = unseen()
    for rule in RULES:
        note(first[rule.name], asked(rule, rows, 0).collect())
    note(first["W20"], together(rows, 0).collect())
    return stateless(path, batch) | hits(first)


def batches(path: str, batch: int) -> Hits:
    first = unseen()
    counts = dict.fromkeys(STATELESS, 0)
    whole = pl.read_parquet(path)
    seen = whole.clear().select(COLUMNS)
    for start in range(0, whole.height, batch):
        fresh = whole[start : start + batch]
        for name, count in fresh.lazy().select(COUNTS).collect().row(0, named=True).items():
            counts[name] += count
        low, begin = fresh["ts"][0], fresh["id"][0]
        reach = col("ts") >= low - LONGEST - LONGEST // PANES
        seen = pl.concat([seen.filter(reach), fresh.select(COLUMNS)])
        for rule in RULES:
            rows = seen.lazy().filter((col("ts") >= low - rule.span - rule.pane) & chosen(rule))
            keys = fresh.lazy().filter(chosen(rule)).select(rule.key)
            rows = rows.join(keys.unique(), on=rule.key, how="semi", maintain_order="left")
            note(first[rule.name], asked(rule, rows, begin).collect())
        rows = seen.lazy().filter(col("ts") > low - TOGETHER)
        note(first["W20"], together(rows, begin).collect())
    return {name: [count] for name, count in counts.items()} | hits(first)


if __name__ == "__main__":
    run(pl.__version__, {"stateless": stateless, "windowed": windowed, "batches": batches})
