from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.base.clock import parse_instant
from aupkeep.signals.formats.postfix import LineClock, fields, parse
from aupkeep.signals.parsed import Parsed

NOW = parse_instant("2026-08-14T12:00:00Z")
HEAD = "2026-01-01T00:00:00Z mx postfix/{}[1]: "
ID = "4dbzkh2Nz1zKr"


def read(*lines: tuple[str, str]) -> Parsed:
    text = "".join(HEAD.format(program) + body + "\n" for program, body in lines)
    return parse(text.encode(), LineClock(now=NOW))


def record(program: str, body: str) -> tuple[Any, ...] | None:
    parsed = read((program, body))
    assert not parsed.rejects
    return parsed.records[0] if parsed.records else None


KEY = f"mx {ID}"
#: What a request states at the end of a line, and where mail goes.
ASKED = "from=<e@f> to=<c@d> proto=ESMTP helo=<h>"
RELAY = "mx.d[192.0.2.2]:25"
JOE = "client=a[192.0.2.1], sasl_method=PLAIN, sasl_username=joe"
SOCKET = "relay=x[private/lmtp], conn_use=2, delay=0.1, delays=0/0/0/0.1, tls=may, dsn=4.0.0"


@pytest.mark.parametrize(
    ("program", "body", "expected"),
    [
        (
            "smtpd",
            "client=a.example[192.0.2.1]",
            ("C", KEY, "a.example", "192.0.2.1", "", "", "", ""),
        ),
        (
            "submission/smtpd",
            "client=unknown[2001:db8::1]:4711, sasl_method=PLAIN, sasl_username=joe@x.example",
            ("C", KEY, "unknown", "2001:db8::1", "joe@x.example", "", "", ""),
        ),
        (
            "smtpd",
            f"{JOE}, sasl_sender=x, orig_client=b[::1]",
            ("C", KEY, "a", "192.0.2.1", "joe", "", "", ""),
        ),
        (
            "smtpd",
            "client=localhost[127.0.0.1], orig_queue_id=ABCDEF12, orig_client=b.example[192.0.2.9]",
            ("C", KEY, "localhost", "127.0.0.1", "", "ABCDEF12", "b.example", "192.0.2.9"),
        ),
        ("cleanup", "message-id=<a@b>", ("M", KEY, "a@b")),
        ("cleanup", "message-id=<>", ("M", KEY, "")),
        ("cleanup", "message-id=odd id", ("M", KEY, "odd id")),
        ("qmgr", "from=<>, size=12, nrcpt=3 (queue active)", ("Q", KEY, "", "12", "3")),
        ("qmgr", "removed", ("R", KEY)),
        ("postsuper", "removed", ("R", KEY)),
        ("qmgr", "from=<a@b>, status=expired, returned to sender", ("E", KEY, "a@b")),
        ("qmgr", "from=<a@b>, status=force-expired, returned to sender", ("E", KEY, "a@b")),
        ("qmgr", "skipped, still being delivered", None),
        ("pickup", "uid=33 from=<www-data>", ("P", KEY, "33", "www-data", "")),
        ("pickup", "uid=110 from=<a@b> orig_id=ABCDEF12", ("P", KEY, "110", "a@b", "ABCDEF12")),
        ("bounce", "sender non-delivery notification: ABCDEF12", ("N", KEY, "ABCDEF12")),
        ("bounce", "postmaster delay notification: ABCDEF12", ("N", KEY, "ABCDEF12")),
        ("postsuper", "placed on hold", ("A", KEY, "placed on hold")),
        ("postsuper", "released from hold", ("A", KEY, "released from hold")),
        ("postsuper", "requeued", ("A", KEY, "requeued")),
        (
            "smtp",
            f"to=<c@d>, relay={RELAY}, delay=11, delays=1/2/3/5, dsn=2.0.0, status=sent (250 ok)",
            ("O", KEY, "smtp", "c@d", "", "mx.d[192.0.2.2]:25", "11", "2.0.0", "sent", "250 ok"),
        ),
        (
            "lmtp",
            f"to=<c@d>, orig_to=<e@f>, {SOCKET}, status=deferred (later (soon))",
            (
                "O",
                KEY,
                "lmtp",
                "c@d",
                "e@f",
                "x[private/lmtp]",
                "0.1",
                "4.0.0",
                "deferred",
                "later (soon)",
            ),
        ),
        (
            "local",
            "to=c@d, orig_to=root, relay=local, delay=0, dsn=5.1.1, status=bounced (no)",
            ("O", KEY, "local", "c@d", "root", "local", "0", "5.1.1", "bounced", "no"),
        ),
        ("smtp", "host a[192.0.2.2] said: 450 later (in reply to MAIL FROM command)", None),
        (
            "smtpd",
            f"reject: RCPT from a[192.0.2.1]: 550 5.1.1 <c@d>: User unknown; {ASKED}",
            (
                "J",
                KEY,
                "rejected",
                "smtpd",
                "a",
                "192.0.2.1",
                "",
                "e@f",
                "c@d",
                "5.1.1",
                "550 5.1.1 <c@d>: User unknown",
            ),
        ),
        (
            "smtpd",
            f"milter-reject: END-OF-MESSAGE from a[192.0.2.1]: 5.7.1 spam; {ASKED}",
            ("J", KEY, "rejected", "smtpd", "a", "192.0.2.1", "", "e@f", "c@d", "", "5.7.1 spam"),
        ),
        (
            "cleanup",
            f"hold: header Subject: x from a[192.0.2.1]; {ASKED}: look",
            ("J", KEY, "held", "cleanup", "", "", "", "e@f", "c@d", "", "look"),
        ),
        (
            "cleanup",
            "milter-hold: END-OF-MESSAGE from a[::1]: milter triggers HOLD action; from=<e@f>",
            (
                "J",
                KEY,
                "held",
                "cleanup",
                "",
                "",
                "",
                "e@f",
                None,
                "",
                "milter triggers HOLD action",
            ),
        ),
        ("cleanup", "warning: header Subject: x from local; from=<e@f> to=<c@d>", None),
        ("cleanup", "milter-header-add: header X: y from local; from=<e@f>", None),
        (
            "smtpd",
            f"reject_warning: RCPT from a[192.0.2.1]: 550 x; {ASKED}",
            None,
        ),
        ("anvil", "something: else", None),
    ],
)
def test_records(program: str, body: str, expected: tuple[Any, ...] | None) -> None:
    assert record(program, f"{ID}: {body}") == expected


