"""The picture of evidence over time: golden pictures, and laws for any input.

`AUPKEEP_WRITE_GOLDEN=1` writes the pictures anew; look at them before keeping them.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aupkeep.base.clock import DAY, HOUR, MINUTE, SECOND, parse_instant
from aupkeep.desk.chart import UNITS, Bar, Moment, Span, chart, table
from aupkeep.desk.chart.counting import KNOWN, height_ticks, layers, short, stacked
from aupkeep.desk.chart.lanes import lanes, told
from aupkeep.desk.chart.markers import flags
from aupkeep.desk.chart.times import MOST_BARS, ticks, window

GOLDEN = Path(__file__).parents[1] / "golden" / "chart"
T0 = parse_instant("2026-03-13T22:00:00Z")
SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True, slots=True)
class Minute:
    """A count as the store gives it, and nothing else of it."""

    at: int
    mark: str
    n: int


def burst() -> list[Minute]:
    counts = []
    for number in range(120):
        at = T0 + number * MINUTE
        counts.append(Minute(at, "sent", 2 + number % 3))
        if 60 <= number < 75:
            counts += [Minute(at, "sent", 30), Minute(at, "bounced", 9 + number % 7)]
        if number == 80:
            counts.append(Minute(at, "deferred", 1))
    return counts


FOUND = T0 + 61 * MINUTE
CASES = {
    "burst": chart(
        burst(),
        [
            Span(label="A login's mail bounces at unknown addresses", first=FOUND, last=None),
            Span(label="A login sends much", first=FOUND, last=FOUND + 14 * MINUTE),
        ],
        [
            Moment(label="found", at=FOUND + 2 * SECOND),
            Moment(label="held", at=FOUND + 9 * MINUTE),
            Moment(label="lifted", at=FOUND + 3 * DAY),
        ],
        title="Mail of c-4046",
        unit=UNITS["mail"],
        name="mail",
        until=T0 + 2 * HOUR,
    ),
    "flows": chart(
        [Minute(T0 + number * MINUTE, "", number % 40 * 25) for number in range(600)],
        [Span(label="Many ports of one address", first=T0 + 5 * HOUR, last=T0 + 6 * HOUR)],
        title="Flows of c-4179",
        unit=UNITS["flow"],
        name="flow",
    ),
    "reports-without-counts": chart(
        [],
        [
            Span(label="Two reporters name one address", first=T0, last=None),
            Span(label="A reporter names one address", first=T0 + HOUR, last=T0 + HOUR),
        ],
        [Moment(label="found", at=T0 + MINUTE), Moment(label="warned", at=T0 + 2 * MINUTE)],
        title="Findings about c-7",
        until=T0 + 3 * HOUR,
    ),
    "many-kinds-and-rules": chart(
        [
            Minute(T0 + number * 7 * HOUR, kind, number % 5 + 1)
            for number in range(60)
            for kind in (
                "spam",
                "phishing",
                "login_attack",
                *(f"kind-{n}" for n in range(number % 9)),
            )
        ],
        [
            Span(label=f"Rule {number} <b>&amp;</b>", first=T0 + number * DAY, last=None)
            for number in range(11)
        ],
        title="Reports about c-8",
        unit=UNITS["report"],
        until=T0 + 20 * DAY,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    # One element a line: a change is seen where it is.
    shown = CASES[name].replace("><", ">\n<") + "\n"
    path = GOLDEN / f"{name}.svg"
    if os.environ.get("AUPKEEP_WRITE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


TAGS = {"svg", "title", "desc", "defs", "pattern", "g", "rect", "path", "text"}
hostile = st.text(max_size=60) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</title></svg><b>",
        "a\x00b\x1b[2J\u202egnp.exe",
        "]]>&lt;&#0;",
        "x" * 5_000,
        "\ud800",
    ]
)
instants = st.integers(T0, T0 + 3 * DAY) | st.integers(T0 - 400 * DAY, T0 + 400 * DAY)
marks = st.sampled_from([*KNOWN, *(f"kind-{number}" for number in range(12))])
counts = st.lists(
    st.builds(Minute, instants.map(lambda at: at // MINUTE * MINUTE), marks, st.integers(0, 10**6)),
    max_size=40,
)
spans = st.lists(
    st.builds(
        lambda name, first, length: Span(
            label=name, first=first, last=None if length is None else first + length
        ),
        st.sampled_from(["A", "B", "C"]) | hostile,
        instants,
        st.none() | st.integers(0, 5 * DAY),
    ),
    max_size=12,
)
moments = st.lists(
    st.builds(lambda name, at: Moment(label=name, at=at), hostile, instants), max_size=9
)


@given(counts, spans, moments, hostile, st.none() | instants)
def test_any_chart_is_inert_and_needs_no_style(
    series: list[Minute], found: list[Span], named: list[Moment], text: str, until: int | None
) -> None:
    series = [*series, Minute(T0, text, 3)]
    root = ET.fromstring(chart(series, found, named, title=text, unit=text, until=until))
    ids = {item.get("id") for item in root.iter()}
    for item in root.iter():
        assert item.tag.removeprefix(SVG) in TAGS
        assert not [name for name in item.attrib if name == "style" or name.startswith("on")]
        fill = item.get("fill", "")
        assert not fill.startswith("url") or fill[5:-1] in ids
    assert not any(
        "url(" in value
        for item in root.iter()
        for value in item.attrib.values()
        if (value != item.get("fill"))
    )
    assert root.get("role") == "img"
    labelled = root.get("aria-labelledby", "").split()
    assert [item.get("id") for item in root[:2]] == labelled
    assert root[1].tag == f"{SVG}desc"
    assert root[1].text


@given(counts, spans, moments, st.none() | instants)
def test_bars_are_few_and_hold_every_count(
    series: list[Minute], found: list[Span], named: list[Moment], until: int | None
) -> None:
    shown = window(series, found, named, until=until)
    assert 1 <= shown.bars <= MOST_BARS
    assert shown.since % shown.step == shown.until % shown.step == 0
    listed = layers(series)
    bars = stacked(series, shown, listed)
    assert all(shown.since <= at < shown.until for at in bars)
    assert sum(map(sum, bars.values())) == sum(item.n for item in series)
    looks = Counter(layer.look for layer in listed)
    assert all(looks[layer.look] == 1 for layer in listed if not layer.marks <= KNOWN.keys())


@given(counts, spans, st.none() | instants)
def test_the_table_says_what_the_bars_show(
    series: list[Minute], found: list[Span], until: int | None
) -> None:
    shown = window(series, found, until=until)
    rows = table(series, found, until=until)
    expected: Counter[tuple[int, str]] = Counter()
    for item in series:
        expected[item.at // shown.step * shown.step, item.mark] += item.n
    assert {(row.at, row.mark): row.n for row in rows} == +expected
    assert all(row.until - row.at == shown.step for row in rows)
    assert [row.at for row in rows] == sorted(row.at for row in rows)


def test_the_table_goes_from_what_went_through_to_what_did_not() -> None:
    series = [Minute(T0, "bounced", 1), Minute(T0, "sent", 2), Minute(T0 + MINUTE, "sent", 0)]
    assert table(series) == [
        Bar(at=T0, until=T0 + MINUTE, mark="sent", n=2),
        Bar(at=T0, until=T0 + MINUTE, mark="bounced", n=1),
    ]


@pytest.mark.parametrize(
    ("length", "step"),
    [
        (MINUTE, MINUTE),
        (90 * MINUTE, MINUTE),
        (3 * HOUR, 5 * MINUTE),
        (20 * HOUR, 15 * MINUTE),
        (3 * DAY, HOUR),
        (20 * DAY, 6 * HOUR),
        (90 * DAY, DAY),
        (100 * DAY, 2 * DAY),
        (3_000 * DAY, 32 * DAY),
    ],
)
def test_bars_are_as_fine_as_fits(length: int, step: int) -> None:
    shown = window([], [Span(label="a", first=T0, last=T0 + length)])
    assert shown.step == step
    assert window([], [Span(label="a", first=T0)], until=T0 + length) == shown


def test_a_moment_far_off_is_named_at_the_edge_and_does_not_stretch_the_picture() -> None:
    near = Moment(label="held", at=T0 + 130 * MINUTE)
    far = Moment(label="lifted", at=T0 + 30 * DAY)
    shown = window(burst(), (), [near, far])
    assert shown == window(burst(), (), [near])
    assert shown.shows(near.at)
    placed = {flag.text: flag.outside for flag in flags([near, far], shown)}
    assert placed == {"held 00:10": False, "lifted 12 Apr 22:00 \u2192": True}


def test_moments_of_one_place_share_a_line() -> None:
    shown = window(burst(), ())
    named = [
        Moment(label=name, at=T0 + HOUR + place) for place, name in enumerate(("found", "held"))
    ]
    (flag,) = flags(named, shown)
    assert flag.text == "found 23:00, held 23:00"
    crowd = [Moment(label=f"answered by {number}", at=T0 + HOUR) for number in range(9)]
    assert flags(crowd, shown)[0].text.endswith(" and 6 more")


@given(moments)
def test_no_name_covers_another(named: list[Moment]) -> None:
    placed = flags(named, window(burst(), ()))
    for row in {flag.row for flag in placed}:
        ends = sorted((flag.left, flag.right) for flag in placed if flag.row == row)
        assert all(before[1] <= after[0] for before, after in pairwise(ends))


@given(st.integers(1, 10**12))
def test_the_scale_has_two_to_four_round_numbers(highest: int) -> None:
    marked = height_ticks(highest)
    assert 2 <= len(marked) <= 4
    assert marked[-1] >= highest
    assert str(marked[0]).rstrip("0") in {"1", "2", "5"}
    assert [tick // marked[0] for tick in marked] == list(range(1, len(marked) + 1))


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "1"), (15_000, "15,000"), (150_000, "150k"), (1_500_000, "1.5M"), (2 * 10**10, "20G")],
)
def test_numbers_of_the_scale_fit_beside_it(number: int, said: str) -> None:
    assert short(number) == said


@given(spans)
def test_ticks_are_few_and_inside(found: list[Span]) -> None:
    shown = window([], found, until=T0)
    marked = ticks(shown)
    assert 1 <= len(marked) <= 10
    assert all(shown.shows(tick) for tick in marked)


def test_the_same_rule_has_one_lane_without_overlaps() -> None:
    found = [
        Span(label="A", first=T0, last=T0 + HOUR),
        Span(label="B", first=T0 + MINUTE, last=T0 + HOUR),
        Span(label="A", first=T0 + 30 * MINUTE, last=T0 + 2 * HOUR),
        Span(label="A", first=T0 + 3 * HOUR),
    ]
    shown = window([], found, until=T0 + 4 * HOUR)
    first, second = lanes(found, shown)
    assert (first.label, second.label) == ("A", "B")
    assert [(item.first, item.last) for item in first.spans] == [
        (T0, T0 + 2 * HOUR),
        (T0 + 3 * HOUR, None),
    ]
    assert told(first) == "2 times, the last since 14 Mar 2026 01:00, still holds"
    assert told(second) == "13 Mar 2026 22:01 to 23:00"


def test_words_tell_what_the_picture_shows() -> None:
    told_of = ET.fromstring(CASES["burst"])[1].text
    assert told_of == (
        "13 Mar 2026 22:00 to 14 Mar 00:00 UTC. 992 recipients of mail: 810 sent, 1 deferred,"
        " 181 bounced. Counted per 5 minutes; the most are 230 at 13 Mar 2026 23:05."
        " Finding: A login sends much, 13 Mar 2026 23:01 to 23:15."
        " Finding: A login's mail bounces at unknown addresses, since 13 Mar 2026 23:01, still"
        " holds."
        " found: 13 Mar 2026 23:01. held: 13 Mar 2026 23:10. lifted: 16 Mar 2026 23:01."
    )


def test_without_counts_there_are_no_bars_and_words_say_so() -> None:
    shown = CASES["reports-without-counts"]
    assert "No counts are kept for this time." in shown
    assert "chart-bars" not in shown
    assert "<pattern" not in shown
    root = ET.fromstring(chart([], [], title="Nothing", until=T0))
    assert float(root.get("viewBox", "").split()[3]) < 100


def test_two_charts_of_one_page_share_no_id() -> None:
    ids = [re.findall(r' id="([^"]+)"', CASES[name]) for name in ("burst", "flows")]
    assert len(ids[0]) >= 5
    assert not set(ids[0]) & set(ids[1])


def test_no_two_marks_of_one_kind_look_the_same_and_none_is_told_by_colour_alone() -> None:
    mail = ("sent", "deferred", "held", "expired", "rejected", "bounced")
    drawn = chart([Minute(T0, mark, 1) for mark in mail], title="x")
    patterns = re.findall(r'<pattern id="[^"]+".*?</pattern>', drawn)
    hatches = [re.findall(r' d="([^"]+)"', item) for item in patterns]
    assert len({str(item) for item in hatches}) == len(patterns) == len(mail)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_colours_stand_out_on_white_and_on_black() -> None:
    drawn = chart([Minute(T0, f"kind-{number}", 20 - number) for number in range(9)], title="x")
    colours = set(re.findall(r'fill="(#[0-9a-f]{6})"', drawn + CASES["burst"]))
    assert len(colours) == 9
    for colour in colours:
        shade = luminance(colour)
        assert 1.05 / (shade + 0.05) >= 3, colour
        assert (shade + 0.05) / 0.05 >= 3, colour
