"""The table `[[power]]` of a packet filter by nftables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from aupkeep.outlets.nftables.layout import Layout
from aupkeep.outlets.nftables.power import Nftables
from aupkeep.outlets.nftables.target import networks
from aupkeep.outlets.shape import PowerShape

_Hook = Literal["forward", "input", "output"]


def _prefixes(texts: list[str]) -> list[str]:
    networks(texts)
    return texts


_Prefixes = Annotated[list[str], AfterValidator(_prefixes)]


class NftablesShape(PowerShape):
    """A table of nftables on this machine, or in one of its network namespaces."""

    by: Literal["nftables"]
    measure: Literal["block_traffic", "throttle"]
    #: Prefixes of customers that it may act on.
    networks: _Prefixes = Field(min_length=1)
    #: Addresses among them that it must never act on.
    shared: _Prefixes = Field(default_factory=list)
    #: Traffic from the address, to it, or both.
    direction: Literal["both", "out", "in"] = "both"
    #: Where packets are met.
    hooks: list[_Hook] = Field(default=["forward", "input", "output"], min_length=1)
    #: Kilobytes (1000 bytes) a second of an address in each direction; for `throttle` alone.
    rate: int = Field(default=0, ge=0, le=10_000_000)
    #: What the name of the table begins with; the measure follows.
    table: str = Field(default="aupkeep", pattern=r"^[a-z][a-z0-9_]{0,40}$")
    #: Name of a network namespace; empty: that of the hand.
    netns: str = Field(default="", pattern=r"^(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,200})?$")

    @model_validator(mode="after")
    def _rate_where_it_counts(self) -> Self:
        if (self.measure == "throttle") != bool(self.rate):
            raise ValueError("`rate` is for `throttle`, which needs it")
        return self

    def opened(self, folder: Path) -> Nftables:  # noqa: ARG002  # it has no file
        """Return the power."""
        return Nftables(
            measure=self.measure,
            layout=Layout(
                name=f"{self.table}_{self.measure}",
                direction=self.direction,
                hooks=tuple(dict.fromkeys(self.hooks)),
                rate=self.rate,
            ),
            networks=networks(self.networks),
            shared=networks(self.shared),
            netns=self.netns,
        )
