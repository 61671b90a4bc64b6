from __future__ import annotations

import ast
import csv
import hashlib
import io
import json
from pathlib import Path

from aupkeep.base.clock import DAY, parse_instant
from aupkeep.demo.brand import BRANDS
from aupkeep.demo.fortnight import Fortnight, make, write
from aupkeep.demo.stored import gzip_stored

#: Changes with every change of the made-up world; a change nobody meant shows here.
GOLDEN = "2e4c864f6d646e43c144650772b4d063d80685a070e27eaa7761cb3b0e4aeef4"
PACKAGE = Path(__file__).parents[2] / "src" / "aupkeep" / "demo"


def digest(fortnight: Fortnight) -> str:
    total = hashlib.sha256()
    for path, data in sorted(fortnight.files.items()):
        total.update(path.encode() + b"\0" + hashlib.sha256(data).digest())
    return total.hexdigest()


def rows(fortnight: Fortnight, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(fortnight.files[name].decode())))


def truth(fortnight: Fortnight) -> list[dict[str, str]]:
    return [json.loads(line) for line in fortnight.files["truth.jsonl"].decode().splitlines()]


def test_equal_arguments_give_equal_bytes(fortnight: Fortnight) -> None:
    assert digest(make(1, fortnight.end)) == digest(fortnight)


def test_the_bytes_of_seed_one_are_known(fortnight: Fortnight) -> None:
    assert digest(fortnight) == GOLDEN


def test_another_seed_gives_another_fortnight(fortnight: Fortnight) -> None:
    other = make(2, fortnight.end - 30 * DAY)
    assert truth(other) != truth(fortnight)
    assert other.files["jasmo/mail.log"] != fortnight.files["jasmo/mail.log"]


def test_customers_and_truth_agree(fortnight: Fortnight) -> None:
    assert len(fortnight.customers) >= 60
    told = truth(fortnight)
    assert len({line["customer"] for line in told}) == len(told) == len(fortnight.customers)
    holders = {(row["provider"], row["customer"]) for row in rows(fortnight, "holdings.csv")}
    assert holders == {(line["provider"], line["customer"]) for line in told}
    for line in told:
        assert line["what"] in ("offender", "honest", "never")
        assert ("clause" in line) == (line["what"] == "offender")
        if line["what"] != "honest":
            since, until = parse_instant(line["from"]), parse_instant(line["until"])
            assert fortnight.start <= since < until <= fortnight.end


def test_clauses_are_those_of_each_provider(fortnight: Fortnight) -> None:
    found: dict[str, set[str]] = {brand.name: set() for brand in BRANDS}
    for line in truth(fortnight):
        if line["what"] == "offender":
            found[line["provider"]].add(line["clause"])
    assert found == {
        "jasmo": {"spam", "unauthorised-access", "port-scan", "copyright"},
        "injazat": {
            "spam",
            "outbound-surge",
            "port-scan",
            "unauthorised-access",
            "impersonation",
            "malware",
        },
    }


def test_offenders_hold_what_they_act_with_at_the_time(fortnight: Fortnight) -> None:
    held = [
        (row["customer"], row["value"], parse_instant(row["from"]), row["to"])
        for row in rows(fortnight, "holdings.csv")
    ]
    for role in fortnight.roles:
        if role.what == "offender":
            with_it = role.customer.address or role.customer.logins[0]
            assert any(
                customer == role.customer.id
                and value == with_it
                and since <= role.since
                and (not until or role.until <= parse_instant(until))
                for customer, value, since, until in held
            )


def test_profiles_name_parents_plans_and_ends(fortnight: Fortnight) -> None:
    facts = rows(fortnight, "profiles.csv")
    assert {row["name"] for row in facts} >= {"plan", "opened", "status", "parent", "country"}
    assert sum(row["value"] == "ended" for row in facts) >= 3
    customers = {row["customer"] for row in rows(fortnight, "holdings.csv")}
    assert {row["value"] for row in facts if row["name"] == "parent"} < customers


def test_the_directory_lists_every_raw_file(fortnight: Fortnight, tmp_path: Path) -> None:
    write(fortnight, tmp_path)
    directory = json.loads((tmp_path / "sources.json").read_text())
    listed = {source["path"] for source in directory["sources"]}
    on_disk = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    registers = {"holdings.csv", "profiles.csv", "truth.jsonl", "sources.json"}
    assert on_disk - registers == listed
    formats = {source["format"] for source in directory["sources"]}
    assert formats == {"postfix", "sshd", "netflow5", "report"}
    known = {exporter["address"]: exporter["guarded"] for exporter in directory["exporters"]}
    assert sorted(known.values()) == [False, True, True]


def test_stored_gzip_of_nothing_and_of_whole_blocks() -> None:
    import gzip  # noqa: PLC0415  the reader that is not ours

    for size in (0, 1, 65_535, 65_536, 200_000):
        data = bytes(size)
        assert gzip.decompress(gzip_stored(data)) == data


def test_truth_shares_no_code_with_what_is_tested() -> None:
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert name is not None
                if name.startswith("aupkeep"):
                    assert name.startswith(("aupkeep.base.", "aupkeep.demo.")), path.name
                assert not name.startswith(("polars", "numba", "msgspec", "django")), path.name
