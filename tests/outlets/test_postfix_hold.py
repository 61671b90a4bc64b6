"""The power `hold_mail` against a real Postfix."""

from __future__ import annotations

import os
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from aupkeep.events.mail import MailJoin
from aupkeep.outlets.postfix_hold.power import PostfixHold, main_cf_lines
from aupkeep.sanctions.power import Mark, Order, PowerFault
from aupkeep.signals.formats.postfix import LineClock, parse
from private_postfix import PATH, Postfix, missing, private_postfix

if missing():
    pytest.skip(missing(), allow_module_level=True)

LETTER = "Subject: offer\r\n\r\nBuy now.\r\n"
ORDER = Order(
    sanction="s1",
    provider="jasmo",
    case="c1",
    measure="hold_mail",
    scope="mailbox",
    target="shop@store.example",
    until=1_800_000_000_000_000,
    before="",
)
#: 2026-01-01T00:00:00Z
NOW = 1_767_225_600_000_000


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    with private_postfix() as instance:
        power = PostfixHold(map=instance.root / "maps" / "held", config=instance.config)
        power.prepare()
        instance.configure(*main_cf_lines(power.map))
        yield instance


@pytest.fixture
def power(postfix: Postfix) -> Iterator[PostfixHold]:
    power = PostfixHold(map=postfix.root / "maps" / "held", config=postfix.config)
    assert power.troubles() == []
    yield power
    power.map.write_bytes(b"")
    postfix.run("postmap", f"lmdb:{power.map}")
    postfix.run("postsuper", "-d", "ALL")


def send(server: smtplib.SMTP, recipient: str = "reader@far.example") -> None:
    server.sendmail("shop@store.example", [recipient], LETTER)


def order(login: str, sanction: str = "s1") -> Order:
    return replace(ORDER, target=login, sanction=sanction)


def test_a_login_is_held_at_its_next_recipient_and_its_neighbour_is_not(
    postfix: Postfix, power: PostfixHold
) -> None:
    told = replace(ORDER, target="Shop@Store.example")
    assert power.carries("mailbox", told.target) == ""
    before = power.plan(told)
    assert before == '{"held_by": []}'
    told = replace(told, before=before)
    seen = power.look(told)
    assert not seen.in_force
    assert "no answer" in seen.how
    # The same smtpd processes all the time: one logged in by itself, one by XCLIENT.
    with smtplib.SMTP("127.0.0.1", postfix.port) as shop, postfix.session("ann@x.example") as ann:
        shop.ehlo("client.example")
        shop.login("shop@store.example", "secret")
        send(shop, "first@far.example")
        power.apply(told)
        seen = power.look(told)
        assert seen.in_force
        assert "HOLD aupkeep s1" in seen.how
        send(shop, "second@far.example")
        send(ann, "third@far.example")
        postfix.wait_log("to=<first@far.example>", "to=<third@far.example>")
        assert (power.held("SHOP@store.example"), power.held("ann@x.example")) == (1, 0)
        power.undo(told)
        assert not power.look(told).in_force
        send(shop, "fourth@far.example")
        log = postfix.wait_log("to=<fourth@far.example>")
    assert log.count("NOQUEUE: hold: RCPT") == 1
    assert "relay=none" not in log
    assert not [line for line in log.splitlines() if "to=<second" in line and "status=" in line]
    # Without `release` what was held stays so.
    assert power.held("shop@store.example") == 1


