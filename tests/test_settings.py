"""Settings: what is read, and every fault word for word (`AUPKEEP_WRITE_GOLDEN=1` writes anew)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from aupkeep.base.errors import AupkeepError, render
from aupkeep.settings import FILE_NAME, Settings, load_settings, read_settings
from aupkeep.signals.source import Exporter

GOLDEN = Path(__file__).parent / "golden" / "settings"

WHOLE = """\
mode = "observe"
clock = "event"
data = "state"

[[provider]]
name = "jasmo"
policy = "policies/jasmo"
networks = ["192.0.2.0/24", "2001:db8::/32"]

[[provider]]
name = "injazat"
policy = "policies/injazat"

[[inlet]]
provider = "jasmo"
format = "postfix"
path = "/var/log/mail.log*"
zone = "Europe/Berlin"
year = 2026

[[inlet]]
provider = "injazat"
format = "sshd"
journal = ["sshd", "sshd-session"]
authenticated = false

[[exporter]]
address = "192.0.2.1"
provider = "jasmo"
source_guarded = true
sampling = 100

[[power]]
provider = "jasmo"
measure = "hold_mail"
map = "/etc/postfix/held"
"""

#: Name -> (what stands there, what stands there instead) edits of the whole text.
FAULTS: dict[str, tuple[tuple[str, str], ...]] = {
    "empty": ((WHOLE, ""),),
    "no-toml": (('mode = "observe"', "mode = observe"),),
    "breaks-off": ((WHOLE, "x = [\n"),),
    "told-twice": (('data = "state"', 'data = "state"\ndata = "other"'),),
    "armed": (('mode = "observe"', 'mode = "armed"'),),
    "unknown-keys": (
        ('clock = "event"', 'clok = "event"'),
        ("networks = [", "nets = ["),
        ("sampling = 100", "sample = 100"),
    ),
    "missing-keys": (
        ('policy = "policies/jasmo"\n', ""),
        ('format = "sshd"\n', ""),
        ('address = "192.0.2.1"\n', ""),
    ),
    "wrong-words": (
        ('format = "postfix"', 'format = "postfx"'),
        ('zone = "Europe/Berlin"', 'zone = "Europe/Berlim"'),
        ('clock = "event"', 'clock = "sun"'),
    ),
    "wrong-types": (
        ("year = 2026", 'year = "2026"'),
        ("authenticated = false", 'authenticated = "no"'),
        ("sampling = 100", "sampling = -1"),
        ('journal = ["sshd", "sshd-session"]', 'journal = "sshd"'),
        ('data = "state"', "data = 1"),
    ),
    "no-tables": ((WHOLE, 'provider = 3\ninlet = [1]\nexporter = ["192.0.2.1"]\n'),),
    "wrong-addresses": (
        ("192.0.2.0/24", "192.0.2.1/24"),
        ("2001:db8::/32", "2001:db8::/129"),
        ('address = "192.0.2.1"', 'address = "router.example"'),
        ("year = 2026", 'exporter = "192.0.2.256"'),
    ),
    "empty-names": (('name = "jasmo"', 'name = ""'), ('policy = "policies/jasmo"', 'policy = ""')),
    "unknown-provider": (
        ('[[inlet]]\nprovider = "jasmo"', '[[inlet]]\nprovider = "jasmoo"'),
        ('"192.0.2.1"\nprovider = "jasmo"', '"192.0.2.1"\nprovider = "nobody"'),
    ),
    "two-of-one-name": (
        ('name = "injazat"', 'name = "jasmo"'),
        ('"injazat"\nform', '"jasmo"\nform'),
    ),
    "no-place-to-read": (('path = "/var/log/mail.log*"\n', ""),),
    "two-places-to-read": (("authenticated = false", 'path = "/var/log/auth.log"'),),
    "powers": (
        (
            'map = "/etc/postfix/held"',
            (
                'map = "/etc/postfix/held"\n\n[[power]]\nprovider = "jasmo"\nby = "postfix_held"\n'
                'measure = "hold_mails"\nmapp = "x"\n\n[[power]]\nprovider = "jasmo"\n'
                'measure = "hold_mail"\n'
            ),
        ),
    ),
    "all-at-once": (
        ('mode = "observe"', 'mode = "enforce"'),
        ('[[inlet]]\nprovider = "jasmo"', '[[inlet]]\nprovider = "yasmo"'),
        ("sampling = 100", "samplings = 100"),
        ('path = "/var/log/mail.log*"\n', ""),
    ),
}


def edited(edits: tuple[tuple[str, str], ...]) -> str:
    text = WHOLE
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_faults(name: str) -> None:
    with pytest.raises(AupkeepError) as refused:
        read_settings(edited(FAULTS[name]), file="aupkeep.toml")
    text = "\n".join(render(fault) for fault in refused.value.faults) + "\n"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("AUPKEEP_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_each_golden_file_has_a_case() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(FAULTS)


def test_what_is_read() -> None:
    found = read_settings(WHOLE, file="aupkeep.toml")
    assert (found.mode, found.clock, found.data) == ("observe", "event", "state")
    assert [item.name for item in found.provider] == ["jasmo", "injazat"]
    assert found.provider[0].networks == ["192.0.2.0/24", "2001:db8::/32"]
    mail, login = found.inlet
    assert (mail.format, mail.zone, mail.year, mail.authenticated) == (
        "postfix",
        "Europe/Berlin",
        2026,
        True,
    )
    assert (login.journal, login.authenticated) == (["sshd", "sshd-session"], False)
    assert found.exporter[0].exporter() == Exporter(
        address="192.0.2.1", provider="jasmo", authenticated=False, guarded=True, sampling=100
    )


def test_what_is_left_out_is_the_careful_choice() -> None:
    text = '[[provider]]\nname = "a"\npolicy = "p"\n[[exporter]]\naddress = "::1"\nprovider = "a"\n'
    found = read_settings(text, file="x")
    assert (found.mode, found.clock) == ("observe", "system")
    assert found.inlet == []
    assert not found.exporter[0].authenticated
    assert not found.exporter[0].source_guarded


def test_addresses_have_one_spelling() -> None:
    text = WHOLE.replace("2001:db8::/32", "2001:0DB8:0::/32").replace(
        '"192.0.2.1"', '"2001:DB8::0"'
    )
    found = read_settings(text, file="x")
    assert found.provider[0].networks[1] == "2001:db8::/32"
    assert found.exporter[0].address == "2001:db8::"


def test_settings_do_not_change() -> None:
    found = read_settings(WHOLE, file="x")
    with pytest.raises(ValidationError):
        found.data = "elsewhere"


def test_the_file_is_found_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(WHOLE)
    assert load_settings(tmp_path) == read_settings(WHOLE, file="x")


def test_a_folder_without_settings_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(AupkeepError) as refused:
        load_settings(tmp_path)
    (fault,) = refused.value.faults
    assert fault.code == "no-settings"
    assert f"aupkeep init {tmp_path}" in fault.hint


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b'mode = "\xff"\n')
    with pytest.raises(AupkeepError) as refused:
        load_settings(tmp_path)
    assert refused.value.faults[0].code == "not-utf8"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_is_a_fault_or_settings(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(WHOLE)))
    end = data.draw(st.integers(start, min(len(WHOLE), start + 30)))
    put = data.draw(
        st.sampled_from(["", "[", "]", '"', "1", "= 2", "\n[[x]]\n"]) | st.text(max_size=3)
    )
    text = WHOLE[:start] + put + WHOLE[end:]
    try:
        assert isinstance(read_settings(text, file="x"), Settings)
    except AupkeepError as refused:
        lines = text.splitlines()
        for fault in refused.faults:
            assert render(fault)
            assert fault.place is not None
            if fault.place.line and lines:
                assert fault.place.text in (*lines, "")