def test_a_login_of_a_reject_stands_after_the_greeting() -> None:
    body = (
        "NOQUEUE: reject: RCPT from a[192.0.2.1]: 554 5.7.1 <c@d>: no; from=<e@f> to=<c@d>"
        " proto=ESMTP helo=<h> sasl_method=PLAIN sasl_username=joe@x"
    )
    found = record("smtpd", body)
    assert found is not None
    assert found[6] == "joe@x"
    assert fields("postfix/smtpd", body)["sasl_method"] == "PLAIN"


def test_a_client_without_queue_id_starts_nothing() -> None:
    assert record("smtpd", "NOQUEUE: client=a[192.0.2.1]") is None


@pytest.mark.parametrize(
    "program", ["postfix/smtp", "postfix-out/smtp", "postfix/relay/smtp", "postfix-in/x/smtp"]
)
def test_program_names_of_instances(program: str) -> None:
    line = f"Jan  5 10:00:00 mx {program}: {ID}: removed\n".encode()
    assert parse(line, LineClock(now=NOW)).records == [("R", KEY)]


@pytest.mark.parametrize("program", ["postfix", "sshd", "smtp", "dovecot", "notpostfix/smtp"])
def test_other_programs_are_ignored(program: str) -> None:
    line = f"Jan  5 10:00:00 mx {program}[1]: {ID}: removed\n".encode()
    parsed = parse(line, LineClock(now=NOW))
    assert (parsed.records, parsed.ignored, parsed.rejects) == ([], 1, [])


def test_what_is_counted_and_where_it_was() -> None:
    parsed = read(("smtpd", "connect from a[192.0.2.1]"), ("qmgr", f"{ID}: removed"))
    assert (parsed.lines, parsed.ignored, len(parsed.records)) == (2, 1, 1)
    first = HEAD.format("smtpd") + "connect from a[192.0.2.1]"
    assert parsed.first == first.encode()
    assert parsed.offsets.tolist() == [len(first) + 1]
    assert parsed.times.tolist() == [parse_instant("2026-01-01T00:00:00Z")]


def test_a_line_that_was_cut_off_is_a_reject() -> None:
    parsed = read(
        ("smtp", f"{ID}: to=<c@d>, relay=mx.d[192.0.2.2]:25, del"), ("qmgr", f"{ID}: removed")
    )
    assert parsed.records == [("R", KEY)]
    assert [(reject.offset, reject.reason) for reject in parsed.rejects] == [(0, "broken fields")]


