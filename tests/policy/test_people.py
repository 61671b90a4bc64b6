from __future__ import annotations

import pytest

from aupkeep.policy.model import TOUCH_SERVICE, Measure, Tier
from aupkeep.policy.people import LEAST, least_people

TABLE = {
    ("warn", "throttle", "preserve"): (0, 1, 1),
    (
        "hold_mail",
        "lock_site",
        "quarantine_file",
        "block_traffic",
        "suspend_service",
        "deny_service",
    ): (0, 1, 1),
    ("remove_content", "suspend_account"): (2, 2, 2),
    ("fee", "notify_authority"): (1, 1, 1),
    ("terminate",): (2, 2, 2),
}


def test_the_table_names_each_measure_once() -> None:
    assert sorted(word for words in TABLE for word in words) == sorted(Measure)
    assert set(LEAST) == set(Measure)


@pytest.mark.parametrize("words", TABLE)
def test_least_people(words: tuple[str, ...]) -> None:
    for word in words:
        tiers = (Tier.FACT, Tier.STRONG, Tier.JUDGEMENT)
        assert tuple(least_people(Measure(word), tier) for tier in tiers) == TABLE[words]


@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize("immediate", [True, False])
def test_a_score_reaches_no_measure(measure: Measure, immediate: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert least_people(measure, Tier.SCORE, immediate=immediate) is None


@pytest.mark.parametrize("measure", Measure)
def test_immediate_lowers_only_two_measures_and_only_on_facts(measure: Measure) -> None:
    for tier in (Tier.STRONG, Tier.JUDGEMENT):
        assert least_people(measure, tier, immediate=True) == least_people(measure, tier)
    lowered = least_people(measure, Tier.FACT, immediate=True) != least_people(measure, Tier.FACT)
    assert lowered == (measure in {Measure.REMOVE_CONTENT, Measure.SUSPEND_ACCOUNT})


@pytest.mark.parametrize("measure", sorted(TOUCH_SERVICE))
def test_nothing_touches_service_without_a_person_below_a_fact(measure: Measure) -> None:
    for tier in (Tier.STRONG, Tier.JUDGEMENT):
        assert (least_people(measure, tier) or 0) >= 1