def test_release_sends_on_and_counts_as_nothing(postfix: Postfix, power: PostfixHold) -> None:
    told = order("release@store.example")
    begin = len(postfix.log_text())
    power.apply(told)
    with postfix.session(told.target) as server, postfix.session("other@store.example") as other:
        for number in range(3):
            server.sendmail(
                "a@x.example", [f"r{number}@far.example", f"q{number}@far.example"], LETTER
            )
        power.apply(order("other@store.example", "s2"))
        send(other)
    assert power.held(told.target) == 3
    power.undo(replace(told, release=True))
    power.undo(replace(told, release=True))
    assert power.held(told.target) == 0
    assert power.held("other@store.example") == 1
    postfix.wait_log(*(f"to=<{name}{number}@far.example>" for name in "rq" for number in range(3)))
    parsed = parse(postfix.log_text()[begin:].encode(), LineClock(now=NOW, year=2026))
    join = MailJoin()
    join.take(parsed.records, parsed.times, parsed.offsets, source=0, stream=1)
    rows = join.rows().select("login", "status", "counted").rows()
    assert sorted(rows) == [
        ("other@store.example", "held", False),
        *[("release@store.example", "held", False)] * 3,
        *[("release@store.example", "sent", False)] * 6,
    ]


def test_what_is_queued_already_is_held_where_it_is_told_so(
    postfix: Postfix, power: PostfixHold
) -> None:
    told = replace(power, queued=True)
    postfix.configure("defer_transports = smtp")
    with postfix.session("queue@store.example") as shop, postfix.session("calm@x.example") as ann:
        send(shop, "early@far.example")
        send(ann, "calm@far.example")
    postfix.wait_log("to=<early@far.example>", "to=<calm@far.example>")
    power.apply(order("queue@store.example"))
    assert power.look(order("queue@store.example")).in_force
    seen = told.look(order("queue@store.example"))
    assert not seen.in_force
    assert "1 messages handed in before are still to be delivered" in seen.how
    told.apply(order("queue@store.example"))
    assert told.look(order("queue@store.example")).in_force
    assert (told.held("queue@store.example"), told.held("calm@x.example")) == (1, 0)
    postfix.configure("defer_transports =")
    told.undo(replace(order("queue@store.example"), release=True))
    assert told.held("queue@store.example") == 0
    postfix.run("postqueue", "-f")
    until = time.monotonic() + 30
    while not (postfix.taken("early@far.example") and postfix.taken("calm@far.example")):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_sender_that_imitates_our_reason_is_not_taken_for_held_by_us(
    postfix: Postfix, power: PostfixHold
) -> None:
    table = postfix.root / "maps" / "senders"
    table.write_text("/./ HOLD look\n")
    own = main_cf_lines(power.map)[-1]
    postfix.configure(f"{own}, check_sender_access regexp:{table}")
    begin = len(postfix.log_text())
    sender = '"x>: SASL login name aupkeep s1; from=<a> to=<b> helo=<"@evil.example'
    with postfix.session("liar@store.example") as server:
        assert server.docmd(f"MAIL FROM:<{sender}>")[0] == 250
        assert server.docmd("RCPT TO:<a@far.example>")[0] == 250
    text = postfix.wait_log("SASL login name aupkeep s1; from=<a>")[begin:]
    postfix.configure(own)
    parsed = parse(text.encode(), LineClock(now=NOW, year=2026))
    (held,) = [record for record in parsed.records if record[0] == "J"]
    assert held[2] == "held"


def test_warnings_of_postfix_are_no_faults(postfix: Postfix, power: PostfixHold) -> None:
    main = postfix.config / "main.cf"
    before = main.read_text()
    main.write_text(f"{before}{main_cf_lines(power.map)[-1]}\nnosuch_setting = $nowhere\n")
    told = order("warned@store.example")
    try:
        power.apply(told)
        assert power.look(told).in_force
        assert power.held(told.target) == 0
    finally:
        main.write_text(before)


def test_two_sanctions_hold_one_login(postfix: Postfix, power: PostfixHold) -> None:
    one, two = order("both@store.example"), order("both@store.example", "s2")
    power.apply(one)
    power.apply(two)
    power.apply(one)
    assert power.look(one).in_force
    assert power.look(two).in_force
    with postfix.session(one.target) as server:
        send(server)
        power.undo(replace(one, release=True))
        assert not power.look(one).in_force
        assert power.look(two).in_force
        # Still held for the other sanction, so nothing is sent on.
        assert power.held(one.target) == 1
        send(server)
        assert power.held(one.target) == 2
        power.undo(replace(two, release=True))
        send(server)
    assert not power.look(two).in_force
    assert power.held(one.target) == 0