def test_malformed_bytes() -> None:
    good = (HEAD.format("qmgr") + f"{ID}: removed\n").encode()
    invalid = (HEAD.format("cleanup") + f"{ID}: message-id=<").encode() + b"\xff\xc3\x28\x1f\t>\n"
    huge = (HEAD.format("cleanup") + f"{ID}: message-id=<").encode() + b"x" * 1_000_000 + b"\n"
    nul = good[:-1] + b"\0\n"
    parsed = parse(good + invalid + huge + nul + good[:-1], LineClock(now=NOW))
    message_id = b"\xff\xc3\x28".decode("utf-8", "replace") + "??"
    assert parsed.records == [("R", KEY), ("M", KEY, message_id), ("R", KEY)]
    assert [reject.reason for reject in parsed.rejects] == ["too long", "binary"]
    assert parsed.lines == 5


OUTCOME = "relay=mx.d[192.0.2.2]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced"


@pytest.mark.parametrize(
    "recipient",
    [
        "x, status=sent (250 ok)@d",
        '"a>, relay=none, delay=0, dsn=2.0.0, status=sent (x) "@d',
        '"a\\">, relay=none"@d',
        "a>b@d",
        'a"b@d',
    ],
)
@pytest.mark.parametrize(
    "reply", ["no", "550 to=<v@v>, relay=x, dsn=2.0.0, status=sent (250 ok)", "(x", "x) y", ""]
)
def test_recipients_and_replies_forge_no_outcome(recipient: str, reply: str) -> None:
    body = f"{ID}: to=<{recipient}>, {OUTCOME} ({reply})"
    expected = (
        "O",
        KEY,
        "smtp",
        recipient,
        "",
        "mx.d[192.0.2.2]:25",
        "1",
        "5.1.1",
        "bounced",
        reply,
    )
    assert record("smtp", body) == expected
    stated = fields("postfix/smtp", body)
    assert (stated["recipient"], stated["status"], stated["reply"]) == (recipient, "bounced", reply)


@pytest.mark.parametrize(
    "sender",
    [
        "x>, size=1, nrcpt=1 (queue active)",
        "a>, status=expired, returned to sender",
        "removed",
        "<>",
    ],
)
def test_senders_forge_nothing(sender: str) -> None:
    body = f"{ID}: from=<{sender}>, size=99, nrcpt=7 (queue active)"
    assert record("qmgr", body) == ("Q", KEY, sender, "99", "7")
    assert fields("qmgr", body)["recipients"] == 7


@pytest.mark.parametrize(
    "helo",
    [
        "x> sasl_method=PLAIN sasl_username=victim",
        "x> to=<v@v> proto=SMTP helo=<y",
        "x; from=<v@v> to=<v@v> proto=SMTP helo=<y",
        "v.example[198.51.100.1]: 550 5.1.1 <v@v>: no",
        "x> sasl_username=a> sasl_username=b",
    ],
)
def test_greetings_forge_nothing(helo: str) -> None:
    body = (
        "NOQUEUE: reject: RCPT from a[192.0.2.1]: 554 5.7.1 <c@d>: Relay access denied;"
        f" from=<e@f> to=<c@d> proto=ESMTP helo=<{helo}>"
    )
    reply = "554 5.7.1 <c@d>: Relay access denied"
    expected = ("rejected", "smtpd", "a", "192.0.2.1", "", "e@f", "c@d", "5.7.1", reply)
    assert record("smtpd", body) == ("J", "mx NOQUEUE", *expected)
    found = record("smtpd", body + " sasl_method=PLAIN sasl_username=joe")
    assert found is not None
    assert found[6] == "joe"


@pytest.mark.parametrize(
    "sender", ["x> orig_id=4A1", "x", "", "a=b", "> orig_id=4A1>", "> from=<y"]
)
def test_local_senders_forge_no_origin(sender: str) -> None:
    for end, first in (("", ""), (" orig_id=ABCDEF12", "ABCDEF12")):
        body = f"{ID}: uid=33 from=<{sender}>{end}"
        assert record("pickup", body) == ("P", KEY, "33", sender, first)
        stated = fields("pickup", body)
        assert (stated["sender"], stated.get("orig_queue_id", "")) == (sender, first)


@pytest.mark.parametrize(
    "body", ["uid=33", "uid=", "uid=x from=<a>", "uid=33 from=<", "uid=33 from=<a"]
)
def test_a_cut_off_pickup_line_is_a_reject(body: str) -> None:
    parsed = read(("pickup", f"{ID}: {body}"))
    assert (parsed.records, len(parsed.rejects)) == ([], 1)


