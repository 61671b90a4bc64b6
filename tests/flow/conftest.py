"""An installation that is made once and copied for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest
from handwork import Place, found_once, place

Placed = Callable[..., AbstractContextManager[Place]]


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an installation with the policy of Jasmo; nobody works in it."""
    return found_once(tmp_path_factory.mktemp("installed"))


@pytest.fixture
def placed(installed: Path) -> Placed:
    """Return what makes a place of work out of a copy."""
    return partial(place, installed)


@pytest.fixture
def here(placed: Placed, tmp_path: Path) -> Iterator[Place]:
    """Return a place of work."""
    with placed(tmp_path / "here") as made:
        yield made
