"""Bad input: a clear error or a counted reject; nothing taken in is lost; never a traceback.

(`conftest.Command` asserts for every call that no traceback is shown.)
"""

from __future__ import annotations

import gzip
import json
import os
import random
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from installed import Command

HEAD = "provider,kind,value,port_from,port_to,customer,service,plan,from,to,source,recorded_at\n"
ROW = "jasmo,login,{login},,,{customer},mail-1,mail-basic,{since},,billing,2020-01-01T00:00:00Z\n"
SETTINGS = """
clock = "event"

[[provider]]
name = "jasmo"
policy = "{policy}"

[[inlet]]
provider = "jasmo"
format = "postfix"
path = "{path}"
"""


def row(login: str, customer: str, since: str = "2020-01-01T00:00:00Z") -> str:
    return ROW.format(login=login, customer=customer, since=since)


@pytest.fixture
def log(mail: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "mail.log"
    path.write_bytes(mail)
    return path


@pytest.fixture
def installation(aupkeep: Command, mail: bytes, tmp_path: Path) -> Path:
    """An installation that has read a part of a log."""
    folder = tmp_path / "installation"
    machine = tmp_path / "machine"
    (machine / "var/log").mkdir(parents=True)
    (machine / "var/log/mail.log").write_bytes(mail[: mail.index(b"\n", 40_000) + 1])
    assert aupkeep("init", folder, "--policy", "jasmo", "--root", machine).code == 0
    settings = SETTINGS.format(policy="policies/jasmo", path=machine / "var/log/mail.log*")
    (folder / "aupkeep.toml").write_text(settings)
    assert aupkeep("run", folder, "--once").code == 0
    return folder


def test_truncated_gzip(
    aupkeep: Command, mail: bytes, books: Sequence[str], tmp_path: Path
) -> None:
    whole = gzip.compress(mail)
    cut = tmp_path / "mail.log.gz"
    cut.write_bytes(whole[: len(whole) * 9 // 10])
    done = aupkeep("detect", "--json", cut, "--as", "postfix", *books)
    assert done.code == 3
    assert "cannot be read to its end" in done.err
    assert "copy the file again" in done.err
    *findings, last = done.objects()
    assert last["summary"]["lines"] > mail.count(b"\n") // 2
    assert findings, "what came before the damage was read"


def test_damaged_gzip(aupkeep: Command, mail: bytes, tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(mail))
    middle = len(whole) // 2
    whole[middle : middle + 64] = bytes(64)
    broken = tmp_path / "mail.log.1.gz"
    broken.write_bytes(whole)
    done = aupkeep("events", broken, "--as", "postfix", "--json")
    assert done.code == 3
    assert "cannot be read to its end" in done.err


def test_binary_junk_in_every_format(aupkeep: Command, tmp_path: Path) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"\x00\xff" + random.Random(7).randbytes(300_000))
    for form in ("postfix", "sshd", "netflow5", "report"):
        done = aupkeep("detect", "--json", junk, "--as", form, "--policy", "jasmo")
        assert done.code == 0, done.err
        summary = done.objects()[-1]["summary"]
        assert summary["events"] == 0
        assert summary["rejects"] > 0
    shown = aupkeep("detect", junk, "--as", "postfix", "--policy", "jasmo")
    assert "rejected: " in shown.out
    assert "is `--as` the right format" in shown.out


def test_long_lines(
    aupkeep: Command, mail: bytes, books: Sequence[str], log: Path, tmp_path: Path
) -> None:
    plain, before = aupkeep.detect(log, "--as", "postfix", *books)
    at = mail.index(b"\n", len(mail) // 2) + 1
    junk = b"x" * 1_000_000 + b"\n"
    head = mail[mail.rindex(b"\n", 0, at - 1) + 1 : at].split(b"]: ")[0]
    long = head + b"]: " + b"y" * 1_000_000 + b"\n"
    path = tmp_path / "long.log"
    path.write_bytes(mail[:at] + junk + long + mail[at:] + junk)
    findings, summary = aupkeep.detect(path, "--as", "postfix", *books)
    assert [item["first"] for item in findings] == [item["first"] for item in plain]
    assert summary["lines"] == before["lines"] + 3
    assert summary["events"] == before["events"]
    assert summary["rejects"] >= 2


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0], ids=["first", "middle", "last"])
def test_one_line_from_2099(
    aupkeep: Command, mail: bytes, books: Sequence[str], log: Path, tmp_path: Path, share: float
) -> None:
    plain, before = aupkeep.detect(log, "--as", "postfix", *books)
    lines = mail.splitlines(keepends=True)
    (ready,) = [line for line in lines if b"status=sent" in line][:1]
    queue_id = ready.split(b"]: ")[1].split(b":")[0]
    wrong = b"2099-06-01" + ready[10:].replace(queue_id, b"4zZzZz0ZzzzzZZ")
    place = int(len(lines) * share)
    path = tmp_path / "wrong.log"
    path.write_bytes(b"".join([*lines[:place], wrong, *lines[place:]]))
    findings, summary = aupkeep.detect(path, "--as", "postfix", *books)
    said = ("rule", "customer", "first", "last", "value", "state")
    assert [[f[name] for name in said] for f in findings] == [
        [f[name] for name in said] for f in plain
    ]
    assert summary["late"] == 0
    assert summary["events"] == before["events"]
    assert summary["rejects"] == 1


def test_files_that_cannot_be_read(aupkeep: Command, log: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.log"
    empty.write_bytes(b"")
    done = aupkeep("detect", "--json", empty, "--as", "postfix", "--policy", "jasmo")
    assert done.code == 0
    assert done.objects()[-1]["summary"]["lines"] == 0
    for name in (tmp_path / "missing.log", tmp_path):
        # What can be read is read all the same.
        done = aupkeep("detect", "--json", name, log, "--as", "postfix", "--policy", "jasmo")
        assert done.code == 3
        assert f"cannot read `{name}`" in done.err
        assert done.objects()[-1]["summary"]["lines"] > 1_000


def test_file_without_permission(aupkeep: Command, log: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read every file")
    log.chmod(0)
    done = aupkeep("events", log, "--as", "postfix")
    assert done.code == 3
    assert "permission denied" in done.err


def test_holdings(aupkeep: Command, log: Path, tmp_path: Path) -> None:
    path = tmp_path / "holdings.csv"
    words = ("detect", "--json", log, "--as", "postfix", "--policy", "jasmo", "--holdings", path)
    rows = [row("ann@shop.example", "c1"), row("ann@shop.example", "c2", "2021-05-01T00:00:00Z")]
    path.write_text(HEAD + rows[0] + row("bob@shop.example", "c3") + rows[1])
    done = aupkeep(*words)
    assert done.code in (1, 2, 3)
    assert f"{path}:4" in done.err
    assert "line 2" in done.err, done.err
    fine = HEAD + rows[0]
    path.write_bytes(("\ufeff" + fine.replace("\n", "\r\n")).encode())
    assert aupkeep(*words).code in (0, 1)
    path.write_bytes(b"\xff\xfe\x00junk")
    done = aupkeep(*words)
    assert done.code == 3
    assert f"{path}: this is not UTF-8 text (byte 0)" in done.err
    path.write_bytes(gzip.compress(fine.encode()))
    done = aupkeep(*words)
    assert done.code == 3
    assert f"{path}: this is a gzip file, not text" in done.err
    for option in ("--holdings", "--profiles"):
        done = aupkeep(*words[:-2], option, tmp_path / "nowhere.csv")
        assert done.code == 3
        assert "nowhere.csv: cannot be read: no such file or directory" in done.err


def test_wrong_words(aupkeep: Command, log: Path) -> None:
    done = aupkeep("detect", log, "--as", "postfx")
    assert done.code == 2
    assert "did you mean `postfix`?" in done.err
    assert aupkeep("detect", log).code == 2
    done = aupkeep("detect", log, "--as", "postfix", "--policy", "jasmoo")
    assert done.code == 2
    assert "jasmo" in done.err
    wrong = aupkeep("detect", "--json", log, "--as", "sshd", "--policy", "jasmo")
    assert wrong.objects()[-1]["summary"]["events"] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--timezone", "Foo/Bar"), "`Foo/Bar` is not a time zone"),
        (("--timezone", "../../etc/passwd"), "`../../etc/passwd` is not a time zone"),
        (("--timezone", "Europe/Berln"), "did you mean `Europe/Berlin`?"),
        (("--year", "99999"), "99999 is no year of a log"),
        (("--year", "-4"), "-4 is no year of a log"),
        (("--exporter", "banana"), "`banana` is not an IP address"),
        (("--network", "300.1.1.1/99"), "`300.1.1.1/99` is not a prefix"),
        (("--network", "10.0.0.1/8"), "did you mean `10.0.0.0/8`?"),
    ],
    ids=str,
)
def test_values_that_cannot_be_meant(
    aupkeep: Command, log: Path, words: tuple[str, str], said: str
) -> None:
    commands: list[tuple[str, ...]] = [("detect",)]
    if words[0] != "--network":
        commands.append(("events",))
    if words[0] == "--timezone":
        commands.append(("holdings", "suggest"))
    for command in commands:
        done = aupkeep(*command, log, "--as", "postfix", *words)
        assert done.code == 2, done.err
        assert said in done.err
        assert done.out == ""


def test_a_log_without_years_in_the_last_one(aupkeep: Command, tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    path.write_text("Dec 31 23:59:59 mx postfix/qmgr[1]: 4A1: removed\n" * 2)
    for year in (1970, 2199):
        assert aupkeep("events", path, "--as", "postfix", "--year", year).code == 0


def test_gzip_on_standard_input(aupkeep: Command, mail: bytes, books: Sequence[str]) -> None:
    words = ("detect", "--json", "-", "--as", "postfix", *books)
    plain = aupkeep(*words, stdin=mail)
    packed = aupkeep(*words, stdin=gzip.compress(mail))
    assert (packed.code, packed.out) == (plain.code, plain.out)
    assert plain.objects()[-1]["summary"]["lines"] == mail.count(b"\n")
    cut = aupkeep(*words, stdin=gzip.compress(mail)[:-2_000])
    assert cut.code == 3
    assert "cannot be read to its end" in cut.err


def test_a_folder_that_is_no_policy(aupkeep: Command, log: Path, tmp_path: Path) -> None:
    folder = tmp_path / "policy"
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "a.yml").write_text("name: a\n")
    done = aupkeep("detect", log, "--as", "postfix", "--policy", folder)
    assert done.code == 3
    (said,) = done.err.splitlines()
    assert said.startswith(f"{folder}: `policy.md` is missing")


def test_control_bytes_are_not_shown(aupkeep: Command, log: Path, tmp_path: Path) -> None:
    path = tmp_path / "holdings.csv"
    path.write_text("\x1b[31mjunk\n")
    done = aupkeep("detect", log, "--as", "postfix", "--holdings", path)
    assert done.code == 3
    assert "\x1b" not in done.err
    assert "\\x1b[31mjunk" in done.err


def test_a_copy_of_a_bare_report_gives_the_same_findings(aupkeep: Command, tmp_path: Path) -> None:
    report = {
        "xarf_version": "4.2.0",
        "report_id": "r1",
        "timestamp": "2026-01-06T12:00:00Z",
        "reporter": {"org": "x", "contact": "desk@brand.example", "domain": "brand.example"},
        "source_identifier": "192.0.2.7",
        "category": "messaging",
        "type": "spam",
    }
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report))
    words = ("detect", "--json", path, "--as", "report", "--network", "192.0.2.0/24")
    first = aupkeep(*words)
    assert first.objects()[0]["first"] == "2026-01-06T12:00:00Z"
    os.utime(path, (1_780_000_000, 1_780_000_000))
    assert aupkeep(*words).out == first.out


