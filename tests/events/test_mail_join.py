from __future__ import annotations

import itertools
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.base.clock import DAY, SECOND, format_instant, parse_instant
from aupkeep.events.mail import MailJoin
from aupkeep.events.mail_holds import Holds
from aupkeep.events.mail_life import LONGEST, Life, Lives
from aupkeep.events.schema import MAIL
from aupkeep.signals.formats.postfix import LineClock, parse

START = parse_instant("2026-01-01T00:00:00Z")
RELAY = "mx.d.example[192.0.2.2]:25"
FILTER = "127.0.0.1[127.0.0.1]:10024"
REQUEST = "proto=ESMTP helo=<h>"
JOE = "client=a.example[192.0.2.1], sasl_method=PLAIN, sasl_username=joe@x.example"
STAMPS = ["event_time", "stream", "position", "part", "source"]


def log(*lines: str, host: str = "mx", start: int = START) -> bytes:
    """Return a log of lines given as `program body`, a second apart."""
    text = ""
    for i, line in enumerate(lines):
        program, _, body = line.partition(" ")
        text += f"{format_instant(start + i * SECOND)} {host} postfix/{program}[1]: {body}\n"
    return text.encode()


def feed(
    join: MailJoin, block: bytes, *, offset: int = 0, source: int = 0, stream: int = 7
) -> None:
    parsed = parse(block, LineClock(now=START))
    assert not parsed.rejects
    join.take(parsed.records, parsed.times, parsed.offsets + offset, source=source, stream=stream)


def rows(*lines: str, columns: str = "queue_id recipient status final counted") -> list[Any]:
    join = MailJoin()
    feed(join, log(*lines))
    return join.rows().select(columns.split()).rows()


def to(
    recipient: str, status: str, *, relay: str = RELAY, reply: str = "250 ok", dsn: str = "2.0.0"
) -> str:
    delays = "delay=1.5, delays=1/0/0/0.5"
    return f"to=<{recipient}>, relay={relay}, {delays}, dsn={dsn}, status={status} ({reply})"


def begin(
    queue_id: str, client: str = JOE, sender: str = "Joe@X.example", count: int = 1
) -> list[str]:
    return [
        f"smtpd {queue_id}: {client}",
        f"cleanup {queue_id}: message-id=<m-{queue_id}@x.example>",
        f"qmgr {queue_id}: from=<{sender}>, size=512, nrcpt={count} (queue active)",
    ]


def test_a_message_is_one_row() -> None:
    join = MailJoin()
    block = log(*begin("4A1"), f"smtp 4A1: {to('Ann@D.example', 'sent')}", "qmgr 4A1: removed")
    feed(join, block, offset=1000, source=3, stream=99)
    frame = join.rows()
    assert dict(frame.schema) == {
        **dict.fromkeys(STAMPS[:4], pl.Int64()),
        "source": pl.Int32(),
        **MAIL,
    }
    (row,) = frame.to_dicts()
    assert row == {
        "event_time": START + 3 * SECOND,
        "stream": 99,
        "position": 1000 + block.index(f"{format_instant(START + 3 * SECOND)}".encode()),
        "part": 0,
        "source": 3,
        "host": "mx",
        "queue_id": "4A1",
        "message_id": "m-4A1@x.example",
        "client_ip": "192.0.2.1",
        "client_name": "a.example",
        "login": "joe@x.example",
        "system_user": None,
        "sender": "joe@x.example",
        "sender_domain": "x.example",
        "recipient": "ann@d.example",
        "recipient_domain": "d.example",
        "orig_recipient": None,
        "transport": "smtp",
        "relay": RELAY,
        "delay": 1.5,
        "dsn": "2.0.0",
        "status": "sent",
        "reply": "250 ok",
        "size": 512,
        "recipients": 1,
        "stage": "result",
        "final": True,
        "counted": True,
    }
    assert join.rows().height == 0


def test_an_empty_join_has_the_columns() -> None:
    assert MailJoin().rows().columns == [*STAMPS, *MAIL]


