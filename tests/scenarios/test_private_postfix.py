"""A real Postfix, two hundred mails of one login, and the case they lead to."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from installed import Command, Done

from private_postfix import Postfix, missing, private_postfix

LOGIN = "shop@store.example"
MAILS, TO_NOBODY = 200, 60


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    why = missing()
    if why:
        pytest.skip(why)
    with private_postfix() as instance:
        yield instance


def send(postfix: Postfix) -> None:
    """Hand in mails as one authenticated login, some of them to addresses that are not there."""
    with postfix.session(LOGIN) as server:
        for number in range(MAILS):
            domain = "nobody.example" if number % 10 < TO_NOBODY * 10 // MAILS else "far.example"
            server.sendmail(
                LOGIN,
                [f"reader{number}@{domain}"],
                f"Subject: offer {number}\r\n\r\nBuy now.\r\n",
            )


@pytest.fixture(scope="module")
def sent(postfix: Postfix) -> Postfix:
    """The instance after everything that was handed in has come to an end."""
    send(postfix)
    until = time.monotonic() + 60
    while len(outcomes(postfix)) < MAILS:
        assert time.monotonic() < until, postfix.log.read_text()[-2000:]
        time.sleep(0.2)
    return postfix


def outcomes(postfix: Postfix) -> list[str]:
    return re.findall(r"to=<reader\d+@.*status=(?:sent|bounced)", postfix.log_text())


def wait_for_case(aupkeep: Command, folder: Path) -> dict[str, Any]:
    until = time.monotonic() + 120
    while True:
        done = aupkeep("case", "list", "--dir", folder, "--json")
        # `fact` comes with the receivers' answers, which may be read a moment later.
        found: list[dict[str, Any]] = [case for case in done.objects() if case["tier"] == "fact"]
        if found:
            assert len(done.objects()) == 1
            return found[0]
        assert time.monotonic() < until, "no case"
        time.sleep(0.5)


def wait_for_all_at_work(aupkeep: Command, folder: Path) -> Done:
    """Return what doctor says once web, the slowest of the three, has come up too."""
    until = time.monotonic() + 120
    while "is not at work" in (done := aupkeep("doctor", "--dir", folder)).out:
        assert time.monotonic() < until, done.out
        time.sleep(0.5)
    return done


@pytest.mark.parametrize("held", [True, False], ids=["with holdings", "without holdings"])
def test_two_hundred_mails(aupkeep: Command, sent: Postfix, tmp_path: Path, *, held: bool) -> None:
    folder = tmp_path / "installation"
    made = aupkeep("init", folder, "--policy", "jasmo", "--root", sent.machine)
    assert made.code == 0, made.err
    assert str(sent.log) in made.out
    if held:
        suggest_and_import(aupkeep, folder, tmp_path / "holdings.csv")
    with (tmp_path / "run.log").open("wb") as log:
        running = subprocess.Popen([*aupkeep.words, "run", str(folder)], stdout=log, stderr=log)
        try:
            case = wait_for_case(aupkeep, folder)
            doctor = wait_for_all_at_work(aupkeep, folder)
        finally:
            running.send_signal(signal.SIGTERM)
            assert running.wait(60) == 0
    assert "Traceback" not in (tmp_path / "run.log").read_text()
    assert (case["provider"], case["clause"]) == ("jasmo", "spam")
    if held:
        assert case["customer"] == "c-4711"
        assert {item["measure"] for item in case["sanctions"]} & {"hold_mail", "throttle"}
        assert all(item["would_do"] for item in case["sanctions"])
        assert f"rows: {MAILS} of 1 customers" in doctor.out, doctor.out
        assert "c-4711" in doctor.out
    else:
        assert case["customer"] is None
        assert case["attribution"] == "unknown"
        assert case["sanctions"] == []
        assert "0 of 0 customers" in doctor.out
        assert "holdings suggest" in doctor.out
    verified = aupkeep("record", "verify", "--dir", folder, "--json")
    assert [item["ok"] for item in verified.objects()] == [True]


def suggest_and_import(aupkeep: Command, folder: Path, path: Path) -> None:
    suggested = aupkeep("holdings", "suggest", "--dir", folder)
    assert suggested.code == 0, suggested.err
    head, *rows = suggested.out.splitlines()
    names = head.split(",")
    (row,) = [line.split(",") for line in rows if LOGIN in line]
    fields = dict(zip(names, row, strict=True))
    assert (fields["kind"], fields["customer"]) == ("login", "")
    fields |= {"customer": "c-4711", "service": "mail-1", "plan": "mail-basic"}
    path.write_text(head + "\n" + ",".join(fields.values()) + "\n")
    done = aupkeep("holdings", "import", path, "--source", "billing", "--dir", folder)
    assert done.code == 0, done.err


def test_the_same_from_the_journal(aupkeep: Command, sent: Postfix, tmp_path: Path) -> None:
    """The lines as `journalctl -o short-iso-precise` prints them, through standard input."""
    lines = []
    for number, line in enumerate(sent.log.read_text().splitlines()):
        stamp, rest = line[:15], line[16:]
        year = datetime.now(UTC).year
        moment = datetime.strptime(f"{year} {stamp} +0000", "%Y %b %d %H:%M:%S %z")
        lines.append(f"{moment:%Y-%m-%dT%H:%M:%S}.{number % 1_000_000:06d}+0000 {rest}\n")
    holdings = tmp_path / "holdings.csv"
    holdings.write_text(
        "provider,kind,value,port_from,port_to,customer,service,plan,from,to,source,recorded_at\n"
        f"jasmo,login,{LOGIN},,,c-4711,mail-1,mail-basic,2020-01-01T00:00:00Z,,billing,\n"
    )
    done = aupkeep(
        *("detect", "-", "--as", "postfix", "--holdings", holdings, "--json"),
        stdin="".join(lines).encode(),
    )
    assert done.code == 1, done.err
    *findings, last = done.objects()
    assert ("spam", "fact", "c-4711") in {
        (item["clause"], item["tier"], item["customer"]) for item in findings
    }
    assert last["summary"]["rejects"] == 0
    assert json.loads(done.out.splitlines()[-1])["summary"]["customers"]["c-4711"] >= MAILS