def test_the_version_is_said(aupkeep: Command) -> None:
    done = aupkeep("--version")
    assert (done.code, done.out.split()[0]) == (0, "aupkeep")


def test_policy_with_ten_faults(aupkeep: Command, tmp_path: Path) -> None:
    folder = tmp_path / "policy"
    shutil.copytree(Path(__file__).parents[2] / "policies" / "jasmo", folder)
    path = folder / "enforcement.yml"
    text = path.read_text(encoding="utf-8")
    damage = "".join(f"wrong_key_{number}: 1\n" for number in range(10))
    path.write_text(text + damage, encoding="utf-8")
    done = aupkeep("policy", "check", folder)
    assert done.code == 1
    shown = done.out + done.err
    first = text.count("\n") + 1
    for number in range(10):
        assert f"enforcement.yml:{first + number}:1" in shown
        assert f"wrong_key_{number}" in shown


def test_settings_with_faults(aupkeep: Command, tmp_path: Path) -> None:
    path = tmp_path / "aupkeep.toml"
    path.write_text(
        'mode = "act"\nclok = "event"\n\n[[provider]]\nname = "jasmo"\npolicy = "p"\n'
        'networks = ["10.0.0.0/33"]\n\n[[inlet]]\nprovider = "jasmoo"\nformat = "postfixx"\n'
    )
    done = aupkeep("run", tmp_path, "--once")
    assert done.code == 3
    for said in ("aupkeep.toml:1:", "aupkeep.toml:2:", "`clock`", "aupkeep.toml:7:", ":11:"):
        assert said in done.err, done.err
    path.write_text("this is no toml")
    assert "aupkeep.toml:1:" in aupkeep("doctor", "--dir", tmp_path).err
    path.write_bytes(b"\xff\xfe")
    assert aupkeep("doctor", "--dir", tmp_path).code == 3
    path.unlink()
    done = aupkeep("case", "list", "--dir", tmp_path)
    assert done.code == 3
    assert "aupkeep init" in done.err


