"""How a case stands, in words; held in golden files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from case_samples import case

from aupkeep.base.clock import DAY, parse_instant
from aupkeep.cases.act import CaseAct
from aupkeep.cases.case import Case
from aupkeep.cases.cause import Gone, Verdict
from aupkeep.cases.strikes import Strikes, strikes
from aupkeep.cases.words import Known, standing
from aupkeep.policy.model import Severity

GOLDEN = Path(__file__).parents[1] / "golden" / "cases"
NOW = parse_instant("2026-03-02T08:00:00Z")


def _act(act: str, **details: str) -> CaseAct:
    return CaseAct(
        id=act, case="1" * 32, act=act, at=NOW, by="ann", reason="as we agreed", details=details
    )


ACTS = (
    _act("case_attributed", customer="c-1", service="s-1"),
    _act("case_merged", other="2" * 32),
    _act("case_split", other="3" * 32),
    _act("case_disposed", disposition="negligent"),
    _act("case_moved", **{"from": "open", "to": "resolved"}),
)


def _known(**changes: Any) -> Known:
    fields: dict[str, Any] = {
        "severity": Severity.HIGH,
        "cause": Verdict(gone=Gone.UNKNOWN, how="nobody looked at url http://a.example/x"),
        "strikes": Strikes(),
        "resellers": Strikes(),
        "told": ("c-1",),
        "former": False,
        "acts": (),
    }
    return Known(**fields | changes)


_COUNTED = strikes(
    [case(told_at=1), case(id="4" * 32, clause="irc", disposition="compromised")],
    decay=DAY,
    compromised=1,
)
_CASES: dict[str, tuple[Case, Known]] = {
    "first": (case(), _known()),
    "nobody": (case(customer=None, actor="ip:192.0.2.7"), _known(told=("",))),
    "worked": (
        case(state="contained", moved_at=NOW, disposition="not_ours", reseller="r-1", told_at=NOW),
        _known(
            strikes=_COUNTED,
            resellers=_COUNTED,
            told=("c-1", "r-1"),
            former=True,
            acts=ACTS,
            cause=Verdict(gone=Gone.UNKNOWN, how="a measure keeps it down"),
        ),
    ),
    "merged": (case(state="closed", moved_at=NOW, merged_into="5" * 32), _known()),
}


@pytest.mark.parametrize("name", _CASES)
def test_how_a_case_stands(name: str) -> None:
    text = "\n".join(standing(*_CASES[name])) + "\n"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("AUPKEEP_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
