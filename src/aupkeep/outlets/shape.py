"""What a table `[[power]]` of the settings is, whatever carries the measure out.

In: values as TOML gives them. Out: a checked shape that opens its power. Each folder of `outlets`
that is a power has a shape of its own in its module `shape`; `kinds` lists them all.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from aupkeep.sanctions.power import Power


class PowerShape(BaseModel):
    """What all of them say."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    #: Whose customers it acts on.
    provider: str
    #: What carries it out: a name of `kinds.KINDS`.
    by: str
    #: The measure, by the policy's word.
    measure: str = Field(min_length=1)

    def opened(self, folder: Path) -> Power:  # noqa: ARG002  # each shape's own says what it is for
        """Return the power; paths are relative to `folder`, that of the installation."""
        raise TypeError(f"`{self.by}` has no power")
