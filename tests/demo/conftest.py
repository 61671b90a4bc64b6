from __future__ import annotations

import pytest

from aupkeep.base.clock import parse_instant
from aupkeep.demo.fortnight import Fortnight, make

END = parse_instant("2026-01-08T00:00:00Z")


@pytest.fixture(scope="session")
def fortnight() -> Fortnight:
    return make(1, END)
