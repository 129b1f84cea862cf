import json
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventproof.load.histogram import Histogram
from eventproof.load.timeline import FLOWS, Timeline
from eventproof.report.records import Flow, Series

EVERYTHING = frozenset({"ban_to_logout", "connect"})


def run(seconds: float, *, connections: int = 5, a_second: int = 3, most: int = 600) -> Timeline:
    """A process that holds its connections, delivers at a steady rate, and takes 20 ms for it."""
    timeline = Timeline(most)
    for tick in range(round(seconds * 20)):
        at = tick / 20
        if timeline.turns(at):
            timeline.enter({"delivered": round(at) * a_second})
        timeline.pass_to(at, connections)
        if tick % 20 == 10:
            timeline.record("ban_to_logout", 0.02)
    timeline.enter({"delivered": round(seconds) * a_second})
    timeline.pass_to(seconds, connections)
    return timeline


def flow(series: Series, name: str) -> tuple[int, ...]:
    return next(flow.values for flow in series.flows if flow.name == name)


def test_each_second_has_what_happened_in_it() -> None:
    series = run(4).series()
    assert (series.begins, series.step, series.seconds, series.connections) == (0, 1, 4, (5, 5, 5, 5))
    assert flow(series, "delivered") == (3, 3, 3, 3)
    (course,) = series.courses
    assert (course.metric, course.counts) == ("ban_to_logout", (1, 1, 1, 1))
    assert course.p50 == course.p99 == pytest.approx((20, 20, 20, 20), rel=0.03)


def test_where_nothing_was_measured_stands_nothing() -> None:
    timeline = Timeline()
    timeline.record("connect", 0.001)
    timeline.pass_to(2.5, 0)
    (course,) = timeline.series().courses
    assert (course.counts, course.p50[1:]) == ((1, 0, 0), (0, 0))
    assert Timeline().series() == Series(0, 1, 0, (), timeline_flows(), ())


def timeline_flows() -> tuple[Flow, ...]:
    return tuple(Flow(name, ()) for name in FLOWS)


def test_a_long_run_has_longer_stretches_and_no_more_of_them() -> None:
    series = run(100, most=16).series()
    assert (series.step, len(series.connections)) == (8, 13)
    assert sum(flow(series, "delivered")) == 300
    assert set(series.connections) == {5}
    assert sum(series.courses[0].counts) == 100


def test_two_processes_are_as_one_with_both_their_loads() -> None:
    one, two = run(10), run(10, connections=7, a_second=4)
    both = Timeline()
    for part in (one, two):
        both.add(part)
    series = both.series()
    assert set(series.connections) == {12}
    assert set(flow(series, "delivered")) == {7}
    assert set(series.courses[0].counts) == {2}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.sampled_from([4, 8, 600]))
def test_what_is_told_in_pieces_is_the_whole(pieces: list[int], most: int) -> None:
    whole, source, told = Timeline(most), Timeline(most), Timeline(most)
    for end in accumulate(pieces):
        for timeline in (whole, source):
            timeline.pass_to(float(end), 3)
            timeline.enter({"delivered": end * 2})
            timeline.record("connect", end / 1000)
        told.add(Timeline.from_json(json.loads(json.dumps(source.drain().to_json()))))
    assert told.series() == whole.series()
    assert source.drain().series().courses == ()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(1e-6, 600), min_size=1, max_size=200))
def test_a_percentile_is_that_of_the_exact_distribution_within_three_per_cent(samples: list[float]) -> None:
    timeline, histogram = Timeline(), Histogram()
    for sample in samples:
        timeline.record("connect", sample)
        histogram.record(sample)
    timeline.pass_to(0.5, 0)
    (course,) = timeline.series().courses
    p50, p99 = (exact * 1e3 for exact in histogram.percentiles(50, 99))
    assert course.p50[0] == pytest.approx(p50, rel=0.03, abs=0.001)
    assert course.p99[0] == pytest.approx(p99, rel=0.03, abs=0.001)


def test_while_it_goes_on_only_whole_stretches_of_which_all_have_told_are_shown() -> None:
    timeline = run(10.5)
    assert len(timeline.series(behind=1).connections) == 9
    last = timeline.series(behind=1, most=4)
    assert (last.begins, last.seconds, len(last.connections)) == (5, 4, 4)
    assert timeline.series(of={"connect"}).courses == ()


def test_the_last_seconds_are_one_stretch() -> None:
    recent = run(10.5).recent(5, behind=1, of=EVERYTHING)
    assert (recent.seconds, recent.connections, flow(recent, "delivered")) == (5, (5,), (15,))
    assert recent.courses[0].counts == (5,)
    assert Timeline().recent(5, behind=1, of=EVERYTHING).connections == ()


def test_a_figure_that_is_taken_back_is_taken_back_over_time_as_well() -> None:
    timeline = Timeline()
    timeline.enter({"lost": 3})
    timeline.pass_to(1.0, 0)
    timeline.enter({"lost": 1})
    timeline.pass_to(1.5, 0)
    assert flow(timeline.series(), "lost") == (3, -2)


def test_an_hour_that_nobody_looked_at_is_entered_at_once() -> None:
    timeline = Timeline()
    timeline.pass_to(3600.0, 2)
    series = timeline.series()
    assert series.step == 8
    assert set(series.connections) == {2}
