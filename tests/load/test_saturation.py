import pytest

from eventproof.load import saturation
from eventproof.load.histogram import Histogram
from eventproof.load.objectives import parse
from eventproof.load.saturation import GeneratorLimits


def _lag(seconds: float) -> Histogram:
    histogram = Histogram()
    histogram.record(seconds)
    return histogram


def _why(loop_lag: float = 0.0, send_lag: float = 0.0, busy: float = 0.0) -> str:
    gauges = saturation.gauges(GeneratorLimits(), loop_lag=_lag(loop_lag), send_lag=_lag(send_lag), busy=busy)
    return saturation.saturated(gauges)


def test_a_generator_with_time_to_spare_is_believed() -> None:
    assert _why(0.01, 0.01, 0.5) == ""


@pytest.mark.parametrize(
    ("figures", "said"),
    [({"loop_lag": 0.3}, "event loop lag"), ({"send_lag": 0.3}, "send lag"), ({"busy": 0.97}, "processor use")],
)
def test_a_generator_that_is_late_or_busy_says_which(figures: dict[str, float], said: str) -> None:
    assert said in _why(**figures)
    assert "allowed" in _why(**figures)


def test_all_reasons_are_named() -> None:
    assert _why(1, 1, 1).count(" and ") == 2


@pytest.mark.parametrize(
    ("lines", "lag"),
    [
        ([], 0.25),
        (["leaked == 0", "connect: count > 3"], 0.25),
        (["ban_to_logout: p(99) < 1s"], 0.25),
        (["ban_to_logout: p(99) < 1s", "ban_to_event: p(99) < 200ms"], 0.05),
        (["ban_to_event: p(99) < 4ms"], 0.02),
        (["ban_to_event: p(99) < 10s"], 2.5),
    ],
)
def test_the_lag_allowed_is_a_quarter_of_the_tightest_objective(lines: list[str], lag: float) -> None:
    assert saturation.limits(map(parse, lines)).lag == pytest.approx(lag)


def test_of_several_processes_the_worst_reading_counts() -> None:
    readings = [
        saturation.gauges(GeneratorLimits(), loop_lag=_lag(lag), send_lag=_lag(0), busy=busy)
        for lag, busy in ((0.3, 0.1), (0.1, 0.95))
    ]
    reasons = saturation.saturated(saturation.worst(readings))
    assert "event loop lag" in reasons
    assert "processor use" in reasons
