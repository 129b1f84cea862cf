from eventproof.load.turns import Turns


class Somebody:
    def __init__(self, name: str, *, is_there: bool = True) -> None:
        self.name = name
        self.is_there = is_there

    def __repr__(self) -> str:
        return self.name


def test_everybody_who_is_there_has_a_turn() -> None:
    turns: Turns[Somebody] = Turns()
    for name in "abc":
        turns.came(Somebody(name, is_there=name != "b"))
    assert [[one.name for one in turns.next(1)] for _ in range(4)] == [["a"], ["c"], ["a"], ["c"]]
    assert sorted(one.name for one in turns.next(5)) == ["a", "c"]
    assert len(turns.all()) == 3
    assert Turns[Somebody]().next(1) == []
