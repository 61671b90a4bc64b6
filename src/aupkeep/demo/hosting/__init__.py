"""A made-up day at a large hoster, for measuring: events of six kinds, and rules over them.

In: a count and a seed. Out: events as plain values, always the same ones, and the rule files beside
this module. How many events each rule hits is known, so that a run can show first that it computed
the right thing and then how fast.
"""

from __future__ import annotations

from importlib.resources import files

#: The rule files: twenty about single events, twenty about windows.
STATELESS, WINDOWED = "stateless.yml", "windowed.yml"


def rule_text(name: str) -> str:
    """Return the text of one of the rule files."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
