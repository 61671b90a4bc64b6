"""DuckDB: one query over the whole file; for the windows, a query a rule.

`windowed` asks each windowed rule once over the whole file. `batches` is how rules would run on
events that keep coming: every batch is appended to a table, each rule is asked over the rows of the
batch's keys that its window reaches, and rows that no window reaches are deleted.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
from day import BOUNCE, LEAST_MAILS, LONGEST, MINERS, POOLS, RULES, TOGETHER, Rule
from job import Hits, run

BRANDS = ("@paypal.com", "@apple.com", "@microsoft.com")
LARGE = (".iso", ".mkv", ".mp4", ".rar")
STATELESS = {
    "R01": "kind = 'mail' AND rcpt_count > 100",
    "R02": "kind = 'mail' AND account_age_days < 1.0 AND rcpt_count > 20",
    "R03": "kind = 'mail' AND"
    " regexp_matches(subject, '(verify|suspend|urgent).*(account|password)', 'i')",
    "R04": "kind = 'mail' AND spam_score >= 8.0",
    "R05": "kind = 'mail' AND result = 'bounce' AND plan = 'free'",
    "R06": "kind = 'mail' AND (" + " OR ".join(f"suffix(mail_from, '{b}')" for b in BRANDS) + ")",
    "R07": "kind = 'flow' AND dst_port = 25 AND plan IN ('free', 'trial')",
    "R08": "kind = 'flow' AND dst_port IN (22, 23, 3389, 445, 5900) AND pkts_out <= 3",
    "R09": "kind = 'flow' AND proto = 'udp' AND src_port IN (53, 123, 1900, 11211)"
    " AND bytes_out > 1000000",
    "R10": "kind = 'flow' AND dst_port IN (3333, 4444, 5555, 14444)",
    "R11": "kind = 'flow' AND bytes_out > 500000000",
    "R12": "kind = 'proc' AND (" + " OR ".join(f"contains(cmdline, '{m}')" for m in MINERS) + ")",
    "R13": "kind = 'proc' AND cpu_pct > 95.0 AND plan = 'shared'",
    "R14": "kind = 'proc' AND suffix(exe, '/tor')",
    "R15": "kind = 'file' AND regexp_matches(path,"
    " '(paypal|office365|chase|dhl)[^/]*/(login|signin|verify)[.]php$', 'i')",
    "R16": "kind = 'file' AND mime = 'text/x-php' AND contains(yara, 'webshell')",
    "R17": "kind = 'file' AND file_size > 1000000000 AND plan IN ('shared', 'free') AND ("
    + " OR ".join(f"suffix(path, '{end}')" for end in LARGE)
    + ")",
    "R18": "kind = 'login' AND login_country <> country AND account_age_days < 7.0",
    "R19": "kind = 'login' AND \"user\" = 'root' AND login_result = 'fail'",
    "R20": "kind = 'report' AND report_type IN ('phishing', 'malware', 'csam') AND trusted",
}
#: Milliseconds taken off every instant, so that instant and id fit into one number.
START = 1_760_000_000_000
#: Rows of one instant are told apart by their id below this.
ROOM = 2**32
ORDER = f"((ts - {START}) * {ROOM} + id)"
COLUMNS = (
    *("id", "ts", "kind", "customer_id", "service_id", "dst_ip", "src_ip", "dst_port"),
    *("bytes_out", "result", "mail_from", "subject", "rcpt_count", "spam_score", "login_country"),
    *("login_result", '"user"', "exe", "cmdline", "cpu_pct", "path", "file_size"),
)
MINER = "kind = 'proc' AND (" + " OR ".join(f"contains(cmdline, '{m}')" for m in MINERS) + ")"
POOL = f"kind = 'flow' AND dst_port IN {POOLS}"


def connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    return connection


def stateless(path: str, _batch: int) -> Hits:
    counts = ", ".join(f"count(*) FILTER (WHERE {text})" for text in STATELESS.values())
    row = connect().execute(f"SELECT {counts} FROM read_parquet('{path}')").fetchone() or ()
    return {name: [int(count)] for name, count in zip(STATELESS, row, strict=True)}


def chosen(rule: Rule) -> str:
    """Return what must hold of a row of `rule`."""
    text = f"kind = '{rule.kind}'"
    if rule.where:
        column, values = rule.where
        listed = ", ".join(repr(value) for value in values)
        text += f" AND {column} IN ({listed})"
    return f"{text} AND {quoted(rule.field)} IS NOT NULL" if rule.field else text


def quoted(name: str) -> str:
    return '"user"' if name == "user" else name


def value(rule: Rule) -> str:
    """Return the measure of `rule` as an aggregate."""
    field = quoted(rule.field)
    return {
        "count": "count(*)",
        "distinct": f"count(DISTINCT {field})",
        "sum": f"sum({field})",
        "mean": f"sum({field}) OVER w / count(*)",
        "share": f"sum((result = '{BOUNCE}')::INT) OVER w / count(*)",
    }[rule.measure]


def query(rule: Rule, source: str, new: str) -> str:
    """Return the keys for which `rule` holds at a row that is `new`, and the first such row."""
    keys = ", ".join(map(quoted, rule.key))
    low = f"((ts // {rule.pane} - 59) * {rule.pane} - {START}) * {ROOM}"
    holds = "value > " if rule.measure == "share" else "value >= "
    more = f" AND rows >= {LEAST_MAILS}" if rule.measure == "share" else ""
    rows = ", count(*) OVER w AS rows" if rule.measure == "share" else ""
    return (
        f"WITH chosen AS (SELECT *, {ORDER} AS place FROM {source} WHERE {chosen(rule)}),"
        f" valued AS (SELECT {keys}, id, {value(rule)} OVER w AS value{rows} FROM chosen"
        f" WINDOW w AS (PARTITION BY {keys} ORDER BY place"
        f" RANGE BETWEEN (place - {low}) PRECEDING AND CURRENT ROW))"
        f" SELECT {keys}, min(id) FROM valued WHERE {holds}{rule.least}{more} AND {new}"
        f" GROUP BY {keys}"
    )


def together(source: str, new: str) -> str:
    """Return the services with a miner and its pool (W20), and the first row that shows both."""
    last = " OVER (PARTITION BY service_id ORDER BY id ROWS UNBOUNDED PRECEDING)"
    return (
        f"WITH valued AS (SELECT service_id, id, ts, max(ts) FILTER (WHERE {MINER}){last} AS miner,"
        f" max(ts) FILTER (WHERE {POOL}){last} AS pool FROM {source}"
        f" WHERE ({MINER}) OR ({POOL}))"
        f" SELECT service_id, min(id) FROM valued"
        f" WHERE least(miner, pool) > ts - {TOGETHER} AND miner IS NOT NULL AND pool IS NOT NULL"
        f" AND {new} GROUP BY service_id"
    )


def windowed(path: str, _batch: int) -> Hits:
    connection = connect()
    columns = ", ".join(COLUMNS)
    connection.execute(f"CREATE TABLE seen AS SELECT {columns} FROM read_parquet('{path}')")
    hits = {}
    for rule in RULES:
        found = connection.execute(query(rule, "seen", "true")).fetchall()
        hits[rule.name] = [len(found), sum(row[-1] for row in found)]
    found = connection.execute(together("seen", "true")).fetchall()
    return stateless(path, 0) | hits | {"W20": [len(found), sum(row[-1] for row in found)]}


def edges(connection: duckdb.DuckDBPyConnection, path: str, batch: int) -> Iterator[int]:
    last = (connection.execute(f"SELECT max(id) FROM read_parquet('{path}')").fetchone() or (0,))[0]
    yield from range(0, last + 1, batch)


def batches(path: str, batch: int) -> Hits:
    connection = connect()
    columns = ", ".join(COLUMNS)
    connection.execute(f"CREATE TABLE seen AS SELECT {columns} FROM read_parquet('{path}') LIMIT 0")
    first: dict[str, dict[tuple[object, ...], int]] = {rule.name: {} for rule in RULES}
    first["W20"] = {}
    counts = dict.fromkeys(STATELESS, 0)
    filters = ", ".join(f"count(*) FILTER (WHERE {text})" for text in STATELESS.values())
    for start in edges(connection, path, batch):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT * FROM read_parquet('{path}')"
            f" WHERE id BETWEEN {start} AND {start + batch - 1}"
        )
        row = connection.execute(f"SELECT {filters} FROM fresh").fetchone() or ()
        for name, count in zip(STATELESS, row, strict=True):
            counts[name] += count
        connection.execute(f"INSERT INTO seen SELECT {columns} FROM fresh")
        low = (connection.execute("SELECT min(ts) FROM fresh").fetchone() or (0,))[0]
        new = f"id >= {start}"
        for rule in RULES:
            keys = ", ".join(map(quoted, rule.key))
            source = (
                f"(SELECT * FROM seen WHERE ts >= {low - rule.span - rule.pane} AND ({keys}) IN"
                f" (SELECT ({keys}) FROM fresh WHERE {chosen(rule)}))"
            )
            note(first[rule.name], connection.execute(query(rule, source, new)).fetchall())
        source = f"(SELECT * FROM seen WHERE ts > {low - TOGETHER})"
        note(first["W20"], connection.execute(together(source, new)).fetchall())
        connection.execute(f"DELETE FROM seen WHERE ts < {low - LONGEST - LONGEST // 60}")
    hits = {name: [len(found), sum(found.values())] for name, found in first.items()}
    return {name: [count] for name, count in counts.items()} | hits


def note(first: dict[tuple[object, ...], int], found: list[tuple[object, ...]]) -> None:
    for *key, where in found:
        first.setdefault(tuple(key), int(str(where)))


if __name__ == "__main__":
    run(duckdb.__version__, {"stateless": stateless, "windowed": windowed, "batches": batches})
