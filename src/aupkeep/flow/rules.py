"""A policy and its compiled rules, checked together.

In: the texts of a policy folder. Out: `Ruled`. Raises `AupkeepError` with the faults of the policy
and of its rules in one list, because a person mends both in one sitting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aupkeep.base.errors import AupkeepError, Fault
from aupkeep.detection.reading import read_rules
from aupkeep.detection.rule import RuleSet
from aupkeep.policy.building import build
from aupkeep.policy.draft import open_folder
from aupkeep.policy.model import Policy
from aupkeep.policy.reading import FaultyPolicyError, draft_faults, folder_hash


@dataclass(frozen=True, slots=True)
class Ruled:
    """A checked policy with its rules compiled."""

    policy: Policy
    rules: RuleSet
    #: path -> text, as published.
    files: Mapping[str, str]


def read_ruled(files: Mapping[str, str]) -> Ruled:
    """Check and compile a policy folder's `files`; raises `FaultyPolicyError` with all faults."""
    draft = open_folder(files)
    faults: list[Fault] = list(draft_faults(draft))
    rules = None
    try:
        rules = read_rules(draft.rules, clauses=draft.clauses, plans=None)
    except AupkeepError as error:
        faults += error.faults
    if faults or rules is None:
        raise FaultyPolicyError(faults)
    return Ruled(build(draft, folder_hash(files)), rules, files)


def rules_by_provider(ruled: Mapping[str, Ruled]) -> dict[str, tuple[RuleSet, str]]:
    """Return what the engine takes: provider -> (rules, policy version)."""
    return {name: (item.rules, item.policy.version) for name, item in ruled.items()}
