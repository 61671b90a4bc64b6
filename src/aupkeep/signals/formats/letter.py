"""A mail as one level of talk: its own fields and parts, with the mails inside it left closed.

In: the tree of a mail. Out: `Letter`. A complaint carries what it complains of as a mail inside;
because that one stays closed, nothing an offender wrote is ever read as a complaint.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aupkeep.signals.formats.headers import Fields
from aupkeep.signals.formats.mime import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail, or a bare file as a mail without fields."""

    fields: Fields
    #: Leaves in the order of the text; mails inside are leaves here.
    parts: tuple[Part, ...]

    @property
    def enclosed(self) -> tuple[Letter, ...]:
        """The mails inside this one, each opened one level."""
        return tuple(
            open_letter(child) for part in self.parts if is_mail(part) for child in part.children
        )


def open_letter(mail: Part) -> Letter:
    """Return the top level of `mail`."""
    return Letter(fields=mail.fields, parts=tuple(_leaves(mail)))


def is_mail(part: Part) -> bool:
    """Say whether `part` holds a whole mail."""
    return part.type.startswith("message/") and bool(part.children)


def _leaves(part: Part) -> Iterator[Part]:
    if not part.children or is_mail(part):
        yield part
        return
    for child in part.children:
        yield from _leaves(child)
