from __future__ import annotations

import pytest

from aupkeep.attribution.profiles import COLUMNS, Profile, read_profiles, write_profiles
from aupkeep.base.errors import AupkeepError

HEADER = ",".join(COLUMNS)
PLAN = "jasmo,c1,web,Plan,mail-basic,2026-01-01T00:00:00Z,,2026-01-01T00:00:00Z"
LATER = "jasmo,c1,web,plan,mail-pro,2026-02-01T00:00:00Z,,2026-02-01T00:00:00Z"
RIVAL = "jasmo,c1,web,plan,mail-pro,2026-02-01T00:00:00Z,,2026-01-01T00:00:00Z"


def read(*rows: str) -> tuple[Profile, ...]:
    return read_profiles("\n".join([HEADER, *rows]), file="p.csv")


def test_a_row_is_read_and_written_back() -> None:
    (profile,) = read(PLAN)
    assert (profile.customer, profile.service, profile.name) == ("c1", "web", "plan")
    assert (profile.value, profile.until) == ("mail-basic", None)
    assert read_profiles(write_profiles([profile]), file="p.csv") == (profile,)


def test_a_later_record_corrects_an_earlier_one() -> None:
    assert len(read(PLAN, LATER)) == 2


def test_two_values_recorded_at_one_time_contradict_each_other() -> None:
    with pytest.raises(AupkeepError) as caught:
        read(PLAN, RIVAL)
    (fault,) = caught.value.faults
    assert fault.code == "overlap"
    assert "`mail-pro` (line 3) and `mail-basic` (line 2)" in fault.what


def test_every_fault_is_named_with_its_place() -> None:
    with pytest.raises(AupkeepError) as caught:
        read(",,,,,,,", "jasmo,c1,,status,open,2026-01-01,,")
    places = [(fault.code, fault.place.line) for fault in caught.value.faults if fault.place]
    assert sorted(places) == [
        ("missing-value", 2),
        ("missing-value", 2),
        ("missing-value", 2),
        ("missing-value", 2),
        ("no-zone", 3),
    ]
