"""Cases from a real mail log, worked on by a person with the installed command alone."""

from __future__ import annotations

import json
import time
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from installed import Command, Done

from aupkeep.base.clock import MINUTE, SECOND, format_instant

_HOLDINGS = (
    "provider,kind,value,port_from,port_to,customer,service,plan,from,to,source,recorded_at\n"
)
_PROFILES = "provider,customer,service,name,value,from,to,recorded_at\n"


def _mail(login: str, begin: int, count: int) -> list[tuple[int, str]]:
    """Return the lines of `count` mails of `login`, three of ten to nobody."""
    lines = []
    for number in range(count):
        at = begin + number * 60 * SECOND
        name = f"{number:05X}{login[:1].encode().hex().upper()}"
        lost = number % 10 < 3
        status = (
            "dsn=5.1.1, status=bounced (host far.example[192.0.2.9] said: 550 5.1.1 no such user)"
            if lost
            else "dsn=2.0.0, status=sent (250 2.0.0 ok)"
        )
        said = (
            f"smtpd[11]: {name}: client=unknown[198.51.100.8], sasl_username={login}",
            f"qmgr[12]: {name}: from=<{login}>, size=900, nrcpt=1 (queue active)",
            f"smtp[13]: {name}: to=<r{number}@far.example>, relay=far, delay=1, {status}",
            f"qmgr[12]: {name}: removed",
        )
        lines += [(at, f"{format_instant(at)} mx postfix/{text}\n") for text in said]
    return lines


class Work:
    """An installation that has read a mail log in which two logins send far too much."""

    def __init__(self, aupkeep: Command, folder: Path) -> None:
        self.aupkeep, self.folder = aupkeep, folder / "here"
        logs = folder / "root" / "var" / "log"
        logs.mkdir(parents=True)
        begin = time.time_ns() // 1000 - 300 * MINUTE
        listed = _mail("ann@shop.example", begin, 80) + _mail("bob@club.example", begin, 80)
        (logs / "mail.log").write_text(
            "".join(text for _, text in sorted(listed, key=itemgetter(0)))
        )
        self.did(
            "init", self.folder, "--policy", "jasmo", "--root", folder / "root", "--person", "ann"
        )
        self.did("run", self.folder, "--once")

    def did(self, *words: object) -> Done:
        done = self.aupkeep(*words)
        assert done.code == 0, f"{words}: {done.out}{done.err}"
        return done

    def case(self, *words: object, person: str = "ann") -> Done:
        who = ("--reason", "as the panel says", "--person", person)
        return self.aupkeep("case", *words, *who, "--dir", self.folder)

    def cases(self) -> list[dict[str, Any]]:
        return self.did("case", "list", "--json", "--dir", self.folder).objects()

    def show(self, case: str) -> str:
        return self.did("case", "show", case, "--dir", self.folder).out

    def books(self, text: str, name: str) -> None:
        path = self.folder.with_name(f"{name}.csv")
        path.write_text(text)
        self.did("holdings", "import", path, "--source", name, "--dir", self.folder)


@pytest.fixture(scope="module")
def work(aupkeep: Command, tmp_path_factory: pytest.TempPathFactory) -> Work:
    return Work(aupkeep, tmp_path_factory.mktemp("life"))


def test_a_case_goes_from_nobody_to_its_end(work: Work) -> None:
    first = {item["id"]: item for item in work.cases() if item["clause"] == "spam"}
    assert {item["customer"] for item in first.values()} == {None}
    assert {item["sanctions"] == [] for item in first.values()} == {True}
    work.books(
        _HOLDINGS + "jasmo,login,ann@shop.example,,,c-1,c-1-mail,,2026-01-01T00:00Z,,panel,\n",
        "panel",
    )
    work.books(
        _PROFILES
        + "".join(
            f"jasmo,{customer},,{name},{value},2026-01-01T00:00Z,,\n"
            for customer, name, value in (
                ("c-1", "contact", "ann@shop.example"),
                ("c-1", "parent", "r-1"),
                ("c-2", "contact", "bob@club.example"),
                ("c-2", "status", "closed"),
            )
        ),
        "billing",
    )
    # What the books confirm by now keeps its tier; a person's word alone is strong at most.
    ann, bob = (_about(work, first, login) for login in ("ann@shop", "bob@club"))
    told = json.loads(
        work.case("attribute", ann, "--customer", "c-1", "--service", "c-1-mail", "--json").out
    )
    assert (told["customer"], told["tier"], told["reseller"]) == ("c-1", "fact", "r-1")
    assert {item["measure"] for item in told["sanctions"]} == {"hold_mail"}
    assert work.case("attribute", bob, "--customer", "c-2").code == 0
    (second,) = [item for item in work.cases() if item["customer"] == "c-2"]
    assert second["tier"] == "strong"
    # A former customer's service is no more: nothing that touches one is even proposed.
    assert {item["measure"] for item in second["sanctions"]} <= {"warn"}
    assert "the contract is over" in work.show(second["id"])
    # A time that was short is no gone cause, though no input is left.
    look = work.aupkeep("case", "recheck", ann, "--json", "--dir", work.folder)
    (seen,) = look.objects()
    assert (look.code, seen["gone"], seen["state"]) == (1, seen["gone"], "open")
    assert seen["gone"] in ("no", "unknown")
    assert work.case("dispose", ann, "deliberate").code == 0
    said = work.show(ann)
    assert "against c-1 count 1 strike (spam)" in said
    assert "reseller r-1, against whose customers count 1 strike (spam)" in said
    assert "by ann: attributed to c-1 c-1-mail (as the panel says)" in said
    assert work.case("move", ann, "resolved").code == 0
    assert work.case("dispose", ann, "mistaken").code == 0
    assert "against c-1 count no strike" in work.show(ann)
    assert _state(work, ann) == "closed"
    # No hand was here, so nothing was signed; but nothing differs from its entries either.
    record = work.aupkeep("record", "verify", "--dir", work.folder).out
    assert "entries, all in order" in record
    assert "altered" not in record
    acts = [item["act"] for item in work.did("record", "export", "--dir", work.folder).objects()]
    assert [act for act in acts if act in ("case_attributed", "case_disposed")] == [
        "case_attributed",
        "case_attributed",
        "case_disposed",
        "case_disposed",
    ]
    assert acts.count("case_moved") == 2


def test_what_is_wrong_is_said_and_nothing_is_changed(work: Work) -> None:
    before = work.cases()
    some = before[0]["id"]
    for words, code, why in (
        (("move", some, "warned"), 3, "is no state to which a person brings a case"),
        (("move", "zzzz", "closed"), 3, "no case, or more than one"),
        (("merge", some, some), 3, "cannot be merged with itself"),
        (("split", some, "--finding", "zz"), 3, "is not one finding of this case"),
        (("dispose", some, "sloppy"), 3, "is not a disposition"),
    ):
        done = work.case(*words)
        assert (done.code, why in done.err) == (code, True), (words, done.err)
    done = work.case("move", some, "closed", person="mallory")
    assert (done.code, "is not a person of this installation" in done.err) == (2, True)
    assert work.cases() == before


def _about(work: Work, cases: dict[str, Any], login: str) -> str:
    (found,) = [name for name in cases if login in work.show(name)]
    return found


def _state(work: Work, case: str) -> str:
    (found,) = [item["state"] for item in work.cases() if item["id"] == case]
    return str(found)
