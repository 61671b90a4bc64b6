"""The made-up day: the same events always, as the file that others measure by has them."""

from __future__ import annotations

import importlib.util
import os
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from aupkeep.demo.hosting.events import SHARES, hosting_events
from aupkeep.demo.hosting.known import KNOWN, known_hits

#: Where the published generator may be: beside the repository, or where the variable says.
_SHARED = os.environ.get("AUPKEEP_SHARED") or Path(__file__).parents[3] / "shared"
GENERATOR = Path(_SHARED) / "bench" / "gen_events.py"


def published(count: int, seed: int) -> list[dict[str, Any]]:
    if not GENERATOR.is_file():
        pytest.skip("the published generator is not here")
    spec = importlib.util.spec_from_file_location("published_generator", GENERATOR)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.events(count, seed))


@pytest.mark.parametrize("seed", [7, 8])
def test_events_are_those_of_the_published_generator(seed: int) -> None:
    ours = list(hosting_events(20_000, seed))
    theirs = published(20_000, seed)
    assert ours == theirs
    assert [list(event) for event in ours[:100]] == [list(event) for event in theirs[:100]]


def test_the_first_events_of_a_longer_day_are_those_of_a_shorter_one() -> None:
    assert list(islice(hosting_events(1_000), 50)) == list(hosting_events(50))


def test_events_come_in_order_and_in_shares() -> None:
    events = list(hosting_events(20_000))
    times = [int(event["ts"]) for event in events]
    assert times == sorted(times)
    assert [event["id"] for event in events] == list(range(20_000))
    counts = Counter(str(event["kind"]) for event in events)
    assert all(abs(counts[kind] / 200 - share) < 1 for kind, share in SHARES.items())


def test_known_hits_are_of_twenty_rules() -> None:
    assert all(len(hits) == 20 for hits in KNOWN.values())
    assert known_hits(20_000)["R03"] == 1830
    assert known_hits(3) == {}
