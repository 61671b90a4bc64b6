"""The power `hold_mail` without a Postfix: the text of the map alone."""

from __future__ import annotations

import fcntl
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from aupkeep.outlets import programs
from aupkeep.outlets.postfix_hold.power import PostfixHold, main_cf_lines
from aupkeep.sanctions.power import Mark, Order, Power, PowerFault

ORDER = Order(
    sanction="s1",
    provider="jasmo",
    case="c1",
    measure="hold_mail",
    scope="mailbox",
    target="shop@store.example",
    until=None,
    before="",
)


@pytest.fixture
def power(tmp_path: Path) -> PostfixHold:
    return PostfixHold(map=tmp_path / "held", patience=0.1)


def test_it_is_a_power_that_says_that_nobody_asks(power: PostfixHold) -> None:
    told: Power = power
    assert (told.measure, told.reversible, told.troubles()) == ("hold_mail", True, [])
    assert not told.look(ORDER).in_force
    told.apply(ORDER)
    told.apply(ORDER)
    seen = told.look(ORDER)
    assert seen.in_force
    assert seen.how.startswith("map file only, no Postfix asks it: ")
    assert power.map.read_text() == "# aupkeep s1 until -\nshop@store.example\tHOLD aupkeep s1\n"
    assert power.map.stat().st_mode & 0o777 == 0o644
    text = "line 2: held, until -"
    assert told.marks() == [Mark(sanction="s1", target="shop@store.example", text=text)]
    assert told.plan(replace(ORDER, sanction="s2")) == '{"held_by": ["s1"]}'
    told.undo(replace(ORDER, release=True))
    told.undo(ORDER)
    assert not told.look(ORDER).in_force
    assert (told.marks(), power.map.read_text()) == ([], "")
    assert (power.held(ORDER.target), power.release(ORDER.target)) == (0, 0)


@pytest.mark.parametrize(
    "target",
    [
        "",
        "a b",
        "a\tb",
        "a\nHOLD",
        "\x00",
        'a"b',
        "a\\b",
        "<a>",
        "#a",
        "-",
        "-q",
        "é\u2028",
        "a" * 255,
    ],
)
def test_targets_that_cannot_stand_in_a_map(power: PostfixHold, target: str) -> None:
    assert power.carries("mailbox", target)
    for act in (power.apply, power.undo, power.plan):
        with pytest.raises(PowerFault) as fault:
            act(replace(ORDER, target=target))
        assert not fault.value.retry
    assert not power.map.exists()


def test_only_mailboxes_can_be_held(power: PostfixHold) -> None:
    for scope in ("account", "site", "service"):
        assert scope in power.carries(scope, "shop@store.example")
    for target in ("shop@store.example", "web12", "o'neil@x.example", "größe@x.example"):
        assert power.carries("mailbox", target) == ""


def test_an_id_that_is_not_one_word_is_a_mistake_of_the_caller(power: PostfixHold) -> None:
    for sanction in ("", "a b", "a\nb", "a;b", "s" * 65):
        with pytest.raises(ValueError, match="cannot be the id"):
            power.apply(replace(ORDER, sanction=sanction))


def test_bytes_that_are_no_text_stay_as_they_are(power: PostfixHold) -> None:
    foreign = b"# caf\xe9\r\nold\xff@x REJECT\n"
    power.map.write_bytes(foreign)
    power.apply(ORDER)
    assert power.map.read_bytes().startswith(foreign)
    power.undo(ORDER)
    assert power.map.read_bytes() == foreign


def test_a_link_stays_a_link(power: PostfixHold, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere"
    real.write_text("a@b OK\n")
    real.chmod(0o640)
    power.map.symlink_to(real)
    power.apply(ORDER)
    assert power.map.is_symlink()
    assert "HOLD aupkeep s1" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_second_writer_waits_and_then_says_so(power: PostfixHold) -> None:
    with power.map.with_name("held.lock").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(PowerFault, match="another process has held it") as fault:
            power.apply(ORDER)
        assert fault.value.retry
    power.apply(ORDER)


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    """Stand for a full disk: Python ignores the signal, so that writing fails with EFBIG."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_no_room_leaves_the_old_map(power: PostfixHold) -> None:
    power.apply(ORDER)
    before = power.map.read_bytes()
    with (
        files_at_most(len(before) + 10),
        pytest.raises(PowerFault, match="file too large") as fault,
    ):
        power.apply(replace(ORDER, sanction="s2", target="ann@store.example"))
    assert fault.value.retry
    assert fault.value.faults[0].place is not None
    assert fault.value.faults[0].place.file == str(power.map)
    assert power.map.read_bytes() == before
    assert sorted(path.name for path in power.map.parent.iterdir()) == ["held", "held.lock"]
    power.apply(replace(ORDER, sanction="s2", target="ann@store.example"))


def test_a_folder_that_is_gone(power: PostfixHold, tmp_path: Path) -> None:
    lost = replace(power, map=tmp_path / "gone" / "held")
    assert lost.troubles() == [f"the folder `{tmp_path / 'gone'}` is not there"]
    with pytest.raises(PowerFault, match="no such file or directory") as fault:
        lost.apply(ORDER)
    assert not fault.value.retry
    assert not lost.look(ORDER).in_force


def test_a_program_that_is_missing_is_named() -> None:
    with pytest.raises(PowerFault, match="`no-such-program` is not on this machine") as fault:
        programs.run(["no-such-program"], patience=1)
    assert not fault.value.retry


def test_the_lines_for_main_cf(tmp_path: Path) -> None:
    assert main_cf_lines(tmp_path / "held", "hash")[-1] == (
        f"smtpd_sender_restrictions = check_sasl_access hash:{tmp_path}/held"
    )
