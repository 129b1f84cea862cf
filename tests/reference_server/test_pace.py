"""How fast one client may go on."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.pace import Window, spent, wait


def _taken(window: Window, times: list[float]) -> list[float]:
    """Those of these times at which one was let in."""
    taken = []
    for now in times:
        if window.has_room(now):
            window.take(now)
            taken.append(now)
    return taken


def test_a_window_takes_as_many_as_it_may_and_as_many_again_a_second_later() -> None:
    window = Window(10)
    assert _taken(window, [5.0] * 11 + [5.99]) == [5.0] * 10
    assert _taken(window, [6.0] * 11) == [6.0] * 10


def test_a_window_for_none_takes_none() -> None:
    assert _taken(Window(0), [0.0, 1.0, 100.0]) == []


@given(most=st.integers(1, 128), steps=st.lists(st.floats(0, 0.5), max_size=400))
def test_no_second_has_more_than_it_may_wherever_it_begins(most: int, steps: list[float]) -> None:
    taken = _taken(Window(most), list(accumulate(steps)))
    assert all(later - first >= 1.0 for first, later in zip(taken, taken[most:], strict=False))


@pytest.mark.parametrize("most", [129, 1000, 20_000])
def test_a_window_for_many_keeps_few_marks_and_to_a_hundredth(most: int) -> None:
    window = Window(most)
    taken = _taken(window, [number / (most * 4) for number in range(most * 8)])
    in_the_first = sum(now < 1.0 for now in taken)
    assert most * 0.98 <= in_the_first <= most * 1.02
    assert len(window._marks) <= 128


def test_who_pays_as_time_goes_on_never_waits() -> None:
    due = 0.0
    for number in range(1000):
        due = spent(due, 0.02, number * 0.02)
        assert wait(due, 1.0, number * 0.02) == 0.0


def test_who_runs_ahead_waits_until_it_is_paid_for() -> None:
    due = 0.0
    for _ in range(60):
        due = spent(due, 0.02, 100.0)
    assert wait(due, 1.0, 100.0) == pytest.approx(0.2)
    assert wait(due, 1.0, 100.25) == 0.0


def test_a_pause_is_not_saved_up() -> None:
    assert spent(spent(0.0, 0.02, 10.0), 0.02, 1000.0) == pytest.approx(1000.02)
