"""`run --once` reads every log to its end, also when another log ends long before it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from installed import Command


def test_a_log_that_ends_early_does_not_end_the_others(aupkeep: Command, tmp_path: Path) -> None:
    folder, root = tmp_path / "here", tmp_path / "root"
    logs = root / "var/log"
    logs.mkdir(parents=True)
    line = (
        "2026-01-{:02d}T00:00:00Z mx sshd[7]: Failed password for joe from 192.0.2.9 port 9 ssh2\n"
    )
    (logs / "mail.log").write_text("2026-01-01T00:00:00Z mx postfix/qmgr[1]: 4A1: removed\n")
    for day, name in enumerate(("auth.log.2", "auth.log.1", "auth.log"), start=2):
        (logs / name).write_text(line.format(day))
    assert aupkeep("init", folder, "--policy", "jasmo", "--root", root).code == 0
    assert aupkeep("run", folder, "--once").code == 0
    path = f"file:{folder}/data/aupkeep.sqlite3?mode=ro"
    with closing(sqlite3.connect(path, uri=True)) as store:
        rows = store.execute("select counts from store_sourcestate where format = 'sshd'")
        assert [json.loads(counts)["events"] for (counts,) in rows] == [3]
