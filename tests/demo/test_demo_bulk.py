from __future__ import annotations

import csv
import io
from pathlib import Path

from aupkeep.base.clock import parse_instant
from aupkeep.demo.bulk import bulk_holdings, write_mail_log
from aupkeep.demo.fortnight import Fortnight, write

END = parse_instant("2026-01-08T00:00:00Z")


def test_the_log_has_the_lines_asked_for_in_order(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    count = write_mail_log(path, 60_000, 1, END)
    lines = path.read_text().splitlines()
    assert len(lines) == count >= 60_000
    times = [line[:26] for line in lines]
    assert times == sorted(times)
    messages = sum("message-id=" in line for line in lines)
    assert count / messages >= 5
    assert lines[-1] < "2026-01-07T17:00:00"


def test_a_longer_log_is_another_with_the_same_law(tmp_path: Path) -> None:
    first, second = tmp_path / "a.log", tmp_path / "b.log"
    write_mail_log(first, 30_000, 7, END)
    write_mail_log(second, 30_000, 7, END)
    assert first.read_bytes() == second.read_bytes()


def test_holdings_cover_the_logins(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    write_mail_log(path, 20_000, 1, END)
    held = {row["value"] for row in csv.DictReader(io.StringIO(bulk_holdings(1, END)))}
    logins = {
        line.rpartition("@")[2]
        for line in path.read_text().splitlines()
        if "sasl_username=" in line
    }
    assert logins <= held


def test_write_adds_the_log_when_asked(tmp_path: Path) -> None:
    small = Fortnight(
        seed=1,
        start=END,
        end=END,
        files={},
        sources=(),
        exporters=(),
        customers=(),
        roles=(),
        sendings=(),
        mail_lines=1_000,
    )
    write(small, tmp_path)
    assert (tmp_path / "bench" / "mail.log").stat().st_size > 100_000
    assert (tmp_path / "bench" / "holdings.csv").exists()
