"""The reference pages name every key, column and word of the program, and no other."""

from __future__ import annotations

import re

import pytest
from pages import ROOT, described, sections
from pydantic import BaseModel

from aupkeep import settings
from aupkeep.cases.state import BY_ITSELF, CaseState, Cause
from aupkeep.cases.state import MOVES as CASE_MOVES
from aupkeep.events.schema import ATTRIBUTED, COMMON, KINDS, Schema
from aupkeep.outlets.kinds import KINDS as POWERS
from aupkeep.outlets.kinds import measures_of
from aupkeep.outlets.shape import PowerShape
from aupkeep.policy import schema
from aupkeep.policy.model import SCOPES, TOUCH_SERVICE, Measure, Tier
from aupkeep.policy.people import LEAST, ONE_AT_ONCE
from aupkeep.policy.templates import DIALOGUE, REQUIRED, VARIABLES
from aupkeep.policy.words import REVERSIBLE, SEVERITIES
from aupkeep.record.entry import ACTS
from aupkeep.sanctions.sanction import MOVES
from aupkeep.signals.formats import FORMATS
from aupkeep.signals.formats.report import READERS
from aupkeep.signals.formats.syslog import REASONS

REFERENCE = ROOT / "docs" / "reference"

_SETTINGS: dict[str, type[BaseModel]] = {
    "Top level": settings.Settings,
    "`[[provider]]`": settings.ProviderSettings,
    "`[[inlet]]`": settings.InletSettings,
    "`[[exporter]]`": settings.ExporterSettings,
    "`[[power]]`": PowerShape,
    **{f"`[[power]]` by `{name}`": shape for name, shape in POWERS.items()},
    "`[mail]`": settings.MailSettings,
    "`[alarm]`": settings.AlarmSettings,
    "`[checkpoint]`": settings.CheckpointSettings,
    "`[archive]`": settings.ArchiveSettings,
    "`[record]`": settings.RecordSettings,
    "`[desk]`": settings.DeskSettings,
}
_POLICY: dict[str, type[BaseModel]] = {
    "Front matter of policy.md": schema.FrontShape,
    "enforcement.yml": schema.EnforcementShape,
    "A clause": schema.ClauseShape,
    "A ladder": schema.LadderShape,
    "A step": schema.StepShape,
    "`when`": schema.WhenShape,
    "A duty": schema.DutyShape,
    "`limits`": schema.LimitsShape,
    "`fees`": schema.FeesShape,
}
_EVENTS: dict[str, Schema] = {
    "On every row": COMMON,
    "Added by attribution": ATTRIBUTED,
    **{f"`{kind}`": columns for kind, columns in KINDS.items()},
}


def _keys(model: type[BaseModel]) -> set[str]:
    shared = set(PowerShape.model_fields) if model in POWERS.values() else set()
    return {field.alias or name for name, field in model.model_fields.items()} - shared


@pytest.mark.parametrize(("heading", "model"), _SETTINGS.items(), ids=list(_SETTINGS))
def test_every_setting_is_described(heading: str, model: type[BaseModel]) -> None:
    assert described(sections(REFERENCE / "settings.md")[heading]) == _keys(model)


@pytest.mark.parametrize(("heading", "model"), _SETTINGS.items(), ids=list(_SETTINGS))
def test_settings_that_are_needed_say_so(heading: str, model: type[BaseModel]) -> None:
    lines = sections(REFERENCE / "settings.md")[heading]
    needed = {line.split("`")[1] for line in lines if re.match(r"\| `\w+` \| needed \|", line)}
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    usual = {"by"} if model is PowerShape else set()
    assert needed == (required & _keys(model)) - usual


@pytest.mark.parametrize(("name", "shape"), POWERS.items(), ids=list(POWERS))
def test_what_a_power_can_do_is_described(name: str, shape: type[PowerShape]) -> None:
    text = "\n".join(sections(REFERENCE / "settings.md")[f"`[[power]]` by `{name}`"])
    assert all(f"`{measure}`" in text for measure in measures_of(shape))