def test_local_submission_has_the_user() -> None:
    lines = ["pickup 4A1: uid=33 from=<www-data>", *begin("4A1")[1:]]
    found = rows(
        *lines, f"smtp 4A1: {to('a@d', 'sent')}", columns="system_user login client_ip sender"
    )
    assert found == [("33", None, None, "joe@x.example")]


def test_the_middle_of_a_log_has_rows_with_nothing_known() -> None:
    found = rows(f"smtp 4A1: {to('a@d', 'sent')}", columns="login sender size message_id recipient")
    assert found == [(None, None, None, None, "a@d")]


def test_repeats_of_deferral_make_no_row_and_the_end_makes_one() -> None:
    for word, status in (("sent", "sent"), ("bounced", "bounced"), ("expired", "expired")):
        assert rows(
            *begin("4A1"),
            *[f"smtp 4A1: {to('a@d', 'deferred')}"] * 3,
            *[f"smtp 4A1: {to('a@d', word)}"] * 2,
        ) == [("4A1", "a@d", "deferred", False, True), ("4A1", "a@d", status, True, False)]


def test_soft_bounces_are_deferrals_and_probes_are_nothing() -> None:
    assert rows(f"smtp 4A1: {to('a@d', 'SOFTBOUNCE')}") == [("4A1", "a@d", "deferred", False, True)]
    for word in ("deliverable", "undeliverable", "undeliverable-but-not-cached", "odd"):
        assert rows(f"smtp 4A1: {to('a@d', word)}") == []


def test_recipients_are_told_apart_by_what_was_written_first() -> None:
    one, two = (
        f"local 4A1: to=<r@d>, orig_to=<{name}@d>, relay=local, delay=0, status=sent (ok)"
        for name in "ab"
    )
    found = rows(*begin("4A1"), one, two, one, columns="recipient orig_recipient counted")
    assert found == [("r@d", "a@d", True), ("r@d", "b@d", True)]


def test_expiry_completes_all_that_are_deferred() -> None:
    lines = [f"smtp 4A1: {to(name + '@d', 'deferred')}" for name in "abc"]
    lines += [f"smtp 4A1: {to('b@d', 'sent')}"]
    lines += ["qmgr 4A1: from=<joe@x.example>, status=expired, returned to sender"] * 2
    found = rows(*begin("4A1"), *lines, columns="recipient status part final counted transport")
    assert found[4:] == [
        ("a@d", "expired", 0, True, False, "qmgr"),
        ("c@d", "expired", 1, True, False, "qmgr"),
    ]


def test_expiry_without_a_known_beginning_is_a_row() -> None:
    lines = ["qmgr 4A1: from=<joe@x.example>, status=expired, returned to sender"]
    found = rows(*lines, columns="recipient sender status final counted")
    assert found == [(None, "joe@x.example", "expired", True, True)]


def test_queue_ids_are_reused() -> None:
    other = JOE.replace("joe", "ann").replace("192.0.2.1", "192.0.2.9")
    found = rows(
        *begin("4A1"),
        f"smtp 4A1: {to('a@d', 'sent')}",
        *begin("4A1", other),
        f"smtp 4A1: {to('a@d', 'sent')}",
        columns="login client_ip counted",
    )
    assert found == [("joe@x.example", "192.0.2.1", True), ("ann@x.example", "192.0.2.9", True)]


def test_hosts_are_told_apart() -> None:
    join = MailJoin()
    feed(join, log(*begin("4A1"), host="mx1"))
    feed(join, log(f"smtp 4A1: {to('a@d', 'sent')}", host="mx2"))
    assert join.rows().select("host", "login").rows() == [("mx2", None)]


def test_one_host_may_write_several_files() -> None:
    join = MailJoin()
    feed(join, log(*begin("4A1")), source=0, stream=1)
    feed(join, log(f"smtp 4A1: {to('a@d', 'sent')}"), source=1, stream=2)
    found = join.rows().select("source", "stream", "position", "login").rows()
    assert found == [(1, 2, 0, "joe@x.example")]


