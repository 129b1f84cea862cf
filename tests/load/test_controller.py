from eventproof.load.controller import asked
from eventproof.load.objectives import parse

_DEFAULTS = [parse("ban_to_logout: p(99) < 1s"), parse("lost == 0")]


def _asked(*lines: str) -> list[str]:
    return [one.expression for one in asked(_DEFAULTS, map(parse, lines))]


def test_without_a_wish_the_scenarios_objectives_hold() -> None:
    assert _asked() == ["ban_to_logout: p(99) < 1s", "lost == 0"]


def test_an_objective_takes_the_place_of_the_scenarios_about_the_same_thing() -> None:
    assert _asked("ban_to_logout: p(99) < 250ms") == ["lost == 0", "ban_to_logout: p(99) < 250ms"]


def test_an_objective_about_something_else_is_added() -> None:
    assert _asked("ban_to_logout: p(50) < 20ms")[:2] == ["ban_to_logout: p(99) < 1s", "lost == 0"]


def test_several_objectives_about_the_same_thing_all_hold() -> None:
    assert _asked("lost < 5", "lost < 1%")[1:] == ["lost < 5", "lost < 1%"]
