"""Which objectives hold: those given, and the scenario's that they say nothing about and that the target can tell."""

from types import SimpleNamespace
from typing import Any

import pytest

from eventproof.load.controller import asked, asked_of
from eventproof.load.objectives import parse
from eventproof.load.scenario import Scenario
from eventproof.target import Metrics

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


@pytest.mark.parametrize(("gauge", "told"), [("process_resident_memory_bytes", True), (None, False)])
def test_the_memory_of_a_target_is_asked_for_only_where_its_profile_names_the_gauge(
    gauge: str | None, told: bool
) -> None:
    target: Any = SimpleNamespace(metrics=Metrics(path="/metrics", gauges=(), memory=gauge))
    scenario = Scenario(system="user-state", objectives=(parse("memory_grown <= 10%"), parse("lost == 0")))
    lines = asked_of([], target, [scenario], [])
    assert [line.metric for line in lines] == [*(["memory_grown"] if told else []), "lost"]
    (given,) = asked_of(["memory < 9"], target, [Scenario(system="user-state")], [])
    assert given.metric == "memory", "whoever asks for it is told that nobody knows"
