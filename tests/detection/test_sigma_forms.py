"""Every form in which public rules say something, in made-up rules, asked about rows."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sigma_rules import means, refused, rule, selection, taken

from aupkeep.detection.importing.patterns import example
from aupkeep.detection.importing.sources import SEARCHED, source_of, sources
from aupkeep.events.schema import KINDS

LINUX = "{product: linux, category: process_creation}"
Row = dict[str, object]


def at(offset: int) -> str:
    """A command that holds a word in Base64 at one of the three offsets."""
    return "echo " + base64.b64encode(b"x" * offset + b"wget http://a.test/ now").decode()


FORMS: list[tuple[str, str, list[Row], list[Row]]] = [
    (
        LINUX,
        "s: {Image|endswith: [/nc, /ncat]}\ncondition: s",
        [{"exe": "/bin/NC"}, {"exe": "/opt/ncat"}],
        [{"exe": "/bin/ncx"}, {}],
    ),
    (
        LINUX,
        "s: {Image|cased: /bin/Nc}\ncondition: s",
        [{"exe": "/bin/Nc"}],
        [{"exe": "/bin/nc"}],
    ),
    (
        LINUX,
        "s: {CommandLine|contains|all: [' -a', ' -b']}\ncondition: s",
        [{"command_line": "x -b -a"}],
        [{"command_line": "x -a"}],
    ),
    (
        LINUX,
        "s: {CommandLine|windash|contains: ' -x'}\ncondition: s",
        [{"command_line": "t /x"}, {"command_line": "t -x"}, {"command_line": "t \u2013x"}],
        [{"command_line": "t x"}],
    ),
    (
        LINUX,
        "s: {CommandLine|base64offset|contains: 'http://'}\ncondition: s",
        [{"command_line": at(offset)} for offset in range(3)],
        [{"command_line": "echo http://a.test/"}],
    ),
    (
        LINUX,
        "s: {CommandLine|wide|base64offset|contains: 'IEX'}\ncondition: s",
        [{"command_line": base64.b64encode("..IEX..".encode("utf-16-le")).decode()}],
        [{"command_line": base64.b64encode(b"..IEX..").decode()}],
    ),
    (
        LINUX,
        "s: {CommandLine|re|i: '^cur[l1]\\s'}\ncondition: s",
        [{"command_line": "CURL x"}],
        [{"command_line": "a curl x"}],
    ),
    (
        LINUX,
        "s: {CommandLine|re: ['a{3}', 'b{3}']}\ncondition: s",
        [{"command_line": "xaaax"}, {"command_line": "bbb"}],
        [{"command_line": "AAA"}],
    ),
    (
        LINUX,
        "s: {CommandLine: 'ab?d*'}\ncondition: s",
        [{"command_line": "abxdef"}],
        [{"command_line": "abdef"}],
    ),
    (
        LINUX,
        "s: {CommandLine|contains: 'a\\*b'}\ncondition: s",
        [{"command_line": "xa*bx"}],
        [{"command_line": "xazzbx"}],
    ),
    (
        LINUX,
        "s: {ProcessId: '42', ParentProcessId|gte: 7}\ncondition: s",
        [{"pid": 42, "parent_pid": 7}],
        [{"pid": 42, "parent_pid": 6}, {"pid": 42}],
    ),
    (
        LINUX,
        "s: {ProcessId: '*'}\ncondition: s",
        [{"pid": 0}],
        [{"exe": "x"}],
    ),
    (
        LINUX,
        "s: {LogonId: 0, Initiated: 'true'}\ncondition: s",
        [{"login_id": "0", "initiated": True}],
        [{"login_id": "0", "initiated": False}],
    ),
    (
        LINUX,
        (
            "s: {DestinationIp|cidr: [10.0.0.0/8, 'fe80::/10']}\n"
            "f: {DestinationIp|cidr: 10.9.0.0/16}\n"
            "condition: s and not f"
        ),
        [{"dst_ip": "10.1.2.3"}, {"dst_ip": "fe80::1"}],
        [{"dst_ip": "10.9.1.1"}, {"dst_ip": "192.0.2.1"}, {}],
    ),
    (
        LINUX,
        "s: {User|neq: root, Image|endswith: /x}\ncondition: s",
        [{"user": "ann", "exe": "/x"}],
        [{"user": "root", "exe": "/x"}, {"exe": "/x"}],
    ),
    (
        LINUX,
        "s: {User|exists: true, ParentUser|exists: 'false'}\ncondition: s",
        [{"user": "ann"}],
        [{"user": "ann", "parent_user": "x"}, {}],
    ),
    (
        LINUX,
        "s: {Image|fieldref: ParentImage}\ncondition: s",
        [{"exe": "/a", "parent_exe": "/A"}],
        [{"exe": "/a", "parent_exe": "/b"}, {"exe": "/a"}, {}],
    ),
    # A filter whose field is missing takes nothing away.
    (
        LINUX,
        "s: {Image|endswith: /x}\nfilter: {User: root}\ncondition: s and not filter",
        [{"exe": "/x"}, {"exe": "/x", "user": "ann"}],
        [{"exe": "/x", "user": "root"}],
    ),
    # A filter that says it means missing ones takes them away.
    (
        LINUX,
        (
            "s: {Image|endswith: /x}\nf1: {User: null}\nf2: {User: [null, '', '-']}\n"
            "condition: s and not 1 of f*"
        ),
        [{"exe": "/x", "user": "ann"}],
        [{"exe": "/x"}, {"exe": "/x", "user": "-"}, {"exe": "/x", "user": ""}],
    ),
    (
        LINUX,
        (
            "s: {Image|endswith: /x}\n"
            "f:\n  - {User: root, CommandLine|contains: ok}\n  - User: sys\n"
            "condition: s and not f"
        ),
        [{"exe": "/x", "user": "root"}, {"exe": "/x", "user": "root", "command_line": "bad"}],
        [{"exe": "/x", "user": "root", "command_line": "ok"}, {"exe": "/x", "user": "sys"}],
    ),
    (
        LINUX,
        "a: {Image: x}\nb: {Image: y}\ncondition: [a, b]",
        [{"exe": "x"}, {"exe": "y"}],
        [{"exe": "z"}],
    ),
    (
        LINUX,
        "a: {Image: x}\nb: {User: y}\ncondition: a AND NOT b",
        [{"exe": "x"}],
        [{"exe": "x", "user": "y"}],
    ),
    (
        LINUX,
        "a: {Image: x}\nunused: {User: y}\ncondition: a",
        [{"exe": "x"}],
        [{"user": "y"}],
    ),
    # Words without a field.
    (
        "{product: linux}",
        "k: [evil word, 'se?ret*place', 77]\ncondition: k",
        [{"text": "an EVIL WORD here"}, {"command_line": "seCret or place"}, {"text": "x 77 y"}],
        [{"text": "evil"}, {"exe": "evil word"}, {}],
    ),
    (
        "{product: linux, service: sshd}",
        "k:\n  '|all': [one, two]\ncondition: k",
        [{"log": "sshd", "text": "two one"}],
        [{"log": "sshd", "text": "one"}, {"log": "cron", "text": "one two"}],
    ),
    (
        "{category: webserver}",
        "k:\n  '|re': 'x[0-9]+y'\ns: {sc-status: '500'}\ncondition: all of them",
        [{"status": 500, "user_agent": "ax12y"}],
        [{"status": 500, "user_agent": "axy"}, {"text": "x1y", "status": 200}],
    ),
    (
        "{category: webserver}",
        "k: bad\ncondition: not k",
        [{"uri": "/good"}, {}],
        [{"uri": "/bad"}, {"referrer": "http://bad.test"}],
    ),
    (
        "{category: webserver}",
        "s:\n  - bad\n  - cs-method: PUT\ncondition: s",
        [{"uri": "/bad"}, {"method": "put"}],
        [{"uri": "/good", "method": "GET"}],
    ),
    (
        "{category: proxy}",
        (
            "s: {c-uri|contains: /x/, c-uri-extension: php, cs-host|endswith: .top,\n"
            " c-useragent: ''}\n"
            "f: {r-dns: good.top}\ncondition: s and not f"
        ),
        [
            {
                "log": "proxy",
                "uri": "http://a.top/x/",
                "extension": "php",
                "host": "a.top",
                "user_agent": "",
            }
        ],
        [
            {"log": "proxy", "uri": "http://a.top/x/", "extension": "php", "host": "a.top"},
            {"uri": "http://a.top/x/", "extension": "php", "host": "a.top", "user_agent": ""},
            {
                "log": "proxy",
                "uri": "/x/",
                "extension": "php",
                "host": "good.top",
                "user_agent": "",
            },
        ],
    ),
    (
        "{product: zeek, service: rdp}",
        "s: {id.orig_h|cidr: 10.0.0.0/8}\ncondition: not s",
        [{"product": "zeek", "log": "rdp", "client_ip": "192.0.2.1"}],
        [{"product": "zeek", "log": "rdp", "client_ip": "10.0.0.1"}, {"product": "zeek"}],
    ),
    (
        "{product: linux, service: auditd}",
        "s: {type: SYSCALL, SYSCALL: connect, a0: 42, exit: -13, success: 'no'}\ncondition: s",
        [
            {
                "log": "auditd",
                "record": "SYSCALL",
                "syscall": "connect",
                "a0": "42",
                "exit": "-13",
                "success": "no",
            }
        ],
        [{"log": "auditd", "record": "SYSCALL", "syscall": "connect", "a0": "42"}],
    ),
    (
        "{product: linux, service: auditd}",
        "s: {type: SYSCALL, syscall: 103, a0: [4, '5']}\ncondition: s",
        [{"log": "auditd", "record": "SYSCALL", "syscall_number": 103, "a0": "5"}],
        [{"log": "auditd", "record": "SYSCALL", "syscall_number": 10, "a0": "5"}],
    ),
    (
        "{category: antivirus}",
        "s:\n  - Signature|startswith: [PHP/]\n  - Signature|contains: ['PHP?Agent']\ncondition: s",
        [
            {"action": "found", "signature": "php/x"},
            {"action": "found", "signature": "Trojan.PHP.Agent"},
        ],
        [{"action": "found", "signature": "JS/x"}, {"action": "created", "signature": "PHP/x"}],
    ),
    # One of several values, whichever place it has among those that are joined.
    (
        "{product: zeek, service: dns}",
        "s: {query|endswith: .xyz}\nf: {answers: [127.0.0.1, 0.0.0.0]}\ncondition: s and not f",
        [{"query": "a.xyz"}, {"query": "a.xyz", "answers": "127.0.0.10,10.0.0.0"}],
        [
            {"query": "a.xyz", "answers": text}
            for text in ("127.0.0.1", "127.0.0.1,192.0.2.1", "::1,0.0.0.0", "::1,0.0.0.0,::2")
        ],
    ),
    (
        "{category: dns}",
        "s: {answer|startswith: 'a\\'}\ne: {answers|endswith|cased: Z}\ncondition: s or e",
        [{"answers": "a\\b"}, {"answers": "x,a\\b"}, {"answers": "yZ,x"}, {"answers": "Z"}],
        [{"answers": "xa\\b"}, {"answers": "yz"}, {"answers": "a*"}],
    ),
    (
        LINUX,
        "s: {md5: d41d8cd98f00b204e9800998ecf8427e}\ncondition: s",
        [{"hashes": "SHA1=00,MD5=D41D8CD98F00B204E9800998ECF8427E"}],
        [{"hashes": "MD5=00"}],
    ),
    (
        "{category: firewall}",
        "s: {dst_port: 161, proto: udp}\ncondition: s",
        [{"log": "firewall", "dst_port": 161, "protocol": "UDP"}],
        [{"log": "firewall", "dst_port": 161, "protocol": "tcp"}],
    ),
]


@pytest.mark.parametrize(("source", "detection", "meant", "let_be"), FORMS)
def test_a_form_means_what_sigma_says(
    source: str, detection: str, meant: list[Row], let_be: list[Row]
) -> None:
    found = selection(taken(rule(source, detection)))
    assert means(found, *meant) == [True] * len(meant)
    assert means(found, *let_be) == [False] * len(let_be)


REFUSALS = [
    (LINUX, "s: {CommandLine|re: '(?=a)b'}\ncondition: s", "Rust dialect"),
    (LINUX, "s: {CommandLine|re: '(a)\\1'}\ncondition: s", "back-references"),
    (LINUX, "s: {CommandLine|expand: '%a%'}\ncondition: s", "`expand` is not taken"),
    (LINUX, "s: {UtcTime|hour: 3}\ncondition: s", "`hour` is not taken"),
    (LINUX, "s: {User|quux: 1}\ncondition: s", "`quux` is not known"),
    (LINUX, "s: {Usr: 1}\ncondition: s", "unknown field `Usr`"),
    (LINUX, "s: {Foo: 1, Bar: 2}\ncondition: s", "unknown field `Bar`"),
    (LINUX, "s: {ProcessId: '4*'}\ncondition: s", "holds numbers"),
    (LINUX, "s: {ProcessId|contains: 4}\ncondition: s", "`contains` means nothing"),
    (LINUX, "s: {Initiated: maybe}\ncondition: s", "holds true or false"),
    (LINUX, "s: {User|gt: 3}\ncondition: s", "cannot be compared as a number"),
    (LINUX, "s: {User: []}\ncondition: s", "has no value"),
    (LINUX, "s: {Image: x}\ncondition: s | count() > 5", "counts in the old way"),
    (LINUX, "s: {Image: x}\ntimeframe: 5m\ncondition: s", "counts in the old way"),
    (LINUX, "s: {Image: x}\ncondition: s and nope", "names `nope`, which is no selection"),
    (LINUX, "s: {Image: x}\ncondition: 1 of nope_*", "names no selection"),
    (LINUX, "s: {Image: x}\ncondition: (" + "(" * 60 + "s" + ")" * 61, "nested deeper"),
    (LINUX, "s: {Image: x}\ncondition: 5", "no condition as text"),
    (LINUX, "s: {}\ncondition: s", "the selection `s` is empty"),
    (LINUX, "s: {Image: x}\nt: {Image: y}\ncondition: s and t", "no event could be made"),
    (LINUX, "s: {Image|exists: true}\nt: {Image|exists: false}\ncondition: s or t", "every event"),
    ("{product: windows, service: security}", "s: {a: b}\ncondition: s", "unknown source"),
    ("{product: aws, service: cloudtrail}", "s: {a: b}\ncondition: s", "product aws"),
    ("{}", "s: {a: b}\ncondition: s", "unknown source"),
    ("[linux]", "s: {a: b}\ncondition: s", "`logsource` is no mapping"),
]


@pytest.mark.parametrize(("source", "detection", "part"), REFUSALS)
def test_what_is_not_taken_says_why(source: str, detection: str, part: str) -> None:
    assert part in refused(rule(source, detection))


def test_every_reason_is_named_at_once() -> None:
    reason = refused(rule(LINUX, "s: {Foo: 1, User|expand: '%x%', ProcessId: a}\ncondition: s"))
    assert all(part in reason for part in ("`Foo`", "`expand`", "`ProcessId` holds numbers"))


def test_every_source_names_a_kind_and_columns_that_it_has() -> None:
    for category, product, service, kind in sources():
        stated = [part.replace("*", "any") for part in (category, product, service)]
        source = source_of(*stated)
        assert source is not None
        assert source.kind == kind
        assert {*source.fields.values(), *source.only, *SEARCHED[kind]} <= set(KINDS[kind])


@given(
    st.from_regex(r"\A[a-c]{0,3}(\[x-z\]|\(a\|b\)|\\d|\.|c\+|b\?|\[\^a\]){0,4}\Z"),
    st.integers(0, 5),
)
def test_an_example_matches_its_pattern(pattern: str, turn: int) -> None:
    assert re.search(pattern, example(pattern, turn))


def test_a_pattern_that_cannot_be_read_has_no_example() -> None:
    assert example("(") == ""
    assert example(r"a{100000}") == ""
