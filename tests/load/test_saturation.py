import pytest

from eventproof.load import saturation
from eventproof.load.histogram import Histogram
from eventproof.load.objectives import parse
from eventproof.load.saturation import GeneratorLimits, Headroom, Readings


def _lag(seconds: float) -> Histogram:
    histogram = Histogram()
    histogram.record(seconds)
    return histogram


def _why(loop_lag: float = 0.0, send_lag: float = 0.0, **more: float) -> str:
    readings = Readings(loop_lag=_lag(loop_lag), send_lag=_lag(send_lag), **more)
    return saturation.saturated(saturation.gauges(GeneratorLimits(), readings))


def test_a_generator_with_time_to_spare_is_believed() -> None:
    assert _why(0.01, 0.01, busy=0.5, busiest=0.9, files=0.9, clock=0.2) == ""


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"loop_lag": 0.3}, "event loop lag"),
        ({"send_lag": 0.3}, "send lag"),
        ({"busy": 0.97}, "processor use of one core"),
        ({"busiest": 0.97}, "processor use, busiest 10 s"),
        ({"files": 0.97}, "open files of those allowed was 97 %"),
        ({"clock": 0.3}, "clock uncertainty was 300 ms"),
    ],
)
def test_a_generator_that_is_late_or_busy_says_which(figures: dict[str, float], said: str) -> None:
    assert said in _why(**figures)
    assert "allowed" in _why(**figures)


def test_all_reasons_are_named() -> None:
    assert _why(1, 1, busy=1).count(" and ") == 2


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
        saturation.gauges(GeneratorLimits(), Readings(loop_lag=_lag(lag), send_lag=_lag(0), busy=busy))
        for lag, busy in ((0.3, 0.1), (0.1, 0.95))
    ]
    reasons = saturation.saturated(saturation.worst(readings))
    assert "event loop lag" in reasons
    assert "processor use" in reasons


def test_the_busiest_ten_seconds_of_a_long_run_are_known() -> None:
    headroom, used = Headroom(), 0.0
    for second in range(300):
        used += 0.99 if 100 <= second < 112 else 0.1
        headroom.sample(float(second), used, 0.0)
    assert headroom.busiest == pytest.approx(0.99, abs=0.001)


def test_a_short_run_has_no_busiest_ten_seconds_but_the_files_that_were_open() -> None:
    headroom = Headroom()
    for second, files in enumerate((0.1, 0.7, 0.2)):
        headroom.sample(float(second), float(second), files)
    assert (headroom.busiest, headroom.files) == (0.0, 0.7)
