"""Whoever keeps a table by kind of event knows every kind."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from aupkeep.attribution.ground import RESOLVERS
from aupkeep.desk.chart.values import UNITS
from aupkeep.events.frontier import DISORDER
from aupkeep.events.schema import ATTRIBUTED, COMMON, KINDS
from aupkeep.flow.buffer import Buffer
from aupkeep.flow.course import MARKS


@pytest.mark.parametrize("table", [RESOLVERS, UNITS, DISORDER, MARKS])
def test_every_table_knows_every_kind(table: Mapping[str, object]) -> None:
    assert set(table) == set(KINDS)


def test_no_column_of_a_kind_hides_one_that_every_row_has() -> None:
    for columns in KINDS.values():
        assert not set(columns) & {*COMMON, *ATTRIBUTED}


def test_what_an_older_program_saved_without_the_newer_kinds_is_read() -> None:
    assert len(Buffer.restore({})) == 0