def test_damaged_installation(aupkeep: Command, installation: Path) -> None:
    (state,) = (installation / "data" / "state").iterdir()
    whole = state.read_bytes()
    for damage in (b"", b"\x92\x01\x80", whole[: len(whole) // 2], b"\x00" * 100):
        state.write_bytes(damage)
        done = aupkeep("run", installation, "--once")
        assert done.code == 3, done.out
        assert state.name in done.err
        assert "backup" in done.err
    state.write_bytes(whole)
    assert aupkeep("run", installation, "--once").code == 0

    database = installation / "data" / "aupkeep.sqlite3"
    with closing(sqlite3.connect(database)) as store, store:
        store.execute(
            "insert into django_migrations (app, name, applied) values (?, ?, ?)",
            ("store", "0999_to_come", "2030-01-01"),
        )
    done = aupkeep("run", installation, "--once")
    assert done.code == 3
    assert "newer Aupkeep" in done.err
    for path in database.parent.glob("aupkeep.sqlite3*"):
        path.unlink()
    database.write_bytes(b"no database at all" * 1_000)
    for words in (("run", installation, "--once"), ("case", "list", "--dir", installation)):
        done = aupkeep(*words)
        assert done.code == 3
        assert "aupkeep.sqlite3" in done.err


def test_damaged_archive_under_run(aupkeep: Command, installation: Path, mail: bytes) -> None:
    """A rotated file breaks off: said until it is whole again, and then its rest is taken."""
    log = installation.parent / "machine/var/log/mail.log"
    packed = log.with_name("mail.log.1.gz")
    log.rename(log.with_name("mail.log.1"))
    log.with_name("mail.log.1").unlink()
    whole = gzip.compress(mail)
    packed.write_bytes(whole[: len(whole) * 2 // 3])
    log.write_bytes(b"")
    assert aupkeep("run", installation, "--once").code == 0
    doctor = aupkeep("doctor", "--dir", installation)
    assert doctor.code == 1
    assert "trouble: " in doctor.out
    assert "mail.log.1.gz" in doctor.out
    assert 600 < lines_taken(aupkeep, installation) < mail.count(b"\n")
    packed.write_bytes(whole)
    assert aupkeep("run", installation, "--once").code == 0
    assert aupkeep("doctor", "--dir", installation).code == 0
    assert lines_taken(aupkeep, installation) >= mail.count(b"\n")


def lines_taken(aupkeep: Command, installation: Path) -> int:
    done = aupkeep("doctor", "--dir", installation, "--json")
    return sum(item["source"]["counts"]["lines"] for item in done.objects() if "source" in item)


def test_full_disk(aupkeep: Command, installation: Path, mail: bytes) -> None:
    """No room for a commit: said, nothing of it is done, and with room all of it is."""
    before = aupkeep("case", "list", "--dir", installation, "--json").out
    (state,) = (installation / "data" / "state").iterdir()
    log = installation.parent / "machine/var/log/mail.log"
    log.write_bytes(mail)

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    ended = subprocess.run(
        [*aupkeep.words, "engine", str(installation), "--once"],
        capture_output=True,
        text=True,
        preexec_fn=no_room,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 3, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "cannot be written" in ended.stderr or "cannot be used" in ended.stderr
    assert aupkeep("case", "list", "--dir", installation, "--json").out == before
    assert state.exists()
    assert aupkeep("run", installation, "--once").code == 0
    assert lines_taken(aupkeep, installation) == mail.count(b"\n")
    verified = aupkeep("record", "verify", "--dir", installation, "--json")
    assert [json.loads(line)["ok"] for line in verified.out.splitlines()] == [True]
