"""Which lines of sshd tell of an attempt, and that strangers' text forges nothing."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.base.clock import parse_instant, to_datetime
from aupkeep.signals.formats import sshd, sshd_lines
from aupkeep.signals.formats.sshd import Attempt
from aupkeep.signals.formats.syslog import LineClock

SAMPLES = Path(__file__).parents[2].parent / "shared" / "data"
NOW = parse_instant("2026-02-01T00:00:00Z")
HEAD = b"2026-01-05T10:00:00Z shared1 sshd[77]: "


def parsed(*bodies: str) -> list[Attempt]:
    block = b"".join(HEAD + body.encode() + b"\n" for body in bodies)
    records = sshd.parse(block, LineClock(now=NOW)).records
    return [Attempt(*record) for record in records]


def told(body: str) -> tuple[Any, ...] | None:
    """Return (outcome, user, address or name, port, reason) of one line."""
    found = parsed(body)
    if not found:
        return None
    one = found[0]
    return one.outcome, one.user, one.client_ip or one.client_host, one.client_port, one.reason


KEY = "RSA SHA256:AbC/d+e"


#: Body, with `@` for the client's address, and what it tells: user, port and reason.
FAILED: list[tuple[str, str | None, int | None, str]] = [
    ("Failed password for root from @ port 22 ssh2", "root", 22, "bad_password"),
    ("Failed password for Bob from @ port 22", "Bob", 22, "bad_password"),
    ("Failed password for invalid user x y from @ port 22 ssh2", "x y", 22, "invalid_user"),
    ("Failed none for invalid user a from @ port 9 ssh2", "a", 9, "invalid_user"),
    (f"Failed publickey for invalid user a from @ port 9 ssh2: {KEY}", "a", 9, "invalid_user"),
    ("Failed keyboard-interactive/pam for a from @ port 9 ssh2", "a", 9, "bad_password"),
    (f"Failed hostbased for a from @ port 9 ssh2: {KEY}, client user", "a", 9, "bad_host_key"),
    ("Failed gssapi-with-mic for a from @ port 9 ssh2 [preauth]", "a", 9, "failed"),
    ("Invalid user  from @ port 9", "", 9, "invalid_user"),
    ("Illegal user x from @", "x", None, "invalid_user"),
    ("User root from @ not allowed because not listed in AllowUsers", "root", None, "not_allowed"),
    ("User r from @ not allowed because a group is listed in DenyGroups", "r", None, "not_allowed"),
    ("ROOT LOGIN REFUSED FROM @ port 9 [preauth]", "root", 9, "root_refused"),
    ("error: PAM: Authentication failure for a from @", "a", None, "pam_denied"),
    ("error: PAM: authentication error for illegal user a from @", "a", None, "invalid_user"),
    ("error: PAM: Permission denied for a from @ via 198.51.100.1", "a", None, "pam_denied"),
    (
        "error: maximum authentication attempts exceeded for invalid user a from @ port 9 ssh2",
        *("a", 9, "too_many"),
    ),
    ("Received disconnect from @: 3: x.JSchException: Auth fail", None, None, "client_gave_up"),
    ("error: Received disconnect from @ port 9:3: Auth fail [preauth]", None, 9, "client_gave_up"),
    (
        "Disconnecting invalid user a @ port 9: Change of username or service not allowed: (a,b)",
        *("a", 9, "changed_user"),
    ),
    ("refused connect from _x_@some.example (@)", None, None, "refused_connect"),
]


@pytest.mark.parametrize(("body", "user", "port", "reason"), FAILED)
@pytest.mark.parametrize(
    ("logged", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("ssh.example.NET", "ssh.example.net"),
    ],
)
def test_failed_attempts(
    body: str, user: str | None, port: int | None, reason: str, logged: str, client: str
) -> None:
    assert told(body.replace("@", logged)) == ("failed", user, client, port, reason)


@pytest.mark.parametrize(
    "extra", ["", ": RSA 39:33:99", ": RSA-CERT SHA256:x ID me (serial 0) CA RSA SHA256:y"]
)
def test_accepted_login(extra: str) -> None:
    body = f"Accepted publickey for alice from 192.0.2.97 port 51000 ssh2{extra}"
    assert told(body) == ("accepted", "alice", "192.0.2.97", 51000, None)


@pytest.mark.parametrize(
    "body",
    [
        f"Failed publickey for git from 192.0.2.1 port 9 ssh2: {KEY}",
        "Failed none for git from 192.0.2.1 port 9 ssh2",
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 tty=ssh rhost=192.0.2.1",
        "PAM 4 more authentication failures; logname= uid=0 tty=ssh rhost=192.0.2.1  user=root",
    ],
)
def test_lines_that_add_nothing_are_notes(body: str) -> None:
    (only,) = parsed(body)
    assert only.outcome == "note"


@pytest.mark.parametrize(
    "body",
    [
        "Server listening on 0.0.0.0 port 22.",
        "Connection closed by authenticating user root 192.0.2.1 port 46038 [preauth]",
        "Connection reset by 192.0.2.1 port 14282 [preauth]",
        "Did not receive identification string from 192.0.2.1",
        "Disconnecting: Too many authentication failures for root [preauth]",
        "Received disconnect from 192.0.2.1: 11: Bye Bye",
        "Received disconnect from 192.0.2.1 port 9:14: Auth fail",
        "User root not allowed because account is locked",
        "input_userauth_request: invalid user root [preauth]",
        "Postponed publickey for git from 192.0.2.1 port 57904 ssh2 [preauth]",
        "pam_unix(sshd:session): session opened for user alice by (uid=0)",
        "pam_unix(sudo:auth): authentication failure; rhost=192.0.2.1",
        "Failed to release session: Interrupted system call",
        "Failed password for root",
        "Failed",
        "",
    ],
)
def test_other_lines_say_nothing(body: str) -> None:
    assert parsed(body) == []


def test_parse_counts_every_line_and_keeps_places() -> None:
    failed = b"Failed password for root from 192.0.2.1 port 22 ssh2\n"
    lines = [
        HEAD + failed,
        b"2026-01-05T10:00:01Z Shared1 sshd-session[78]: " + failed,
        b"Jan  5 10:00:02 shared1 sshd-auth[79]: " + failed,
        b"Jan  5 10:00:02 shared1 sshd: " + failed,
        b"Jan  5 10:00:03 shared1 sshdx[80]: " + failed,
        b"Jan  5 10:00:03 shared1 CRON[81]: " + failed,
        b"\n",
        b"no time at all\n",
        HEAD + b"\0" + failed,
    ]
    block = b"".join(lines)
    found = sshd.parse(block, LineClock(now=NOW))
    offsets = [sum(map(len, lines[:number])) for number in range(4)]
    assert found.offsets.tolist() == offsets
    seconds = [(time - found.times[0]) // 1_000_000 for time in found.times.tolist()]
    assert seconds == [0, 1, 2, 2]
    attempts = [Attempt(*record) for record in found.records]
    assert [one.program for one in attempts] == ["sshd", "sshd-session", "sshd-auth", "sshd"]
    assert [one.host for one in attempts] == ["shared1"] * 4
    assert [one.pid for one in attempts] == [77, 78, 79, -1]
    assert (found.lines, found.ignored, len(found.rejects)) == (9, 3, 2)
    assert found.first == lines[0].rstrip()


def test_folded_lines_say_how_often() -> None:
    body = "message repeated 3 times: [ Failed password for root from 192.0.2.1 port 22 ssh2]"
    (only,) = parsed(body)
    assert (only.times, only.client_ip, only.client_port) == (3, "192.0.2.1", 22)
    (many,) = parsed(body.replace("3", "999999999"))
    assert many.times == sshd_lines.MOST_REPEATS


def test_a_long_user_is_cut_and_kept_in_its_case() -> None:
    (only,) = parsed(f"Invalid user {'Ab' * 400} from 192.0.2.1 port 9")
    assert only.user == ("Ab" * 400)[: sshd.LONGEST_USER]


@pytest.mark.parametrize("host", ["UNKNOWN", "(null)", "a,b", "x" * 256])
def test_a_client_that_is_no_host_is_left_out(host: str) -> None:
    (only,) = parsed(f"Failed password for root from {host} port 9 ssh2")
    assert (only.client_ip, only.client_host) == (None, None)


def test_an_address_with_leading_zeros_stays_a_name() -> None:
    (only,) = parsed("Failed password for root from 192.030.0.6 port 9 ssh2")
    assert (only.client_ip, only.client_host) == (None, "192.030.0.6")


def test_fields_hold_what_is_stated_and_no_more() -> None:
    body = "Failed password for invalid user bob from ::ffff:192.0.2.1 port 9 ssh2"
    assert sshd.fields("sshd-session", body) == {
        "outcome": "failed",
        "user": "bob",
        "client_ip": "192.0.2.1",
        "client_host": "192.0.2.1",
        "client_port": 9,
        "method": "password",
        "reason": "invalid_user",
    }
    assert sshd.fields("sshd", f"message repeated 2 times: [ {body}]")["times"] == 2
    pam = "pam_unix(sshd:auth): authentication failure; uid=0 ruser= rhost=192.0.2.1  user=root"
    assert sshd.fields("sshd", pam) == {"outcome": "note", "rhost": "192.0.2.1", "user": "root"}
    assert sshd.fields("sshd", "Server listening on :: port 22.") == {}
    assert sshd.fields("dovecot", body) == {}


def test_two_readings_leave_the_client_unknown() -> None:
    client = 'client user "x from 203.0.113.6 port 1 ssh2: RSA b", client host "h"'
    body = f"Failed hostbased for bob from 192.0.2.1 port 9 ssh2: RSA aa:bb, {client}"
    assert told(body) == ("failed", "bob", None, None, "bad_host_key")
    tail = "Change of username or service not allowed: (a"
    body = f"Disconnecting invalid user u 203.0.113.6 port 1: {tail} 192.0.2.1 port 9: {tail},s)"
    assert told(body) == ("failed", "u", None, None, "changed_user")


FORGED = "203.0.113.6"
FORGERIES = st.lists(
    st.sampled_from(
        [
            f" from {FORGED} port 22 ssh2",
            f" from {FORGED}",
            f" {FORGED} port 22",
            f" via {FORGED}",
            f"({FORGED})",
            f": {KEY}",
            ": ",
            ": 3: x: Auth fail",
            " ssh1: ruser x",
            " not allowed because not listed in AllowUsers",
            " [preauth]",
            "invalid user ",
            "]",
            "a",
            " ",
        ]
    ),
    max_size=6,
).map("".join)
ATTEMPTS = "maximum authentication attempts exceeded"
FORMS = [
    "Failed password for invalid user {} from 192.0.2.1 port 9 ssh2",
    "Failed keyboard-interactive/pam for invalid user {} from 192.0.2.1 port 9 ssh2 [preauth]",
    "Failed publickey for invalid user {} from 192.0.2.1 port 9 ssh2: " + KEY,
    "Invalid user {} from 192.0.2.1 port 9",
    "Invalid user {} from 192.0.2.1",
    "error: PAM: Authentication failure for illegal user {} from 192.0.2.1",
    f"error: {ATTEMPTS} for invalid user {{}} from 192.0.2.1 port 9 ssh2",
    "message repeated 2 times: [ Failed password for invalid user {} from 192.0.2.1 port 9 ssh2]",
    "Received disconnect from 192.0.2.1 port 9:3: {}Auth fail",
]
CHANGE = "Change of username or service not allowed"
TWO_SIDED = [
    f"Disconnecting invalid user {{}} 192.0.2.1 port 9: {CHANGE}: ({{}},s) -> (b,s)",
    'Failed hostbased for {} from 192.0.2.1 port 9 ssh2: RSA aa:bb, client user "{}"',
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FORMS), FORGERIES)
def test_a_user_name_forges_no_client(form: str, name: str) -> None:
    found = parsed(form.format(name))
    # A client may spoil its own farewell, nothing else.
    assert found or form.startswith("Received disconnect")
    assert all(only.client_ip == "192.0.2.1" for only in found)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(TWO_SIDED), FORGERIES, FORGERIES)
def test_text_on_both_sides_forges_no_client(form: str, before: str, after: str) -> None:
    found = parsed(form.format(before, after))
    assert {one.client_ip for one in found} <= {"192.0.2.1", None}


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80), st.sampled_from(["", "Failed ", "error: PAM: ", "Disconnecting "]))
def test_nothing_makes_the_reader_raise(text: str, head: str) -> None:
    sshd_lines.read(head + text)
    sshd.fields("sshd", head + text)


def test_a_very_long_line_is_read_in_time_that_grows_with_its_length() -> None:
    body = "Failed publickey for " + " from a port 1" * 4000 + " ssh2"
    assert told(body) is not None
    assert told("Disconnecting " + " a port 1" * 6000) is None


def annotated() -> list[dict[str, Any]]:
    path = SAMPLES / "mail" / "fail2ban" / "labels.jsonl"
    if not path.exists():
        return []
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line["file"] == "sshd" and not line.get("context_incomplete")]


@pytest.mark.skipif(not SAMPLES.exists(), reason="the development samples are not here")
@pytest.mark.parametrize("label", annotated(), ids=lambda label: str(label["line_no"]))
def test_annotated_lines(label: dict[str, Any]) -> None:
    options = label["filter_options"]
    modes = options if isinstance(options, list) else [options]
    expected = label["match"] and any("mode" not in mode for mode in modes)
    clock = LineClock(zone="Europe/Zurich", now=parse_instant("2005-08-14T12:00:00+02:00"))
    found = sshd.parse(label["line"].encode(), clock)
    failed = [Attempt(*record) for record in found.records if record[3] == "failed"]
    assert found.rejects == []
    assert len(failed) == int(expected)
    if expected:
        stated = to_datetime(int(found.times[0])).astimezone(ZoneInfo("Europe/Zurich"))
        assert stated.strftime("%Y-%m-%dT%H:%M:%S") == label["expected"]["time"]
        assert failed[0].client_host == label["expected"]["host"]


@pytest.mark.skipif(not SAMPLES.exists(), reason="the development samples are not here")
@pytest.mark.parametrize("name", ["ssh_auth_bruteforce.log", "ssh_auth_mixed.log"])
def test_small_real_logs(name: str) -> None:
    block = (SAMPLES / "logs" / name).read_bytes()
    found = sshd.parse(block, LineClock(now=NOW))
    numbers = [block.count(b"\n", 0, offset) + 1 for offset in found.offsets.tolist()]
    attempts = {
        number: Attempt(*record) for number, record in zip(numbers, found.records, strict=True)
    }
    events = {"failed_password": "failed", "accepted": "accepted", "invalid_user": "failed"}
    labels = (SAMPLES / "logs" / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    for label in map(json.loads, labels):
        if label["file"] != name:
            continue
        one = attempts.get(label["line_no"])
        outcome = events.get(label["event"])
        assert (one.outcome if one and one.outcome != "note" else None) == outcome
        if one is not None and outcome is not None:
            assert (one.user, one.client_ip) == (label["user"], label["ip"])