def test_lines_of_people_survive_and_are_refused(power: PostfixHold) -> None:
    foreign = "# by hand\r\nCeo@store.example \t REJECT  left\n\n"
    power.map.write_bytes(foreign.encode())
    power.map.chmod(0o640)
    told = order("shop@store.example")
    power.apply(told)
    assert power.look(told).in_force
    assert power.map.read_bytes().startswith(foreign.encode())
    assert power.map.stat().st_mode & 0o777 == 0o640
    mine = order("ceo@store.example", "s9")
    for act in (power.apply, power.plan):
        with pytest.raises(
            PowerFault, match=r"line 2 on `ceo@store\.example` was written"
        ) as fault:
            act(mine)
        assert not fault.value.retry
    assert not power.look(mine).in_force
    assert (
        Mark(
            sanction="",
            target="ceo@store.example",
            text="line 2, written by a person: ceo@store.example REJECT left",
        )
        in power.marks()
    )
    power.undo(told)
    assert power.map.read_bytes() == foreign.encode()


def test_what_a_person_removed_is_seen_and_carried_out_again(power: PostfixHold) -> None:
    told = order("hand@store.example")
    power.apply(told)
    power.map.write_text("".join(power.map.read_text().splitlines(keepends=True)[:1]))
    assert not power.look(told).in_force
    assert [mark.sanction for mark in power.marks()] == [""]
    power.apply(told)
    assert power.look(told).in_force
    assert power.map.read_text().count("s1") == 2
    power.map.write_text(power.map.read_text().splitlines(keepends=True)[1])
    assert power.look(told).in_force
    power.undo(told)
    assert not power.look(told).in_force
    assert power.map.read_text() == ""


FAKE = """#!/bin/sh
for word in "$@"; do [ "$word" = -q ] && exec /usr/sbin/postmap "$@"; done
{act}
"""
ACT = """
import sys
from pathlib import Path
from aupkeep.outlets.postfix_hold.power import PostfixHold
from aupkeep.sanctions.power import Order
power = PostfixHold(map=Path(sys.argv[1]), config=Path(sys.argv[2]))
order = Order(sanction="s1", provider="p", case="c", measure="hold_mail", scope="mailbox",
              target="killed@store.example", until=None, before="")
getattr(power, sys.argv[3])(order)
"""


@pytest.mark.parametrize("act", ["apply", "undo"])
def test_a_kill_between_text_and_map_heals_when_somebody_looks(
    postfix: Postfix, power: PostfixHold, tmp_path: Path, act: str
) -> None:
    told = order("killed@store.example")
    if act == "undo":
        power.apply(told)
    fake = tmp_path / "postmap"
    fake.write_text(FAKE.format(act="kill -9 $PPID"))
    fake.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", ACT, str(power.map), str(postfix.config), act],
        env={**os.environ, "PATH": f"{tmp_path}:{PATH}"},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    answer = postfix.run("postmap", "-q", told.target, f"lmdb:{power.map}").stdout
    assert answer == ("" if act == "apply" else "HOLD aupkeep s1\n")
    assert power.look(told).in_force == (act == "apply")
    answer = postfix.run("postmap", "-q", told.target, f"lmdb:{power.map}").stdout
    assert answer == ("HOLD aupkeep s1\n" if act == "apply" else "")


@pytest.mark.parametrize(
    ("act", "what"),
    [
        ("exec sleep 60", "gave no answer within 0.5 s"),
        ("echo 'postmap: fatal: no room' >&2; exit 1", "`postmap` failed: no room"),
    ],
)
def test_a_postmap_that_hangs_or_fails_is_tried_again(
    power: PostfixHold,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    act: str,
    what: str,
) -> None:
    fake = tmp_path / "postmap"
    fake.write_text(FAKE.format(act=act))
    fake.chmod(0o755)
    told = order("hangs@store.example")
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{tmp_path}:{PATH}")
        with pytest.raises(PowerFault, match=what) as fault:
            replace(power, patience=0.5).apply(told)
        assert fault.value.retry
    power.apply(told)
    assert power.look(told).in_force


