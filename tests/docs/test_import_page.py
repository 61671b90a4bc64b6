"""The page on public rules lists every source and field, and its example comes out as it says."""

from __future__ import annotations

import re

from pages import ROOT

from aupkeep.detection.importing import fields
from aupkeep.detection.importing.sources import SEARCHED, sources
from aupkeep.detection.importing.taking import Ask, take
from aupkeep.policy.marks import load_all

PAGE = (ROOT / "docs" / "how-to" / "import-sigma.md").read_text()
ROWS = [[cell.strip().strip("`") for cell in line.split("|")[1:-1]] for line in PAGE.splitlines()]


def test_every_source_stands_in_the_table_and_no_other() -> None:
    listed = [tuple(row[:4]) for row in ROWS if len(row) == 5][2:]
    assert listed == sources()


def test_every_field_stands_beside_its_column() -> None:
    told = {
        (name, row[0])
        for row in ROWS
        if len(row) == 2
        for name in re.findall(r"[^`, ][^`]*", row[1])
    }
    tables = [
        table for name, table in vars(fields).items() if name.isupper() and name != "NUMBERED"
    ]
    assert len(tables) > 10
    for table in tables:
        assert {*table.items()} <= told


def test_the_searched_columns_are_named() -> None:
    for kind, columns in SEARCHED.items():
        assert f"{', '.join(f'`{column}`' for column in columns)} of `{kind}`" in PAGE


def test_the_example_becomes_what_the_page_says() -> None:
    before, after = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (outcome,) = take(before, "rule.yml", Ask(clause="x"))
    (shown,) = load_all(after, "page.yml").documents
    assert isinstance(shown.value, dict)
    base = outcome.documents[0]
    assert {key: base[key] for key in shown.value} == shown.value
