"""What a decision reads like, word for word; `AUPKEEP_WRITE_GOLDEN=1` writes the files anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from aupkeep.base.clock import DAY, HOUR
from aupkeep.cases.case import Case
from aupkeep.decisions.decide import decide
from aupkeep.decisions.decision import Profile
from aupkeep.decisions.words import agreement, explain, number
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Policy, Tier

Findings = Callable[..., Finding]
Policies = Callable[..., Policy]
Cases = Callable[..., Case]

GOLDEN = Path(__file__).parents[1] / "golden" / "decisions"

#: Name -> changes of each finding, hours from the first opening to now, profile.
STORIES: dict[str, tuple[list[dict[str, object]], int, Profile]] = {
    "fact": ([{}], 1, Profile()),
    "lasting": ([{"state": "open", "value": 1200}], 3, Profile()),
    "rumour": (
        [{"tier": Tier.STRONG, "rule": "complaint", "value": 1, "threshold": 1}],
        1,
        Profile(),
    ),
    "again": (
        [{}, {"id": "f2", "first": DAY}, {"id": "f3", "first": 2 * DAY, "tier": Tier.STRONG}],
        60,
        Profile(protected=True),
    ),
    "forged": ([{"forgeable": True, "tier": Tier.STRONG}], 1, Profile()),
    "stranger": (
        [
            {
                "customer": None,
                "attribution": "unknown",
                "key": {"client_ip": None},
                "actor": "ip:192.0.2.1",
                "value": 0.8125,
                "threshold": 0.5,
            }
        ],
        1,
        Profile(),
    ),
    "late": ([{"observed_at": 30 * HOUR}], 31, Profile()),
}


@pytest.mark.parametrize("name", sorted(STORIES))
def test_words(
    name: str, finding: Findings, policy: Policies, case_of: Cases, request: pytest.FixtureRequest
) -> None:
    changes, hours, profile = STORIES[name]
    start = finding().first
    listed = []
    for change in changes:
        moved = {
            key: start + value if key in ("first", "observed_at") and isinstance(value, int)
            else value
            for key, value in change.items()
        }  # fmt: skip
        first = moved.get("first", start)
        assert isinstance(first, int)
        listed.append(finding(**{"last": first + HOUR, "observed_at": first, **moved}))
    by = policy()
    case = case_of(listed)
    decision = decide(
        policy=by, case=case, findings=listed, profile=profile, now=start + hours * HOUR
    )
    text = "\n".join(explain(decision, case, reversed(listed), by.clauses["spam"])) + "\n"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("AUPKEEP_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), request.node.name


def test_each_golden_file_has_a_story() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(STORIES)


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3"), (0, "0"), (0.5, "0.5"), (2.0, "2"), (1 / 3, "0.333"), (0.00012, "0.00012")],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_how_many_must_agree() -> None:
    assert [agreement(count).split()[0] for count in (0, 1, 2)] == ["nobody", "one", "2"]
