"""How `run` starts again what has ended: at once, or later and later."""

from __future__ import annotations

import sys

import pytest

from aupkeep.cli.run import FIRST_PAUSE, LONGEST_PAUSE, _Child


def ended(child: _Child) -> None:
    """Let it begin, and see its end."""
    child.start()
    assert child.process is not None
    child.process.wait(60)
    assert child.look()


def test_what_ends_by_itself_is_started_later_each_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    child = _Child("hand", [sys.executable, "-c", "raise SystemExit(3)"], None)
    pauses = []
    for _ in range(7):
        ended(child)
        pauses.append(child.pause)
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_PAUSE, LONGEST_PAUSE]
    assert "hand ended (3); it is started again" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_what_somebody_ended_is_started_at_once(name: str) -> None:
    word = f"import os, signal; os.kill(os.getpid(), signal.{name})"
    child = _Child("hand", [sys.executable, "-c", word], None)
    for _ in range(3):
        ended(child)
        assert child.pause == FIRST_PAUSE


def test_an_engine_that_no_other_start_could_help_ends_everything() -> None:
    child = _Child("engine", [sys.executable, "-c", "raise SystemExit(3)"], None)
    child.start()
    assert child.process is not None
    child.process.wait(60)
    assert not child.look()
