"""The record against whoever alters it, and the drill of a restored backup, by installed commands.

One installation with a case that went the whole way: mail held by a real map file, the customer
told, an answer, and checkpoints signed by a real hand.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from installed import Command, Done
from typer.testing import CliRunner

from aupkeep.attribution.holdings import Holding
from aupkeep.base.clock import DAY, MINUTE
from aupkeep.cli.record import app
from aupkeep.flow.answering import answer
from aupkeep.record.bag import MANIFEST, PAYLOAD, TAGS, pack
from aupkeep.record.entry import Head, append
from aupkeep.store import dialogue, keyring
from aupkeep.store.database import close_store
from desk_stage import Stage, make_stage, open_stage

KINDS = ("flip", "delete", "insert", "reorder", "truncate")


@dataclass(frozen=True)
class Made:
    """The installation, and what somebody elsewhere has kept of it."""

    folder: Path
    case: str
    now: int
    #: Lines of the chain when it was last signed.
    lines: tuple[bytes, ...]
    elsewhere: Path

    @property
    def known(self) -> tuple[str, ...]:
        """What whoever verifies has pinned and kept."""
        key, checkpoint = self.elsewhere / "pinned.pub", self.elsewhere / "known.checkpoints"
        return ("--key", str(key), "--checkpoint", str(checkpoint))


def leave() -> None:
    keyring.close()
    close_store()


def _login(number: int, now: int) -> Holding:
    """One of many customers, so that a cap on the share of all stops nothing."""
    return Holding(
        provider="jasmo",
        kind="login",
        value=f"c{number}@shop.example",
        customer=f"jas-{number}",
        service=f"jas-{number}-mail",
        since=now - 90 * DAY,
        source="panel",
        recorded_at=now - 90 * DAY,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    base = tmp_path_factory.mktemp("proven")
    stage = make_stage(base / "installation")
    stage.arm()
    stage.hold(*(_login(number, stage.now) for number in range(200)))
    case = stage.held()
    notice = dialogue.notices_of(case.id)[0].notice
    answer(notice.id, "It was not me.", now=stage.now)
    stage.later(2 * MINUTE)
    stage.carry_out()
    leave()
    elsewhere = base / "elsewhere"
    elsewhere.mkdir()
    folder = stage.installation.folder
    shutil.copy(folder / "checkpoints" / "jasmo.checkpoints", elsewhere / "known.checkpoints")
    shutil.copy(folder / "keys" / "checkpoint.pub", elsewhere / "pinned.pub")
    return Made(folder, case.id, stage.now, tuple(stored(folder)), elsewhere)


@pytest.fixture
def folder(made: Made, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made.folder, tmp_path / "copy"))


def database(folder: Path) -> Path:
    return folder / "data" / "aupkeep.sqlite3"


def stored(folder: Path) -> list[bytes]:
    with closing(sqlite3.connect(database(folder))) as store:
        rows = store.execute("SELECT line FROM store_entry WHERE provider = 'jasmo' ORDER BY seq")
        return [line.encode() for (line,) in rows]


def verify(*words: object) -> Done:
    """Run the command in this process, which takes a tenth of the time."""
    result = CliRunner().invoke(app, ["verify", *map(str, words)])
    leave()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def of_jasmo(done: Done) -> dict[str, Any]:
    return next(one for one in done.objects() if one.get("provider") == "jasmo")


def forged(lines: list[bytes], at: int) -> bytes:
    """Return an entry that fits the one before the place `at`."""
    before = json.loads(lines[at - 1])["hash"] if at else "0" * 64
    head = Head("jasmo", at, before)
    made_up = append(head, at=0, act="armed", subject="forged", body={"by": "nobody"})
    return made_up.line.encode()


def tampered(lines: list[bytes], kind: str, at: int, other: int) -> tuple[list[bytes], set[int]]:
    """Return the lines after one act of tampering, and the numbers that may be named for it."""
    new = list(lines)
    if kind == "flip":
        line = bytearray(new[at])
        line[other % len(line)] ^= 1 + other % 7
        new[at] = bytes(line)
        return new, {at}
    if kind == "delete":
        del new[at]
        return new, {at}
    if kind == "insert":
        # It takes the place of the one that stood there, which is now the wrong one.
        new.insert(at, forged(lines, at))
        return new, {at, at + 1}
    if kind == "reorder":
        second = other % len(new)
        new[at], new[second] = new[second], new[at]
        return new, {min(at, second)}
    return new[:at], {at}


def put(made: Made, folder: Path, lines: list[bytes]) -> None:
    """Make the stored chain consist of `lines`, columns and envelopes as a forger would."""
    query = "SELECT line, subject, envelope FROM store_entry WHERE provider = 'jasmo'"
    with closing(sqlite3.connect(database(made.folder))) as whole:
        old = {line: (subject, sealed) for line, subject, sealed in whole.execute(query)}
    with closing(sqlite3.connect(database(folder))) as store, store:
        store.execute("DELETE FROM store_entry WHERE provider = 'jasmo'")
        for number, line in enumerate(lines):
            text = line.decode("utf-8", "replace")
            subject, sealed = old.get(text, ("", None))
            own = text.rpartition('"hash":"')[2][:64]
            store.execute(
                "INSERT INTO store_entry (provider, seq, hash, line, subject, envelope) "
                "VALUES ('jasmo', ?, ?, ?, ?, ?)",
                (number, own, text, subject, sealed),
            )


TAMPERING = (st.sampled_from(KINDS), st.integers(0, 10_000), st.integers(0, 10_000))
OFTEN = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@OFTEN
@given(*TAMPERING)
def test_any_tampering_with_an_export_is_named(
    made: Made, tmp_path: Path, kind: str, at: int, other: int
) -> None:
    lines = list(made.lines)
    new, named = tampered(lines, kind, at % len(lines), other)
    export = tmp_path / "record.jsonl"
    export.write_bytes(b"".join(line + b"\n" for line in new))
    if not new:
        assert verify(export, *made.known).code == 1
        return
    done = verify(export, *made.known, "--json")
    said = of_jasmo(done)
    if new == lines:
        assert (done.code, said["ok"]) == (0, True)
        return
    assert (done.code, said["ok"]) == (1, False)
    assert said["first_bad"] in named
    assert said["why"]


@pytest.mark.slow
@settings(OFTEN, max_examples=25)
@given(*TAMPERING)
def test_any_tampering_with_a_database_is_named(
    made: Made, tmp_path: Path, kind: str, at: int, other: int
) -> None:
    folder = tmp_path / "installation"
    if not folder.exists():
        shutil.copytree(made.folder, folder)
    lines = list(made.lines)
    new, named = tampered(lines, kind, at % len(lines), other)
    put(made, folder, new)
    done = verify("--dir", folder, "--json")
    said = of_jasmo(done)
    if new == lines:
        assert said["ok"]
        return
    assert (done.code, said["ok"]) == (1, False)
    assert said["first_bad"] in named


@pytest.mark.parametrize("where", ["export", "database"])
@pytest.mark.parametrize("kind", KINDS)
def test_by_the_installed_command(
    aupkeep: Command, made: Made, folder: Path, kind: str, where: str
) -> None:
    lines = list(made.lines)
    new, named = tampered(lines, kind, len(lines) // 2, 3)
    if where == "export":
        path = folder.parent / "record.jsonl"
        path.write_bytes(b"".join(line + b"\n" for line in new))
        done = aupkeep("record", "verify", path, *made.known)
    else:
        put(made, folder, new)
        done = aupkeep("record", "verify", "--dir", folder, *made.known)
    assert done.code == 1
    assert any(f"jasmo: entry {number} is wrong: " in done.out for number in named), done.out


def test_what_no_checkpoint_covers_is_named_as_unprovable(
    aupkeep: Command, made: Made, tmp_path: Path
) -> None:
    export = tmp_path / "record.jsonl"
    export.write_bytes(b"".join(line + b"\n" for line in made.lines[:-2]))
    done = aupkeep("record", "verify", export)
    assert done.code == 0
    assert "not proven: entries cut off at the end cannot be noticed" in done.out
    added = [*made.lines, forged(list(made.lines), len(made.lines))]
    export.write_bytes(b"".join(line + b"\n" for line in added))
    done = aupkeep("record", "verify", export, *made.known)
    assert done.code == 0
    assert f"not proven: entries after the checkpoint at {len(made.lines)}" in done.out


def test_a_swapped_checkpoint_is_named_or_said_to_prove_less(
    aupkeep: Command, made: Made, folder: Path
) -> None:
    text = (made.elsewhere / "known.checkpoints").read_text()
    notes = text.split("----\n")[:-1]
    assert len(notes) > 1
    place = folder / "checkpoints" / "jasmo.checkpoints"
    place.write_text(notes[0] + "----\n")
    done = aupkeep("record", "verify", "--dir", folder)
    assert done.code == 0
    assert "not proven: entries after the checkpoint at " in done.out
    done = aupkeep("record", "verify", "--dir", folder, *made.known)
    assert "not proven: whether there were entries after" in done.out
    root = notes[-1].split("\n")[2]
    other = notes[0].split("\n")[2]
    place.write_text(notes[-1].replace(root, other) + "----\n")
    done = aupkeep("record", "verify", "--dir", folder)
    assert done.code == 1
    assert "jasmo: a checkpoint is wrong: " in done.out


# --- proofs and bags, on another path


@pytest.fixture(scope="module")
def bag(aupkeep: Command, made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(made.folder, tmp_path_factory.mktemp("bag") / "installation"))
    target = made.elsewhere / "bag"
    words = ("record", "export", "--case", made.case[:10], target, "--dir", folder)
    refused = aupkeep(*words)
    assert (refused.code, target.exists()) == (2, False)
    assert "a full view needs a reason" in refused.err
    done = aupkeep(*words, "--reason", "the court of A asks", "--by", "Ada Legal")
    assert done.code == 0, done.err
    assert aupkeep(*words, "--reason", "again").code == 2, "nothing is overwritten"
    shutil.rmtree(folder)
    return target


def files_of(bag: Path) -> dict[str, bytes]:
    return {
        path.relative_to(bag).as_posix(): path.read_bytes()
        for path in sorted(bag.rglob("*"))
        if path.is_file()
    }


def write(folder: Path, files: dict[str, bytes]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def test_a_case_verifies_offline_on_another_path(aupkeep: Command, made: Made, bag: Path) -> None:
    files = files_of(bag)
    for folder in ("findings", "decisions", "sanctions", "notices", "answers", "policy"):
        assert any(path.startswith(f"{PAYLOAD}{folder}/") for path in files), folder
    assert files["bagit.txt"].startswith(b"BagIt-Version: 1.0\n")
    assert b"It was not me." in b"".join(files.values())
    done = aupkeep("record", "verify", bag, *made.known, cwd=made.elsewhere)
    assert done.code == 0, done.out + done.err
    for act in ("case_opened", "decision_made", "sanction_announced", "customer_answered"):
        assert f" {act} " in done.out
    assert "proven: these are in the chain of checkpoint " in done.out
    assert ", signed\n" in done.out
    assert "not proven: the wording of notices and answers" in done.out


def test_every_altered_missing_or_added_file_of_a_bag_is_named(made: Made, bag: Path) -> None:
    files = files_of(bag)
    where = made.elsewhere / "altered"
    write(where, files)
    for path, data in files.items():
        for new in (None, data[:-1] + bytes([data[-1] ^ 1]) if data else b"x"):
            if new is None:
                (where / path).unlink()
            else:
                (where / path).write_bytes(new)
            done = verify(where, *made.known)
            (where / path).write_bytes(data)
            assert done.code == 1, path
            named = {path} if path not in (MANIFEST, TAGS) else {MANIFEST, TAGS, *files}
            assert any(f"{one} is wrong: " in done.out for one in named), (path, done.out)
    done = verify(write(where, {**files, "data/more.txt": b"more"}), *made.known)
    assert "data/more.txt is wrong: manifest-sha256.txt does not name it" in done.out


def test_whoever_writes_the_lists_anew_cannot_alter_what_is_proven(made: Made, bag: Path) -> None:
    payload = {
        path.removeprefix(PAYLOAD): data
        for path, data in files_of(bag).items()
        if path.startswith(PAYLOAD)
    }
    where = made.elsewhere / "anew"
    proven = ("findings/", "decisions/", "sanctions/", "entries.jsonl", "proof.json")
    for path, data in payload.items():
        if not path.startswith(proven):
            continue
        for new in ({**payload, path: data.replace(b"a", b"b", 1)}, dict(payload)):
            if new == payload:
                del new[path]
            done = verify(write(where, pack(new, {})), *made.known)
            assert done.code == 1, path
            assert "is wrong" in done.out or "is not proven" in done.out, path
    forged_finding = {**payload, "findings/0123.json": b"{}"}
    done = verify(write(where, pack(forged_finding, {})), *made.known)
    assert "data/findings/0123.json is wrong: no entry tells of it" in done.out


def test_a_proof_of_one_entry_and_what_it_holds(aupkeep: Command, made: Made, folder: Path) -> None:
    proof = made.elsewhere / "proof.json"
    announced = next(
        json.loads(line)["seq"] for line in made.lines if b'"sanction_announced"' in line
    )
    asked = ("record", "prove", f"jasmo:{announced}", "--dir", folder, "--out", proof)
    assert aupkeep(*asked, "--since", made.elsewhere / "known.checkpoints").code == 0
    done = aupkeep("record", "verify", proof, *made.known, "--json", cwd=made.elsewhere)
    (said,) = done.objects()
    assert (done.code, said["ok"], said["entries"], said["first_bad"]) == (0, True, 1, None)
    assert said["proven"][0]["act"] == "sanction_announced"
    assert (said["proven"][0]["envelope"], said["proven"][0]["personal"]) == ("closed", {})
    assert said["unproven"] == ["what came after its checkpoint"]
    assert aupkeep(*asked, "--open").code == 2
    assert aupkeep(*asked, "--open", "--reason", "the court of A asks").code == 0
    done = aupkeep("record", "verify", proof, *made.known)
    assert "customer=jas-1" in done.out
    assert "target=kim@shop.example" in done.out
    assert "it goes on from checkpoint" in done.out, "it was not asked for with `--since`"
    for old, new, why in (
        (b"sanction_announced", b"sanction_lifted", "its content does not fit its hash"),
        (b'"path":["', b'"path":["00', "it is not in the chain of checkpoint"),
        (b'"envelope":"A', b'"envelope":"B', "its envelope is not the one that it names"),
    ):
        data = proof.read_bytes()
        assert old in data
        altered = made.elsewhere / "altered.json"
        altered.write_bytes(data.replace(old, new, 1))
        done = verify(altered, *made.known)
        assert (done.code, why in done.out) == (1, True), done.out
    for wanted in ("jasmo:99999", "jasmo:x", "brand:1", "ffffffffff"):
        assert aupkeep("record", "prove", wanted, "--dir", folder).code in (2, 3)


# --- the drill


def test_the_drill_of_a_restored_backup(aupkeep: Command, made: Made, folder: Path) -> None:
    """Yesterday's backup comes back: who was erased stays erased, and marks are reconciled."""

    def opened() -> dict[str, list[str]]:
        """Say what is in the envelopes of sanctions, by customer or state."""
        done = aupkeep("record", "export", "--open", "--reason", "drill", "--dir", folder)
        assert done.code == 0, done.err
        found: dict[str, list[str]] = {}
        for one in done.objects():
            if one["entry"]["act"].startswith("sanction_"):
                whose = one["personal"].get("customer", "")
                found.setdefault(one["envelope"], []).append(whose)
        return found

    backup = folder.parent / "backup"
    for name in ("data", "envelopes"):
        shutil.copytree(folder / name, backup / name)
    assert set(opened()["open"]) == {"jas-1"}

    # Today: the customer is erased, and somebody else's mail is held.
    erase = ("--customer", "jas-1", "--reason", "asked", "--dir", folder)
    assert aupkeep("record", "erase", *erase).code == 0
    assert aupkeep("archive", "erase", *erase).code == 0
    stage = open_stage(folder, made.now + 5 * MINUTE)
    _hold_another(stage)
    leave()
    assert set(opened()) == {"erased", "open"}
    assert set(opened()["open"]) == {"jas-2"}

    # The disk dies. Stop, copy back, start.
    for name in ("data", "envelopes"):
        shutil.rmtree(folder / name)
        shutil.copytree(backup / name, folder / name)
    assert opened() == {"erased": [""] * len(opened()["erased"])}
    done = aupkeep("record", "verify", "--dir", folder)
    assert done.code == 1, "the second place knows of entries that the backup has not"
    assert "jasmo: entry " in done.out
    marks = aupkeep("sanction", "reconcile", "--dir", folder, "--json").objects()
    assert [one["target"] for one in marks if one["difference"] == "orphan"] == ["lee@b.example"]

    # The old second place is put aside as evidence; then the hand goes on signing.
    (folder / "checkpoints").rename(folder / "checkpoints-before-restore")
    assert aupkeep("archive", "sweep", "--dir", folder).code == 0
    stage = open_stage(folder, made.now + 10 * MINUTE)
    stage.carry_out()
    leave()
    assert aupkeep("record", "verify", "--dir", folder).code == 0
    again = [
        one["body"]
        for one in aupkeep("record", "export", "--dir", folder).objects()
        if one["act"] in ("record_erased", "archive_erased")
    ]
    assert [body.get("again") for body in again] == [True, True]


def _hold_another(stage: Stage) -> None:
    found = stage.finding(
        "lee@b.example", id="f" * 32, customer="jas-2", service="jas-2-mail", events=("2:2",)
    )
    stage.case(found, profiles={"contact": "lee@b.example"})
    stage.carry_out()
