"""The table `[[power]]` of a program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from aupkeep.outlets import asked
from aupkeep.outlets.command.power import PLACES, Command
from aupkeep.outlets.remit import Word
from aupkeep.outlets.shape import PowerShape

#: Places that are known without an order.
_ALWAYS = ("{provider}", "{measure}")


def _words(value: list[str]) -> list[str]:
    if value and not value[0].startswith("/"):
        raise ValueError("the first word is the path of a program, from the root")
    for word in value:
        if ("{" in word or "}" in word) and word not in PLACES:
            raise ValueError(f"`{word}`: a place is a whole argument, one of {' '.join(PLACES)}")
        if "\0" in word:
            raise ValueError("an argument holds no zero byte")
    if value and value[0] in PLACES:
        raise ValueError("which program is run is not for an order to say")
    return value


def _listing(value: list[str]) -> list[str]:
    for word in value:
        if word in PLACES and word not in _ALWAYS:
            raise ValueError(f"`{word}` is of one order, and this lists what all have left")
    return value


Words = Annotated[list[str], Field(min_length=1), AfterValidator(_words)]


class CommandShape(PowerShape):
    """A program of the provider's own that carries a measure out."""

    by: Literal["command"]
    measure: Word
    #: Argument lists; the program's path first.
    apply: Words
    look: Words
    #: Needed but for `terminate`.
    undo: Annotated[list[str], AfterValidator(_words)] = Field(default_factory=list)
    marks: Annotated[Words, AfterValidator(_listing)]
    #: Scopes that the program understands; none: the usual ones of the measure.
    scopes: Annotated[list[str], AfterValidator(asked.scopes)] = Field(default_factory=list)
    #: Of `terminate`: how long after the last agreement it is called.
    delay: Annotated[str, AfterValidator(asked.delay)] = asked.DELAY
    #: Seconds that one run may take.
    patience: int = Field(default=30, ge=1, le=300)

    @model_validator(mode="after")
    def _way_back(self) -> Self:
        if bool(self.undo) == (self.measure == "terminate"):
            raise ValueError("`undo` is needed, but for `terminate`, which cannot be taken back")
        for name in ("apply", "look", "undo"):
            if getattr(self, name) and "{sanction}" not in getattr(self, name):
                raise ValueError(f"`{name}` must be told `{{sanction}}`, by which it acts once")
        return self

    def opened(self, folder: Path) -> Command:  # noqa: ARG002  # its paths are absolute
        """Return the power."""
        acts = {"apply": self.apply, "look": self.look, "undo": self.undo, "marks": self.marks}
        return Command(
            provider=self.provider,
            remit=asked.remit(self.measure, self.scopes, self.delay),
            words={act: tuple(words) for act, words in acts.items() if words},
            patience=self.patience,
        )