def test_a_line_of_beginnings_alone_states_no_sender() -> None:
    found = record("smtpd", f"{ID}: reject: RCPT from a[::1]: 550" + " ; from=<" * 5000)
    assert found is not None
    assert found[7:9] == (None, None)


OURS = "hold: RCPT from a[192.0.2.1]: <Joe@shop>: SASL login name aupkeep"


@pytest.mark.parametrize(
    ("said", "sanctions"),
    [
        (f"{OURS} s1; {ASKED}", "s1"),
        (f"{OURS} s1 0a-F_9; {ASKED}", "s1 0a-F_9"),
        (f"{OURS} s1; {ASKED}, sasl_method=PLAIN, sasl_username=Joe@shop", "s1"),
        (f"{OURS} s1; proto=ESMTP helo=<h>", "s1"),
    ],
)
def test_what_our_own_map_held(said: str, sanctions: str) -> None:
    for head in ("NOQUEUE", ID):
        found = record("smtpd", f"{head}: {said}")
        assert found is not None
        assert found[2:7] == ("withheld", "smtpd", "a", "192.0.2.1", "Joe@shop")
        assert fields("smtpd", f"{head}: {said}")["sanctions"] == sanctions


#: What Postfix 3.7 logs of a sender that imitates our reason, and the request behind it.
IMITATION = "x>: SASL login name aupkeep s1; from=<a> to=<b> helo=<@evil.example"


@pytest.mark.parametrize(
    "said",
    [
        "<x@y>: Sender address triggers HOLD action; " + ASKED,
        "<x@y>: Sender address aupkeep s1; " + ASKED,
        f"<{IMITATION}>: Sender address look; from=<{IMITATION}> to=<c@d> proto=ESMTP helo=<h>",
        "<x>: SASL login name aupkeep s1@evil.example>: Sender address look; " + ASKED,
        "<x>: SASL login name triggers HOLD action; " + ASKED,
        "<x>: SASL login name aupkeep; " + ASKED,
        "<x>: SASL login name aupkeep s1, please call; " + ASKED,
        "<x>: SASL login name aupkeep s1",
        # So long that the line may have been cut off before its true request.
        "<x>: SASL login name aupkeep s1; from=<" + "a" * 800 + "> to=<b> proto=ESMTP helo=<h>",
    ],
)
def test_what_others_hold_is_not_taken_for_ours(said: str) -> None:
    body = f"NOQUEUE: hold: RCPT from a[192.0.2.1]: {said}"
    found = record("smtpd", body)
    assert found is not None
    assert (found[2], found[6]) == ("held", "")
    assert "sanctions" not in fields("smtpd", body)


def test_what_is_rejected_is_never_ours() -> None:
    for action in ("reject", "milter-hold"):
        found = record("smtpd", f"{ID}: {OURS.replace('hold', action, 1)} s1; {ASKED}")
        assert found is not None
        assert found[2] != "withheld"
    found = record("cleanup", f"{ID}: {OURS} s1; {ASKED}")
    assert found is not None
    assert found[2] == "held"


def test_the_client_of_a_message_forges_no_login() -> None:
    sender = "x, sasl_username=victim, orig_queue_id=ABCDEF12, orig_client=v[198.51.100.1]"
    body = f"{ID}: client=a[192.0.2.1], sasl_method=PLAIN, sasl_username=joe, sasl_sender={sender}"
    assert record("smtpd", body) == ("C", KEY, "a", "192.0.2.1", "joe", "", "", "")


def test_subjects_forge_nothing() -> None:
    subject = "x from v[198.51.100.1]; from=<v@v> to=<v@v> proto=ESMTP helo=<v>: ok"
    body = (
        f"{ID}: hold: header Subject: {subject} from a[192.0.2.1];"
        " from=<e@f> to=<c@d> proto=ESMTP helo=<h>"
    )
    found = record("cleanup", body)
    assert found is not None
    assert found[2:9] == ("held", "cleanup", "", "", "", "e@f", "c@d")
    stated = fields("cleanup", body)
    assert (stated["client_ip"], stated["sender"]) == ("192.0.2.1", "e@f")
    assert stated["content"] == f"Subject: {subject}"


