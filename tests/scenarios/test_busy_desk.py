"""The engine reads at full speed, the desk answers and writes beside it, and no write fails.

How long answers take is for `benchmarks/web_under_load.py`: a test asserts no times.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from installed import Command
from visitor import Visitor, visitor

from private_postfix import free_ports, wait_for

#: Writes to the same database until told to stop, as the hand does.
WRITER = """
import sys, time
from pathlib import Path
from aupkeep.flow.alarms import raise_alarm
from aupkeep.flow.installation import open_installation
open_installation(Path(sys.argv[1]))
number = 0
for _ in iter(sys.stdin.readline, ""):
    number += 1
    raise_alarm("jasmo", "busy", str(number), "only a test", now=time.time_ns() // 1000)
    print(number, flush=True)
"""
_ACKNOWLEDGE = re.compile(r'action="(/alarm/[^"]+/acknowledge)"')


def test_no_write_fails_while_the_engine_reads(
    aupkeep: Command, fortnight: Path, tmp_path: Path
) -> None:
    folder, link, port = installed(aupkeep, fortnight, tmp_path)
    web = subprocess.Popen([*aupkeep.words, "web", str(folder)])
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdin is not None
    assert writer.stdout is not None
    try:
        wait_for(port)
        with visitor(link) as one:
            engine = subprocess.Popen([*aupkeep.words, "engine", str(folder), "--once"])
            rounds = 0
            while engine.poll() is None or rounds == 0:
                rounds += 1
                writer.stdin.write("\n")
                writer.stdin.flush()
                assert writer.stdout.readline() == f"{rounds}\n"
                acknowledge(one, link)
            assert engine.returncode == 0
        writer.stdin.close()
        assert writer.wait(30) == 0
    finally:
        for process in (web, writer):
            process.kill()
            process.wait()
        writer.stdout.close()
    done = aupkeep("alarm", "list", "--all", "--json", "--dir", folder)
    listed = [item for item in done.objects() if item["kind"] == "busy"]
    assert len(listed) == rounds
    assert all(item["acknowledged_by"] for item in listed)
    assert aupkeep("case", "list", "--json", "--dir", folder).objects()
    verified = aupkeep("record", "verify", "--json", "--dir", folder)
    assert verified.code == 0, verified.out


def acknowledge(one: Visitor, link: str) -> None:
    """Read the queue and a case, then press the button of every alarm there is."""
    desk = link.partition("/sign-in/")[0]
    page = one.open(f"{desk}/").text
    for case in re.findall(r'href="(/case/[0-9a-f]+)"', page)[:1]:
        assert one.open(f"{desk}{case}").status_code == 200
    actions = _ACKNOWLEDGE.findall(page)
    assert actions
    for action in actions:
        assert one.send(f"{desk}/", action).status_code == 200


def installed(aupkeep: Command, fortnight: Path, tmp_path: Path) -> tuple[Path, str, int]:
    """An installation that reads a fortnight's mail log; its folder, a link, the desk's port."""
    logs = tmp_path / "machine" / "var" / "log"
    logs.mkdir(parents=True)
    for log in (fortnight / "jasmo").glob("mail.log*"):
        shutil.copy(log, logs / log.name)
    folder, (port,) = tmp_path / "i", free_ports(1)
    done = aupkeep("init", folder, "--policy", "jasmo", "--root", tmp_path / "machine")
    settings = folder / "aupkeep.toml"
    text = settings.read_text().replace('zone = "UTC"', 'zone = "UTC"\nyear = 2026')
    settings.write_text(f'{text}\n[desk]\nlisten = "127.0.0.1:{port}"\n')
    books = (fortnight / "holdings.csv").read_text().splitlines(keepends=True)
    own = tmp_path / "holdings.csv"
    own.write_text(books[0] + "".join(line for line in books if line.startswith("jasmo,")))
    imported = aupkeep("holdings", "import", own, "--source", "billing", "--dir", folder)
    assert imported.code == 0, imported.err
    (path,) = re.findall(r"/sign-in/\S+", done.out)
    return folder, f"http://127.0.0.1:{port}{path}", port
