from __future__ import annotations

from aupkeep.demo.dice import Draws, chance, dice


def test_dice_of_one_purpose_do_not_move_those_of_another() -> None:
    assert dice(1, "mail").random() == dice(1, "mail").random()
    assert dice(1, "mail").random() != dice(1, "logs").random()
    assert dice(1, "mail").random() != dice(2, "mail").random()


def test_columns_are_fixed_for_good() -> None:
    assert Draws(1, "fixed").whole(0, 1000, 6).tolist() == [849, 576, 915, 680, 64, 220]


def test_columns_stay_in_their_range() -> None:
    column = Draws(7, "range").whole(-3, 4, 5000)
    assert set(column.tolist()) == set(range(-3, 4))
    assert set(Draws(7, "pick").pick((25, 80), 100).tolist()) == {25, 80}


def test_chance_follows_its_share() -> None:
    roll = dice(3, "chance")
    assert 400 < sum(chance(roll, 0.5) for _ in range(1000)) < 600
