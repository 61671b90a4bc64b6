from __future__ import annotations

import base64

from hypothesis import given, settings
from hypothesis import strategies as st

from aupkeep.signals.formats.mime import MOST_DEPTH, MOST_PARTS, Part, head_fields, open_mail


def leaves(part: Part) -> list[Part]:
    return [part] if not part.children else [leaf for c in part.children for leaf in leaves(c)]


def mail(*parts: bytes, boundary: str = "b1") -> bytes:
    line = b"\n--" + boundary.encode()
    head = f'Subject: x\nContent-Type: multipart/mixed; boundary="{boundary}"\n'.encode()
    return head + b"".join(line + b"\n" + part for part in parts) + line + b"--\n"


def test_parts_keep_their_order_type_and_bytes() -> None:
    part, warnings = open_mail(
        mail(b"Content-Type: text/plain\n\none\ntwo", b"Content-Type: application/JSON\n\n{}\n")
    )
    assert [(leaf.type, leaf.body) for leaf in leaves(part)] == [
        ("text/plain", b"one\ntwo"),
        ("application/json", b"{}\n"),
    ]
    assert warnings == ()


def test_line_ends_of_either_kind() -> None:
    data = mail(b"Content-Type: text/plain\n\none\ntwo", b"\nthree")
    for end in (b"\r\n", b"\r"):
        part, _ = open_mail(data.replace(b"\n", end))
        assert [leaf.body.split() for leaf in leaves(part)] == [[b"one", b"two"], [b"three"]]


def test_transfer_encodings_are_undone() -> None:
    body = base64.encodebytes(b"a long enough text to need a padding")
    part, _ = open_mail(
        mail(
            b"Content-Transfer-Encoding: BASE64\n\n" + body,
            b"Content-Transfer-Encoding: quoted-printable\n\na=3Db=\nc",
        )
    )
    assert [leaf.body for leaf in leaves(part)] == [
        b"a long enough text to need a padding",
        b"a=bc",
    ]


def test_base64_that_is_cut_gives_what_is_there_and_a_warning() -> None:
    part, warnings = open_mail(b"Content-Transfer-Encoding: base64\n\nYWJjZ")
    assert part.body == b"abc"
    assert warnings == ("a base64 part is cut short",)


def test_a_mail_inside_a_mail_has_its_own_fields() -> None:
    part, _ = open_mail(mail(b"Content-Type: message/rfc822\n\nSubject: inner\n\nbody"))
    (inner,) = part.children[0].children
    assert inner.fields == (("subject", "inner"),)
    assert inner.body == b"body"


def test_a_missing_last_boundary_ends_at_the_end() -> None:
    part, _ = open_mail(b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\nhello")
    assert [leaf.body for leaf in leaves(part)] == [b"hello"]


def test_a_longer_boundary_is_not_this_one() -> None:
    part, _ = open_mail(b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\n--xy\nb\n--x--\nc")
    assert [leaf.body for leaf in leaves(part)] == [b"a\n--xy\nb"]


def test_a_multipart_without_boundary_is_one_part_and_a_warning() -> None:
    part, warnings = open_mail(b"Content-Type: multipart/mixed\n\n--x\n\nhello")
    assert part.children == ()
    assert warnings == ("a multipart names no boundary",)


def test_file_names_come_from_either_field_also_encoded() -> None:
    part, _ = open_mail(
        mail(
            b"Content-Disposition: attachment; filename=Xarf.JSON\n\n",
            b"Content-Type: application/json; name=a.json\n\n",
            b"Content-Disposition: attachment; filename*=utf-8''x%C3%A4.json\n\n",
        )
    )
    assert [leaf.filename[-5:] for leaf in leaves(part)] == [".json", ".json", ".json"]


def test_an_unknown_charset_still_gives_text() -> None:
    part, _ = open_mail(b'Content-Type: text/plain; charset="u\\"tf-8"\n\n\xe4')
    assert part.text == "ä"


def test_fields_are_unfolded_and_non_fields_passed_over() -> None:
    fields = head_fields(b">From x Mon\nA: 1\n\t2\nno field here\nB : 3\n\nC: 4")
    assert fields == (("a", "1 2"), ("b", "3"))


def test_a_bare_file_is_a_body_without_fields() -> None:
    data = b'{"xarf_version": "4.2.0",\n"a": 1}'
    part, _ = open_mail(data)
    assert (part.fields, part.body) == ((), data)


def test_depth_is_capped_with_a_warning() -> None:
    data = b"Content-Type: message/rfc822\n\n" * 3_000
    part, warnings = open_mail(data)
    depth = 0
    while part.children:
        part, depth = part.children[0], depth + 1
    assert depth == MOST_DEPTH
    assert warnings == (f"parts nested deeper than {MOST_DEPTH} were left unread",)


def test_parts_are_capped_with_a_warning() -> None:
    part, warnings = open_mail(mail(*[b"\nx"] * 3_000))
    assert len(leaves(part)) == MOST_PARTS - 1
    assert warnings == (f"parts beyond the first {MOST_PARTS} were left unread",)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=5))
def test_parts_come_back_as_they_went_in(bodies: list[bytes]) -> None:
    clean = [body.replace(b"\r", b"").replace(b"--", b"") for body in bodies]
    part, _ = open_mail(mail(*[b"Content-Type: text/plain\n\n" + body for body in clean]))
    assert [leaf.body for leaf in leaves(part)] == clean or clean == []


def test_a_header_beyond_the_cap_is_named() -> None:
    _, warnings = open_mail(b"Subject: " + b"x" * 300_000 + b"\n\nbody")
    assert warnings == ("header fields beyond 262144 bytes were left unread",)
