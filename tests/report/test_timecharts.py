from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings

from eventproof.report import timecharts
from eventproof.report.records import Course, Flow, Run, Series
from eventproof.report.timecharts import TimeChart
from tests.report import samples
from tests.report.strategies import runs


def titled(series: Series, title: str) -> TimeChart:
    return next(chart for chart in timecharts.charts(series) if chart.title == title)


def places(path: str) -> list[tuple[float, float]]:
    pieces = path.replace("M", "L").split("L")[1:]
    return [tuple(map(float, piece.removesuffix("h0").split())) for piece in pieces]  # type: ignore[misc]


def test_what_happened_has_a_chart_and_what_never_did_has_none() -> None:
    assert [chart.title for chart in timecharts.charts(samples.series())] == [
        "connections",
        "sessions opened, a second",
        "deliveries, a second",
        "ban to logout, ms",
        "tier to event, ms",
        "the load generator's own delay, ms",
    ]
    assert list(timecharts.charts(None)) == []


def test_the_latency_of_each_event_is_told_apart_from_the_whole() -> None:
    series = samples.series()
    own = replace(series.courses[0], metric="user.banned")
    whole, events = timecharts.parted(replace(series, courses=(*series.courses, own)), samples.swarm().delivery)
    assert whole == series
    assert [chart.title for chart in timecharts.charts(events)] == ["user.banned, ms"]
    prefixed = [replace(one, event=f"user-state/{one.event}") for one in samples.swarm().delivery]
    assert timecharts.parted(replace(series, courses=(own,)), prefixed)[1] == events
    assert timecharts.parted(None, ()) == (None, None)


def test_losses_are_drawn_where_there_are_any() -> None:
    deliveries = titled(samples.series(), "deliveries, a second")
    assert [(line.name, line.colour) for line in deliveries.lines] == [("delivered", "c0"), ("lost", "fail")]
    series = replace(samples.series(), flows=(Flow("delivered", (1, 2)), Flow("lost", (0, 0))))
    assert [line.name for line in titled(series, "deliveries, a second").lines] == ["delivered"]


def test_a_line_goes_from_left_to_right_within_its_frame() -> None:
    for chart in timecharts.charts(samples.series()):
        for line in chart.lines:
            points = places(line.path)
            assert all(left[0] < right[0] for left, right in pairwise(points))
            assert all(50 <= x <= 432 and 12 <= y <= 160 for x, y in points)


def test_a_line_is_broken_where_nothing_was_measured_and_a_lone_figure_is_a_dot() -> None:
    course = Course("connect", (0, 1, 0, 1, 1), (0.0, 2.0, 0.0, 3.0, 4.0), (0.0, 2.0, 0.0, 3.0, 4.0))
    (chart,) = timecharts.charts(Series(0, 1, 5, (), (), (course,)))
    path = chart.lines[0].path
    assert path.count("M") == 2
    assert path.count("h0") == 1
    assert len(places(path)) == 3


def test_counts_are_told_a_second_whatever_the_length_of_a_stretch() -> None:
    series = Series(0, 8, 20, (), (Flow("delivered", (80, 160, 40)),), ())
    (line,) = titled(series, "deliveries, a second").lines
    assert line.most == "20"


def test_a_stretch_that_had_hardly_begun_is_not_drawn() -> None:
    series = Series(0, 1, 3.1, (9.0, 9.0, 9.0, 0.5), (), ())
    (line,) = titled(series, "connections").lines
    assert len(places(line.path)) == 3


def test_the_axis_says_when_it_was_since_the_start() -> None:
    series = Series(600, 1, 120, (5.0,) * 120, (), ())
    assert [mark.label for mark in titled(series, "connections").across] == [
        "10:00",
        "10:30",
        "11:00",
        "11:30",
        "12:00",
    ]


@pytest.mark.parametrize(("seconds", "told"), [(0, "0 s"), (119, "119 s"), (150, "2:30"), (3900, "1:05:00")])
def test_a_time_is_told_as_people_read_it(seconds: float, told: str) -> None:
    assert timecharts.clock(seconds) == told


@settings(max_examples=60, deadline=None)
@given(runs)
def test_any_series_is_drawn_or_left_out(run: Run) -> None:
    for chart in timecharts.charts(run.series):
        assert len(chart.across) <= 6
        assert 2 <= len(chart.up) <= 8
        assert "nan" not in "".join(line.path for line in chart.lines)
