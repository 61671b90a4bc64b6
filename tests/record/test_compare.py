"""What is stored beside the chain, against what its newest entries say."""

from __future__ import annotations

import pytest

from aupkeep.record.compare import Altered, Kept, Kind, altered, policy_id
from aupkeep.record.entry import Head, append

ACTS: list[tuple[str, str, dict[str, object]]] = [
    ("policy_published", "2026.1", {"policy": "p", "version": "2026.1", "hash": "p0"}),
    ("holdings_imported", "billing", {"opened": 3}),
    ("case_opened", "c1", {"finding": "f1", "content": "a0"}),
    ("finding_joined", "c1", {"finding": "f2", "content": "b0"}),
    ("decision_made", "c1", {"decision": "d1", "content": "e0"}),
    ("finding_updated", "c1", {"finding": "f1", "content": "a1"}),
    ("sanction_proposed", "s1", {"content": "g0"}),
    ("sanction_approved", "s1", {"content": "g1"}),
]
KEPT: dict[tuple[Kind, str], str] = {
    ("policy", policy_id("jasmo", "2026.1")): "p0",
    ("finding", "f1"): "a1",
    ("finding", "f2"): "b0",
    ("decision", "d1"): "e0",
    ("sanction", "s1"): "g1",
}


def compared(kept: dict[tuple[Kind, str], str]) -> list[Altered]:
    head, lines = Head("jasmo"), []
    for act, subject, body in ACTS:
        entry = append(head, at=0, act=act, subject=subject, body=body)
        lines.append(entry.line.encode())
        head = entry.head
    listed = [Kept(kind=kind, id=name, content=own) for (kind, name), own in kept.items()]
    return altered(lines, listed)


def test_what_the_newest_entries_say_is_in_order() -> None:
    assert compared(KEPT) == []


@pytest.mark.parametrize("key", KEPT)
def test_another_content_is_named(key: tuple[Kind, str]) -> None:
    (found,) = compared({**KEPT, key: "other"})
    assert (found.kind, found.id) == key
    assert found.why.startswith("it is not what entry ")


def test_the_state_before_the_newest_entry_is_another_content() -> None:
    (found,) = compared({**KEPT, ("finding", "f1"): "a0"})
    assert found.why == "it is not what entry 5 of jasmo says"


@pytest.mark.parametrize("key", KEPT)
def test_what_is_gone_is_named(key: tuple[Kind, str]) -> None:
    (found,) = compared({name: own for name, own in KEPT.items() if name != key})
    assert (found.kind, found.id) == key
    assert found.why.startswith("it is gone, but entry ")


@pytest.mark.parametrize("kind", ["policy", "finding", "decision", "sanction"])
def test_what_was_put_in_is_named(kind: Kind) -> None:
    (found,) = compared({**KEPT, (kind, "new"): "x"})
    assert found == Altered(kind=kind, id="new", why="no entry tells of it")


def test_a_finding_of_no_case_needs_no_entry() -> None:
    assert compared({**KEPT, ("finding", "new"): "", ("finding", "f2"): ""}) == []
