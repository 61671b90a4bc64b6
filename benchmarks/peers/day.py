"""The twenty windowed rules, as the peers that are given windows must have them.

A window's panes are a sixtieth of it, whole milliseconds, aligned to the epoch; at an event it
holds the rows up to this one in the present pane and the 59 before it.
"""

from __future__ import annotations

from dataclasses import dataclass

MINUTE = 60_000
HOUR = 60 * MINUTE
#: Panes of a window.
PANES = 60


@dataclass(frozen=True)
class Rule:
    """One windowed rule: rows of a kind, a key, a measure."""

    name: str
    kind: str
    key: tuple[str, ...]
    #: Milliseconds.
    span: int
    #: count, distinct, sum, mean or share.
    measure: str
    field: str
    least: float
    #: What must hold of a row besides its kind: a column and the values it may have.
    where: tuple[str, tuple[str | int, ...]] | None = None

    @property
    def pane(self) -> int:
        """Milliseconds of a pane."""
        return -(-self.span // PANES)


SCANS = ("dst_port", (22, 23, 445, 3389))
FAILED = ("login_result", ("fail",))

CUSTOMER, SERVICE = ("customer_id",), ("service_id",)

RULES = (
    Rule("W01", "mail", CUSTOMER, HOUR, "count", "", 500),
    Rule("W02", "flow", CUSTOMER, HOUR, "sum", "bytes_out", 2_000_000_000),
    Rule("W03", "mail", CUSTOMER, 24 * HOUR, "share", "", 0.12),
    Rule("W04", "flow", SERVICE, 10 * MINUTE, "distinct", "dst_ip", 20, SCANS),
    Rule("W05", "flow", ("src_ip", "dst_port"), 10 * MINUTE, "distinct", "dst_ip", 30),
    Rule("W06", "flow", SERVICE, 10 * MINUTE, "distinct", "dst_ip", 40),
    Rule("W07", "flow", SERVICE, 10 * MINUTE, "distinct", "dst_port", 11),
    Rule("W08", "mail", SERVICE, HOUR, "distinct", "mail_from", 7),
    Rule("W09", "mail", SERVICE, 10 * MINUTE, "distinct", "subject", 8),
    Rule("W10", "login", CUSTOMER, 24 * HOUR, "distinct", "login_country", 8),
    Rule("W11", "login", SERVICE, 10 * MINUTE, "distinct", "user", 3, FAILED),
    Rule("W12", "proc", SERVICE, 30 * MINUTE, "distinct", "exe", 7),
    Rule("W13", "file", SERVICE, HOUR, "distinct", "path", 7),
    Rule("W14", "login", ("customer_id", "user"), 15 * MINUTE, "count", "", 12, FAILED),
    Rule("W15", "mail", SERVICE, HOUR, "sum", "rcpt_count", 5_000),
    Rule("W16", "mail", SERVICE, 6 * HOUR, "mean", "spam_score", 11.00037),
    Rule("W17", "file", SERVICE, 12 * HOUR, "sum", "file_size", 100_000_000_000),
    Rule("W18", "flow", ("service_id", "dst_port"), 30 * MINUTE, "count", "", 60),
    Rule("W19", "proc", SERVICE, 2 * HOUR, "sum", "cpu_pct", 6000.57),
)
#: Fewest mails for a share to say something (W03), and what comes back.
LEAST_MAILS, BOUNCE = 100, "bounce"
#: W20: a miner and its pool at one service, each not longer ago than this.
MINERS = ("xmrig", "minerd", "stratum+tcp", "kdevtmpfsi")
POOLS = (3333, 4444, 5555, 14444)
TOGETHER = 2 * MINUTE
#: The longest window.
LONGEST = 24 * HOUR
