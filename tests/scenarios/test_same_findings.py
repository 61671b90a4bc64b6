"""However the same bytes are laid out on disk, the same findings come out."""

from __future__ import annotations

import gzip
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from installed import Command

from aupkeep.attribution.ground import Ground
from aupkeep.attribution.holdings import read_holdings
from aupkeep.attribution.profiles import read_profiles
from aupkeep.detection.engine import Engine
from aupkeep.flow.folders import find_folder, load_policy
from aupkeep.flow.replay import Replay
from aupkeep.flow.rules import rules_by_provider
from aupkeep.flow.stream import Stream
from aupkeep.inlets.files import blocks
from aupkeep.signals.source import Source

Findings = list[dict[str, Any]]
SEEDED_CUTS = (0.137, 0.391, 0.742)


@pytest.fixture(scope="session")
def plain(aupkeep: Command, mail: bytes, books: Sequence[str], tmp_path_factory: Any) -> Findings:
    """What one plain file says."""
    path = tmp_path_factory.mktemp("plain") / "mail.log"
    path.write_bytes(mail)
    findings, summary = aupkeep.detect(path, "--as", "postfix", *books)
    assert {item["clause"] for item in findings} == {"spam"}
    assert len(findings) >= 3
    assert summary["lines"] == mail.count(b"\n")
    assert summary["duplicates"] == summary["late"] == summary["rejects"] == 0
    return findings


def ids(findings: Findings) -> list[str]:
    return [item["id"] for item in findings]


def story(findings: Findings) -> list[tuple[Any, ...]]:
    """What findings say, apart from which bytes they were read from."""
    said = ("rule", "clause", "customer", "state", "first", "last", "value", "threshold")
    return sorted(tuple(item[name] for name in said) for item in findings)


def pieces(mail: bytes, tmp_path: Path, *, pack: bool = False) -> list[Path]:
    """Cut the log on line ends near arbitrary bytes: messages are cut in their middle."""
    marks = [mail.index(b"\n", int(len(mail) * share)) + 1 for share in SEEDED_CUTS]
    found = []
    for turn, (begin, end) in enumerate(zip([0, *marks], [*marks, len(mail)], strict=True)):
        path = tmp_path / f"mail.log.{4 - turn}{'.gz' if pack else ''}"
        data = mail[begin:end]
        path.write_bytes(gzip.compress(data) if pack else data)
        found.append(path)
    return found


def test_compressed_copy(
    aupkeep: Command, mail: bytes, books: Sequence[str], plain: Findings, tmp_path: Path
) -> None:
    packed = tmp_path / "mail.log.1.gz"
    # Two members: what `cat a.gz b.gz` makes.
    half = len(mail) // 2
    packed.write_bytes(gzip.compress(mail[:half]) + gzip.compress(mail[half:]))
    findings, _ = aupkeep.detect(packed, "--as", "postfix", *books)
    assert findings == plain


def test_same_file_twice_and_a_copy_of_it(
    aupkeep: Command, mail: bytes, books: Sequence[str], plain: Findings, tmp_path: Path
) -> None:
    path, packed = tmp_path / "mail.log", tmp_path / "copy.gz"
    path.write_bytes(mail)
    packed.write_bytes(gzip.compress(mail))
    for files in ((path, path), (path, packed), (packed, path)):
        findings, summary = aupkeep.detect(*files, "--as", "postfix", *books)
        assert findings == plain
        assert summary["lines"] == 2 * mail.count(b"\n")
        assert summary["duplicates"] > 0


