from dataclasses import replace

import pytest

from eventproof.compare import Change, Side
from eventproof.compare.comparison import Shift
from eventproof.compare.latencies import GENERATOR, Tolerance, latencies
from eventproof.errors import UsageError
from eventproof.load.metrics import LATENCIES

from .sides import floor, latency, side, timed

SINGLE = Tolerance()


def shifts(*sides: Side, doubt: str = "") -> dict[str, Shift]:
    """What became of each quantile of the one metric."""
    lines = latencies(sides, SINGLE, [doubt] * (len(sides) - 1))
    return {line.quantile: line.changes[-1] for line in lines if line.metric == "connect"}


def one(median: float, count: int = 3_000, salt: str = "") -> Side:
    return side(f"{median}{salt}", timed(latency("connect", count, median, salt=salt)))


def several(*medians: float) -> Side:
    runs = [timed(latency("connect", 2_000, median, salt=str(number))) for number, median in enumerate(medians)]
    return side(str(medians), *runs)


def test_a_latency_that_doubled_is_worse_and_one_that_halved_is_better() -> None:
    assert {shift.change for shift in shifts(one(5), one(10)).values()} == {Change.WORSE}
    assert {shift.change for shift in shifts(one(10), one(5)).values()} == {Change.BETTER}


def test_a_single_run_has_to_move_by_more_than_several() -> None:
    assert shifts(one(5), one(6.5))["p50"].change is Change.SAME
    assert shifts(several(5, 5.02, 4.98), several(6.5, 6.48, 6.52))["p50"].change is Change.WORSE
    assert shifts(several(5, 5.02, 4.98), one(6.5))["p50"].change is Change.SAME


def test_what_runs_of_one_side_differ_by_is_noise() -> None:
    assert shifts(several(5, 7, 4), several(6.5, 6.4, 6.6))["p50"].change is Change.SAME


def test_a_quantile_is_judged_where_enough_samples_lie_beyond_it() -> None:
    assert set(shifts(one(5, count=150), one(10, count=150))) == {"p50", "p90"}
    assert set(shifts(one(5, count=1_500), one(10, count=1_500))) == {"p50", "p90", "p99"}
    few = shifts(one(5, count=12), one(10, count=12))["p50"]
    assert (few.change, few.why) == (Change.UNKNOWN, "too few samples")
    assert few.ratio == pytest.approx(2, rel=0.4)


def test_what_one_side_has_no_samples_of_is_not_known() -> None:
    without = side("without", timed())
    assert shifts(one(5), without)["p50"].why == "no samples"
    assert shifts(without, one(5))["p50"].why == "no samples in the baseline"


def test_where_a_bare_echo_takes_longer_too_it_may_be_the_machine() -> None:
    def on(machine: float, median: float) -> Side:
        return side(f"{machine}", timed(latency("connect", 3_000, median), floor(machine)))

    slower = shifts(on(0.15, 5), on(0.30, 10))["p50"]
    assert slower.change is Change.UNKNOWN
    assert "a bare echo took 2.0" in slower.why
    assert shifts(on(0.15, 5), on(0.15, 10))["p50"].change is Change.WORSE
    assert shifts(on(0.30, 5), on(0.15, 10))["p50"].change is Change.WORSE, "a faster machine is no excuse"
    assert shifts(on(0.30, 10), on(0.15, 5))["p50"].change is Change.UNKNOWN


def test_under_another_load_what_moved_is_not_judged() -> None:
    moved = shifts(one(5), one(10), doubt="100 users, and 200")["p50"]
    assert (moved.change, moved.why) == (Change.UNKNOWN, "100 users, and 200")
    assert shifts(one(5), one(5.1), doubt="100 users, and 200")["p50"].change is Change.SAME


def test_the_generators_own_latencies_and_the_floor_are_shown_and_not_judged() -> None:
    before = side("a", timed(latency("loop_lag", 2_000, 1), floor(0.15)))
    after = side("b", timed(latency("loop_lag", 2_000, 9), floor(0.9)))
    lines = latencies([before, after], SINGLE, [""])
    assert {(line.metric, shift.change) for line in lines for shift in line.changes} == {
        ("loop_lag", Change.SAME),
        ("echo", Change.SAME),
    }
    assert set(LATENCIES) >= GENERATOR, "these are the names that a swarm uses"


def test_a_histogram_that_cannot_be_read_is_said() -> None:
    whole = latency("connect", 500, 5)
    for histogram in ("", "HISTFAAAACF4nJNpmSzMwMDAxQABzFCaEUoz2X+AsAA", whole.histogram + "A" * 200_000):
        broken = timed(replace(whole, histogram=histogram))
        with pytest.raises(UsageError, match=r"broken: the histogram of connect cannot be read .*run it again"):
            latencies([one(5), side("broken", broken)], SINGLE, [""])


def test_more_latencies_than_any_run_of_ours_has_are_refused() -> None:
    many = timed(*(replace(latency("connect", 500, 5), metric=f"connect {number}") for number in range(1_001)))
    with pytest.raises(UsageError, match="1002 latencies are more than the 1000 that are compared"):
        latencies([one(5), side("many", many)], SINGLE, [""])
