"""How a table of ours is laid out: its sets, its chains and their rules.

In: the measure, directions and hooks of the settings. Out: the text that makes the table, and what
a listing lacks of it. The text holds words and numbers of this module alone: addresses and
sanctions only ever go in as JSON elements. Sets, for each family: `on` what is stopped or slowed,
with a counter each; `ports` the same for single ports; `orders`, which no rule asks, has one
element a sanction, so that one can be lifted while another stays. Sources: nft(8),
libnftables-json(5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

#: Ending of a set -> its type of address, and the word of its packets.
FAMILIES = {"4": ("ipv4_addr", "ip"), "6": ("ipv6_addr", "ip6")}
#: What begins the comment of each rule of ours; a table with other rules is laid out anew.
OURS = "aupkeep 1:"
#: Before the usual filters of an administrator, so that no earlier `accept` ends the way here.
_PRIORITY = -10
#: Addresses whose rate is followed at a time, and how long after their last packet.
_FOLLOWED, _FOLLOWED_FOR = 65535, "1m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One table."""

    name: str
    #: `both`, `out` (from the address) or `in` (to it).
    direction: str
    #: Where packets are looked at: `forward`, `input`, `output`.
    hooks: tuple[str, ...]
    #: Kilobytes a second of one address and direction; 0: nothing passes.
    rate: int = 0

    def text(self) -> str:
        """Return the commands that lay the table out: sets and their elements stay as they are.

        One transaction of the kernel: there is never a moment without the rules.
        """
        lines = [f"add table inet {self.name}"]
        for family, (address, _) in FAMILIES.items():
            lines += [
                self._set(f"orders{family}", f"{address} . mark", "flags timeout;"),
                self._set(f"on{family}", address, "flags timeout; counter;"),
            ]
            if self.rate:
                followed = f"flags dynamic,timeout; timeout {_FOLLOWED_FOR}; size {_FOLLOWED};"
                lines += [
                    self._set(f"rates_{way}{family}", address, followed) for way in self._ways()
                ]
            else:
                kind = f"{address} . inet_proto . inet_service"
                lines.append(self._set(f"ports{family}", kind, "flags timeout; counter;"))
        for hook in self.hooks:
            what = f"type filter hook {hook} priority {_PRIORITY}; policy accept;"
            lines += [
                f"add chain inet {self.name} {hook} {{ {what} }}",
                f"flush chain inet {self.name} {hook}",
            ]
            lines += [
                f'add rule inet {self.name} {hook} {rule} comment "{comment}"'
                for comment, rule in self._rules().items()
            ]
        return "".join(f"{line}\n" for line in lines)

    def lacks(self, listing: Iterable[Mapping[str, Any]]) -> list[str]:
        """Return in plain words what of the layout a listing of the table does not show."""
        rules: dict[str, list[Mapping[str, Any]]] = {}
        chains: dict[str, Mapping[str, Any]] = {}
        for item in listing:
            if "chain" in item:
                chains[item["chain"]["name"]] = item["chain"]
            if "rule" in item:
                rules.setdefault(item["rule"]["chain"], []).append(item["rule"])
            if "dormant" in item:
                return [f"table {self.name} is dormant"]
        found = []
        for hook in self.hooks:
            if chains.get(hook, {}).get("hook") != hook:
                found.append(f"chain {hook} is not there")
            elif not self._as_laid(rules.get(hook, [])):
                found.append(f"the rules of chain {hook} are not as they were laid out")
        return found

    def _as_laid(self, rules: list[Mapping[str, Any]]) -> bool:
        """Whether our rules come first and whole; what people add behind them does no harm."""
        wanted = self._rules()
        if [rule.get("comment") for rule in rules[: len(wanted)]] != list(wanted):
            return False
        for rule, text in zip(rules, wanted.values(), strict=False):
            asked = [word for word in text.split() if word.startswith("@")]
            told = str(rule["expr"])
            if "'drop'" not in told or not all(f"'{word}'" in told for word in asked):
                return False
        return True

    def _rules(self) -> dict[str, str]:
        """Return comment -> rule."""
        found = {}
        for family, (_, word) in FAMILIES.items():
            for way in self._ways():
                address = f"{word} {'saddr' if way == 'out' else 'daddr'}"
                comment = f"{OURS} {way} {word}"
                if self.rate:
                    over = f"limit rate over {self.rate} kbytes/second burst {self.rate} kbytes"
                    rule = f"{address} @on{family}"
                    rule += f" update @rates_{way}{family} {{ {address} {over} }} drop"
                    found[f"{comment} {self.rate}"] = rule
                    continue
                found[comment] = f"{address} @on{family} drop"
                ports = f"{address} . meta l4proto . th dport @ports{family} drop"
                found[f"{comment} ports"] = ports
        return found

    def _ways(self) -> tuple[str, ...]:
        return ("out", "in") if self.direction == "both" else (self.direction,)

    def _set(self, name: str, kind: str, rest: str) -> str:
        return f"add set inet {self.name} {name} {{ type {kind}; {rest} }}"
