"""The trend of a target's memory: what grows is seen, what jitters is not, and hours take no more room than minutes."""

import pytest

from eventproof.load.target_memory import Trend


def _trend(values: list[float], most: int = 600) -> Trend:
    trend = Trend(most)
    for at, value in enumerate(values):
        trend.add(float(at), value)
    return trend


def test_what_grows_steadily_has_its_slope() -> None:
    trend = _trend([100.0 + second for second in range(200)])
    assert (trend.first, trend.last, trend.highest) == (124.5, 274.5, 299.0)
    assert trend.slope == pytest.approx(3600.0)


def test_what_goes_up_and_down_does_not_grow() -> None:
    trend = _trend([100.0 + second % 2 for second in range(200)])
    assert trend.last - trend.first == 0
    assert abs(trend.slope) < 5


def test_hours_are_thinned_out_and_keep_their_slope() -> None:
    trend = _trend([1000.0 + 2 * second for second in range(40_000)], most=100)
    assert len(trend) < 100
    assert trend.slope == pytest.approx(7200.0, rel=0.01)
    assert trend.highest == 1000.0 + 2 * 39_999