def test_a_reject_without_message() -> None:
    line = (
        "smtpd NOQUEUE: reject: RCPT from b.example[192.0.2.5]: 550 5.1.1 <Ann@d>: User unknown;"
        f" from=<E@f.example> to=<Ann@d> {REQUEST}"
    )
    columns = "queue_id client_ip login sender recipient dsn status transport final counted"
    row = (
        None,
        "192.0.2.5",
        None,
        "e@f.example",
        "ann@d",
        "5.1.1",
        "rejected",
        "smtpd",
        True,
        True,
    )
    assert rows(line, line, columns=columns) == [row, row]
    found = rows(f"{line} sasl_method=PLAIN sasl_username=Joe", columns="login")
    assert found == [("joe",)]


def test_a_reject_within_a_message_has_its_login() -> None:
    line = (
        "smtpd 4A1: reject: RCPT from b.example[192.0.2.5]: 450 4.7.1 <ann@d>: later;"
        f" from=<e@f> to=<ann@d> {REQUEST}"
    )
    found = rows(
        *(begin("4A1")[0], line, *begin("4A1")[1:], f"smtp 4A1: {to('b@d', 'sent')}"),
        columns="login recipient status counted",
    )
    assert found == [
        ("joe@x.example", "ann@d", "rejected", True),
        ("joe@x.example", "b@d", "sent", True),
    ]


def test_a_message_that_a_milter_refuses() -> None:
    line = (
        "cleanup 4A1: milter-reject: END-OF-MESSAGE from a.example[192.0.2.1]: 5.7.1 spam;"
        f" from=<joe@x.example> to=<a@d> {REQUEST}"
    )
    found = rows(
        *begin("4A1")[:2], line, columns="login message_id recipient status reply transport"
    )
    assert found == [
        ("joe@x.example", "m-4A1@x.example", "a@d", "rejected", "5.7.1 spam", "cleanup")
    ]


def hold(recipient: str) -> str:
    request = f"from=<joe@x.example>{recipient} {REQUEST}"
    return f"cleanup 4A1: hold: header Subject: x from a.example[192.0.2.1]; {request}: look"


def test_a_held_message_is_a_row_and_its_release_counts_no_more() -> None:
    lines = [*begin("4A1")[:2], hold(" to=<a@d>"), hold(" to=<a@d>")]
    lines += ["postsuper 4A1: released from hold", begin("4A1")[2]]
    lines += [f"smtp 4A1: {to('a@d', 'sent')}", f"smtp 4A1: {to('b@d', 'sent')}"]
    found = rows(*lines, columns="login recipient status final counted")
    assert found == [
        ("joe@x.example", "a@d", "held", False, True),
        ("joe@x.example", "a@d", "sent", True, False),
        ("joe@x.example", "b@d", "sent", True, True),
    ]


def test_a_held_message_without_recipient_stands_for_its_first() -> None:
    lines = [*begin("4A1")[:2], hold(""), "postsuper 4A1: released from hold"]
    lines += [f"smtp 4A1: {to('a@d', 'sent')}", f"smtp 4A1: {to('b@d', 'sent')}"]
    assert rows(*lines, columns="recipient status final counted") == [
        (None, "held", False, True),
        ("a@d", "sent", True, False),
        ("b@d", "sent", True, True),
    ]


def test_an_administrator_holds_what_is_deferred() -> None:
    lines = [*begin("4A1"), *(f"smtp 4A1: {to(name + '@d', 'deferred')}" for name in "ab")]
    lines += ["postsuper 4A1: placed on hold"] * 2
    lines += ["postsuper 4A1: released from hold", f"smtp 4A1: {to('a@d', 'sent')}"]
    found = rows(*lines, columns="recipient status part final counted")
    assert found[2:] == [
        ("a@d", "held", 0, False, False),
        ("b@d", "held", 1, False, False),
        ("a@d", "sent", 0, True, False),
    ]
    found = rows(*begin("4A1"), "postsuper 4A1: placed on hold", columns="recipient status login")
    assert found == [(None, "held", "joe@x.example")]


