"""Publishing: which version may follow which, and the faults that stand in the way."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aupkeep.base.clock import parse_instant
from aupkeep.base.errors import AupkeepError
from aupkeep.cli.policy import app
from aupkeep.flow.publish_policy import publish_policy
from aupkeep.flow.rules import Ruled, read_ruled
from aupkeep.store import ground
from aupkeep.store.database import close_store, open_store

Edited = Callable[..., dict[str, str]]

ROOT = Path(__file__).parents[2]
FIRST = "2026-11-01T00:00:00+01:00"
BOOK = "enforcement.yml"
#: A month after the first version came into force.
NOW = parse_instant("2026-12-01T00:00:00Z")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[None]:
    open_store(tmp_path / "aupkeep.db")
    yield
    close_store()


@pytest.fixture
def version(edited: Edited) -> Callable[[str, str], Ruled]:
    def make(name: str, effective: str) -> Ruled:
        page = ("policy.md", 'version: "7"', f'version: "{name}"')
        return read_ruled(edited(page, ("policy.md", FIRST, effective)))

    return make


@pytest.mark.usefixtures("store")
def test_a_first_version_may_lie_in_the_past(version: Callable[[str, str], Ruled]) -> None:
    assert publish_policy(version("1", FIRST), now=NOW)
    assert not publish_policy(version("1", FIRST), now=NOW)
    assert [item.version for item in ground.published("acme")] == ["1"]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("effective", [FIRST, "2026-10-01T00:00:00+01:00"])
def test_a_later_version_never_takes_the_place_of_the_newest(
    version: Callable[[str, str], Ruled], effective: str
) -> None:
    publish_policy(version("1", FIRST), now=NOW)
    with pytest.raises(AupkeepError, match="not later than the newest published") as caught:
        publish_policy(version("2", effective), now=NOW)
    (fault,) = caught.value.faults
    assert (fault.code, fault.hint) == (
        "effective-in-the-past",
        "set `effective` to an instant to come",
    )
    assert [item.version for item in ground.published("acme")] == ["1"]


@pytest.mark.usefixtures("store")
def test_a_version_to_come_may_be_set_before_the_newest(
    version: Callable[[str, str], Ruled],
) -> None:
    publish_policy(version("1", FIRST), now=NOW)
    assert publish_policy(version("2", "2027-03-01T00:00:00Z"), now=NOW)
    assert publish_policy(version("3", "2027-02-01T00:00:00Z"), now=NOW)
    assert [item.version for item in ground.published("acme")] == ["1", "3", "2"]


@pytest.mark.parametrize("text", ["", "\t", "~\n", "clauses: {}\n", "a: b: c\n", None])
def test_rules_are_not_blamed_for_a_missing_enforcement(edited: Edited, text: str | None) -> None:
    assert _files_blamed(edited((BOOK, None, text))) == {BOOK}


def test_rules_are_not_blamed_where_nothing_names_a_clause(edited: Edited) -> None:
    files = edited((BOOK, None, None), ("policy.md", None, None))
    assert _files_blamed(files) == {BOOK, "policy.md"}


def test_without_enforcement_a_rule_must_still_name_a_heading(edited: Edited) -> None:
    files = edited((BOOK, None, "\t"), ("rules/mail.yml", "clause: spam", "clause: spma"))
    assert _files_blamed(files) == {BOOK, "rules/mail.yml"}


def test_the_page_shows_what_the_check_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "policies" / "jasmo", tmp_path / "mine")
    book = tmp_path / "mine" / BOOK
    book.write_text(book.read_text().replace("\n  mail:\n", "\n  mial:\n"))
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["check", "mine"])
    assert result.exit_code == 1
    page = (ROOT / "docs" / "how-to" / "publish-a-policy.md").read_text()
    assert f"```text\n{result.stdout}```\n" in page


def _files_blamed(files: Mapping[str, str]) -> set[str]:
    with pytest.raises(AupkeepError) as caught:
        read_ruled(files)
    return {fault.place.file for fault in caught.value.faults if fault.place is not None}
