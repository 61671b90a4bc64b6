"""Keys in the forms that other programs write and read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from aupkeep.base.errors import AupkeepError
from aupkeep.record.checkpoint import sign
from aupkeep.record.note import read_note
from aupkeep.record.signing import Pair, is_public, make_pair, read_private, read_public

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")

SEED = bytes(range(32))
#: A key that agrees on secrets instead of signing.
X25519 = (
    b"-----BEGIN PRIVATE KEY-----\n"
    b"MC4CAQAwBQYDK2VuBCIEIHcHbQpzGKV9PBbBclGyZkXfTC+H68CZKrF3+6UduSwq\n"
    b"-----END PRIVATE KEY-----\n"
)
#: Keys and notes that Go's library and another one publish as examples.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "\N{EM DASH} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf"
    "qdngotpRZb6KE6RyyBwJnAM=\n"
)
OTHER_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
OTHER_NOTE = (
    "This is an example message.\n\n\N{EM DASH} example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)


@pytest.fixture
def pair() -> Pair:
    return make_pair("aupkeep/jasmo", SEED)


@pytest.mark.parametrize(("line", "text"), [(GO_KEY, GO_NOTE), (OTHER_KEY, OTHER_NOTE)])
def test_published_notes_are_signed_by_their_published_keys(line: str, text: str) -> None:
    (key,) = read_public(line)
    assert key.line == line
    assert read_note(text, file="note").is_signed([key])
    assert not read_note(text.replace("is ", "as "), file="note").is_signed([key])


def test_a_pair_is_read_back_and_shows_no_secret(pair: Pair) -> None:
    key = read_private(pair.private, name="aupkeep/jasmo")
    assert pair == make_pair("aupkeep/jasmo", SEED)
    assert key.public.line == pair.public
    assert read_public(f"# ours\n\n{pair.public}\n") == (key.public,)
    shown = repr(pair) + repr(key)
    assert "PRIVATE" not in shown
    assert SEED.hex() not in shown


def test_another_seed_or_name_is_another_key(pair: Pair) -> None:
    seed = make_pair("aupkeep/jasmo", b"x" * 32)
    name = make_pair("aupkeep/injazat", SEED)
    assert len({pair.public, seed.public, name.public}) == 3
    assert name.private == pair.private


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\n"])
def test_names_that_no_key_has(name: str, pair: Pair) -> None:
    with pytest.raises(ValueError, match="white space"):
        make_pair(name, SEED)
    with pytest.raises(ValueError, match="white space"):
        read_private(pair.private, name=name)


def test_a_seed_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        make_pair("aupkeep", b"short")


@needs_openssl
def test_openssl_reads_the_private_key_and_agrees_on_a_signature(
    pair: Pair, tmp_path: Path
) -> None:
    """OpenSSL's own command line, which signs without this program's code."""
    (tmp_path / "key.pem").write_bytes(pair.private)
    (tmp_path / "body").write_bytes(b"aupkeep/jasmo\n0\n")
    words = ["openssl", "pkeyutl", "-sign", "-inkey", "key.pem", "-rawin", "-in", "body"]
    value = subprocess.run(words, cwd=tmp_path, capture_output=True, check=True, timeout=60).stdout
    key = read_private(pair.private, name="aupkeep/jasmo")
    assert key.sign(b"aupkeep/jasmo\n0\n") == value
    assert key.public.signed(b"aupkeep/jasmo\n0\n", value)
    assert not key.public.signed(b"aupkeep/jasmo\n1\n", value)
    assert not key.public.signed(b"aupkeep/jasmo\n0\n", value[:-1])


@pytest.mark.parametrize(
    ("pem", "what"),
    [
        (b"", "no private key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no private key"),
        (X25519, "not of the kind Ed25519"),
    ],
)
def test_private_keys_that_are_none(pem: bytes, what: str) -> None:
    with pytest.raises(AupkeepError, match=what):
        read_private(pem, name="aupkeep", file="checkpoint.pem")


@needs_openssl
def test_an_encrypted_private_key_is_named(pair: Pair, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(pair.private)
    words = ["openssl", "pkcs8", "-topk8", "-in", "key.pem", "-passout", "pass:x"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, check=True, timeout=60)
    with pytest.raises(AupkeepError, match="without a passphrase"):
        read_private(done.stdout, name="aupkeep")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("aupkeep", "reads `name"),
        (OTHER_KEY.replace("530d903a", "530D903A"), "reads `name"),
        (OTHER_KEY.replace("530d903a", "530d903b"), "one was altered"),
        (OTHER_KEY.replace("foo", "fox"), "one was altered"),
        (OTHER_KEY.replace("U2k", "U2l"), "one was altered"),
        (OTHER_KEY[:-4], "not of the kind"),
        (OTHER_KEY[:-1], "no base64"),
        (OTHER_KEY.replace("+Aeky", "+Beky"), "not of the kind"),
    ],
)
def test_a_public_key_that_is_none_is_named_with_its_line(line: str, what: str) -> None:
    with pytest.raises(AupkeepError, match=what) as error:
        read_public(f"# pinned\n{GO_KEY}\n{line}\n", file="keys")
    (fault,) = error.value.faults
    assert fault.place is not None
    assert (fault.place.file, fault.place.line) == ("keys", 3)


def test_a_file_without_a_key_is_none() -> None:
    with pytest.raises(AupkeepError, match="no key"):
        read_public("# nothing\n")


def test_a_path_is_not_taken_for_a_key() -> None:
    assert is_public(GO_KEY)
    assert not is_public("/srv/keys/checkpoint.pub")


def test_signatures_of_unknown_keys_mean_nothing_and_wrong_ones_of_known_keys_all(
    pair: Pair,
) -> None:
    ours = read_private(pair.private, name="aupkeep/jasmo")
    other = read_private(make_pair("other", b"x" * 32).private, name="other")
    both = read_note(sign("text\n", ours, other), file="note")
    assert both.is_signed([ours.public])
    assert both.is_signed([ours.public, other.public])
    assert not read_note(sign("text\n", other), file="note").is_signed([ours.public])
    wrong = sign("text\n", ours) + sign("other text\n", other).split("\n\n")[1]
    assert read_note(wrong, file="note").is_signed([ours.public])
    assert not read_note(wrong, file="note").is_signed([ours.public, other.public])