def ours(ip: str = "192.0.2.1", login: str = "joe@x.example", queue_id: str = "NOQUEUE") -> str:
    reason = f"<{login}>: SASL login name aupkeep s1"
    asked = f"from=<Joe@X.example> to=<a@d> {REQUEST}"
    return f"smtpd {queue_id}: hold: RCPT from a.example[{ip}]: {reason}; {asked}"


def test_what_our_own_map_held_is_no_new_abuse_and_no_new_mail_when_it_is_released() -> None:
    lines = [ours(), *begin("4A1", count=2)[:2], "postsuper 4A1: released from hold"]
    lines += [
        begin("4A1")[2],
        f"smtp 4A1: {to('a@d', 'sent')}",
        f"smtp 4A1: {to('b@d', 'bounced')}",
    ]
    lines += [*begin("4B2"), f"smtp 4B2: {to('a@d', 'sent')}"]
    found = rows(*lines, columns="queue_id login client_ip recipient status final counted")
    who = ("joe@x.example", "192.0.2.1")
    assert found == [
        (None, *who, "a@d", "held", False, False),
        ("4A1", *who, "a@d", "sent", True, False),
        ("4A1", *who, "b@d", "bounced", True, False),
        ("4B2", *who, "a@d", "sent", True, True),
    ]


def test_a_hold_is_of_the_next_message_of_that_client_and_of_one_only() -> None:
    other = JOE.replace("192.0.2.1", "192.0.2.9")
    lines = [ours(), ours(), *begin("4A1", other), *begin("4B2"), *begin("4C3"), *begin("4D4")]
    lines += [f"smtp 4{name}: {to('a@d', 'sent')}" for name in ("A1", "B2", "C3", "D4")]
    assert [row[4] for row in rows(*lines)] == [False, False, True, False, False, True]
    lines = [ours(), *begin("4A1", JOE.replace("joe@", "ann@")), f"smtp 4A1: {to('a@d', 'sent')}"]
    assert [row[4] for row in rows(*lines)] == [False, True]


def test_a_hold_whose_message_never_came_is_forgotten() -> None:
    join = MailJoin()
    feed(join, log(ours()))
    late = log(*begin("4A1"), f"smtp 4A1: {to('a@d', 'sent')}", start=START + 301 * SECOND)
    feed(join, late)
    assert join.rows()["counted"].to_list() == [False, True]
    holds = Holds()
    for number in range(2000):
        holds.note(("mx", f"login{number}", "192.0.2.1"), START)
    assert len(holds.save()) == 1000
    assert not holds.take(("mx", "login0", "192.0.2.1"), START)
    assert holds.take(("mx", "login1999", "192.0.2.1"), START)


def test_a_message_that_is_held_at_a_later_recipient() -> None:
    lines = [*begin("4A1")[:2], ours(queue_id="4A1"), "postsuper 4A1: released from hold"]
    lines += [begin("4A1")[2], f"smtp 4A1: {to('a@d', 'sent')}"]
    assert rows(*lines, columns="queue_id message_id recipient status counted") == [
        ("4A1", "m-4A1@x.example", "a@d", "held", False),
        ("4A1", "m-4A1@x.example", "a@d", "sent", False),
    ]


def test_a_released_message_goes_through_a_filter_uncounted() -> None:
    lines = [ours(), *begin("4A1"), "postsuper 4A1: released from hold"]
    lines += ["smtpd 4B2: client=localhost[127.0.0.1], orig_queue_id=4A1, orig_client=a[192.0.2.1]"]
    lines += [*begin("4B2")[1:], f"smtp 4A1: {to('a@d', 'sent', relay=FILTER, reply=AMAVIS)}"]
    lines += [f"smtp 4B2: {to('a@d', 'sent')}"]
    found = rows(*lines, columns="queue_id login status counted")
    assert found[1:] == [("4B2", "joe@x.example", "sent", False)]


