"""What a running swarm shows the command that started it."""

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from eventproof.load import handover
from eventproof.load.timeline import Timeline
from eventproof.load.window import Pane, Window
from eventproof.report.records import Glance
from tests.report import samples

GLANCE = Glance(12.5, Timeline().series(), samples.swarm().delivery)


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Window, Pane]]:
    """Both ends; a child has a descriptor of its own."""
    window = Window()
    monkeypatch.setenv(handover.WINDOW, str(os.dup(window.descriptors[0])))
    pane = Pane.inherited()
    assert pane is not None
    yield window, pane
    pane.close()
    window.close()


def test_the_latest_glance_is_seen_and_seen_once(both: tuple[Window, Pane]) -> None:
    window, pane = both
    assert window.look() is None
    for seconds in (1.0, 2.0):
        pane.show(replace(GLANCE, seconds=seconds))
    assert window.look() == replace(GLANCE, seconds=2.0)
    assert window.look() is None
    window.close()
    pane.show(GLANCE)


def test_whoever_shows_waits_for_nobody(both: tuple[Window, Pane]) -> None:
    window, pane = both
    for _ in range(2000):
        pane.show(GLANCE)
    assert window.look() == GLANCE


def test_the_events_of_all_contracts_go_through_it(both: tuple[Window, Pane]) -> None:
    window, pane = both
    many = replace(
        GLANCE,
        delivery=tuple(replace(one, event=f"marketplace/{n:030}") for n in range(150) for one in GLANCE.delivery),
    )
    pane.show(many)
    assert window.look() == many


def test_where_nobody_looks_in_there_is_nothing_to_show_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(handover.WINDOW, raising=False)
    assert Pane.inherited() is None
