"""The systemd unit names commands and settings that exist."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from aupkeep.cli import COMMANDS
from aupkeep.settings import Settings

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "packaging" / "aupkeep.service"


def test_the_unit_starts_a_command_that_exists() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment]  # the library's own way to keep case
    unit.read_string(UNIT.read_text())
    program, command, folder = unit["Service"]["ExecStart"].split()
    assert Path(program).name == "aupkeep"
    assert command in COMMANDS
    assert folder in unit["Service"]["ReadWritePaths"].split()
    assert f" {Settings.model_fields['user'].default}\n" in UNIT.read_text()


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    text = UNIT.read_text().replace("/opt/aupkeep/.venv/bin/aupkeep", "/bin/true")
    (tmp_path / "aupkeep.service").write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "aupkeep.service")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "aupkeep.service" not in done.stderr, done.stderr