def test_holds_survive_a_restart_and_a_state_from_before_them_is_read() -> None:
    join = MailJoin()
    feed(join, log(ours()))
    saved = msgspec.msgpack.decode(msgspec.msgpack.encode(join.save()))
    rest = log(*begin("4A1"), f"smtp 4A1: {to('a@d', 'sent')}", start=START + SECOND)
    for state, counted in ((saved, False), (saved | {"version": 1, "holds": []}, True)):
        again = MailJoin.restore(state)
        feed(again, rest)
        assert again.rows()["counted"].to_list() == [False, counted]
    old = {name: value for name, value in saved.items() if name != "holds"} | {"version": 1}
    assert MailJoin.restore(old).rows().height == 1


def test_a_requeued_message_goes_on_under_its_new_id() -> None:
    lines = [*begin("4A1"), f"smtp 4A1: {to('a@d', 'deferred')}", "postsuper 4A1: requeued"]
    lines += ["pickup 4B2: uid=110 from=<joe@x.example> orig_id=4A1", *begin("4B2")[1:]]
    lines += [f"smtp 4B2: {to('a@d', 'sent')}", "qmgr 4B2: removed"]
    found = rows(*lines, columns="queue_id login status counted system_user")
    assert found == [
        ("4A1", "joe@x.example", "deferred", True, None),
        ("4B2", "joe@x.example", "sent", False, None),
    ]


BACK = "client=localhost[127.0.0.1]"
AMAVIS = "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4B2"


@pytest.mark.parametrize("relay", [FILTER, "localhost[::1]:10024", "mx[private/filter]"])
def test_a_content_filter_is_no_outcome(relay: str) -> None:
    lines = [*begin("4A1", count=2), *begin("4B2", BACK, count=2)]
    lines += [f"smtp 4A1: {to(name + '@d', 'sent', relay=relay, reply=AMAVIS)}" for name in "ab"]
    lines += ["qmgr 4A1: removed", *(f"smtp 4B2: {to(name + '@d', 'sent')}" for name in "ab")]
    found = rows(*lines, columns="queue_id login client_ip recipient status counted")
    assert found == [
        ("4B2", "joe@x.example", "192.0.2.1", "a@d", "sent", True),
        ("4B2", "joe@x.example", "192.0.2.1", "b@d", "sent", True),
    ]


def test_a_filter_that_was_down_at_first_counts_once() -> None:
    lines = [*begin("4A1"), f"smtp 4A1: {to('a@d', 'deferred', relay='none')}", *begin("4B2", BACK)]
    lines += [f"smtp 4A1: {to('a@d', 'sent', relay=FILTER, reply=AMAVIS)}"]
    lines += [f"smtp 4B2: {to('a@d', 'sent')}"]
    assert rows(*lines) == [
        ("4A1", "a@d", "deferred", False, True),
        ("4B2", "a@d", "sent", True, False),
    ]


def test_what_does_not_come_back_is_an_outcome() -> None:
    sent = f"smtp 4A1: {to('a@d', 'sent', relay=FILTER, reply=AMAVIS)}"
    assert rows(*begin("4A1"), sent) == [("4A1", "a@d", "sent", True, True)]


def test_only_this_host_takes_a_message_over() -> None:
    far = f"smtp 4A1: {to('a@d', 'sent', reply='250 ok: queued as 4B2')}"
    sent = f"smtp 4B2: {to('a@d', 'sent')}"
    found = rows(*begin("4B2", BACK), *begin("4A1"), far, sent, columns="queue_id login")
    assert found == [("4A1", "joe@x.example"), ("4B2", None)]
    near = f"smtp 4A1: {to('a@d', 'sent', relay=FILTER, reply=AMAVIS)}"
    ann = JOE.replace("joe", "ann")
    found = rows(*begin("4B2", ann), *begin("4A1"), near, sent, columns="queue_id login")
    assert found == [("4A1", "joe@x.example"), ("4B2", "ann@x.example")]


def test_a_filter_that_names_the_first_message() -> None:
    back = "client=localhost[127.0.0.1], orig_queue_id=4A1, orig_client=a.example[192.0.2.1]"
    lines = [*begin("4A1"), *begin("4B2", back), f"smtp 4B2: {to('a@d', 'sent')}"]
    reply = "250 ok: queued as 4B2"
    lines += [f"smtp 4A1: {to('a@d', 'sent', relay='filter.x[192.0.2.8]:10024', reply=reply)}"]
    assert rows(*lines, columns="queue_id login client_ip") == [
        ("4B2", "joe@x.example", "192.0.2.1")
    ]