@pytest.mark.parametrize(("heading", "model"), _POLICY.items(), ids=list(_POLICY))
def test_every_key_of_a_policy_is_described(heading: str, model: type[BaseModel]) -> None:
    assert described(sections(REFERENCE / "policy.md")[heading]) == _keys(model)


@pytest.mark.parametrize(("heading", "columns"), _EVENTS.items(), ids=list(_EVENTS))
def test_every_column_is_described(heading: str, columns: Schema) -> None:
    assert described(sections(REFERENCE / "events.md")[heading]) == set(columns)


def test_events_describe_no_other_kind() -> None:
    assert set(sections(REFERENCE / "events.md")) == {"Events", *_EVENTS}


@pytest.mark.parametrize("measure", list(Measure))
def test_the_table_of_measures_is_the_programs(measure: Measure) -> None:
    lines = sections(REFERENCE / "policy.md")["Measures"]
    row = next(line for line in lines if line.startswith(f"| `{measure}` |"))
    touches, ends, people = (cell.strip() for cell in row.strip("|").split("|")[1:])
    assert touches == ("yes" if measure in TOUCH_SERVICE else "no")
    assert ends == ("yes" if measure in REVERSIBLE else "no")
    on_fact, otherwise = LEAST[measure]
    assert people.startswith(f"{on_fact} / {otherwise}")
    assert ("immediate" in people) == (measure in ONE_AT_ONCE)


def test_words_of_a_policy_are_described() -> None:
    parts = sections(REFERENCE / "policy.md")
    assert described(parts["Measures"]) == {measure.value for measure in Measure}
    assert described(parts["Tiers"]) == {tier.word for tier in Tier}
    scopes = re.findall(r"`(\w+)`", " ".join(parts["Scopes"]))
    assert tuple(scopes) == SCOPES
    severity = next(line for line in parts["A clause"] if line.startswith("| `severity`"))
    assert set(re.findall(r"`(\w+)`", severity)) - {"severity"} == set(SEVERITIES)


def test_words_of_notices_are_described() -> None:
    text = " ".join(sections(REFERENCE / "policy.md")["Notices"])
    must = text.partition("must use")[2].partition("Names it may")[0]
    may = text.partition("Names it may")[2]
    assert set(re.findall(r"`(\w+)`", must)) == {*REQUIRED, "ends"}
    assert set(re.findall(r"`(\w+)`", may)) == set(VARIABLES)
    assert all(f"`{name}`" in text for name in DIALOGUE)


def test_every_format_reader_and_reason_is_described() -> None:
    parts = sections(REFERENCE / "formats.md")
    assert {head.strip("`") for head in parts if re.fullmatch(r"`\w+`", head)} == set(FORMATS)
    assert described(parts["`report`"]) == set(READERS)
    assert set(REASONS.values()) <= described(parts["Lines: `postfix` and `sshd`"])
    listed = " ".join(sections(REFERENCE / "cli.md")["Commands"])
    assert all(f"`{name}`" in listed for name in FORMATS)


def test_every_act_of_the_record_is_described() -> None:
    assert described(sections(REFERENCE / "record.md")["Acts"]) == ACTS


def test_the_states_of_a_sanction_are_the_programs() -> None:
    lines = sections(ROOT / "docs" / "architecture.md")["How a sanction goes"]
    rows = [line.strip("|").split("|") for line in lines if line.startswith("| `")]
    table = {row[0].strip(" `"): set(re.findall(r"`(\w+)`", row[2])) for row in rows}
    assert table == {state: set(after) for state, after in MOVES.items()}


def test_the_states_of_a_case_are_the_programs() -> None:
    lines = sections(ROOT / "docs" / "architecture.md")["How a case goes"]
    rows = [line.strip("|").split("|") for line in lines if line.startswith("| `")]
    words = [[set(re.findall(r"`(\w+)`", cell)) for cell in row] for row in rows]
    moves = {min(row[0]): row[2] for row in words if min(row[0]) in set(CaseState)}
    assert moves == {state: set(after) for state, after in CASE_MOVES.items()}
    causes = {min(row[0]): (row[1], row[2]) for row in words if min(row[0]) in set(Cause)}
    assert causes == {name: (set(states), {to}) for name, (states, to) in BY_ITSELF.items()}
