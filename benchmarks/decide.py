"""How many cases a second one core decides: `python benchmarks/decide.py [CASES]`.

Cases are as a day brings them: most hold one finding, some a handful, a few dozens; facts, reports,
scores and forgeable ones; two versions of the policy; holdings that say what stands behind each
target. Everything is made before the clock runs, and what is decided is counted.
"""

from __future__ import annotations

import gc
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

from aupkeep.base.clock import DAY, HOUR
from aupkeep.cases.case import Case
from aupkeep.cases.grouping import take
from aupkeep.decisions.blast import Blast
from aupkeep.decisions.decide import Terms, decide
from aupkeep.decisions.decision import Profile
from aupkeep.decisions.history import Charge, History
from aupkeep.detection.finding import Finding
from aupkeep.policy.model import Policy, Tier
from aupkeep.policy.reading import read_policy

POLICY = Path(__file__).parents[1] / "policies" / "injazat"
MORNING = 1_772_438_400_000_000
SIZES = (1,) * 80 + (2,) * 8 + (4,) * 8 + (12,) * 3 + (40,)


def policy() -> Policy:
    """Return the shipped policy."""
    files = {
        path.relative_to(POLICY).as_posix(): path.read_text(encoding="utf-8")
        for path in POLICY.rglob("*")
        if path.is_file()
    }
    return read_policy(files)


def finding(dice: Random, customer: str, clause: str, number: int) -> Finding:
    """Return one finding of a customer."""
    first = MORNING + dice.randrange(20 * DAY)
    ended = dice.random() < 0.7
    return Finding(
        id=f"{customer}-{number}",
        state="ended" if ended else "open",
        provider="injazat",
        rule="login_spam",
        rule_version="1",
        rule_status="automatic",
        policy_version="1.0",
        clause=clause,
        tier=dice.choices([Tier.FACT, Tier.STRONG, Tier.SCORE], [6, 3, 1])[0],
        key={"customer": customer, "login": f"box{dice.randrange(3)}@{customer}.example"},
        customer=customer,
        service=f"{customer}-mail",
        attribution="attributed",
        actor="login:box",
        first=first,
        last=first + dice.randrange(2 * DAY),
        observed_at=first + dice.choice([0, HOUR, 2 * DAY]),
        value=412,
        threshold=100,
        events=("00000000000000aa:17",),
        forgeable=dice.random() < 0.05,
    )


def cases(count: int, book: Policy) -> Iterator[tuple[Case, list[Finding]]]:
    """Yield cases with their findings."""
    dice = Random(7)  # the same cases each time
    clauses = [name for name, one in book.clauses.items() if one.tier is Tier.FACT]
    for number in range(count):
        customer, clause = f"c{number}", dice.choice(clauses)
        members = [finding(dice, customer, clause, each) for each in range(dice.choice(SIZES))]
        case: Case | None = None
        known: dict[str, Finding] = {}
        for item in members:
            case = take(item, case, known).case
            known[item.id] = item
        if case is not None:
            yield case, members


def main() -> None:
    """Decide and say how fast."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    book = policy()
    listed = list(cases(count, book))
    profile = Profile(fee_allowed=True)
    terms = Terms(policy=book, profile=profile)
    history = History(strikes=2, charges=(Charge(at=MORNING, amount=50_000, currency="SAR"),))
    behind = Blast(holders=("c",), services=1, mailboxes=3)
    per = [{item.id: terms for item in members} for _, members in listed]
    seen: Counter[str] = Counter()
    # As the installed program does; the cases themselves are no garbage to look for.
    gc.set_threshold(50_000)
    gc.freeze()
    began = time.process_time()
    for (case, members), own in zip(listed, per, strict=True):
        made = decide(
            policy=book,
            case=case,
            findings=members,
            profile=profile,
            now=MORNING + 21 * DAY,
            terms=own,
            history=history,
            reach=lambda *_: behind,
        )
        seen[made.step or "review"] += 1
    spent = time.process_time() - began
    findings = sum(len(members) for _, members in listed)
    print(f"{len(listed)} cases with {findings} findings in {spent:.2f} s of one core:")
    print(f"{len(listed) / spent:,.0f} cases/s, {findings / spent:,.0f} findings/s")
    print(", ".join(f"{step} {number}" for step, number in seen.most_common()))


if __name__ == "__main__":
    main()