@pytest.mark.parametrize("first", [True, False])
def test_notices_belong_to_nobody(first: bool) -> None:  # noqa: FBT001 - both orders of Postfix
    named = "bounce 4A1: sender non-delivery notification: 4B2"
    notice = ["cleanup 4B2: message-id=<n@mx>", begin("4B2", sender="")[2]]
    stale = begin("4B2", JOE.replace("joe", "ann"))[:1]
    lines = [*stale, *begin("4A1"), f"smtp 4A1: {to('a@d', 'bounced')}"]
    lines += [named, *notice] if first else [*notice, named]
    lines += [f"smtp 4B2: {to('joe@x.example', 'sent')}"]
    found = rows(*lines, columns="queue_id login client_ip message_id")
    assert found[1:] == [("4B2", None, None, "n@mx")]


def test_addresses_are_put_in_one_form() -> None:
    for stated, meant in (
        ("unknown[::ffff:192.0.2.1]", (None, "192.0.2.1")),
        ("A.Example[2001:DB8::1]", ("a.example", "2001:db8::1")),
        ("unknown[unknown]", (None, None)),
    ):
        lines = begin("4A1", f"client={stated}"), f"smtp 4A1: {to('a', 'sent')}"
        found = rows(*lines[0], lines[1], columns="client_name client_ip recipient_domain")
        assert found == [(*meant, None)]


def test_the_trace_tells_what_each_line_became() -> None:
    trace: list[tuple[int, str]] = []
    join = MailJoin(trace=trace)
    block = log(
        *begin("4A1"),
        f"smtp 4A1: {to('a@d', 'sent')}",
        f"smtp 4A1: {to('a@d', 'deliverable')}",
        "postsuper 4C3: released from hold",
        "qmgr 4A1: removed",
    )
    feed(join, block)
    words = ["part", "part", "part", "row", "ignored", "ignored", "part"]
    places = [place for place, _ in trace]
    assert [word for _, word in trace] == words
    assert places == parse(block, LineClock(now=START)).offsets.tolist()


def test_finished_messages_are_forgotten() -> None:
    join = MailJoin()
    for i in range(50):
        feed(
            join, log(*begin(f"4A{i}"), f"smtp 4A{i}: {to('a@d', 'sent')}", f"qmgr 4A{i}: removed")
        )
    assert join.save()["lives"]["lives"] == []


def test_the_oldest_messages_go_at_the_cap() -> None:
    lives = Lives(most=8)
    for i in range(20):
        lives.remember(lives.start(f"mx {i}", Life(i)), "a", 1)
        assert len(lives) * 2 <= 8 + 1
    assert lives.get("mx 19") is not None
    assert lives.get("mx 0") is None


def test_old_messages_go_but_not_for_one_line_from_the_future() -> None:
    lives = Lives()
    lives.start("mx old", Life(START))
    lives.start("mx odd", Life(START + 26_000 * DAY))
    lives.start("mx next", Life(START + 60 * SECOND))
    assert lives.get("mx old") is not None
    lives.start("mx late1", Life(START + LONGEST + DAY))
    lives.start("mx late2", Life(START + LONGEST + DAY))
    assert lives.get("mx old") is None
    assert lives.get("mx late1") is not None


def test_a_state_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 99"):
        MailJoin.restore(MailJoin().save() | {"version": 99})


