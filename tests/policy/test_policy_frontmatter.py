from __future__ import annotations

from aupkeep.policy.frontmatter import read_page

FRONT = "---\nid: x\n---\n"


def test_a_clause_runs_to_the_next_heading_of_its_level_or_above() -> None:
    page = read_page(
        FRONT
        + "# Title\nhello\n## One {#one}\na\n### Sub {#sub}\nb\n# Part\nc\n## Two {#two}\nd\n"
        + "## Free\ne\n",
        "policy.md",
    )
    assert [(section.id, section.title, section.text) for section in page.sections] == [
        ("one", "One", "a\n### Sub {#sub}\nb"),
        ("two", "Two", "d"),
    ]
    assert page.preamble == "# Title\nhello"
    assert page.faults == ()


def test_headings_in_fenced_code_are_text() -> None:
    body = "````\n## No {#no}\n```\n## Neither {#neither}\n````"
    page = read_page(FRONT + f"## One {{#one}}\n{body}\n~~~\n## Open {{#open}}\n", "policy.md")
    assert [section.id for section in page.sections] == ["one"]


def test_places_count_from_the_top_of_the_file() -> None:
    page = read_page(FRONT + "\n## One {#one}\na\n", "policy.md")
    assert page.front.at("id").place.line == 2
    place = page.sections[0].place
    assert (place.line, place.column, place.text) == (5, 10, "## One {#one}")


def test_carriage_returns_change_nothing() -> None:
    text = FRONT + "## One {#one}\na\n"
    page = read_page(text.replace("\n", "\r\n"), "policy.md")
    assert page.front.value == {"id": "x"}
    assert [(section.id, section.text) for section in page.sections] == [("one", "a")]


def test_a_front_matter_that_is_never_closed_is_a_fault() -> None:
    page = read_page("---\nid: x\n", "policy.md")
    assert [fault.code for fault in page.faults] == ["no-front-matter"]
    assert page.front.value is None


def test_an_empty_page_is_a_fault() -> None:
    assert [fault.code for fault in read_page("", "policy.md").faults] == ["no-front-matter"]
