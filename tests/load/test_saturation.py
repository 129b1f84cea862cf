from dataclasses import replace

import pytest

from eventproof.load import saturation
from eventproof.load.histogram import Histogram
from eventproof.load.objectives import parse
from eventproof.load.saturation import GeneratorLimits, Headroom, Readings
from eventproof.report.records import Gauge


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


@pytest.mark.parametrize(
    ("late", "of", "over", "by_chance"),
    [
        (0, 40, False, False),
        (1, 40, True, True),
        (2, 40, True, True),
        (3, 40, True, False),
        (1, 1, True, False),
        (1, 20, True, True),
        (2, 20, True, False),
        (1, 100, False, False),
        (3, 100, True, True),
        (4, 100, True, False),
        (999, 100_000, False, False),
        (1_030, 100_000, True, True),
        (1_100, 100_000, True, False),
    ],
)
def test_of_few_samples_one_late_one_is_no_saturation_and_of_many_one_in_a_hundred_is(
    late: int, of: int, over: bool, by_chance: bool
) -> None:
    lag = Histogram()
    for number in range(of):
        lag.record(0.3 if number < late else 0.001)
    readings = saturation.gauges(GeneratorLimits(), Readings(loop_lag=_lag(0.001), send_lag=lag))
    gauge = next(each for each in readings if each.name == "send lag, p99")
    assert (gauge.is_over, gauge.by_chance) == (over, by_chance)
    assert ("send lag" in saturation.saturated(readings)) is (over and not by_chance)
    assert ("send lag" in saturation.late_by_chance(readings)) is by_chance


def test_of_several_processes_one_that_is_saturated_counts_before_one_that_was_late_by_chance() -> None:
    few = Gauge("send lag, p99", 400, 250, "ms", by_chance=True)
    many = Gauge("send lag, p99", 300, 250, "ms")
    assert saturation.worst([[few], [many]]) == saturation.worst([[many], [few]]) == (many,)
    assert saturation.worst([[few], [replace(many, value=10)]]) == (few,)


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
