"""Files of customers under one root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from aupkeep.outlets.quarantine.power import Quarantine
from power_worlds.world import Kind, Shared, World


def missing() -> str:
    return "" if os.geteuid() == 0 else "only root gives files to their owners"


def tree(root: Path) -> tuple[Path, Path]:
    """Make a customer's folder; return two files in it."""
    pages = root / "c1" / "htdocs"
    pages.mkdir(parents=True)
    bad, good = pages / "shell.php", pages / "index.php"
    bad.write_bytes(b"<?php eval($_POST[0]); ?>\n" * 100)
    good.write_bytes(b"hello\n")
    os.chown(bad, 33_033, 33_034)
    bad.chmod(0o4640)
    os.setxattr(bad, "user.note", b"mine\xff")
    os.utime(bad, ns=(1_700_000_000_123_456_789, 1_600_000_000_987_654_321))
    (root / "secret").write_text("another customer's")
    (pages / "link.php").symlink_to(root / "secret")
    (pages / "out").symlink_to("/etc")
    os.mkfifo(pages / "pipe")
    return bad, good


@contextmanager
def _files(shared: Shared, folder: Path, *, measure: str) -> Iterator[World]:  # noqa: ARG001
    root = folder / "vhosts"
    bad, good = tree(root)
    power = Quarantine(
        measure=measure,
        folder=folder / "quarantine",
        roots=(str(root),),
        sites={"shop.example": str(root / "c1" / "htdocs")},
    )
    power.prepare()
    page = measure == "remove_content"

    def stopped() -> bool:
        assert good.read_bytes() == b"hello\n"
        return not bad.exists()

    yield World(
        power=power,
        scope="path" if page else "file",
        target="https://shop.example/shell.php?x=1" if page else str(bad),
        neighbour="https://shop.example/index.php" if page else str(good),
        state=lambda: steady(root, bad),
        stopped=stopped,
        vanish=bad.unlink,
        broken=[(replace(power, folder=folder / "nosuch"), False)],
        hostile=(
            "/etc/passwd", str(root), f"{root}/../x", f"{root}//x", f"{root}-other/x", "shell.php",
            str(bad.parent / "link.php"), str(bad.parent / "out" / "passwd"), str(bad.parent),
            str(bad.parent / "pipe"), "https://other.example/shell.php",
            "https://shop.example/../../secret", "https://shop.example/%2e%2e/%2e%2e/secret",
            "https://shop.example/", "https://[/x", f"{bad}\n",
        ),
    )  # fmt: skip


def steady(root: Path, bad: Path) -> object:
    names = [path for path in root.rglob("*") if not path.is_fifo()]
    told = [
        (str(path), path.readlink() if path.is_symlink() else path.is_dir() or about(path))
        for path in sorted(names)
    ]
    return told, os.getxattr(bad, "user.note") if bad.exists() else None


def about(path: Path) -> tuple[object, ...]:
    known = path.lstat()
    return path.read_bytes(), known.st_mode, known.st_uid, known.st_gid, known.st_mtime_ns


KINDS = {
    measure: Kind(missing=missing, make=partial(_files, measure=measure))
    for measure in ("quarantine_file", "remove_content")
}