IDS = st.sampled_from(["4A1", "4B2", "4C3"])
LINES = st.one_of(
    IDS.map(lambda i: f"smtpd {i}: {JOE}"),
    IDS.map(lambda i: f"smtpd {i}: {BACK}"),
    IDS.map(lambda i: f"smtpd {i}: {BACK}, orig_queue_id=4A1"),
    IDS.map(lambda i: f"pickup {i}: uid=33 from=<www> orig_id=4C3"),
    IDS.map(lambda i: f"pickup {i}: uid=33 from=<a@b>"),
    IDS.map(lambda i: f"pipe {i}: {to('a@d', 'sent', reply='delivered via scan service')}"),
    IDS.map(lambda i: f"cleanup {i}: message-id=<m>"),
    IDS.map(lambda i: f"qmgr {i}: from=<a@b>, size=5, nrcpt=2 (queue active)"),
    IDS.map(lambda i: f"qmgr {i}: from=<a@b>, status=expired, returned to sender"),
    IDS.map(lambda i: f"qmgr {i}: removed"),
    IDS.map(lambda i: f"bounce {i}: sender non-delivery notification: 4B2"),
    IDS.map(lambda i: f"smtpd {i}: reject: RCPT from a[192.0.2.1]: 550 no; to=<r@d> {REQUEST}"),
    IDS.map(lambda i: ours(queue_id=i)),
    st.just(ours()),
    IDS.map(lambda i: f"cleanup {i}: hold: header X: y from local; from=<a@b>"),
    st.tuples(IDS, st.sampled_from(["placed on hold", "released from hold", "requeued"])).map(
        lambda drawn: f"postsuper {drawn[0]}: {drawn[1]}"
    ),
    st.tuples(
        IDS,
        st.sampled_from(["a@d", "b@d"]),
        st.sampled_from(["sent", "deferred", "bounced", "deliverable"]),
        st.sampled_from([RELAY, FILTER]),
        st.sampled_from(["250 ok", AMAVIS]),
    ).map(lambda d: f"smtp {d[0]}: {to(d[1], d[2], relay=d[3], reply=d[4])}"),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES, max_size=25), st.lists(st.integers(0, 25), max_size=3), st.booleans())
def test_the_rows_do_not_depend_on_blocks_or_restarts(
    lines: list[str],
    cuts: list[int],
    drained: bool,  # noqa: FBT001 - drawn
) -> None:
    whole = MailJoin(most=6)
    block = log(*lines)
    feed(whole, block)
    whole.settle()
    expected = whole.rows().rows()
    join = MailJoin(most=6)
    found = []
    edges = [0, *sorted(min(cut, len(lines)) for cut in cuts), len(lines)]
    pieces = block.splitlines(keepends=True)
    for first, last in itertools.pairwise(edges):
        offset = sum(map(len, pieces[:first]))
        feed(join, b"".join(pieces[first:last]), offset=offset)
        if drained:
            found += join.rows().rows()
        packed = msgspec.msgpack.encode(join.save())
        join = MailJoin.restore(msgspec.msgpack.decode(packed))
    join.settle()
    assert sorted(found + join.rows().rows(), key=repr) == sorted(expected, key=repr)
    assert join.save()["lives"] == whole.save()["lives"]


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES, max_size=25))
def test_what_holds_of_any_log(lines: list[str]) -> None:
    trace: list[tuple[int, str]] = []
    join = MailJoin(trace=trace)
    feed(join, log(*lines))
    join.settle()
    frame = join.rows()
    places = frame.select("position", "part").rows()
    assert len(set(places)) == len(places)
    assert {place for place, word in trace if word == "row"} == {place for place, _ in places}
    statuses = {"sent", "deferred", "bounced", "expired", "held", "rejected"}
    assert set(frame["status"]) <= statuses
    assert not frame.filter(pl.col("status").is_in(["deferred", "held"]) & pl.col("final")).height
    assert join.rows().height == 0


AMAVIS_HOST = "scan.x.example[10.0.0.8]:10024"
AGAIN = "cleanup 4B2: message-id=<m-4A1@x.example>"


def through(
    relay: str, client: str, again: str = AGAIN, columns: str = "queue_id login client_ip"
) -> list[Any]:
    """Return the rows of a message that a filter on another host took and sent back."""
    back = [f"smtpd 4B2: client={client}", again, begin("4B2")[2]]
    took = f"smtp 4A1: {to('a@d', 'sent', relay=relay, reply=AMAVIS)}"
    lines = [*begin("4A1"), *back, took, f"smtp 4B2: {to('a@d', 'sent')}"]
    return rows(*lines, columns=columns)


