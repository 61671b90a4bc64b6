"""What in the body of an entry is personal: the one table.

In: a body. Out: its two parts. What is personal never stands in the chain; it stands in the entry's
envelope, whose hash the chain holds, under a key of its subject that can be destroyed. The table
goes by the name of a member, whatever the act: a new act that tells of a customer is covered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

#: What kind of reading a personal member is (`record.rights` says who may).
Sort = Literal["identity", "content"]

#: Member of a body -> what it is.
PERSONAL: Mapping[str, Sort] = {
    #: The contract of the customer whom the entry is about, and what is rented under it.
    "customer": "identity",
    "service": "identity",
    #: By what somebody was known: a login, an address, a domain.
    "actor": "identity",
    #: What a measure falls on: a mailbox, a site, an address.
    "target": "identity",
    #: Where a letter goes.
    "recipient": "identity",
    #: What somebody wrote, word for word, or its hash, which a guess could be compared with.
    "text": "content",
    "answer": "content",
    #: Why a person wanted to see everything of a case; such reasons name people.
    "purpose": "content",
}

#: The member that names the subject: it decides under whose key an envelope is.
SUBJECT = "customer"


def parted(body: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Return the public and the personal members of `body`; what is empty says nothing."""
    public = {name: value for name, value in body.items() if name not in PERSONAL}
    personal = {
        name: value for name, value in body.items() if name in PERSONAL and value not in ("", None)
    }
    return public, personal


def subject_of(personal: Mapping[str, object]) -> str:
    """Return the customer whose envelope this is; empty where nobody is named yet."""
    return str(personal.get(SUBJECT, ""))


def group_of(subject: str, body: Mapping[str, object]) -> str:
    """Return the group of an entry: its case, or what it is about; a group shares a key."""
    return str(body.get("case") or subject)
