"""Statements of reasons: real values in the words of the EU, and nothing that is not known."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from notice_stage import NOW, finding, policy, sanction, volume

from aupkeep.base.clock import DAY
from aupkeep.policy.model import Measure, Policy
from aupkeep.policy.words import CATEGORIES
from aupkeep.sanctions.reasons import (
    EXPLANATION,
    FACTS,
    GROUND,
    Grounds,
    automated,
    plain,
    statement,
)
from aupkeep.sanctions.sanction import Sanction

GOLDEN = Path(__file__).parents[1] / "golden" / "reasons"
RESTRICTIONS = {
    "decision_visibility",
    "decision_monetary",
    "decision_provision",
    "decision_account",
}
#: Fields of the transparency database that we can fill, and the two of our own.
FIELDS = RESTRICTIONS | {
    "puid",
    "measure",
    "decision_monetary_other",
    "decision_ground",
    "decision_ground_reference_url",
    "incompatible_content_ground",
    "incompatible_content_explanation",
    "category",
    "content_type",
    "content_type_other",
    "content_date",
    "application_date",
    "end_date_service_restriction",
    "end_date_visibility_restriction",
    "end_date_account_restriction",
    "decision_facts",
    "source_type",
    "automated_detection",
    "automated_decision",
    "appeal_until",
}
QUIET = {Measure.WARN, Measure.PRESERVE, Measure.NOTIFY_AUTHORITY}


def done(brand: Policy, measure: str, **changes: object) -> Sanction:
    made = replace(sanction(brand, measure), applied_at=NOW, until=NOW + DAY, length=DAY)
    return replace(made, **changes)


def grounds(brand: Policy, **changes: object) -> Grounds:
    made = Grounds(
        policy=brand,
        findings=[volume(brand), finding(brand)],
        appeal_until=NOW + 30 * DAY,
        page="https://desk.example/policy/jasmo/1.0/#spam",
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize("measure", list(Measure))
def test_statements_word_for_word(measure: Measure) -> None:
    brand = policy("jasmo")
    made, told = done(brand, measure.value), grounds(brand)
    said = json.dumps(statement(made, told), indent=1, sort_keys=True, ensure_ascii=False)
    text = f"{said}\n\n{plain(made, told)}\n"
    path = GOLDEN / f"{measure.value}.txt"
    if os.environ.get("AUPKEEP_WRITE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("measure", list(Measure))
def test_one_restriction_and_no_other_field(measure: Measure) -> None:
    brand = policy("injazat")
    said = statement(done(brand, measure.value), grounds(brand))
    assert set(said) <= FIELDS
    assert len(RESTRICTIONS & set(said)) == (0 if measure in QUIET else 1)
    assert all(value not in ("", None, [], "None") for value in said.values())
    assert "shop.example" not in json.dumps(said)
    for field, most in (
        ("incompatible_content_ground", GROUND),
        ("incompatible_content_explanation", EXPLANATION),
        ("decision_facts", FACTS),
    ):
        assert len(str(said[field])) <= most


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "AUTOMATED_DECISION_FULLY"),
        ({"people": 1}, "AUTOMATED_DECISION_PARTIALLY"),
        ({"approved_by": ("ann",)}, "AUTOMATED_DECISION_PARTIALLY"),
        ({"proposed_by": "ann", "approved_by": ("ben",)}, "AUTOMATED_DECISION_NOT_AUTOMATED"),
    ],
)
def test_who_decided(changes: dict[str, object], expected: str) -> None:
    made = done(policy("jasmo"), "hold_mail", **changes)
    assert automated(made) == expected
    text = plain(made, grounds(policy("jasmo")))
    assert "ann" not in text.replace("ann@shop.example", "")


def test_of_what_was_only_reported_the_day_is_not_claimed() -> None:
    brand = policy("jasmo")
    rule = next(
        str(item["name"])
        for file in brand.rules
        for item in file.documents
        if isinstance(source := item.get("logsource"), dict)
        and source.get("category") == "report"
        and "name" in item
    )
    reported = finding(brand, rule)
    said = statement(done(brand, "lock_site"), grounds(brand, findings=[reported]))
    assert "content_date" not in said
    assert "content_type" not in said
    assert said["source_type"] == "SOURCE_TYPE_OTHER_NOTIFICATION"
    own = statement(done(brand, "hold_mail"), grounds(brand))
    assert (own["content_date"], own["source_type"]) == ("2026-03-01", "SOURCE_VOLUNTARY")


def test_what_is_not_known_is_left_out() -> None:
    brand = policy("jasmo")
    made = done(brand, "hold_mail", applied_at=None, until=None)
    said = statement(made, grounds(brand, findings=[], appeal_until=None, page=""))
    missing: set[str] = {
        *("appeal_until", "application_date", "content_date", "decision_facts", "source_type"),
        *("end_date_service_restriction", "decision_ground_reference_url", "content_type"),
    }
    assert not missing & set(said)
    assert said["automated_detection"] == "No"


def test_categories_are_those_of_the_database_and_of_the_policies() -> None:
    assert len(CATEGORIES) == 16
    used: dict[str, Any] = {
        clause.id: clause.category
        for name in ("jasmo", "injazat")
        for clause in policy(name).clauses.values()
        if clause.category
    }
    assert used["copyright"] == "intellectual_property_infringements"
    assert used["csam"] == "protection_of_minors"
    assert set(used.values()) <= set(CATEGORIES)
