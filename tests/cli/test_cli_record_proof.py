"""What checkpoints prove, by the installed command on bytes on disk.

Whoever altered the record here had all of the data folder, but neither the key nor the second
place, or one of them alone.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from aupkeep.base.clock import parse_instant
from aupkeep.cli.holdings import app as holdings
from aupkeep.cli.policy import app as policy
from aupkeep.cli.record import app as record
from aupkeep.outlets.second_place.file import Folder
from aupkeep.record.checkpoint import origin, read, reference, sign, write
from aupkeep.record.entry import Head, append
from aupkeep.record.signing import PrivateKey, make_pair, read_private
from aupkeep.record.tree import EMPTY, add
from aupkeep.store.database import close_store

NAMES = ("injazat", "jasmo")
AT = 1_772_438_400_000_000
SECOND = """
[[provider]]
name = "injazat"
policy = "policies/injazat"
"""
HOLDINGS = (
    "provider,kind,value,port_from,port_to,customer,service,plan,from,to,source,recorded_at\n"
)


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    def verdicts(self) -> dict[str, dict[str, Any]]:
        objects = [json.loads(line) for line in self.out.splitlines()]
        return {item["provider"]: item for item in objects if "provider" in item}


def aupkeep(*words: object) -> Done:
    done = subprocess.run(
        [sys.executable, "-m", "aupkeep", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def here(app: typer.Typer, *words: object) -> Done:
    """Run a command in this process, which takes a tenth of the time."""
    result = CliRunner().invoke(app, [*map(str, words)])
    close_store()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def verify(*words: object) -> Done:
    return here(record, "verify", *words)


def key(provider: str, seed: bytes = b"k") -> PrivateKey:
    name = origin(provider)
    return read_private(make_pair(name, seed * 32).private, name=name)


def checkpoint(provider: str, lines: list[bytes], *, seed: bytes = b"k", at: int = AT) -> str:
    head = json.loads(lines[-1])["hash"]
    return sign(write(provider, add(EMPTY, lines), head=head, at=at), key(provider, seed))


def anew(lines: Iterable[bytes], *, word: str) -> list[bytes]:
    """Return entries that say `word` instead, chained as soundly as the old ones."""
    found, head = [], None
    for line in lines:
        old = json.loads(line)
        head = head or Head(old["provider"])
        entry = append(
            head,
            at=parse_instant(old["at"]),
            act=old["act"],
            subject=old["subject"],
            body={**old["body"], "word": word},
        )
        found.append(entry.line.encode())
        head = entry.head
    return found


def stored(folder: Path, provider: str) -> list[bytes]:
    database = folder / "data" / "aupkeep.sqlite3"
    with closing(sqlite3.connect(database)) as store:
        rows = store.execute(
            "SELECT line FROM store_entry WHERE provider = ? ORDER BY seq", (provider,)
        )
        return [line.encode() for (line,) in rows]


def put_back(folder: Path, provider: str, lines: list[bytes]) -> None:
    """Make the chain of `provider` consist of `lines`, columns and all."""
    database = folder / "data" / "aupkeep.sqlite3"
    with closing(sqlite3.connect(database)) as store, store:
        store.execute(
            "DELETE FROM store_entry WHERE provider = ? AND seq >= ?", (provider, len(lines))
        )
        for number, line in enumerate(lines):
            store.execute(
                "UPDATE store_entry SET line = ?, hash = ? WHERE provider = ? AND seq = ?",
                (line.decode(), json.loads(line)["hash"], provider, number),
            )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation of two providers, the one with four entries, never signed."""
    base = tmp_path_factory.mktemp("proof")
    folder = base / "installation"
    (base / "machine").mkdir()
    assert aupkeep("init", folder, "--policy", "jasmo", "--root", base / "machine").code == 0
    shipped = Path(__file__).parents[2] / "policies" / "injazat"
    shutil.copytree(shipped, folder / "policies" / "injazat")
    settings = folder / "aupkeep.toml"
    settings.write_text(settings.read_text() + SECOND)
    publish = here(policy, "publish", folder / "policies" / "injazat", "--dir", folder)
    assert publish.code == 0, publish.err
    books = base / "holdings.csv"
    rows = HOLDINGS
    for number in range(3):
        rows += f"jasmo,ip,192.0.2.{number},,,c{number},s,p,2026-01-01T00:00:00Z,,billing,\n"
        books.write_text(rows)
        done = here(holdings, "import", books, "--source", "billing", "--dir", folder)
        assert done.code == 0, done.err
    put_back(folder, "jasmo", stored(folder, "jasmo")[:4])
    assert len(stored(folder, "jasmo")) == 4
    return folder


