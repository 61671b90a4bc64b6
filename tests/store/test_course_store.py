"""Minute counts in the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.db.models import Sum

from aupkeep.base.clock import MINUTE
from aupkeep.store import models
from aupkeep.store.course import Minute, minutes, put_minutes
from aupkeep.store.database import close_store, open_store, unit

ONE = Minute(provider="jasmo", customer="c-1", kind="mail", mark="sent", at=7 * MINUTE, n=3)


@pytest.fixture(autouse=True)
def database(tmp_path: Path) -> Iterator[None]:
    open_store(tmp_path / "store.sqlite3")
    yield
    close_store()


def test_a_count_that_is_stored_again_replaces_the_first() -> None:
    with unit():
        put_minutes([ONE, replace(ONE, mark="bounced", n=1)])
    with unit():
        put_minutes([replace(ONE, n=5)])
        put_minutes([])
    assert minutes("jasmo", "c-1", 0, 8 * MINUTE) == [
        replace(ONE, mark="bounced", n=1),
        replace(ONE, n=5),
    ]


def test_one_customer_of_one_provider_is_read_by_time() -> None:
    others = [replace(ONE, provider="injazat"), replace(ONE, customer="c-2")]
    span = [replace(ONE, at=number * MINUTE) for number in (9, 6, 8)]
    with unit():
        put_minutes([*others, ONE, *span])
    found = minutes("jasmo", "c-1", 7 * MINUTE, 9 * MINUTE)
    assert found == [ONE, replace(ONE, at=8 * MINUTE)]


def test_thousands_of_counts_go_in_one_unit() -> None:
    many = [replace(ONE, at=number * MINUTE) for number in range(5_000)]
    with unit():
        put_minutes(many)
        put_minutes(many)
    assert models.Minute.objects.aggregate(all=Sum("n"))["all"] == 15_000


def test_what_breaks_off_leaves_nothing() -> None:
    def broken() -> None:
        with unit():
            put_minutes([ONE])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert minutes("jasmo", "c-1", 0, 8 * MINUTE) == []