@pytest.mark.parametrize(
    ("relay", "client"),
    [
        (AMAVIS_HOST, "scan.x.example[10.0.0.8]"),
        (AMAVIS_HOST, "unknown[::ffff:10.0.0.8]"),
        ("scan[172.31.0.8]:10024", "scan[172.31.0.8]"),
        ("scan[192.168.1.8]:10024", "scan[192.168.1.8]"),
        ("scan[FD00::8]:10024", "scan[fd00::8]"),
    ],
)
def test_a_filter_in_a_private_network(relay: str, client: str) -> None:
    assert through(relay, client) == [("4B2", "joe@x.example", "192.0.2.1")]


@pytest.mark.parametrize(
    ("relay", "client", "again"),
    [
        # A stranger who knows a queue id of ours, from his own address or from anywhere.
        ("mx.d.example[198.51.100.2]:25", "mx.d.example[198.51.100.2]", AGAIN),
        ("mx.d.example[172.32.0.8]:25", "mx.d.example[172.32.0.8]", AGAIN),
        ("10.0.0.8.d.example[198.51.100.2]:25", "scan[10.0.0.8]", AGAIN),
        # Another host of the private network, and another message of the same host.
        (AMAVIS_HOST, "host.x.example[10.0.0.9]", AGAIN),
        (AMAVIS_HOST, "scan.x.example[10.0.0.8]", "cleanup 4B2: message-id=<other@x.example>"),
        (AMAVIS_HOST, "scan.x.example[10.0.0.8]", "cleanup 4B2: message-id=<>"),
    ],
)
def test_what_is_no_filter_of_ours(relay: str, client: str, again: str) -> None:
    address = client.partition("[")[2].rstrip("]")
    assert through(relay, client, again) == [
        ("4A1", "joe@x.example", "192.0.2.1"),
        ("4B2", None, address),
    ]


def test_a_login_on_the_way_back_is_its_own() -> None:
    ann = "scan[10.0.0.8], sasl_method=PLAIN, sasl_username=ann@x.example"
    assert through(AMAVIS_HOST, ann, columns="queue_id login") == [
        ("4A1", "joe@x.example"),
        ("4B2", "ann@x.example"),
    ]


SCAN = "delivered via scan service"
SCANNED = f"pipe 4A1: {to('ann@d.example', 'sent', relay='scan', reply=SCAN)}"
HANDED_IN = ["pickup 4B2: uid=999 from=<Joe@X.example>", AGAIN]
NO_USER = f"smtp 4B2: {to('ann@d.example', 'bounced', reply='550 no user', dsn='5.1.1')}"


def piped(*lines: str) -> list[Any]:
    """Return the rows of a message that a filter run by pipe may have submitted again."""
    join = MailJoin()
    feed(join, log(*begin("4A1"), *lines))
    join.settle()
    return join.rows().select("queue_id", "login", "status", "system_user").rows()


@pytest.mark.parametrize("first", [[SCANNED, *HANDED_IN], [*HANDED_IN, SCANNED]])
def test_a_filter_run_by_pipe_that_submits_again_is_no_outcome(first: list[str]) -> None:
    expected = [("4B2", "joe@x.example", "bounced", None)]
    assert piped(*first, "qmgr 4A1: removed", NO_USER) == expected


def test_a_delivery_by_pipe_that_does_not_come_back_is_an_outcome() -> None:
    assert piped(SCANNED) == [("4A1", "joe@x.example", "sent", None)]
    other = ["pickup 4B2: uid=999 from=<web@shop.example>", AGAIN]
    assert ("4A1", "joe@x.example", "sent", None) in piped(SCANNED, *other, NO_USER)


def test_a_message_that_comes_back_too_late_is_another() -> None:
    wait = ["anvil statistics: none"] * 4
    late = piped(SCANNED, *wait, *HANDED_IN, NO_USER)
    assert late == [
        ("4A1", "joe@x.example", "sent", None),
        ("4B2", None, "bounced", "999"),
    ]
