"""The two shipped folders keep what the source policies ask for."""

from __future__ import annotations

import pytest

from aupkeep.flow.folders import find_folder, read_folder, shipped_policies
from aupkeep.policy.coverage import coverage
from aupkeep.policy.inventory import CLAUSES, DUTIES, KnownClause, KnownDuty
from aupkeep.policy.model import Measure, Policy
from aupkeep.policy.noticed import noticed_by
from aupkeep.policy.reading import read_policy

SHIPPED = ("injazat", "jasmo")
KNOWN: tuple[KnownClause | KnownDuty, ...] = (*CLAUSES, *DUTIES)


def policy_of(name: str) -> Policy:
    folder = read_folder(find_folder(name))
    assert folder.faults == ()
    return read_policy(folder.files)


def test_both_are_shipped() -> None:
    assert tuple(shipped_policies()) == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_each_has_exactly_its_clauses_and_duties(name: str) -> None:
    policy = policy_of(name)
    assert policy.provider == name
    assert set(policy.clauses) == {clause.id for clause in CLAUSES if getattr(clause, name)}
    assert set(policy.duties) == {duty.id for duty in DUTIES if getattr(duty, name)}


@pytest.mark.parametrize("name", SHIPPED)
def test_coverage_lists_every_id_and_nothing_is_left_out_of_the_policy(name: str) -> None:
    policy = policy_of(name)
    rows = coverage(policy, noticed_by(policy.rules))
    wanted = [item.id for item in KNOWN if getattr(item, name)]
    assert [row.clause for row in rows] == wanted
    assert not [row for row in rows if any("not in this policy" in part for part in row.missing)]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_clause_rests_on_no_better_evidence_than_the_inventory_allows(name: str) -> None:
    known = {clause.id: clause.tiers for clause in CLAUSES}
    for clause in policy_of(name).clauses.values():
        assert clause.tier.word in known[clause.id]


@pytest.mark.parametrize("name", SHIPPED)
def test_each_rule_that_notices_has_samples_for_and_against(name: str) -> None:
    policy = policy_of(name)
    rows = coverage(policy, noticed_by(policy.rules))
    assert all(row.tested for row in rows if row.noticed_by not in ((), ("reported",)))


def test_each_provider_reserved_what_its_source_lets_it() -> None:
    injazat, jasmo = (policy_of(name) for name in SHIPPED)
    assert Measure.TERMINATE not in injazat.measures
    assert Measure.FEE in injazat.measures
    assert Measure.FEE not in jasmo.measures
    assert Measure.TERMINATE in jasmo.measures
    assert jasmo.graduated
    assert not injazat.graduated


def test_child_abuse_material_is_always_told() -> None:
    jasmo = policy_of("jasmo")
    clause = jasmo.clauses["csam"]
    assert clause.duties == ("must-notify",)
    first = jasmo.ladders[clause.ladder].steps[0]
    assert {Measure.PRESERVE, Measure.NOTIFY_AUTHORITY} <= set(first.measures)
