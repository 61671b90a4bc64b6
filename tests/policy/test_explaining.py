from __future__ import annotations

from collections.abc import Mapping

import pytest

from aupkeep.base.errors import MisuseError
from aupkeep.policy.explaining import PLAIN, show
from aupkeep.policy.model import Measure
from aupkeep.policy.reading import read_policy

SPAM = """\
spam: Unwanted mail
  | Send mail only to people who want it.
  |
  | ```
  | ## This is code {#no-clause}
  | ```
  |
  | ### Lists
  |
  | Ask first.
  severity high; rests at best on facts; binds mailbox
  noticed by: many_recipients
  a person decides within 1d
  ladder mail:
    1. warning: at the first finding
       warn the customer; scope mailbox
       the customer has 2d to answer
       who must agree: nobody on facts, one person on strong evidence, \
one person on a person's judgement
    2. hold: at 3 findings within 1w, on facts
       hold outgoing mail; scope mailbox, for 1d
       who must agree: one person on facts
    3. stop: at the first finding, when it lasts 12h, when 3d pass without an answer, \
on strong evidence or better
       suspend the whole account; scope account, for 1w
       who must agree: 2 people on facts, 2 people on strong evidence
"""


def test_a_clause_in_plain_words(clean: Mapping[str, str]) -> None:
    assert show(read_policy(clean), "spam") == SPAM


def test_immediate_clauses_and_their_duties_are_said(clean: Mapping[str, str]) -> None:
    text = show(read_policy(clean), "csam")
    assert "  the provider may act at once, on facts\n" in text
    assert "  duties that go with it: must-notify\n" in text
    assert "  noticed by: reports and people only\n" in text
    # Immediate and on a fact: one person is enough to suspend the account.
    assert text.endswith("who must agree: one person on facts\n")


def test_the_whole_policy_names_every_clause_and_its_version(clean: Mapping[str, str]) -> None:
    policy = read_policy(clean)
    text = show(policy)
    assert text.startswith("House rules (acme, acme-rules 7)\n")
    assert f"in force from 2026-10-31T23:00:00Z, hash {policy.hash}" in text
    for clause in policy.clauses.values():
        assert f"\n\n{clause.id}: {clause.title}\n" in text


def test_an_unknown_clause_gets_a_hint(clean: Mapping[str, str]) -> None:
    with pytest.raises(MisuseError) as caught:
        show(read_policy(clean), "spma")
    (fault,) = caught.value.faults
    assert fault.hint == "did you mean `spam`?"
    assert fault.allowed == ("spam", "csam", "opt-out")


def test_each_measure_has_plain_words() -> None:
    assert set(PLAIN) == set(Measure)
