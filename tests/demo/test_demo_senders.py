"""Honest people stay honest: counted in what was meant to be sent, not read from a log."""

from __future__ import annotations

from collections import defaultdict

import pytest

from aupkeep.base.clock import DAY, HOUR, parse_instant
from aupkeep.demo.brand import BRANDS
from aupkeep.demo.cast import PLAN_LIMITS, make_cast
from aupkeep.demo.plot import make_plot
from aupkeep.demo.rhythm import Span
from aupkeep.demo.senders import sendings
from aupkeep.demo.sending import Sending

END = parse_instant("2026-01-08T00:00:00Z")
SPAN = Span(start=END - 14 * DAY, end=END)


def busiest_hour(messages: list[Sending]) -> int:
    """Return the most recipients in any sliding hour."""
    best = count = first = 0
    for message in messages:
        count += len(message.fates)
        while messages[first].at <= message.at - HOUR:
            count -= len(messages[first].fates)
            first += 1
        best = max(best, count)
    return best


def worst_ratio(messages: list[Sending], window: int, least: int) -> float:
    """Return the largest share of unknown recipients in any window of `least` or more."""
    worst, first = 0.0, 0
    sent = unknown = 0
    for message in messages:
        sent += len(message.fates)
        unknown += sum(fate == "unknown" for _, fate in message.fates)
        while messages[first].at <= message.at - window:
            sent -= len(messages[first].fates)
            unknown -= sum(fate == "unknown" for _, fate in messages[first].fates)
            first += 1
        if sent >= least:
            worst = max(worst, unknown / sent)
    return worst


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_honest_logins_keep_to_their_plans_and_offenders_do_not(seed: int) -> None:
    for brand in BRANDS:
        cast = make_cast(seed, brand, SPAN)
        plot = make_plot(seed, brand, SPAN, cast)
        what = {role.customer.id: role for role in plot}
        by_actor: dict[tuple[str, str], list[Sending]] = defaultdict(list)
        for message in sendings(seed, brand, SPAN, plot):
            by_actor[message.customer, message.login].append(message)
            assert SPAN.start <= message.at < SPAN.end
            assert what[message.customer].what == "offender" or message.honest
        guilty = set()
        for (customer, _), messages in by_actor.items():
            role = what[customer]
            limit = PLAN_LIMITS[role.customer.plan]
            if any(not message.honest for message in messages):
                guilty.add(role.label)
                assert busiest_hour(messages) >= 45
                if role.clause == "spam":
                    assert worst_ratio(messages, 6 * HOUR, 20) >= 0.2
            else:
                assert busiest_hour(messages) <= limit
                assert worst_ratio(messages, 6 * HOUR, 20) < 0.08
        assert guilty >= {"fast_mail", "slow_mail"}


def test_newsletters_are_large_and_mostly_known() -> None:
    for brand in BRANDS:
        plot = make_plot(4, brand, SPAN, make_cast(4, brand, SPAN))
        letters = {r.customer.id for r in plot if r.label == "newsletter"}
        sizes: dict[str, int] = defaultdict(int)
        for message in sendings(4, brand, SPAN, plot):
            if message.customer in letters:
                sizes[message.customer] += len(message.fates)
        assert set(sizes) == letters
        assert min(sizes.values()) >= 4_000
