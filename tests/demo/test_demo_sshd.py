from __future__ import annotations

import re
from collections import Counter
from random import Random

from aupkeep.base.clock import MINUTE, SECOND
from aupkeep.demo.brand import BRANDS
from aupkeep.demo.fortnight import Fortnight
from aupkeep.demo.sshd import Machine, Sshd

FAILED = re.compile(r"Failed password for (?:invalid user )?\S+ from ([\d.]+) port \d+ ssh2")


def lines_of(fortnight: Fortnight, provider: str) -> list[str]:
    return fortnight.files[f"{provider}/auth.log"].decode().splitlines()


def failures(fortnight: Fortnight, provider: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in lines_of(fortnight, provider):
        if match := FAILED.search(line):
            folded = re.search(r"message repeated (\d+) times", line)
            found[match[1]] += int(folded[1]) if folded else 1
    return found


def test_sizes_and_programs(fortnight: Fortnight) -> None:
    total = 0
    for brand in BRANDS:
        lines = lines_of(fortnight, brand.name)
        total += len(lines)
        programs = {match[1] for line in lines if (match := re.search(r" ([\w-]+)\[\d+\]: ", line))}
        assert programs == {"sshd", "sshd-session", "sshd-auth"}
    assert 15_000 < total < 40_000


def test_the_inbound_attack_comes_from_many(fortnight: Fortnight) -> None:
    for brand in BRANDS:
        found = failures(fortnight, brand.name)
        many = [address for address, count in found.items() if count >= 4]
        assert len([address for address in many if address.startswith("100.")]) >= 80
        outside = sum(count for address, count in found.items() if address.startswith("100."))
        assert outside >= 400


def test_only_the_guessing_customer_fails_often(fortnight: Fortnight) -> None:
    for brand in BRANDS:
        guilty = {
            role.customer.address
            for role in fortnight.roles
            if role.label == "ssh_log" and role.customer.provider == brand.name
        }
        prefixes = tuple(prefix.rpartition(".")[0] + "." for prefix in brand.networks)
        inside = {
            a: n for a, n in failures(fortnight, brand.name).items() if a.startswith(prefixes)
        }
        assert {address for address, count in inside.items() if count >= 25} == guilty
        assert all(count < 20 for address, count in inside.items() if address not in guilty)


def test_the_guessing_customer_is_fast_enough(fortnight: Fortnight) -> None:
    for role in fortnight.roles:
        if role.label == "ssh_log":
            found = failures(fortnight, role.customer.provider)[role.customer.address]
            assert found >= 25 * ((role.until - role.since) // (10 * MINUTE))


def test_a_guess_is_one_process_from_its_first_line_to_its_last() -> None:
    sshd = Sshd(Random(4))
    sshd.guess(0, Machine(name="web"), "root", "100.64.1.1", 2)
    assert len({line[2] for line in sshd.lines}) == 1
    assert sum("Failed password for root from 100.64.1.1" in line[3] for line in sshd.lines) == 2
    assert sshd.lines[-1][3].endswith("[preauth]")
    assert max(line[0] for line in sshd.lines) < 10 * SECOND


def test_a_split_server_says_what_comes_first_by_another_program() -> None:
    sshd = Sshd(Random(4))
    machine = Machine(name="gw", program="sshd-session", early="sshd-auth")
    sshd.guess(0, machine, "admin", "100.64.1.1", 1)
    early = {line[2].partition("[")[0] for line in sshd.lines if line[3].endswith("[preauth]")}
    late = {line[2].partition("[")[0] for line in sshd.lines if not line[3].endswith("[preauth]")}
    assert (early, late) == ({"sshd-auth"}, {"sshd-session"})
