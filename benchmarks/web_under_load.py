"""The desk while the engine replays at full speed, on one SQLite file: answers and failed writes.

Usage: python benchmarks/web_under_load.py [LINES]. Writes a Postfix log of at least LINES lines (2
million), starts the installed `aupkeep web` and, beside it, `aupkeep engine --once` over the log;
signs in by link and, until the engine is done, reads pages and presses buttons as one busy person
would, while a second writer (this process) raises alarms. Prints percentiles in milliseconds, wall
clock, and how many writes failed.
"""

from __future__ import annotations

import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from aupkeep.base.clock import parse_instant
from aupkeep.demo.bulk import bulk_holdings, write_mail_log
from aupkeep.flow.alarms import raise_alarm
from aupkeep.flow.installation import open_installation
from aupkeep.store import alarms, evidence

END = parse_instant("2026-11-21T00:00:00Z")
PROGRAM = [sys.executable, "-m", "aupkeep"]
SEED = 1
PAUSE = 0.02


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    with tempfile.TemporaryDirectory(prefix="aupkeep-load-") as name:
        folder = Path(name)
        link = install(folder, lines)
        web = subprocess.Popen([*PROGRAM, "web", str(folder / "i")], stdout=subprocess.DEVNULL)
        try:
            measure(folder / "i", link)
        finally:
            web.terminate()
            web.wait()


def install(folder: Path, lines: int) -> str:
    """Make an installation that reads a fortnight with cases and a long log; return a link."""
    raw, logs = folder / "raw", folder / "root/var/log"
    run("demo", "--write", raw, "--seed", SEED, "--end", "2026-11-21T00:00:00Z")
    logs.mkdir(parents=True)
    for log in (raw / "jasmo").glob("mail.log*"):
        shutil.copy(log, logs / log.name)
    write_mail_log(folder / "bulk.log", lines, SEED, END)
    done = run("init", folder / "i", "--policy", "jasmo", "--root", folder / "root")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = folder / "i" / "aupkeep.toml"
    bulk = f'[[inlet]]\nprovider = "jasmo"\nformat = "postfix"\npath = "{folder}/bulk.log"\n'
    text = settings.read_text()
    settings.write_text(f'{text}\n{bulk}\n[desk]\nlisten = "127.0.0.1:{port}"\n')
    for source, books in (
        ("billing", (raw / "holdings.csv").read_text()),
        ("bulk", bulk_holdings(SEED, END)),
    ):
        head, *rows = books.splitlines(keepends=True)
        path = folder / f"{source}.csv"
        path.write_text(head + "".join(row for row in rows if row.startswith("jasmo,")))
        run("holdings", "import", path, "--source", source, "--dir", folder / "i")
    link = re.search(r"/sign-in/\S+", done)
    if link is None:
        raise RuntimeError(f"init printed no link:\n{done}")
    return f"http://127.0.0.1:{port}{link[0]}"


def run(*words: object) -> str:
    done = subprocess.run([*PROGRAM, *map(str, words)], capture_output=True, text=True, check=True)
    return done.stdout


def measure(folder: Path, link: str) -> None:
    installation = open_installation(folder)
    base = link.partition("/sign-in/")[0]
    provider = installation.settings.provider[0].name
    with httpx.Client(follow_redirects=True, timeout=30) as client:
        wait_for(client, base)
        press(client, link, link)
        engine = subprocess.Popen(
            [*PROGRAM, "engine", str(folder), "--once"], stdout=subprocess.DEVNULL
        )
        began, reads, writes, failed, round_ = time.monotonic(), [], [], 0, 0
        while engine.poll() is None:
            round_ += 1
            raise_alarm(provider, "load", str(round_), "only a test", now=time.time_ns() // 1000)
            cases = [one.id for one in evidence.all_cases()[:3]]
            paths = ["/", f"/policy/{provider}/", *(f"/case/{one}" for one in cases)]
            reads += [timed(client, base + path) for path in paths]
            (latest,) = alarms.alarms()[-1:]
            took, code = press(client, base + "/", f"{base}/alarm/{latest.id}/acknowledge")
            writes.append(took)
            failed += code != httpx.codes.OK
            time.sleep(PAUSE)
        print(f"engine: {time.monotonic() - began:.1f} s, exit {engine.returncode}")
        say("pages", reads)
        say("buttons", writes)
        print(f"failed writes: {failed} of {len(writes)}; alarms left: {len(alarms.alarms())}")


def wait_for(client: httpx.Client, base: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            client.get(base + "/")
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def timed(client: httpx.Client, url: str) -> float:
    began = time.monotonic()
    client.get(url).raise_for_status()
    return time.monotonic() - began


def press(client: httpx.Client, page: str, url: str) -> tuple[float, int]:
    """Post an empty form to `url` with the token that `page` gives; time the post alone."""
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get(page).text)
    if token is None:
        raise RuntimeError(f"no form on {page}")
    began = time.monotonic()
    answer = client.post(url, data={"csrfmiddlewaretoken": token[1]})
    return time.monotonic() - began, answer.status_code


def say(what: str, times: list[float]) -> None:
    cuts = statistics.quantiles([one * 1000 for one in times], n=100)
    print(
        f"{what}: {len(times)}, median {cuts[49]:.0f} ms, 95 % {cuts[94]:.0f} ms, "
        f"99 % {cuts[98]:.0f} ms, longest {max(times) * 1000:.0f} ms"
    )


main()