def test_fields_of_other_lines() -> None:
    client = {"client_name": "a", "client_ip": "192.0.2.1"}
    body = "disconnect from a[192.0.2.1] ehlo=1 rcpt=0/2 commands=1/3"
    counters = {"command_ehlo": 1, "command_rcpt": 2, "command_rcpt_accepted": 0}
    accepted = {"commands": 3, "commands_accepted": 1}
    assert fields("smtpd", body) == {"event": "disconnect"} | client | counters | accepted
    failed = "SASL LOGIN authentication failed: x"
    body = f"warning: a[192.0.2.1]: {failed}, sasl_username=joe"
    assert fields("postfix/smtpd", body) == client | {
        "level": "warning",
        "message": failed,
        "login": "joe",
    }
    body = f"{ID}: host a[192.0.2.1] said: 450 4.2.0 later (in reply to RCPT TO command)"
    assert fields("postfix/smtp", body) == {
        "queue_id": ID,
        "relay_name": "a",
        "relay_ip": "192.0.2.1",
        "reply": "450 4.2.0 later",
        "code": 450,
        "dsn": "4.2.0",
        "stage": "RCPT TO",
    }
    body = "reload configuration /etc/postfix"
    assert fields("postfix/master", body) == {"message": body}


# What strangers write; Postfix itself puts `?` for control characters.
PIECES = st.sampled_from(
    (
        *(">", "<", '"', "\\", ", ", "; ", " ", "=", "]", "[", "(", ")", ": ", "a", "ü", "?"),
        *("to=<v@v>", "from=<v@v>", "status=sent", "relay=x", "removed", "@d", "NOQUEUE: "),
        *("sasl_method=PLAIN", "sasl_username=victim", "proto=SMTP", "helo=<v>"),
        *("queued as 4XYZ", "client=v[198.51.100.1]"),
    )
)
TEXT = st.lists(PIECES, max_size=8).map("".join)


@settings(max_examples=150, deadline=None)
@given(TEXT, TEXT)
def test_free_text_forges_no_login_and_no_client(helo: str, said: str) -> None:
    body = (
        f"NOQUEUE: reject: RCPT from a[192.0.2.1]: 550 {said}; from=<e@f> to=<c@d>"
        f" proto=ESMTP helo=<{helo}>"
    )
    found = record("smtpd", body)
    assert found is not None
    assert found[4:7] == ("a", "192.0.2.1", "")


@settings(max_examples=150, deadline=None)
@given(TEXT)
def test_a_reply_forges_no_outcome(reply: str) -> None:
    body = f"{ID}: to=<c@d>, {OUTCOME} ({reply})"
    assert record("smtp", body) == (
        *("O", KEY, "smtp", "c@d", "", "mx.d[192.0.2.2]:25", "1", "5.1.1", "bounced"),
        reply,
    )


@settings(max_examples=150, deadline=None)
@given(TEXT, TEXT, st.booleans())
def test_both_readers_agree_on_outcomes(local: str, reply: str, redirected: bool) -> None:  # noqa: FBT001 - drawn
    orig = f", orig_to=<{local}@e>" if redirected else ""
    body = f"{ID}: to=<{local}@d>{orig}, {OUTCOME} ({reply})"
    found = read(("smtp", body)).records
    stated = fields("smtp", body)
    if not found:
        assert "status" not in stated
        return
    names = ("recipient", "orig_recipient", "relay", "delay", "dsn", "status", "reply")
    assert found[0][3:] == tuple(str(stated.get(name, "")) for name in names)


@settings(max_examples=150, deadline=None)
@given(TEXT, TEXT)
def test_both_readers_agree_on_clients(login: str, sender: str) -> None:
    body = (
        f"{ID}: client=a[192.0.2.1], sasl_method=PLAIN, sasl_username={login}, sasl_sender={sender}"
    )
    found = record("smtpd", body)
    stated = fields("smtpd", body)
    assert found is not None
    assert found[2:5] == (stated["client_name"], stated["client_ip"], stated["login"])
    assert found[5:] == ("", "", "")


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["smtpd", "cleanup", "qmgr", "smtp", "pickup", "bounce", "postsuper"]),
    st.sampled_from(["", f"{ID}: ", "NOQUEUE: ", "warning: ", f"warning: {ID}: "]),
    st.sampled_from(
        [
            "",
            "client=",
            "to=<",
            "from=<",
            "message-id=",
            "uid=1 ",
            "reject: RCPT from a[1]: ",
            "hold: ",
        ]
    ),
    TEXT,
)
def test_any_text_is_accounted_for(program: str, begin: str, form: str, text: str) -> None:
    parsed = read((program, begin + form + text))
    assert len(parsed.records) + parsed.ignored + len(parsed.rejects) == parsed.lines == 1
    assert all(
        None not in (value, key) for key, value in fields(program, begin + form + text).items()
    )