@pytest.fixture
def unsigned(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


@pytest.fixture
def folder(unsigned: Path) -> Path:
    """The installation after both chains were signed and their checkpoints placed."""
    place = Folder(unsigned / "checkpoints")
    jasmo, injazat = stored(unsigned, "jasmo"), stored(unsigned, "injazat")
    place.put("jasmo", checkpoint("jasmo", jasmo[:2]))
    place.put("jasmo", checkpoint("jasmo", jasmo, at=AT + 60_000_000))
    place.put("injazat", checkpoint("injazat", injazat))
    (unsigned / "keys").mkdir(exist_ok=True)
    lines = [key(provider).public.line + "\n" for provider in ("jasmo", "injazat")]
    (unsigned / "keys" / "checkpoint.pub").write_text("".join(lines))
    return unsigned


@pytest.fixture
def export(folder: Path) -> Path:
    path = folder.parent / "record.jsonl"
    path.write_bytes(b"".join(line + b"\n" for name in NAMES for line in stored(folder, name)))
    return path


def test_what_was_never_signed_says_so_and_is_no_fault(unsigned: Path) -> None:
    done = verify("--dir", unsigned)
    assert done.code == 0, done.out
    assert done.out.startswith("no checkpoint was ever signed here: there is no `")
    assert "not proven: entries cut off at the end" in done.out
    objects = verify("--dir", unsigned, "--json").verdicts()
    assert {item["checkpoint"] for item in objects.values()} == {None}


def test_signed_chains_in_order(folder: Path) -> None:
    done = verify("--dir", folder)
    assert done.code == 0, done.out + done.err
    latest = reference(read(checkpoint("jasmo", stored(folder, "jasmo"))))
    assert (
        f"  proven: the first 4 are those of checkpoint {latest}, signed, of 2026-03-02T08:01:00Z\n"
        "  not proven: whether there were entries after the checkpoint at 4\n"
    ) in done.out
    found = verify("--dir", folder, "--json").verdicts()
    assert {name: item["checkpoint"] for name, item in found.items()} == {
        "jasmo": {"size": 4, "signed": True},
        "injazat": {"size": len(stored(folder, "injazat")), "signed": True},
    }


def test_a_whole_chain_written_anew_without_the_key_is_caught_by_the_second_place(
    folder: Path,
) -> None:
    lines = anew(stored(folder, "jasmo"), word="never happened")
    put_back(folder, "jasmo", lines)
    export = folder.parent / "anew.jsonl"
    export.write_text(aupkeep("record", "export", "--dir", folder).out)
    assert aupkeep("record", "verify", export).code == 0, "its links are sound"
    done = aupkeep("record", "verify", "--dir", folder)
    assert done.code == 1
    assert "jasmo: entry 1 is wrong: it is not the entry that checkpoint 2-" in done.out
    assert re.search(r"^injazat: \d+ entries, all in order", done.out, re.MULTILINE)


def test_only_the_end_of_a_chain_written_anew(folder: Path) -> None:
    old = stored(folder, "jasmo")
    head = Head("jasmo", 2, json.loads(old[1])["hash"])
    lines = old[:2]
    for number in (2, 3):
        entry = append(head, at=AT, act="holdings_imported", subject=str(number), body={})
        lines.append(entry.line.encode())
        head = entry.head
    put_back(folder, "jasmo", lines)
    found = verify("--dir", folder, "--json")
    assert found.code == 1
    jasmo = found.verdicts()["jasmo"]
    assert (jasmo["ok"], jasmo["first_bad"]) == (False, 3)
    assert "; the first 2 are as checkpoint 2-" in jasmo["why"]


def test_an_end_that_was_cut_off_is_named(folder: Path) -> None:
    put_back(folder, "jasmo", stored(folder, "jasmo")[:3])
    done = aupkeep("record", "verify", "--dir", folder)
    assert done.code == 1
    assert "jasmo: entry 3 is wrong: the chain ends here, but checkpoint 4-" in done.out


def test_a_provider_that_is_gone_from_settings_and_database_is_missed(folder: Path) -> None:
    put_back(folder, "injazat", [])
    settings = folder / "aupkeep.toml"
    settings.write_text(settings.read_text().replace(SECOND, ""))
    found = verify("--dir", folder, "--json")
    assert found.code == 1
    assert found.verdicts()["injazat"]["first_bad"] == 0


def test_whoever_has_database_and_second_place_lacks_the_key(folder: Path) -> None:
    lines = anew(stored(folder, "jasmo"), word="never happened")
    put_back(folder, "jasmo", lines)
    place = Folder(folder / "checkpoints")
    (folder / "checkpoints" / "jasmo.checkpoints").unlink()
    place.put("jasmo", checkpoint("jasmo", lines, seed=b"f"))
    done = verify("--dir", folder)
    assert done.code == 1
    assert "jasmo: a checkpoint is wrong: checkpoint 4-" in done.out
    assert "is not signed by a key that was given" in done.out
    said = verify("--dir", folder, "--json").verdicts()["jasmo"]
    assert (said["ok"], said["first_bad"]) == (False, None)
    assert said["checkpoint"] == {"size": 4, "signed": False}


def test_a_pinned_key_stands_above_the_one_beside_the_database(folder: Path) -> None:
    """The forger put a key of his own there too."""
    lines = anew(stored(folder, "jasmo"), word="never happened")
    put_back(folder, "jasmo", lines)
    (folder / "checkpoints" / "jasmo.checkpoints").unlink()
    Folder(folder / "checkpoints").put("jasmo", checkpoint("jasmo", lines, seed=b"f"))
    own = folder / "keys" / "checkpoint.pub"
    pinned = own.read_text()
    own.write_text(pinned.replace(key("jasmo").public.line, key("jasmo", b"f").public.line))
    assert "jasmo: 4 entries, all in order" in verify("--dir", folder).out
    kept = folder.parent / "pinned.pub"
    kept.write_text(pinned)
    done = verify("--dir", folder, "--key", kept)
    assert done.code == 1
    assert "jasmo: a checkpoint is wrong" in done.out


def test_an_empty_second_place_is_told(folder: Path) -> None:
    shutil.rmtree(folder / "checkpoints")
    done = verify("--dir", folder)
    assert done.code == 0
    assert done.out.startswith(f"no checkpoint is left in `{folder / 'checkpoints'}`, although")


def test_a_torn_second_place_still_proves_what_is_whole(folder: Path) -> None:
    path = folder / "checkpoints" / "jasmo.checkpoints"
    path.write_bytes(path.read_bytes()[:-9])
    done = verify("--dir", folder)
    assert done.code == 0
    assert "not proven: entries after the checkpoint at 2\n" in done.out


def test_a_damaged_second_place_is_named_with_its_line(folder: Path) -> None:
    path = folder / "checkpoints" / "jasmo.checkpoints"
    path.write_bytes(path.read_bytes().replace(b"\n2\n", b"\n02\n"))
    done = verify("--dir", folder)
    assert done.code == 3
    assert done.err.startswith(f"{path}:2:1: the second line is the number of entries")


def test_an_export_with_a_pinned_key_and_a_last_known_checkpoint(
    folder: Path, export: Path
) -> None:
    known = folder.parent / "known.txt"
    known.write_text(checkpoint("jasmo", stored(folder, "jasmo")[:3]))
    words = ("--checkpoint", known, "--key", key("jasmo").public.line)
    done = aupkeep("record", "verify", export, *words)
    assert done.code == 0, done.out + done.err
    assert "  proven: the first 3 are those of checkpoint 3-" in done.out
    assert "  not proven: entries after the checkpoint at 3\n" in done.out
    done = verify(export, "--checkpoint", known)
    assert done.code == 0
    assert "of unknown signature, of" in done.out
    assert "no key was given" in done.out
    found = verify(export, "--checkpoint", known, "--key", key("jasmo", b"f").public.line, "--json")
    assert found.code == 1
    assert found.verdicts()["jasmo"]["checkpoint"] == {"size": 3, "signed": False}
    assert found.verdicts()["injazat"]["ok"]


def test_exports_that_were_tampered_with(folder: Path, export: Path) -> None:
    """The files of the second place, as they are, and the public keys as a file."""
    checkpoints = sorted((folder / "checkpoints").iterdir())
    known = [word for path in checkpoints for word in ("--checkpoint", path)]
    known += ["--key", folder / "keys" / "checkpoint.pub"]
    assert verify(export, *known).code == 0
    lines = export.read_bytes().splitlines(keepends=True)
    jasmo = [line for line in lines if b'"provider":"jasmo"' in line]
    others = [line for line in lines if line not in jasmo]
    tampered = {
        "altered": (1, [jasmo[0], jasmo[1].replace(b'"at":"2', b'"at":"3'), *jasmo[2:]]),
        "removed": (1, [jasmo[0], *jasmo[2:]]),
        "inserted": (2, [*jasmo[:2], jasmo[1], *jasmo[2:]]),
        "moved": (1, [jasmo[0], jasmo[2], jasmo[1], jasmo[3]]),
        "cut": (3, jasmo[:3]),
        "anew": (1, [line + b"\n" for line in anew(jasmo, word="other")]),
        "gone": (0, []),
    }
    for what, (number, changed) in tampered.items():
        assert changed != jasmo, what
        export.write_bytes(b"".join(others + changed))
        found = verify(export, *known, "--json")
        assert found.code == 1, what
        said = found.verdicts()
        assert (said["jasmo"]["ok"], said["jasmo"]["first_bad"]) == (False, number), what
        assert said["injazat"]["ok"], what


def test_what_cannot_be_meant_is_misuse(folder: Path, export: Path) -> None:
    known = folder / "checkpoints" / "jasmo.checkpoints"
    alone = verify(export, "--key", key("jasmo").public.line)
    assert (alone.code, alone.out) == (2, "")
    assert "a key says something about checkpoints only" in alone.err
    missing = verify(export, "--checkpoint", folder / "no")
    assert missing.code == 2
    assert "cannot read" in missing.err
    assert verify(export, "--checkpoint", known, "--key", "no-such-file").code == 2
    altered = key("jasmo").public.line.replace("jasmo", "brand")
    wrong = verify(export, "--checkpoint", known, "--key", altered)
    assert wrong.code == 3
    assert "one was altered" in wrong.err
    known.write_text("aupkeep/jasmo\n")
    torn = verify(export, "--checkpoint", known)
    assert torn.code == 3
    assert torn.err.startswith(f"{known}:1:1: no signature stands after an empty line")