def test_truncated_copy(
    aupkeep: Command, mail: bytes, books: Sequence[str], plain: Findings, tmp_path: Path
) -> None:
    whole, cut = tmp_path / "whole.log", tmp_path / "cut.log"
    whole.write_bytes(mail)
    # In the middle of a line: the line that breaks off is known by its position too.
    cut.write_bytes(mail[: len(mail) * 2 // 3])
    for files in ((whole, cut), (cut, whole)):
        findings, summary = aupkeep.detect(*files, "--as", "postfix", *books)
        assert findings == plain
        assert summary["duplicates"] > 0


@pytest.mark.parametrize("mark", [b"status=sen", b"relay=", b", dsn=", b": removed"])
@pytest.mark.parametrize("packed", [False, True])
def test_copy_that_breaks_off_in_a_line(
    aupkeep: Command, mail: bytes, tmp_path: Path, mark: bytes, *, packed: bool
) -> None:
    """The whole line is taken from the copy that has it, whichever file is named first."""
    part = mail[: mail.index(b"\n", 400_000) + 1]
    whole, cut = tmp_path / "whole.log", tmp_path / "cut.log"
    whole.write_bytes(part)
    broken = part[: part.index(mark, 200_000) + len(mark)]
    cut.write_bytes(gzip.compress(broken)[:-9] if packed else broken)
    expected = aupkeep("detect", whole, "--as", "postfix", "--json").objects()[-1]["summary"]
    for files in ((whole, cut), (cut, whole)):
        done = aupkeep("detect", *files, "--as", "postfix", "--json")
        summary = done.objects()[-1]["summary"]
        for name in ("events", "rejects", "unknown"):
            assert summary[name] == expected[name]


def test_grown_file(
    aupkeep: Command, mail: bytes, books: Sequence[str], plain: Findings, tmp_path: Path
) -> None:
    path = tmp_path / "mail.log"
    path.write_bytes(mail[: mail.index(b"\n", len(mail) // 2) + 1])
    early, _ = aupkeep.detect(path, "--as", "postfix", *books)
    assert early
    assert set(ids(early)) <= set(ids(plain))
    path.write_bytes(mail)
    findings, _ = aupkeep.detect(path, "--as", "postfix", *books)
    assert findings == plain


def test_rotated_pieces_in_any_order(
    aupkeep: Command, mail: bytes, books: Sequence[str], plain: Findings, tmp_path: Path
) -> None:
    """Pieces are other streams than the whole, so ids differ from it, but not among themselves."""
    cut = pieces(mail, tmp_path)
    findings, summary = aupkeep.detect(*cut, "--as", "postfix", *books)
    assert story(findings) == story(plain)
    assert summary["lines"] == mail.count(b"\n")
    assert summary["late"] == summary["duplicates"] == 0
    backwards, _ = aupkeep.detect(*reversed(cut), "--as", "postfix", *books)
    assert backwards == findings
    packed, _ = aupkeep.detect(*pieces(mail, tmp_path, pack=True), "--as", "postfix", *books)
    assert packed == findings


def test_lines_of_one_host_in_two_files(
    aupkeep: Command, mail: bytes, books: Sequence[str], plain: Findings, tmp_path: Path
) -> None:
    lines = mail.splitlines(keepends=True)
    one, two = tmp_path / "one.log", tmp_path / "two.log"
    one.write_bytes(b"".join(lines[0::2]))
    two.write_bytes(b"".join(lines[1::2]))
    first, _ = aupkeep.detect(one, two, "--as", "postfix", *books)
    second, _ = aupkeep.detect(two, one, "--as", "postfix", *books)
    assert first == second
    assert story(first) == story(plain)


def test_datagrams_packed_or_not(
    aupkeep: Command, fortnight: Path, books: Sequence[str], tmp_path: Path
) -> None:
    """Flow records are known by exporter, boot and sequence, whatever file they stand in."""
    capture = fortnight / "jasmo" / "flows-unguarded.pcap"
    packed = tmp_path / "flows.pcap.gz"
    packed.write_bytes(gzip.compress(capture.read_bytes()))
    findings, summary = aupkeep.detect(capture, "--as", "netflow5", *books)
    assert summary["events"] > 1_000
    again, twice = aupkeep.detect(packed, capture, "--as", "netflow5", *books)
    assert again == findings
    assert twice["duplicates"] == summary["events"] + summary["late"]


@pytest.mark.parametrize("size", [4_096, 100_000])
def test_other_block_sizes(
    mail: bytes,
    fortnight: Path,
    plain: Findings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: int,
) -> None:
    path = tmp_path / "mail.log"
    path.write_bytes(mail)
    monkeypatch.setattr(blocks, "BLOCK", size)
    holdings = (fortnight / "holdings.csv").read_text(encoding="utf-8")
    profiles = (fortnight / "profiles.csv").read_text(encoding="utf-8")
    ground = Ground(
        holdings=read_holdings(holdings, file="h"),
        profiles=read_profiles(profiles, file="p"),
        networks={},
    )
    ruled = load_policy(find_folder("jasmo"))
    stream = Stream(ground=ground, engine=Engine(rules_by_provider({"jasmo": ruled})))
    replay = Replay(stream=stream, now=0)
    source = Source(name="mail.log", format="postfix", provider="jasmo", authenticated=True)
    seen: dict[str, int] = {}
    deque((seen.setdefault(item.id, item.first) for item in replay.findings([(path, source)])), 0)
    assert sorted(seen, key=lambda one: (seen[one], one)) == ids(plain)
