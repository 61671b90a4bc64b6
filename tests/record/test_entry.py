"""Entries: one form, one chain, and only acts that are known."""

from __future__ import annotations

import hashlib
import json

import pytest

from aupkeep.base.canonical import canonical
from aupkeep.record.entry import ACTS, GENESIS, Head, append

AT = 1_772_438_400_000_000


def test_an_entry_is_the_canonical_form_of_its_members() -> None:
    entry = append(
        Head("jasmo"), at=AT, act="case_opened", subject="case-1", body={"n": 1, "a": "é"}
    )
    members = json.loads(entry.line)
    assert canonical(members).decode() == entry.line
    assert members.pop("hash") == entry.hash
    assert hashlib.sha256(canonical(members)).hexdigest() == entry.hash
    assert members == {
        "provider": "jasmo",
        "seq": 0,
        "at": "2026-03-02T08:00:00Z",
        "act": "case_opened",
        "subject": "case-1",
        "body": {"n": 1, "a": "é"},
        "prev": GENESIS,
        "version": 2,
    }


def test_an_entry_hangs_on_the_one_before() -> None:
    first = append(Head("jasmo"), at=AT, act="case_opened", subject="c", body={})
    second = append(first.head, at=AT, act="decision_made", subject="c", body={})
    assert second.head == Head("jasmo", 2, second.hash)
    assert json.loads(second.line)["prev"] == first.hash


@pytest.mark.parametrize("act", ["", "case_closed", "CASE_OPENED"])
def test_an_unknown_act_is_refused(act: str) -> None:
    assert act not in ACTS
    with pytest.raises(ValueError, match="is no act"):
        append(Head("jasmo"), at=AT, act=act, subject="c", body={})


def test_a_float_is_refused() -> None:
    with pytest.raises(TypeError, match="float"):
        append(Head("jasmo"), at=AT, act="case_opened", subject="c", body={"value": 0.5})
