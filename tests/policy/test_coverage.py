from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from aupkeep.policy.coverage import Row, coverage
from aupkeep.policy.inventory import CLAUSES, DUTIES, KnownClause, KnownDuty
from aupkeep.policy.model import Measure, Policy
from aupkeep.policy.noticed import noticed_by
from aupkeep.policy.reading import read_policy

Edited = Callable[..., dict[str, str]]
KNOWN: tuple[KnownClause | KnownDuty, ...] = (*CLAUSES, *DUTIES)

SHARED = Path(__file__).parents[2].parent / "shared" / "CLAUSES.md"
TABLE_ROW = re.compile(r"\| ([a-z0-9-]+) \| [^|]+ \| ([ x]*)\| ([ x]*)\|.*")


def rows(policy: Policy, powers: frozenset[Measure] = frozenset()) -> dict[str, Row]:
    found = coverage(policy, noticed_by(policy.rules), powers)
    assert len({row.clause for row in found}) == len(found)
    return {row.clause: row for row in found}


@pytest.mark.skipif(not SHARED.exists(), reason="the inventory page is not here")
def test_the_inventory_has_every_id_and_column_of_the_page() -> None:
    page = {}
    for line in SHARED.read_text().splitlines():
        match = TABLE_ROW.fullmatch(line)
        if match:
            page[match[1]] = ("x" in match[2], "x" in match[3])
    known = {item.id: (item.injazat, item.jasmo) for item in KNOWN}
    assert page == known


def test_each_id_of_the_inventory_is_there_once() -> None:
    ids = [item.id for item in KNOWN]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("provider", ["injazat", "jasmo"])
def test_every_id_of_the_provider_has_a_row(clean: Mapping[str, str], provider: str) -> None:
    found = rows(replace(read_policy(clean), provider=provider))
    for item in KNOWN:
        if getattr(item, provider):
            assert item.id in found


def test_a_clause_that_is_not_there_says_so(clean: Mapping[str, str]) -> None:
    row = rows(replace(read_policy(clean), provider="jasmo"))["irc"]
    assert row.missing[0] == "clause: not in this policy"
    assert (row.noticed_by, row.ladder, row.measures) == ((), None, ())
    duty = rows(replace(read_policy(clean), provider="jasmo"))["dmca"]
    assert duty.missing[0] == "duty: not in this policy"


def test_another_provider_gets_rows_for_what_it_has(edited: Edited) -> None:
    own = edited(
        ("policy.md", "{#opt-out}", "{#be-kind}"),
        ("enforcement.yml", "  opt-out:", "  be-kind:"),
    )
    found = rows(read_policy(own))
    assert list(found) == [
        *("spam", "csam", "be-kind"),
        *("graduated", "immediate", "must-notify", "48-hours"),
    ]
    assert found["be-kind"].noticed_by == ("reported",)


def test_what_is_built_and_what_is_not(clean: Mapping[str, str]) -> None:
    row = rows(read_policy(clean), frozenset({Measure.WARN}))["spam"]
    assert row.noticed_by == ("many_recipients",)
    assert (row.policy, row.tier, row.ladder) == ("acme-rules", "fact", "mail")
    assert row.measures == ("warn", "hold_mail", "suspend_account")
    assert row.tested
    assert "rule: complaints" in row.missing
    assert "rule: mail log" not in row.missing
    assert "noticed by: live gate" in row.missing
    assert "power: hold_mail" in row.missing
    assert "power: warn" not in row.missing


def test_kinds_are_found_through_rules_that_name_rules(edited: Edited) -> None:
    both = """title: Both
name: both
correlation: {type: temporal, rules: [many_recipients, told], group-by: [customer], timespan: 1h}
aup: {clause: spam, tier: fact, status: review}
---
title: Told
name: told
aup_metric: {type: ratio, numerator: a_report, denominator: both, group-by: [customer]}
---
title: A report
name: a_report
logsource: {category: report}
"""
    row = rows(read_policy(edited(("rules/both.yml", None, both))))["spam"]
    assert row.noticed_by == ("both", "many_recipients")
    assert not row.tested
    assert "rule: complaints" not in row.missing
    assert "rule: port-25 flows of customers who send directly" in row.missing
