"""One table of nftables, read and changed as JSON.

In: the words that call `nft`, and commands. Out: what the table holds. All commands of one call are
one transaction of the kernel: all of them or none. Foreign tables are never named.
Sources: nft(8), libnftables-json(5), ip-netns(8).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aupkeep.base.errors import Fault
from aupkeep.outlets import programs
from aupkeep.sanctions.power import PowerFault

_NOT_THERE = "No such file or directory"
_FORBIDDEN = "Operation not permitted"
_DORMANT = "flags dormant"
_NO_NFT = 'exec of "nft" failed'


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element of a set."""

    set: str
    #: As JSON has it: an address, or a list of an address and what else belongs to the key.
    key: tuple[Any, ...]
    comment: str
    #: Seconds until the kernel takes it away; None: never.
    expires: int | None
    #: Packets and bytes that it met.
    packets: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of family `inet`."""

    name: str
    #: Name of the network namespace it is in; empty: that of this process.
    netns: str
    #: Seconds that one call may take.
    patience: float

    def listing(self) -> list[Mapping[str, Any]] | None:
        """Return what `nft -j list table` says; None: there is no such table.

        Of a table that a person has put to sleep it is said that it is dormant, and what its sets
        hold: nft 1.0.6 has no JSON for the whole of it.
        """
        answer = self._run("-t", "list", "table", "inet", self.name)
        if answer.code != 0 and _NOT_THERE in answer.err and f"inet {self.name}" in answer.err:
            return None
        if answer.code != 0:
            raise _failed(answer)
        if _DORMANT not in answer.out:
            return self._json("list", "table", "inet", self.name)
        sets = self._json("list", "sets", "inet")
        own = [item for item in sets if item.get("set", {}).get("table") == self.name]
        return [{"dormant": {}}, *own]

    def lay_out(self, text: str) -> None:
        """Run the commands `text`."""
        self._tell(text, "-f", "-")

    def change(self, commands: Sequence[Mapping[str, Any]]) -> None:
        """Run JSON commands in one transaction."""
        self._tell(json.dumps({"nftables": list(commands)}), "-j", "-f", "-")

    def add(self, name: str, key: tuple[Any, ...], comment: str, seconds: int | None) -> Any:
        """Return the command that puts an element into the set `name`."""
        value: dict[str, Any] = {"val": _value(key), "comment": comment}
        if seconds is not None:
            value["timeout"] = seconds
        return {"add": {"element": self._named(name, {"elem": value})}}

    def delete(self, name: str, key: tuple[Any, ...]) -> Any:
        """Return the command that takes an element out of the set `name`."""
        return {"delete": {"element": self._named(name, _value(key))}}

    def _json(self, *words: str) -> list[Mapping[str, Any]]:
        answer = self._run("-j", *words)
        if answer.code != 0:
            raise _failed(answer)
        said: list[Mapping[str, Any]] = json.loads(answer.out)["nftables"]
        return said

    def _named(self, name: str, element: Any) -> dict[str, Any]:
        return {"family": "inet", "table": self.name, "name": name, "elem": [element]}

    def _tell(self, stdin: str, *words: str) -> None:
        answer = self._run(*words, stdin=stdin)
        if answer.code != 0:
            raise _failed(answer)

    def _run(self, *words: str, stdin: str = "") -> programs.Answer:
        inside = ("ip", "netns", "exec", self.netns) if self.netns else ()
        return programs.run([*inside, "nft", *words], patience=self.patience, stdin=stdin)


def elements(listing: Sequence[Mapping[str, Any]]) -> list[Element]:
    """Return all elements of all sets of a listing."""
    sets = (item["set"] for item in listing if "set" in item)
    return [_element(one["name"], told) for one in sets for told in one.get("elem", ())]


def _element(name: str, told: Any) -> Element:
    # An element of which nothing else is known is its bare value.
    known = told["elem"] if isinstance(told, dict) and "elem" in told else {"val": told}
    value = known["val"]
    key = tuple(value["concat"]) if isinstance(value, dict) and "concat" in value else (value,)
    counter = known.get("counter") or {}
    return Element(
        set=name,
        key=key,
        comment=known.get("comment", ""),
        expires=known.get("expires"),
        packets=counter.get("packets", 0),
        bytes=counter.get("bytes", 0),
    )


def _value(key: tuple[Any, ...]) -> Any:
    return {"concat": list(key)} if len(key) > 1 else key[0]


def _failed(answer: programs.Answer) -> PowerFault:
    if _NO_NFT in answer.err:
        what = "`nft` is not on this machine"
        return PowerFault(Fault(code="no-program", what=what), retry=False)
    lines = [line for line in answer.err.splitlines() if line.strip()]
    said = lines[0].removeprefix("Error: ") if lines else f"exit code {answer.code}"
    forbidden = _FORBIDDEN in answer.err
    hint = "only root may change packet filters" if forbidden else ""
    given = Fault(code="program", what=f"`nft` failed: {said}", hint=hint)
    return PowerFault(given, retry=not forbidden)
