"""The public page of a policy."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from aupkeep.base.clock import DAY, format_instant
from aupkeep.desk.markup import markdown, without_title
from aupkeep.flow.folders import read_folder
from aupkeep.policy.reading import folder_hash, read_policy
from aupkeep.store import ground


def _publish(stage: Any, version: str, effective: int) -> None:
    files = dict(read_folder(stage.installation.folder / "policies" / "jasmo").files)
    page = files["policy.md"].replace('version: "1.0"', f'version: "{version}"')
    files["policy.md"] = re.sub(
        r"effective: .*", f"effective: {format_instant(effective)}", page, count=1
    )
    read_policy(files)
    ground.put_published(
        ground.Published(
            provider="jasmo",
            version=version,
            hash=folder_hash(files),
            effective=effective,
            published_at=stage.now,
            files=files,
        )
    )


def test_title_version_date_contact_preamble_and_clauses(desk: Any, words: Any) -> None:
    answer = desk.anybody().get("/policy/jasmo/")
    said, text = words(answer), answer.content.decode()
    assert answer.status_code == 200
    assert "Jasmo acceptable use policy" in said
    assert "Version 1.0, in force" in said
    assert "1 January 2025, 07:00 UTC (00:00 MST, America/Phoenix)" in said
    assert "policy@jasmo.example" in said
    assert "How we act" in said
    policy = desk.stage.policies.at("jasmo", desk.stage.now)
    for clause in policy.clauses.values():
        assert f'<h2 id="{clause.id}">' in text
        assert f'href="#{clause.id}"' in text
    assert text.count("<h1") == 1


def test_published_versions_are_listed_and_no_other_is_there(desk: Any, words: Any) -> None:
    stage, browser = desk.stage, desk.anybody()
    assert browser.get("/policy/jasmo/2.0/").status_code == 404
    _publish(stage, "2.0", stage.now - DAY)
    _publish(stage, "3.0", stage.now + DAY)
    said = words(browser.get("/policy/jasmo/"))
    assert "Version 2.0, in force" in said
    assert said.index("Version 3.0, from") < said.index("Version 2.0, from")
    assert "no longer in force. Version 2.0 is" in words(browser.get("/policy/jasmo/1.0/"))
    assert "not in force yet. Version 2.0 is" in words(browser.get("/policy/jasmo/3.0/"))
    for path in ("/policy/other/", "/policy/jasmo/1/", "/policy/jasmo/..%2f/", "/policy/"):
        assert browser.get(path).status_code == 404


def test_the_public_page_sets_no_cookie_and_may_be_kept(desk: Any) -> None:
    browser = desk.anybody()
    answer = browser.get("/policy/jasmo/")
    assert not browser.cookies
    assert answer["Cache-Control"] == "public, max-age=300"
    assert answer["X-Robots-Tag"] == "all"
    assert "Cookie" not in answer.get("Vary", "")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "![a](https://evil.example/track.png)",
        '<https://ok.example/" onmouseover="alert(1)>',
        "[a]: javascript:alert(1)\n\n[a]",
        "```\n</code></pre><script>x</script>\n```",
        "[x](https://ok.example 'a\" onclick=\"b')",
    ],
)
def test_markdown_of_a_policy_makes_nothing_run(text: str) -> None:
    html = markdown(text, below=1)
    tags = re.findall(r"<[^>]+>", html)
    assert not [tag for tag in tags if re.search(r"script|img|iframe", tag.split()[0])]
    assert not [tag for tag in tags if re.search(r'(?:^|")\s*on\w+\s*=', tag)]
    assert not re.search(r'(?:href|src)="\s*(?:javascript|data|vbscript):', html, re.IGNORECASE)


def test_links_of_a_policy_tell_nobody_where_they_are_from() -> None:
    html = markdown("[law](https://law.example/x)", below=1)
    assert 'rel="nofollow noopener noreferrer"' in html


def test_headings_go_below_the_one_they_stand_under() -> None:
    html = markdown("# A\n\n## B\n\n# C", below=2)
    assert re.findall(r"<h(\d)", html) == ["3", "4", "3"]
    assert re.findall(r"<h(\d)", markdown("### A\n\n###### B", below=1)) == ["2", "5"]
    assert re.findall(r"<h(\d)", markdown("# A\n\n###### B", below=4)) == ["5", "6"]


def test_the_title_is_shown_once() -> None:
    assert without_title("\n# Title\n\nText") == "\nText"
    assert without_title("Text\n# No title") == "Text\n# No title"


def test_tables_are_tables() -> None:
    assert "<table>" in markdown("| a | b |\n|---|---|\n| 1 | 2 |", below=1)


def test_a_policy_of_strange_words_is_shown_as_words(desk: Any) -> None:
    stage = desk.stage
    files = dict(read_folder(stage.installation.folder / "policies" / "jasmo").files)
    files["policy.md"] = files["policy.md"].replace(
        "title: Jasmo acceptable use policy", "title: <b>Jasmo</b> {{7*7}}"
    )
    policy = read_policy(files)
    assert replace(policy).title == "<b>Jasmo</b> {{7*7}}"
    version = ground.Published(
        provider="jasmo",
        version="1.0-b",
        hash=folder_hash(files),
        effective=stage.now,
        published_at=stage.now,
        files={**files, "policy.md": files["policy.md"].replace('"1.0"', '"1.0-b"')},
    )
    ground.put_published(version)
    text = desk.anybody().get("/policy/jasmo/").content.decode()
    assert "&lt;b&gt;Jasmo&lt;/b&gt; {{7*7}}" in text