def fill(path: Path) -> None:
    """Take all room that the file system has left."""
    with path.open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(b"x" * 4096)


def test_a_full_disk_changes_nothing_and_is_tried_again(
    postfix: Postfix, power: PostfixHold
) -> None:
    folder = postfix.root / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        small = replace(power, map=folder / "held")
        small.prepare()
        told = order("full@store.example")
        small.apply(told)
        before = small.map.read_bytes()
        fill(folder / "filler")
        with pytest.raises(PowerFault, match="no space left on device") as fault:
            small.apply(order("more@store.example", "s2"))
        assert fault.value.retry
        assert str(small.map) in str(fault.value.faults[0].place)
        assert small.map.read_bytes() == before
        assert sorted(path.name for path in folder.iterdir()) == [
            "filler",
            "held",
            "held.lmdb",
            "held.lock",
        ]
        (folder / "filler").unlink()
        small.apply(order("more@store.example", "s2"))
        assert [mark.sanction for mark in small.marks()] == ["s1", "s2"]
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_with_postfix_stopped_the_map_is_ready_for_its_start(
    postfix: Postfix, power: PostfixHold
) -> None:
    told = order("stopped@store.example")
    postfix.stop()
    try:
        power.apply(told)
        assert power.look(told).in_force
        assert power.held(told.target) == 0
    finally:
        postfix.start()
    with postfix.session(told.target) as server:
        send(server)
    assert power.held(told.target) == 1
    postfix.stop()
    try:
        assert power.held(told.target) == 1
        power.undo(told)
        # postsuper cannot log to Postfix's own log file while its log service is down.
        with pytest.raises(PowerFault, match="postsuper") as fault:
            power.undo(replace(told, release=True))
        assert fault.value.retry
    finally:
        postfix.start()
    power.undo(replace(told, release=True))
    assert power.held(told.target) == 0


def test_a_map_that_nobody_asks_holds_nothing(postfix: Postfix, power: PostfixHold) -> None:
    aside = replace(power, map=postfix.root / "maps" / "aside")
    told = order("aside@store.example")
    assert aside.troubles() != []
    aside.apply(told)
    seen = aside.look(told)
    assert not seen.in_force
    assert f"no restriction list says `check_sasl_access lmdb:{aside.map}`" in seen.how
    aside.undo(told)
    assert not aside.look(told).in_force


def test_a_hash_map_is_replaced_whole(postfix: Postfix, power: PostfixHold) -> None:
    hashed = replace(power, map=postfix.root / "maps" / "hashed", type="hash")
    hashed.prepare()
    own = main_cf_lines(power.map)[-1]
    postfix.configure(f"{own}, check_sasl_access hash:{hashed.map}")
    told = order("hash@store.example")
    hashed.apply(told)
    assert hashed.look(told).in_force
    with postfix.session(told.target) as server:
        send(server)
    assert hashed.held(told.target) == 1
    hashed.undo(told)
    assert not hashed.look(told).in_force
    with postfix.session(told.target) as server:
        send(server)
    assert hashed.held(told.target) == 1
    postfix.configure(own)
    assert sorted(path.name for path in hashed.map.parent.glob("*hashed*")) == [
        "hashed",
        "hashed.db",
        "hashed.lock",
    ]


def test_types_that_cannot_be_verified_are_refused(power: PostfixHold) -> None:
    for kind in ("texthash", "regexp", "nosuch"):
        with pytest.raises(PowerFault, match=f"type `{kind}`") as fault:
            replace(power, type=kind).apply(ORDER)
        assert not fault.value.retry


def test_a_configuration_that_is_not_there_is_a_trouble(power: PostfixHold, tmp_path: Path) -> None:
    lost = replace(power, config=tmp_path)
    (trouble,) = lost.troubles()
    assert "main.cf" in trouble
    with pytest.raises(PowerFault, match=r"main\.cf"):
        lost.apply(ORDER)
