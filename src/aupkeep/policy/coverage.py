"""What of the inventory a policy covers, and what it honestly does not.

In: a policy, the rules that notice its clauses, the measures that have a power. Out: one row for
each clause and duty id, in the shape that `policy coverage --json` prints.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from aupkeep.policy.inventory import CLAUSES, DUTIES, KnownClause, KnownDuty
from aupkeep.policy.model import Clause, Measure, Policy
from aupkeep.policy.noticed import kinds_by_clause, noticing_documents

#: Word in `noticed_by` for a clause that only reports and people notice.
REPORTED = "reported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table; the fields are the keys of the JSON object."""

    policy: str
    #: Clause or duty id.
    clause: str
    #: Rules by name, or `reported`.
    noticed_by: tuple[str, ...] = ()
    #: The best evidence it can rest on, as a word; none for a duty.
    tier: str | None = None
    ladder: str | None = None
    #: Every measure of the ladder, each once, in its order.
    measures: tuple[str, ...] = ()
    #: Every rule that notices it has samples that must and must not match.
    tested: bool = False
    #: What is not built, or not in this policy.
    missing: tuple[str, ...] = field(default=())


def coverage(
    policy: Policy,
    noticed: Mapping[str, tuple[str, ...]],
    powers: Collection[Measure] = frozenset(),
) -> tuple[Row, ...]:
    """Return the rows of `policy`: clauses in the order of the inventory, own ones, then duties.

    `noticed` is clause id -> names of rules; `powers` are the measures that can be carried out.
    """
    known = {clause.id: clause for clause in CLAUSES}
    wanted = [
        clause.id for clause in CLAUSES if _asked(policy, clause, clause.id in policy.clauses)
    ]
    own = [clause for clause in policy.clauses if clause not in known]
    kinds = kinds_by_clause(policy.rules)
    tested = _tested(policy)
    rows = [
        _clause_row(
            policy,
            clause,
            ways=_ways(known.get(clause), kinds.get(clause, frozenset())),
            rules=tuple(noticed.get(clause, ())),
            powers=powers,
            tested=tested.get(clause, False),
        )
        for clause in (*wanted, *own)
    ]
    duties = [duty for duty in DUTIES if _asked(policy, duty, duty.id in policy.duties)]
    return (*rows, *(_duty_row(policy, duty) for duty in duties))


def _asked(policy: Policy, known: KnownClause | KnownDuty, there: bool) -> bool:  # noqa: FBT001 - one private call each
    """Whether an id belongs in the table: by its source policy, or because this one has it."""
    columns = {"injazat": known.injazat, "jasmo": known.jasmo}
    return there or columns.get(policy.provider, False)


def _clause_row(
    policy: Policy,
    name: str,
    *,
    ways: tuple[str, ...],
    rules: tuple[str, ...],
    powers: Collection[Measure],
    tested: bool,
) -> Row:
    clause = policy.clauses.get(name)
    if clause is None:
        missing = ("clause: not in this policy", *ways)
        return Row(policy=policy.id, clause=name, missing=missing)
    measures = tuple(dict.fromkeys(_measures(policy, clause)))
    no_power = tuple(f"power: {measure}" for measure in measures if measure not in powers)
    return Row(
        policy=policy.id,
        clause=name,
        noticed_by=rules or (REPORTED,),
        tier=clause.tier.word,
        ladder=clause.ladder,
        measures=tuple(measure.value for measure in measures),
        tested=tested,
        missing=(*ways, *no_power),
    )


def _measures(policy: Policy, clause: Clause) -> Iterator[Measure]:
    for step in policy.ladders[clause.ladder].steps:
        yield from step.measures


def _ways(known: KnownClause | None, kinds: frozenset[str]) -> tuple[str, ...]:
    """Return the ways of noticing that are not there: no eyes yet, or no rule that uses them."""
    missing = []
    for way in known.ways if known else ():
        if not way.kind:
            missing.append(f"noticed by: {way.what}")
        elif way.kind not in kinds:
            missing.append(f"rule: {way.what}")
    return tuple(missing)


def _duty_row(policy: Policy, duty: KnownDuty) -> Row:
    missing = [f"part: {part.what}" for part in duty.parts if not part.built]
    if duty.id not in policy.duties:
        missing.insert(0, "duty: not in this policy")
    return Row(policy=policy.id, clause=duty.id, missing=tuple(missing))


def _tested(policy: Policy) -> dict[str, bool]:
    """Return clause id -> whether each of its rules has a sample that matches and one that not."""
    result: dict[str, bool] = {}
    for clause, document in noticing_documents(policy.rules):
        block = document.get("aup")
        tests = block.get("tests") if isinstance(block, Mapping) else None
        listed = tests if isinstance(tests, list) else []
        expected = [test.get("expect") for test in listed if isinstance(test, Mapping)]
        both = 0 in expected and any(isinstance(n, int) and n > 0 for n in expected)
        result[clause] = result.get(clause, True) and both
    return result
