"""Keys that checkpoints are signed with: Ed25519 (RFC 8032) under names, as C2SP notes have them.

In: seeds, keys as PEM, public keys as lines `name+id+key`. Out: keys, and whether a signature is
one. Nothing here reads a file or draws a random number: a seed is an argument.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from aupkeep.base.errors import AupkeepError, Fault, Place

#: The byte by which a note tells Ed25519 from other ways of signing.
_ED25519 = b"\x01"
#: Bytes of a seed and of a public key.
_WIDTH = 32
_LINE = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A new key, as it is kept in files."""

    #: PEM (PKCS #8), not encrypted: for the one process that signs.
    private: bytes = field(repr=False)
    #: The line that others pin.
    public: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key that signatures are checked with."""

    name: str
    #: The 32 bytes of RFC 8032.
    raw: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that name it in a signature."""
        named = self.name.encode() + b"\n" + _ED25519 + self.raw
        return hashlib.sha256(named).digest()[:4]

    @property
    def line(self) -> str:
        """The key as one line that others pin, without a newline."""
        shown = base64.b64encode(_ED25519 + self.raw).decode()
        return f"{self.name}+{self.id.hex()}+{shown}"

    def signed(self, data: bytes, signature: bytes) -> bool:
        """Return whether `signature` is this key's on `data`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateKey:
    """A key that signs under a name."""

    name: str
    key: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> PublicKey:
        """The key that others check its signatures with."""
        return PublicKey(name=self.name, raw=self.key.public_key().public_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        """Return the 64 bytes of the signature on `data`."""
        return self.key.sign(data)


def is_name(text: str) -> bool:
    """Return whether a key can have the name: something without white space and `+`."""
    return text.isprintable() and re.fullmatch(r"[^\s+]+", text) is not None


def make_pair(name: str, seed: bytes) -> Pair:
    """Return a key made from `seed`, 32 random bytes that nobody else may know.

    Raises `ValueError` for a name that no key can have and for a seed of another length.
    """
    if not is_name(name):
        raise ValueError(f"`{name}` has white space or `+`, or is empty")
    if len(seed) != _WIDTH:
        raise ValueError(f"a seed has {_WIDTH} bytes, not {len(seed)}")
    key = PrivateKey(name=name, key=Ed25519PrivateKey.from_private_bytes(seed))
    pem = key.key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    return Pair(private=pem, public=key.public.line)


def read_private(pem: bytes, *, name: str, file: str = "key") -> PrivateKey:
    """Return the key in `pem`, which signs as `name`; raises `AupkeepError`."""
    if not is_name(name):
        raise ValueError(f"`{name}` has white space or `+`, or is empty")
    try:
        key = forms.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        what = "this is no private key in PEM form without a passphrase"
        raise AupkeepError(Fault(code="bad-key", what=what, place=Place(file=file))) from None
    if not isinstance(key, Ed25519PrivateKey):
        what = "this private key is not of the kind Ed25519"
        raise AupkeepError(Fault(code="bad-key", what=what, place=Place(file=file)))
    return PrivateKey(name=name, key=key)


def read_public(text: str, *, file: str = "key") -> tuple[PublicKey, ...]:
    """Return the keys in `text`, one a line; empty lines and lines that begin with `#` are none.

    Raises `AupkeepError` with every line that is no key, and where there is no key at all.
    """
    keys: list[PublicKey] = []
    faults: list[Fault] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        key, why = _public(line.strip())
        if key is None:
            place = Place(file=file, line=number, column=1, text=line)
            faults.append(Fault(code="bad-key", what=why, place=place))
        else:
            keys.append(key)
    if not keys and not faults:
        faults.append(Fault(code="bad-key", what="there is no key", place=Place(file=file)))
    if faults:
        raise AupkeepError(faults)
    return tuple(keys)


def is_public(text: str) -> bool:
    """Return whether `text` has the form of a public key's line, be it right or wrong."""
    return _LINE.fullmatch(text) is not None


def _public(line: str) -> tuple[PublicKey | None, str]:
    found = _LINE.fullmatch(line)
    if found is None:
        return None, "a public key reads `name+id+key`, the id as 8 hexadecimal signs"
    try:
        data = base64.b64decode(found[3], validate=True)
    except binascii.Error:
        return None, "the key is no base64"
    if data[:1] != _ED25519 or len(data) != 1 + _WIDTH:
        return None, "the key is not of the kind Ed25519"
    key = PublicKey(name=found[1], raw=data[1:])
    if key.id.hex() != found[2]:
        return None, f"the id is {found[2]}, but name and key give {key.id.hex()}: one was altered"
    return key, ""
