"""Every letter of both policies, word for word; `AUPKEEP_WRITE_GOLDEN=1` writes the files anew."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from notice_stage import NOW, policy, sanction, told

from aupkeep.base.clock import DAY, HOUR
from aupkeep.policy.model import TOUCH_SERVICE, Measure, Policy
from aupkeep.policy.templates import DIALOGUE
from aupkeep.policy.words import REVERSIBLE
from aupkeep.sanctions.notice import OF_END, OF_MEASURE, Notice, compose, together
from aupkeep.sanctions.sanction import State

GOLDEN = Path(__file__).parents[1] / "golden" / "notices"
#: Letters that another test holds, and the one to a reporter, whom no sanction is about.
_ELSEWHERE = frozenset({"warn", "hold_mail", "lifted", "receipt"})
_SAID = {
    "question": "Who else knows the password?",
    "appeal_decision": "Our decision stands. The records leave no doubt.",
    "expired": "Mail that was held for this reason alone has been sent on.",
}


def names(brand: Policy) -> list[str]:
    return sorted({name for _, name in brand.notices} - _ELSEWHERE)


CASES = [(name, word) for name in ("injazat", "jasmo") for word in names(policy(name))]


def letter(brand: Policy, name: str, *, alone: bool = False) -> Notice:
    reason = _SAID.get(name, "")
    if name in DIALOGUE:
        held = sanction(brand, "hold_mail")
        if name == "expired":
            held = replace(held, state=State.EXPIRED, ended_at=NOW + DAY)
        kind = OF_END if name == "expired" else name
        circumstances = told(brand, reason=reason, about="a", alone=alone)
        return compose(held, kind, circumstances, now=NOW + HOUR)
    measure = Measure(name)
    ends = measure in REVERSIBLE
    made = replace(
        sanction(brand, name),
        touches_service=measure in TOUCH_SERVICE,
        applied_at=NOW,
        length=DAY if ends else 0,
        until=NOW + DAY if ends else None,
        people=2 if measure is Measure.TERMINATE else 1,
        approved_by=("ann",),
    )
    return compose(made, OF_MEASURE, told(brand, alone=alone), now=NOW)


@pytest.mark.parametrize(("name", "word"), CASES, ids=[f"{a}-{b}" for a, b in CASES])
def test_every_letter_word_for_word(name: str, word: str) -> None:
    notice = letter(policy(name), word)
    text = f"To: {notice.recipient}\nSubject: {notice.subject}\n\n{notice.text}"
    path = GOLDEN / name / f"{word}.txt"
    if os.environ.get("AUPKEEP_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
    assert "None" not in text
    assert "ann\n" not in text


@pytest.mark.parametrize("name", ["injazat", "jasmo"])
def test_where_one_person_runs_the_desk_no_letter_promises_another(name: str) -> None:
    brand = policy(name)
    for word in names(brand):
        text = letter(brand, word, alone=True).text
        for promise in ("had no part", "did not take"):
            assert promise not in text, word
    assert "same person" in letter(brand, "throttle", alone=True).text


def test_several_letters_in_one_keep_every_word() -> None:
    brand = policy("jasmo")
    parts = [letter(brand, "throttle"), letter(brand, "preserve"), letter(brand, "lock_site")]
    subject, text = together(parts)
    assert subject == f"{parts[0].subject}, and 2 more"
    for number, part in enumerate(parts, start=1):
        assert f"{number}. {part.subject}\n" in text
        assert part.text.strip() in text
    assert together(parts[:1]) == (parts[0].subject, parts[0].text)
